package secret

import (
	"math"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"

	"github.com/zricethezav/gitleaks/v8/config"
)

// shape is what all secrets of a rule have in common: enough to see of most texts
// that none is in them, without the expression.
type shape struct {
	// known is false where nothing is.
	known bool
	// alphabet is what a secret can hold, must of what it has at least one.
	alphabet, must [256]bool
	// shortest is its least length, fewest how many different bytes it has at least.
	shortest, fewest int
}

// newShape derives the shape of a rule's secrets from the group that captures
// them, the entropy that they must exceed, and allow lists for plain words.
func newShape(c *config.Rule, re *syntax.Regexp) shape {
	group := secretGroup(re, c.SecretGroup)
	if group == nil {
		return shape{}
	}
	s := shape{known: true, shortest: minLen(group)}
	addAlphabet(group, &s.alphabet)
	if re.MaxCap() == 0 && s.alphabet['\n'] {
		s.shortest = 0 // newlines are cut off
	}
	s.must = s.alphabet
	if c.Entropy > 0 {
		s.fewest = int(math.Ceil(math.Exp2(c.Entropy)))
	}
	for _, a := range c.Allowlists {
		if a.MatchCondition != config.AllowlistMatchOr || a.RegexTarget != "" {
			continue
		}
		for _, x := range a.Regexes {
			for class := wholeClass(x); len(class) > 1; class = class[2:] {
				for b := class[0]; b <= min(class[1], utf8.RuneSelf-1); b++ {
					s.must[b] = false
				}
			}
		}
	}
	return s
}

// secretGroup finds the group that is a rule's secret whenever it matches; nil if
// that cannot be told.
func secretGroup(re *syntax.Regexp, number int) *syntax.Regexp {
	switch {
	case re.MaxCap() == 0:
		return re
	case number > 1 || number == 0 && re.MaxCap() > 1:
		return nil
	case re.Op == syntax.OpCapture:
		return re
	case re.Op == syntax.OpConcat:
		for _, s := range re.Sub {
			if s.Op == syntax.OpCapture && s.Cap == 1 && minLen(s) > 0 {
				return s
			}
		}
	}
	return nil
}

// addAlphabet adds the bytes that an expression can match.
func addAlphabet(re *syntax.Regexp, to *[256]bool) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if r >= utf8.RuneSelf || re.Flags&syntax.FoldCase != 0 {
				addHigh(to)
			}
			if r < utf8.RuneSelf {
				to[r] = true
				for _, b := range cases(lower(byte(r))) {
					to[b] = true
				}
			}
		}
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= min(re.Rune[i+1], utf8.RuneSelf-1); r++ {
				to[r] = true
			}
			if re.Rune[i+1] >= utf8.RuneSelf {
				addHigh(to)
			}
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		for b := range to {
			to[b] = true
		}
	}
	for _, s := range re.Sub {
		addAlphabet(s, to)
	}
}

func addHigh(to *[256]bool) {
	for b := utf8.RuneSelf; b < len(to); b++ {
		to[b] = true
	}
}

// wholeClass returns the class of an expression ^[class]+$, nil for any other.
func wholeClass(x *regexp.Regexp) []rune {
	re, err := syntax.Parse(x.String(), syntax.Perl)
	if err != nil || re.Op != syntax.OpConcat || len(re.Sub) != 3 ||
		re.Sub[0].Op != syntax.OpBeginText || re.Sub[1].Op != syntax.OpPlus || re.Sub[2].Op != syntax.OpEndText ||
		re.Sub[1].Sub[0].Op != syntax.OpCharClass {
		return nil
	}
	return re.Sub[1].Sub[0].Rune
}

// possible says whether a secret may be in a text: in one of the runs of bytes
// that are of its alphabet.
func (s *shape) possible(text []byte) bool {
	if !s.known {
		return true
	}
	for i := 0; i < len(text); i++ {
		if !s.alphabet[text[i]] {
			continue
		}
		start := i
		for i < len(text) && s.alphabet[text[i]] {
			i++
		}
		if s.possibleRun(text[start:i]) {
			return true
		}
	}
	return false
}

func (s *shape) possibleRun(run []byte) bool {
	if len(run) < s.shortest {
		return false
	}
	var has [256]bool
	different, must := 0, false
	for _, b := range run {
		if b >= utf8.RuneSelf {
			return true // entropy is reckoned by runes
		}
		if !has[b] {
			has[b] = true
			different++
			must = must || s.must[b]
		}
	}
	return must && different >= s.fewest
}
