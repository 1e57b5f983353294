package content

import (
	"bytes"
	"io"
	"unicode/utf16"

	"golang.org/x/text/encoding/unicode"
)

// minUnmarked is how many bytes must look like UTF-16 to be taken for it without
// a mark: words of eight characters. Less holds no secret, but may be a few bytes
// with NULs between.
const minUnmarked = 16

// wide recognises UTF-16; kindEmpty if it is none.
//
// What matters to a search in UTF-16 is ASCII, which has a NUL in every second
// byte. So without a NUL the bytes are searched as they are, whatever mark they
// begin with: nothing that is to be found there can be in UTF-16.
func wide(head []byte, plain bool) kind {
	if plain || len(head) < 4 {
		return kindEmpty
	}
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		if likelyUTF16(head[2:], 1, 10, 50) {
			return kindUTF16LE
		}
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		if likelyUTF16(head[2:], 0, 10, 50) {
			return kindUTF16BE
		}
	case len(head) < minUnmarked:
	// Without a mark the first character must be ASCII.
	case head[0] != 0 && head[1] == 0 && likelyUTF16(head, 1, 2, 0):
		return kindUTF16LE
	case head[0] == 0 && head[1] != 0 && likelyUTF16(head, 0, 2, 0):
		return kindUTF16BE
	}
	return kindEmpty
}

// likelyUTF16 reads two bytes each, the high one at the given place of them (0 or
// 1). One in share must be ASCII, and at most one in odd what text does not have:
// NUL, control characters, half surrogates; none if odd is 0.
func likelyUTF16(p []byte, high, share, odd int) bool {
	units, ascii, bad, lead := 0, 0, 0, false
	for ; len(p) >= 2; p = p[2:] {
		units++
		u := rune(p[high])<<8 | rune(p[1-high])
		trail := u >= 0xdc00 && u < 0xe000
		if lead != trail {
			bad++
		}
		lead = utf16.IsSurrogate(u) && !trail
		switch {
		case u < ' ' && control[u], u >= 0x7f && u < 0xa0, u == 0xfffe, u == 0xffff:
			bad++
		case u < 0x7f:
			ascii++
		}
	}
	return units > 0 && ascii*share >= units && bad*odd <= units && (odd > 0 || bad == 0)
}

// utf16Reader gives UTF-16 as UTF-8, without a byte order mark.
func utf16Reader(r io.Reader, k kind) io.Reader {
	order := unicode.LittleEndian
	if k == kindUTF16BE {
		order = unicode.BigEndian
	}
	return unicode.UTF16(order, unicode.UseBOM).NewDecoder().Reader(r)
}
