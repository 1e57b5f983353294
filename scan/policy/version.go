package policy

import (
	"cmp"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// target is the version to go to: of the fixed versions the lowest above the
// installed one, for the smallest step. Empty if no fixed version is known.
func target(f scan.Finding) string {
	best := ""
	for _, v := range f.Fix.Versions {
		if compareVersions(v, f.Version) > 0 && (best == "" || compareVersions(v, best) < 0) {
			best = v
		}
	}
	if best == "" && len(f.Fix.Versions) > 0 {
		best = f.Fix.Versions[0]
	}
	return best
}

// compareVersions orders versions well enough to give advice with, whatever
// the ecosystem: numbers by value, letters by alphabet, and a version before
// one that continues it with a number or "+" but after one that continues it
// with letters or "~" (1.0-rc1 < 1.0 < 1.0+deb12u1 < 1.0.1). It decides
// nothing: whether a version is affected is for the matchers, which know each
// ecosystem's rules.
func compareVersions(a, b string) int {
	for {
		var x, y string
		x, a = nextPart(a)
		y, b = nextPart(b)
		if x == "" && y == "" {
			return 0
		}
		if c := compareParts(x, y); c != 0 {
			return c
		}
	}
}

// nextPart cuts the next run of digits, run of letters, "+" or "~" off a
// version. It is empty at the end.
func nextPart(s string) (part, rest string) {
	s = strings.TrimLeft(s, ".-_:")
	if s == "" {
		return "", ""
	}
	if s[0] == '~' || s[0] == '+' {
		return s[:1], s[1:]
	}
	isDigits := digit(s[0])
	end := strings.IndexFunc(s, func(r rune) bool {
		return strings.ContainsRune(".-_:+~", r) || (r >= '0' && r <= '9') != isDigits
	})
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

func compareParts(x, y string) int {
	if c := rank(x) - rank(y); c != 0 {
		return c
	}
	if rank(x) == rankNumber {
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		return cmp.Or(len(x)-len(y), strings.Compare(x, y))
	}
	return strings.Compare(x, y)
}

// The kinds of part, in the order they sort.
const (
	rankTilde = iota
	rankLetters
	rankEnd
	rankPlus
	rankNumber
)

func rank(part string) int {
	switch {
	case part == "":
		return rankEnd
	case part == "~":
		return rankTilde
	case part == "+":
		return rankPlus
	case digit(part[0]):
		return rankNumber
	default:
		return rankLetters
	}
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
