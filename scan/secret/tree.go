package secret

import (
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// flatten opens captures and concatenations within a concatenation and cuts long
// literals into pieces.
func flatten(subs []*syntax.Regexp) []*syntax.Regexp {
	var out []*syntax.Regexp
	for _, s := range subs {
		for s.Op == syntax.OpCapture {
			s = s.Sub[0]
		}
		switch {
		case s.Op == syntax.OpConcat:
			out = append(out, flatten(s.Sub)...)
		case s.Op == syntax.OpLiteral && len(s.Rune) > maxLiteralLen/2: // use a part of it
			for piece := range slices.Chunk(s.Rune, maxLiteralLen/2) {
				out = append(out, &syntax.Regexp{Op: syntax.OpLiteral, Flags: s.Flags, Rune: piece})
			}
		default:
			out = append(out, s)
		}
	}
	return out
}

func concat(subs []*syntax.Regexp) *syntax.Regexp {
	return &syntax.Regexp{Op: syntax.OpConcat, Sub: subs}
}

// reverse is the expression that matches the texts of another one backwards.
// Places are left out.
func reverse(re *syntax.Regexp) *syntax.Regexp {
	out := *re
	switch {
	case isEmpty(re):
		return &syntax.Regexp{Op: syntax.OpEmptyMatch}
	case re.Op == syntax.OpLiteral:
		out.Rune = slices.Clone(re.Rune)
		slices.Reverse(out.Rune)
	default:
		out.Sub = nil
		for _, s := range re.Sub {
			out.Sub = append(out.Sub, reverse(s))
		}
		if re.Op == syntax.OpConcat {
			slices.Reverse(out.Sub)
		}
	}
	return &out
}

// unlimited is the expression with every limit of limit or more taken off its
// repetitions: the same for texts of at most limit bytes, and much smaller.
func unlimited(re *syntax.Regexp, limit int) *syntax.Regexp {
	out := *re
	if re.Op == syntax.OpRepeat && re.Max >= limit {
		out.Max = -1
	}
	out.Sub = nil
	for _, s := range re.Sub {
		out.Sub = append(out.Sub, unlimited(s, limit))
	}
	return &out
}

func isEmpty(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	}
	return false
}

// maxLen is the most bytes that an expression can match, or unbounded.
func maxLen(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 { // which may change a rune's length
			return len(re.Rune) * utf8.UTFMax
		}
		return len(string(re.Rune))
	case syntax.OpCharClass:
		n := 0
		for _, r := range re.Rune {
			n = max(n, utf8.RuneLen(r))
		}
		return n
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return utf8.UTFMax
	case syntax.OpStar, syntax.OpPlus:
		if maxLen(re.Sub[0]) == 0 {
			return 0
		}
		return unbounded
	case syntax.OpQuest, syntax.OpCapture:
		return maxLen(re.Sub[0])
	case syntax.OpRepeat:
		n := maxLen(re.Sub[0])
		if n > 0 && re.Max < 0 || n < 0 {
			return unbounded
		}
		return n * max(re.Max, 0)
	case syntax.OpConcat, syntax.OpAlternate:
		total := 0
		for _, s := range re.Sub {
			n := maxLen(s)
			switch {
			case n == unbounded:
				return unbounded
			case re.Op == syntax.OpConcat:
				total += n
			default:
				total = max(total, n)
			}
		}
		return total
	}
	return 0
}

// minLen is the least number of bytes that an expression matches.
func minLen(re *syntax.Regexp) int {
	n := 0
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune) // of k and s other cases are longer
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return minLen(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min * minLen(re.Sub[0])
	case syntax.OpConcat:
		for _, s := range re.Sub {
			n += minLen(s)
		}
	case syntax.OpAlternate:
		n = minLen(re.Sub[0])
		for _, s := range re.Sub[1:] {
			n = min(n, minLen(s))
		}
	}
	return n
}

// instructions estimates how many instructions an expression is compiled to, and
// stops counting at enough.
func instructions(re *syntax.Regexp, enough int) int {
	n := 1
	if re.Op == syntax.OpLiteral {
		n = len(re.Rune)
	}
	for _, s := range re.Sub {
		if n >= enough {
			return n
		}
		n += instructions(s, enough-n)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return n
}
