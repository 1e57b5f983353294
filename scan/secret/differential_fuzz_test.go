package secret

import "testing"

// FuzzEngineEqualsGitleaks searches anything by both. Its seeds are gitleaks' own
// samples, one for each rule.
func FuzzEngineEqualsGitleaks(f *testing.F) {
	for _, s := range perRule(ruleSamples(f, 1)) {
		f.Add(s.Path, []byte(s.Text))
	}
	c := newComparison(f)
	f.Fuzz(func(t *testing.T, path string, content []byte) {
		scanner := c.rules.Scanner()
		d, _, err := c.compare(scanner, input{"", path, content})
		if err != nil {
			t.Error(err)
		}
		if len(d.missing)+len(d.extra) > 0 && c.explain(scanner, d) == "" {
			t.Errorf("path %q, content %q\ngitleaks only: %v\nengine only: %v", path, content, d.missing, d.extra)
		}
	})
}
