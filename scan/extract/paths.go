package extract

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// ValidPath makes a path fit for JSON: bytes that are not UTF-8 become \xNN, so
// that two names that differ only in those stay different.
func ValidPath(p string) string { return validText(p) }

func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}
