package secret

import (
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// Bounds of the literals taken from an expression.
const (
	maxLiterals   = 96
	maxLiteralLen = 48
	unbounded     = -1
)

// literal is a string that a match must hold, in any case if fold is set.
type literal struct {
	text string
	fold bool
}

// branch is one way in which an expression can match: up to prefix bytes, one of
// the literals, and then what the rest matches. Every match of an expression is
// a match of one of its branches.
type branch struct {
	literals []literal
	// prefix is the most bytes before the literal, or unbounded.
	prefix int
	// wordBefore says that the literal stands at a word's beginning.
	wordBefore bool
	// before is what precedes the literal, rest is what follows it.
	before, rest *syntax.Regexp
}

// branches finds literals of which every match of the expression holds one, so
// that the expression need run only near them; nil if there are none worth
// looking for.
func branches(re *syntax.Regexp) []branch {
	switch re.Op {
	case syntax.OpCapture:
		return branches(re.Sub[0])
	case syntax.OpAlternate:
		var out []branch
		for _, sub := range re.Sub {
			b := branches(sub)
			if b == nil {
				return nil
			}
			out = append(out, b...)
		}
		return out
	case syntax.OpConcat:
		return concatBranches(flatten(re.Sub))
	case syntax.OpPlus, syntax.OpRepeat:
		if re.Op == syntax.OpRepeat && re.Min == 0 {
			return nil
		}
		return concatBranches([]*syntax.Regexp{re.Sub[0], {Op: syntax.OpStar, Flags: re.Flags, Sub: re.Sub}})
	case syntax.OpLiteral, syntax.OpCharClass:
		return concatBranches(flatten([]*syntax.Regexp{re}))
	}
	return nil
}

// concatBranches picks the part of a concatenation that makes the best literals.
func concatBranches(subs []*syntax.Regexp) []branch {
	var best []branch
	bestScore := 0
	for i := range subs {
		lits, n := literalRun(subs[i:])
		var found []branch
		if n > 0 {
			found = []branch{{literals: lits, before: concat(nil), rest: concat(subs[i+n:])}}
		} else if found = inner(subs[i]); found != nil {
			rest := concat(subs[i+1:])
			for k := range found {
				found[k].rest = concat([]*syntax.Regexp{found[k].rest, rest})
			}
		}
		if s := score(found); s > bestScore && worth(found, concat(subs[:i])) {
			best, bestScore = place(found, subs[:i]), s
		}
	}
	return best
}

// inner looks into an element of a concatenation that is no literal itself.
func inner(re *syntax.Regexp) []branch {
	switch re.Op {
	case syntax.OpAlternate, syntax.OpPlus, syntax.OpRepeat:
		return branches(re)
	}
	return nil
}

// place says what comes before branches that were found behind other elements.
func place(found []branch, before []*syntax.Regexp) []branch {
	all := concat(before)
	n := maxLen(all)
	word := n == 0 && len(before) > 0 && before[len(before)-1].Op == syntax.OpWordBoundary
	for k := range found {
		b := &found[k]
		if b.prefix == 0 && word && startsWithWord(b.literals) {
			b.wordBefore = true
		}
		b.before = concat([]*syntax.Regexp{all, b.before})
		if n == unbounded || b.prefix == unbounded {
			b.prefix = unbounded
		} else {
			b.prefix += n
		}
	}
	return found
}

func startsWithWord(lits []literal) bool {
	for _, l := range lits {
		if l.text == "" || !isWord(l.text[0]) {
			return false
		}
	}
	return true
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// score prefers long literals, then few.
func score(found []branch) int {
	shortest, n := maxLiteralLen, 0
	for _, b := range found {
		n += len(b.literals)
		for _, l := range b.literals {
			shortest = min(shortest, len(l.text))
		}
	}
	if n == 0 || n > maxLiterals || shortest == 0 {
		return 0
	}
	return shortest*maxLiterals + maxLiterals - n
}

// worth refuses literals of one byte, which are found everywhere, unless what is
// before them tells at once whether they matter.
func worth(found []branch, before *syntax.Regexp) bool {
	for _, b := range found {
		for _, l := range b.literals {
			if len(l.text) < 2 && (minLen(before) < 4 || maxLen(before) == unbounded || minLen(b.rest) == 0) {
				return false
			}
		}
	}
	return true
}

// literalRun joins the strings of as many leading elements as possible. It
// returns them and the number of elements that they are the whole of.
func literalRun(subs []*syntax.Regexp) ([]literal, int) {
	out := []literal{{}}
	n := 0
	for _, s := range subs {
		ls := exact(s)
		if ls == nil {
			break
		}
		joined, ok := cross(out, ls)
		if !ok {
			break
		}
		out, n = joined, n+1
	}
	// Elements that match nothing but a place are not worth beginning with.
	if n == 0 || isEmpty(subs[0]) {
		return nil, 0
	}
	return out, n
}

func cross(a, b []literal) ([]literal, bool) {
	if len(a)*len(b) > maxLiterals {
		return nil, false
	}
	var out []literal
	for _, x := range a {
		for _, y := range b {
			if len(x.text)+len(y.text) > maxLiteralLen {
				return nil, false
			}
			out = append(out, literal{x.text + y.text, x.fold || y.fold})
		}
	}
	return out, true
}

// exact returns the strings that are all that an expression matches; nil if they
// are too many.
func exact(re *syntax.Regexp) []literal {
	if isEmpty(re) {
		return []literal{{}}
	}
	switch re.Op {
	case syntax.OpCapture:
		return exact(re.Sub[0])
	case syntax.OpLiteral:
		return exactRunes(re.Rune, re.Flags&syntax.FoldCase != 0)
	case syntax.OpCharClass:
		return exactClass(re.Rune)
	case syntax.OpConcat:
		out := []literal{{}}
		for _, s := range re.Sub {
			ls := exact(s)
			ok := ls != nil
			if ok {
				out, ok = cross(out, ls)
			}
			if !ok {
				return nil
			}
		}
		return out
	case syntax.OpAlternate:
		var out []literal
		for _, s := range re.Sub {
			ls := exact(s)
			if ls == nil || len(out)+len(ls) > maxLiterals {
				return nil
			}
			out = append(out, ls...)
		}
		return out
	case syntax.OpQuest:
		if ls := exact(re.Sub[0]); ls != nil && len(ls) < maxLiterals {
			return append(ls, literal{})
		}
	}
	return nil
}

// exactRunes spells a literal. In any case, k and s are also the Kelvin sign and
// the long s, as in Go's expressions.
func exactRunes(runes []rune, fold bool) []literal {
	out := []literal{{}}
	for _, r := range runes {
		if r == utf8.RuneError { // matches broken encodings too
			return nil
		}
		spellings := []literal{{string(r), fold}}
		if fold {
			spellings = foldings(r)
		}
		var ok bool
		if out, ok = cross(out, spellings); !ok {
			return nil
		}
	}
	return out
}

// foldings are the spellings of a rune where case does not matter: ASCII in lower
// case, anything else as it is.
func foldings(r rune) []literal {
	var out []literal
	for f := unicode.SimpleFold(r); ; f = unicode.SimpleFold(f) {
		if f >= utf8.RuneSelf || !unicode.IsUpper(f) {
			out = append(out, literal{string(f), true})
		}
		if f == r {
			return out
		}
	}
}

func exactClass(ranges []rune) []literal {
	var out []literal
	for i := 0; i < len(ranges); i += 2 {
		if int(ranges[i+1]-ranges[i]) > 8-len(out) {
			return nil
		}
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if r == utf8.RuneError {
				return nil
			}
			out = append(out, literal{string(r), false})
		}
	}
	return out
}
