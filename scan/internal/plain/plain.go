// Package plain makes text for people out of text that strangers wrote:
// package names, paths, instructions. What it returns is safe to print on a
// terminal and takes one line. It knows nothing of scans.
package plain

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns s as one line of at most limit characters (0: any number): runs
// of white space become one space, whatever is not printable (control
// characters, escape sequences, changes of writing direction, invalid UTF-8)
// is spelled out, and what is cut off is marked by an ellipsis.
func Line(s string, limit int) string {
	s, cut := bound(s, limit)
	s = visible(strings.Join(strings.Fields(s), " "))
	if r := []rune(s); limit > 0 && (cut || len(r) > limit) {
		return strings.TrimRight(string(r[:min(len(r), limit-1)]), " ") + "…"
	}
	return s
}

// Tail is Line, but keeps the end of s, as fits a path.
func Tail(s string, limit int) string {
	s = Line(s, 0)
	if r := []rune(s); limit > 0 && len(r) > limit {
		return "…" + string(r[len(r)-limit+1:])
	}
	return s
}

// bound cuts text that is far longer than what will be shown of it.
func bound(s string, limit int) (string, bool) {
	if most := 16 * limit; limit > 0 && len(s) > most {
		return strings.ToValidUTF8(s[:most], ""), true
	}
	return s, false
}

func visible(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// Align lays rows out in columns that are two spaces apart. Rows may differ in
// length; the last cell of a row is never padded.
func Align(rows [][]string) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row[:max(0, len(row)-1)] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	lines := make([]string, len(rows))
	for n, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		lines[n] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

// Count says how many there are of something: "1 package", "2 packages".
func Count(n int, singular, plural string) string {
	if n == 1 {
		return "1 " + singular
	}
	return fmt.Sprintf("%d %s", n, plural)
}
