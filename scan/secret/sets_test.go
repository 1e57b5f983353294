package secret

import (
	"strings"
	"testing"
)

func TestSetsThatCannotBeUsedAreRefused(t *testing.T) {
	rule := func(regex string) string { return "[[rules]]\nid = \"mine\"\nregex = '''" + regex + "'''\n" }
	for name, tt := range map[string]struct{ toml, want string }{
		"no TOML":               {"hello =", "ci.toml is not TOML"},
		"broken expression":     {rule("(("), "missing closing )"},
		"extends a file":        {"[extend]\npath = \"x.toml\"", "extend.path and extend.url are not supported"},
		"unknown disabled rule": {"[extend]\nuseDefault = true\ndisabledRules = [\"nope\"]", `"nope"`},
		"rule without purpose":  {"[[rules]]\nid = \"mine\"", "mine"},
		"one huge expression":   {rule("(?:" + strings.Repeat("[a-c]x", 1000) + "){1000}"), "rule mine: the expressions are too large"},
		"many large ones":       {strings.Repeat(rule("(?:[a-z]{1000}){1}"), 2000), "too large"},
		"huge allow list":       {rule("abc") + "[[allowlists]]\nregexes = [" + strings.Repeat("'[a-z]{1000}',", 2000) + "]\n", "allow list: the expressions are too large"},
		"too many bytes":        {strings.Repeat("#\n", MaxSetSize), "more than 1048576 bytes"},
	} {
		_, err := Compile(Set{Name: "ci.toml", TOML: []byte(tt.toml)})
		if err == nil || !strings.HasPrefix(err.Error(), "ci.toml") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error is %v, want %q", name, err, tt.want)
		}
	}
}

func TestSetsExtendAndStandBeside(t *testing.T) {
	own := Set{Name: "ci.toml", TOML: []byte("[extend]\nuseDefault = true\ndisabledRules = [\"github-pat\"]\n[[rules]]\nid = \"mine\"\nregex = '''mine-[0-9]{6}'''\n")}
	for range 3 { // the library's own count of extensions ends at two
		rules, err := Compile(own, Files())
		if err != nil {
			t.Fatal(err)
		}
		text := "mine-123456\nghp_" + "x8Zb2nT4qPw7LkR1vS9dF3hJ6mC5aYb0eUiK\nglpat-" + "x8Zb2nT4qPw7LkR1vS9d\n"
		hits, err := rules.Scanner().Scan("app/a", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, h := range hits {
			found = append(found, h.Rule)
		}
		if got := strings.Join(found, " "); got != "mine gitlab-pat" {
			t.Errorf("found %s", got)
		}
	}
}
