package config

import "strings"

// MatchStar says whether a text matches a pattern in which * stands for any run
// of characters, and everything else for itself. It is for texts in which a
// slash has no meaning: ids, identifiers, instructions. Each star is tried anew
// only up to the next one, so time is at most the product of the lengths.
func MatchStar(pattern, s string) bool {
	first, rest, ok := strings.Cut(pattern, "*")
	if !ok {
		return pattern == s
	}
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	for {
		piece, next, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(s, piece)
		}
		i := strings.Index(s, piece)
		if i < 0 {
			return false
		}
		s, rest = s[i+len(piece):], next
	}
}

// starsMeet says whether some text matches both patterns.
func starsMeet(a, b string) bool {
	// meet[j] says whether a[i:] and b[j:] meet, below[j] whether a[i+1:] and b[j:]
	// do, for i from the end of a to its beginning.
	meet, below := make([]bool, len(b)+2), make([]bool, len(b)+2)
	for i := len(a); i >= 0; i-- {
		meet, below = below, meet
		for j := len(b); j >= 0; j-- {
			switch {
			case i == len(a) && j == len(b):
				meet[j] = true
			case i < len(a) && a[i] == '*':
				meet[j] = below[j] || j < len(b) && meet[j+1]
			case j < len(b) && b[j] == '*':
				meet[j] = meet[j+1] || i < len(a) && below[j]
			default:
				meet[j] = i < len(a) && j < len(b) && a[i] == b[j] && below[j+1]
			}
		}
	}
	return meet[0]
}
