package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/scan-build/scan-build/scan/config"
)

// format names how [Bundle.Digest] is made. It is hashed, too.
const format = "scan-build policy bundle v1"

// Digest names the bundle's content: the SHA-256 of a list that has, after a
// first line that names the format, for each file in the order of names (as bytes)
//
//	SIZE SHA256-IN-HEX NAME
//
// with a line feed after each line. How the files were packed, who they belonged
// to and when they were changed does not matter, and neither does a signature.
func (b *Bundle) Digest() string {
	var list strings.Builder
	list.WriteString(format + "\n")
	for _, f := range b.Files {
		fmt.Fprintf(&list, "%d %x %s\n", len(f.Data), sha256.Sum256(f.Data), f.Name)
	}
	return digestOf([]byte(list.String()))
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// single says whether the options file is all that there is.
func (b *Bundle) single() bool { return len(b.Files) == 1 && b.Files[0].Name == config.FileName }
