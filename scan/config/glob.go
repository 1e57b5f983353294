package config

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// glob is a pattern in doublestar's language, with the pieces of text that
// whatever matches must contain, in their order: most of what does not match is
// told by them, and faster.
type glob struct {
	pattern string
	pieces  []string
}

func newGlob(pattern string) glob { return glob{pattern, literalPieces(pattern)} }

func (g glob) mayMatch(s string) bool {
	for _, p := range g.pieces {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return true
}

func (g glob) matches(s string) bool {
	if !g.mayMatch(s) {
		return false
	}
	ok, _ := doublestar.Match(g.pattern, s) // the pattern has been checked
	return ok
}

// literalPieces returns the runs of a pattern's characters that stand for
// themselves. Slashes are none of them: ** may stand for the one beside it. What
// is in braces and brackets is one of several.
func literalPieces(pattern string) []string {
	var pieces []string
	start, depth := 0, 0
	end := func(i int) {
		if depth == 0 && i > start {
			pieces = append(pieces, pattern[start:i])
		}
		start = i + 1
	}
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '*', '?', '/':
			end(i)
		case '{', '[':
			end(i)
			depth++
		case '}', ']':
			end(i)
			depth = max(depth-1, 0)
		case '\\':
			end(i)
			i++
			start = i + 1
		}
	}
	end(len(pattern))
	return pieces
}
