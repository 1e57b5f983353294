package policy

import (
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
)

// licenses decides which packages have a licence that is denied. Declarations
// repeat, so each is read once.
type licenses struct {
	patterns []string
	known    map[string]bool
}

func newLicenses(denied []string) *licenses {
	l := &licenses{known: map[string]bool{}}
	for _, p := range denied {
		l.patterns = append(l.patterns, strings.ToLower(p))
	}
	return l
}

// denied is the licence for which a package is denied, empty for none. All that
// a package declares apply together; of an "A OR B" one that is allowed is enough.
func (l *licenses) denied(p scan.Package) string {
	if len(l.patterns) == 0 {
		return ""
	}
	for _, declared := range p.Licenses {
		bad, ok := l.known[declared]
		if !ok {
			bad = l.expression(declared)
			l.known[declared] = bad
		}
		if bad {
			return declared
		}
	}
	return ""
}

// longestLicense is what is read as an expression; anything longer is a text.
const longestLicense = 1000

// expression evaluates an SPDX license expression (annex D) with two stacks and
// no recursion: its text is a stranger's. What does not read as one is a name.
//
//	(MIT OR GPL-3.0-only) AND BSD-3-Clause WITH x     denied GPL-*: false
func (l *licenses) expression(s string) bool {
	if len(s) > longestLicense {
		return l.name(s[:longestLicense])
	}
	var values []bool
	var operators []string
	apply := func() bool {
		if len(values) < 2 {
			return false
		}
		a, b := values[len(values)-2], values[len(values)-1]
		values = append(values[:len(values)-2], combine(operators[len(operators)-1], a, b))
		operators = operators[:len(operators)-1]
		return true
	}
	tokens := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ", "/", " OR ").Replace(s))
	for i := 0; i < len(tokens); i++ {
		switch op := strings.ToUpper(tokens[i]); op {
		case "AND", "OR":
			for len(operators) > 0 && precedence[operators[len(operators)-1]] >= precedence[op] {
				if !apply() {
					return l.name(s)
				}
			}
			operators = append(operators, op)
		case "(":
			operators = append(operators, op)
		case ")":
			for len(operators) > 0 && operators[len(operators)-1] != "(" {
				if !apply() {
					return l.name(s)
				}
			}
			if len(operators) == 0 {
				return l.name(s)
			}
			operators = operators[:len(operators)-1]
		case "WITH": // an exception adds permissions: the licence stays what it is
			i++
		default:
			values = append(values, l.name(tokens[i]))
		}
	}
	for len(operators) > 0 {
		if operators[len(operators)-1] == "(" || !apply() {
			return l.name(s)
		}
	}
	if len(values) != 1 {
		return l.name(s)
	}
	return values[0]
}

var precedence = map[string]int{"(": 0, "OR": 1, "AND": 2}

// combine is whether two licences together are denied.
func combine(operator string, a, b bool) bool {
	if operator == "OR" {
		return a && b
	}
	return a || b
}

func (l *licenses) name(s string) bool {
	s = strings.ToLower(strings.TrimSuffix(s, "+"))
	for _, p := range l.patterns {
		if config.MatchStar(p, s) {
			return true
		}
	}
	return false
}
