package secret

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What a path means is what the expressions say, whatever paths came before: many
// and long ones make the automaton forget its states.
func TestPathsMeanWhatExpressionsSay(t *testing.T) {
	rules, err := Compile(Default(), Files())
	if err != nil {
		t.Fatal(err)
	}
	m := rules.paths.matcher()
	m.automaton.limit = 200
	var exprs []*regexp.Regexp
	for _, e := range m.exprs {
		exprs = append(exprs, regexp.MustCompile(e))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	parts := []string{
		"node_modules", "vendor", "github.com", "app", ".npmrc", "x.png", ".JPG", "lib", "python3.11", "go.sum", "a.p12", ".git", "config",
		"gradlew", "package-lock.json", "jquery.min.js", "root", ".netrc", "é", ".env", "a.tf", "x-1.0.dist-info", "bundle", "-", ".", "v8", "s",
	}
	for i := range 3000 {
		var path []string
		long := 1 + rng.IntN(6)
		if i%10 == 0 {
			long = 300 + rng.IntN(300)
		}
		for range long {
			p := parts[rng.IntN(len(parts))]
			if rng.IntN(3) == 0 {
				p += parts[rng.IntN(len(parts))]
			}
			path = append(path, p)
		}
		name := strings.Join(path, []string{"/", "!", ""}[rng.IntN(3)])
		got := m.plan(name)
		for k, e := range exprs {
			m.matched[k] = e.MatchString(name)
		}
		want := m.decide()
		if !slices.Equal(got.active, want.active) || !slices.Equal(got.named, want.named) {
			t.Fatalf("path %d, %.200s: the automaton and the expressions differ", i, name)
		}
	}
	if m.resets < 10 {
		t.Errorf("the automaton was reset only %d times", m.resets)
	}
}
