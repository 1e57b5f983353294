package content

import (
	"bytes"
	"strconv"

	"github.com/h2non/filetype"
)

// kind is what a file or an entry is, as far as a search for text cares.
type kind int

const (
	kindEmpty kind = iota
	kindText
	// kindBinary is a format that gitleaks does not search either.
	kindBinary
	kindUTF16LE
	kindUTF16BE
	kindZip
	kindTar
	kindGzip
	kindZstd
	kindBzip2
)

func (k kind) isContainer() bool { return k >= kindZip }

const (
	// headLen is how much of the beginning decides.
	headLen = 4 << 10
	// textLen is how much of the beginning must be free of control characters to
	// be called text without asking what else it might be.
	textLen = 1 << 10
)

// classify says what something is by its beginning, and for programs and scripts
// by their end: a zip may follow them.
func classify(head []byte, src source) kind {
	if len(head) == 0 {
		return kindEmpty
	}
	if k := container(head); k != kindEmpty {
		return k
	}
	if carriesZip(head, src) {
		return kindZip
	}
	plain := isPlain(head[:min(len(head), textLen)])
	if k := wide(head, plain); k != kindEmpty {
		return k
	}
	if plain || !isApplication(head) {
		return kindText
	}
	return kindBinary
}

// container recognises what can be opened; kindEmpty if nothing.
func container(head []byte) kind {
	starts := func(magic string) bool { return len(head) >= len(magic) && string(head[:len(magic)]) == magic }
	switch head[0] {
	case 'P':
		// Spanned archives of one part begin with a data descriptor's signature.
		if starts("PK\x03\x04") || starts("PK\x05\x06") || starts("PK\x07\x08PK\x03\x04") {
			return kindZip
		}
	case 'J':
		if starts("JM\x01\x00PK\x03\x04") {
			return kindZip
		}
	case 0x1f:
		if starts("\x1f\x8b\x08") {
			return kindGzip
		}
	case 0x28:
		if starts("\x28\xb5\x2f\xfd") {
			return kindZstd
		}
	case 'B':
		if starts("BZh") && len(head) >= 10 && string(head[4:10]) == "\x31\x41\x59\x26\x53\x59" {
			return kindBzip2
		}
	}
	if isTar(head) {
		return kindTar
	}
	return kindEmpty
}

// isTar wants the magic of POSIX or GNU tar and the header's checksum: text that
// happens to have the magic is text.
func isTar(head []byte) bool {
	if len(head) < 512 || string(head[257:262]) != "ustar" {
		return false
	}
	field := bytes.Trim(head[148:156], " \x00")
	want, err := strconv.ParseInt(string(field), 8, 64)
	if err != nil {
		return false
	}
	sum := int64(8 * ' ')
	for i, c := range head[:512] {
		if i < 148 || i >= 156 {
			sum += int64(c)
		}
	}
	return sum == want
}

// carriesZip says whether a script or program ends with an archive: executable
// jars, Python's zipapps, self-extracting programs. Only one without a comment
// is seen, as nobody puts one there.
func carriesZip(head []byte, src source) bool {
	if src.at == nil || src.size < endLen || !isProgram(head) {
		return false
	}
	if !hasMagic(src.at, src.size-endLen, endMagic) {
		return false
	}
	d, err := findDirectory(src.at, src.size)
	return err == nil && hasMagic(src.at, d.start, directoryMagic)
}

func isProgram(head []byte) bool {
	return bytes.HasPrefix(head, []byte("#!")) || bytes.HasPrefix(head, []byte("MZ")) || bytes.HasPrefix(head, []byte("\x7fELF"))
}

// isPlain says that there are no control characters but those of text.
func isPlain(p []byte) bool {
	for _, c := range p {
		if c < ' ' && control[c] {
			return false
		}
	}
	return true
}

// control are the control characters that text does not have: all but tab, line
// and page feeds, carriage return, backspace and escape.
var control = func() (t [' ']bool) {
	for c := range t {
		t[c] = !bytes.ContainsRune([]byte("\t\n\v\f\r\b\x1b"), rune(c))
	}
	return t
}()

// isApplication is gitleaks' question for files that it does not search. (A tar
// without a valid header is searched here.)
func isApplication(head []byte) bool {
	t, err := filetype.Match(head)
	return err == nil && t.MIME.Type == "application" && t.MIME.Subtype != "x-tar"
}
