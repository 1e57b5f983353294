package config

import (
	"testing"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

// FuzzGlob holds that what is told by pieces of text is what the pattern says.
func FuzzGlob(f *testing.F) {
	for _, p := range []string{"a*b", "**/x/**", "{a,b/c}d", `[\]x]y`, "[]x]y", "[^]x]y", "a/**", `\{a\}`, "{,a}b", "a[{]b"} {
		f.Add(p, "a/x/b")
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if !doublestar.ValidatePattern(pattern) || !utf8.ValidString(pattern) || !utf8.ValidString(s) { // to doublestar all broken characters are one
			return
		}
		want, _ := doublestar.Match(pattern, s)
		if got := newGlob(pattern).matches(s); got != want {
			t.Fatalf("%q matches %q: %t, pieces %q", pattern, s, got, literalPieces(pattern))
		}
	})
}

// FuzzStars holds that two patterns meet if one text matches both.
func FuzzStars(f *testing.F) {
	f.Add("root-*", "*-user", "root-user")
	f.Add("*a*b", "ab*", "abb")
	f.Fuzz(func(t *testing.T, a, b, s string) {
		if MatchStar(a, s) && MatchStar(b, s) && !starsMeet(a, b) {
			t.Fatalf("%q and %q meet at %q", a, b, s)
		}
		if !MatchStar(a, a) || !starsMeet(a, a) {
			t.Fatalf("%q does not match itself", a)
		}
	})
}

func TestStars(t *testing.T) {
	for _, tc := range []struct {
		pattern, text string
		want          bool
	}{
		{"a", "a", true}, {"a", "ab", false}, {"*", "", true}, {"*", "a/b", true}, {"a*", "a", true}, {"a*a", "a", false},
		{"*b*", "abc", true}, {"a*b*c", "a-b-c", true}, {"a*b*c", "acb", false}, {"**a", "ba", true}, {"", "", true}, {"a?", "ab", false},
	} {
		if got := MatchStar(tc.pattern, tc.text); got != tc.want {
			t.Errorf("%s matches %s: %t", tc.pattern, tc.text, got)
		}
	}
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"a*", "*b", true}, {"a*", "b*", false}, {"*", "x", true}, {"a*c", "ab*", true}, {"root-user", "root-*", true}, {"a*x", "*y", false}, {"**", "", true},
	} {
		if got := starsMeet(tc.a, tc.b); got != tc.want || starsMeet(tc.b, tc.a) != tc.want {
			t.Errorf("%s meets %s: %t", tc.a, tc.b, got)
		}
	}
}
