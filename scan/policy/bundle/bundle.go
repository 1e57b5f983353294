package bundle

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/config"
)

const (
	// ArtifactType marks a bundle in a registry.
	ArtifactType = "application/vnd.scan-build.policy.v1"
	// SignatureFile is the file of a bundle that holds its signature. It is no part
	// of the bundle's digest.
	SignatureFile = "policy.dsse.json"
)

// Limits of a bundle. They bound what is read, too.
const (
	MaxFiles = 500
	// MaxFile is the most bytes of one file, MaxSize of all of them.
	MaxFile = 4 << 20
	MaxSize = 32 << 20

	maxName  = 255
	maxDepth = 16
)

// Bundle is a policy with all its files.
type Bundle struct {
	// Files are sorted by name, which is a slash-separated path inside the bundle.
	// One of them is config.FileName.
	Files []config.File
	// Signature is the envelope that [Bundle.Verify] reads; nil for none.
	Signature []byte
}

// New makes a bundle of files. What no policy can use is left out, see [Kept].
func New(files []config.File) (*Bundle, error) {
	b := &Bundle{}
	var size int
	seen := map[string]bool{}
	for _, f := range files {
		if err := checkName(f.Name); err != nil {
			return nil, err
		}
		switch {
		case !Kept(f.Name):
			continue
		case seen[f.Name]:
			return nil, errors.Errorf("file %s is there twice", f.Name)
		case len(f.Data) > MaxFile:
			return nil, errors.Errorf("file %s is larger than %d bytes", f.Name, MaxFile)
		}
		seen[f.Name] = true
		if size += len(f.Data); size > MaxSize {
			return nil, errors.Errorf("files have more than %d bytes", MaxSize)
		}
		if f.Name == SignatureFile {
			b.Signature = f.Data
			continue
		}
		if len(b.Files) == MaxFiles {
			return nil, errors.Errorf("there are more than %d files", MaxFiles)
		}
		b.Files = append(b.Files, config.File{Name: f.Name, Data: f.Data})
	}
	if !seen[config.FileName] {
		return nil, errors.Errorf("there is no %s, which says what the policy is", config.FileName)
	}
	slices.SortFunc(b.Files, func(x, y config.File) int { return strings.Compare(x.Name, y.Name) })
	return b, nil
}

// Parse reads a bundle out of one file: an archive as [FromTar] reads it,
// compressed, or an options file alone.
func Parse(data []byte) (*Bundle, error) {
	if isGzip(data) {
		return FromTar(bytes.NewReader(data))
	}
	return New([]config.File{{Name: config.FileName, Data: data}})
}

// Options returns the bundle's options file.
func (b *Bundle) Options() config.File {
	f, _ := b.file(config.FileName)
	return f
}

func (b *Bundle) file(name string) (config.File, bool) {
	i, ok := slices.BinarySearchFunc(b.Files, name, func(f config.File, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return config.File{}, false
	}
	return b.Files[i], true
}

// extensions are the kinds of file that a policy can use: options, Rego, VEX
// documents, reports to test with, public keys, rules for secrets.
var extensions = []string{".yaml", ".yml", ".rego", ".json", ".xml", ".pub", ".toml"}

// Kept says whether a file of this name becomes part of a bundle. Hidden ones do
// not, nor those of kinds that no policy uses, so that a folder may hold a README
// and be a git repository.
func Kept(name string) bool {
	if name == config.FileName {
		return true
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") {
			return false
		}
	}
	return slices.Contains(extensions, strings.ToLower(path.Ext(name)))
}

// checkName refuses names that lead out of the bundle, that are written
// differently on other systems, or that a message could not show.
func checkName(name string) error {
	bad := func(r rune) bool {
		return !unicode.IsPrint(r) || r == utf8.RuneError || strings.ContainsRune(`\!:*?"<>|`, r)
	}
	switch {
	case name == "" || len(name) > maxName || strings.Count(name, "/") >= maxDepth:
		return errors.Errorf("%.80q is empty, too long or too deep for a file's name", name)
	case path.IsAbs(name) || path.Clean(name) != name || name == "." || name == ".." || strings.HasPrefix(name, "../"):
		return errors.Errorf("%.80q leads out of the policy", name)
	case strings.ContainsFunc(name, bad):
		return errors.Errorf("%.80q has characters that a file's name cannot have here", name)
	}
	return nil
}
