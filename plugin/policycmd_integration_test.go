package plugin_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/scan-build/scan-build/scan/policy/explain"
)

func TestPolicyInitWritesAFileToStartFrom(t *testing.T) {
	w := engine(t)
	p := w.dockerfile(t, cleanDockerfile)
	says(t, p.run(t, "policy", "init").OK(t).Stdout, ".scan-build.yaml")
	p.build(t, ".").OK(t)
	p.write(t, ".scan-build.yaml", "fail-on: low\n")
	says(t, p.run(t, "policy", "init").Exits(t, 1).Stderr, "--force")
	if got := p.read(t, ".scan-build.yaml"); got != "fail-on: low\n" {
		t.Errorf("the file is now %q", got)
	}
	p.run(t, "policy", "init", "--force").OK(t)
	p.run(t, "policy", "init", "ci/other.yaml").Exits(t, 1)
	p.run(t, "policy", "init", "other.yaml").OK(t)
}

// vulnerableReport is a project with the report of a build that was blocked.
func vulnerableReport(t *testing.T) *project {
	t.Helper()
	p := engine(t).dockerfile(t, vulnerableDockerfile)
	p.build(t, "--report", "json=web.report.json", ".").Exits(t, 2)
	return p
}

func TestExplainSaysWhatWasDecidedAndWhatAnotherPolicyWould(t *testing.T) {
	p := vulnerableReport(t)
	p.write(t, "loose/.scan-build.yaml", "fail-on: none\n")
	r := p.run(t, "policy", "explain", "web.report.json").OK(t)
	says(t, r.Stdout, "Outcome: block", vulnerableID, "minimist 1.2.0")
	for line := range strings.Lines(r.Stdout) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 && strings.Contains(strings.TrimSpace(line), " ") {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, policy := range []string{"loose", "loose/.scan-build.yaml"} {
		says(t, p.run(t, "policy", "explain", "--policy", policy, "web.report.json").OK(t).Stdout, "Outcome: warn", vulnerableID)
	}
	x := readJSON[explain.Explanation](t, p.run(t, "policy", "explain", "--format=json", "web.report.json").OK(t).Stdout)
	if x.Outcome != "block" || len(x.Groups) == 0 {
		t.Errorf("explanation: %+v", x)
	}
}

func TestExplainTellsWhyItCannot(t *testing.T) {
	p := engine(t).project(t, map[string]string{"no.json": "hello", "old.json": `{"schemaVersion": 0}`, "bad/.scan-build.yaml": "fail-on: terrible\n"})
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no report":          {[]string{"nothing.json"}, 3, "nothing.json"},
		"not a report":       {[]string{"no.json"}, 3, "no.json is no report"},
		"another report":     {[]string{"old.json"}, 3, "schemaVersion is 0"},
		"unknown format":     {[]string{"--format=poem", "no.json"}, 1, "poem"},
		"date without these": {[]string{"--date=2026-01-01", "no.json"}, 1, "add --policy"},
		"nothing to explain": {nil, 1, "requires 1 argument"},
	} {
		t.Run(name, func(t *testing.T) {
			r := p.run(t, append([]string{"policy", "explain"}, c.args...)...).Exits(t, c.code)
			says(t, r.Stderr, c.says)
		})
	}
}

func TestPolicyTestTellsAPolicyThatDoesWhatItShould(t *testing.T) {
	p := vulnerableReport(t)
	p.write(t, ".scan-build.yaml", "fail-on: high\nrego: [rules/team.rego]\n")
	p.write(t, "rules/team.rego", "package team\n\nimport rego.v1\n\ntelnet(name) if name == \"telnetd\"\n\ndeny contains \"telnet\" if {\n\tsome p in input.packages\n\ttelnet(p.name)\n}\n")
	p.write(t, "rules/team_test.rego", "package team_test\n\nimport rego.v1\n\nimport data.team\n\ntest_telnet if team.telnet(\"telnetd\")\n\ntest_other if not team.telnet(\"curl\")\n")
	p.write(t, "web.expect.yaml", "outcome: block\n")
	r := p.run(t, "policy", "test", ".").OK(t)
	says(t, r.Stdout, "ok   web", "ok   team_test.test_telnet  rules/team_test.rego:7", "3 tests, 0 failed")

	p.write(t, "web.expect.yaml", "outcome: pass\n")
	r = p.run(t, "policy", "test", ".").Exits(t, 1)
	says(t, r.Stdout, "FAIL web", "outcome is block, not pass", "3 tests, 1 failed")

	p.write(t, "web.expect.yaml", "outcome: warn\n")
	p.write(t, "loose/.scan-build.yaml", "fail-on: none\n")
	p.run(t, "policy", "test", "--policy", "loose", ".").OK(t)
	p.write(t, "rules/team_test.rego", "package team_test\n\nimport rego.v1\n\nimport data.team\n\ntest_telnet if team.telnet(\"curl\")\n")
	says(t, p.run(t, "policy", "test", "--policy", "loose", ".").Exits(t, 1).Stdout, "FAIL team_test.test_telnet")
}

func TestPolicyTestTellsWhyItCannot(t *testing.T) {
	w := engine(t)
	for name, c := range map[string]struct {
		files map[string]string
		says  []string
	}{
		"no tests":           {map[string]string{"a.rego": "package a\n"}, []string{"no tests"}},
		"bad Rego":           {map[string]string{"a_test.rego": "package a\nhello(\n"}, []string{"a_test.rego:3: "}},
		"what it cannot do":  {map[string]string{"a_test.rego": "package a\nimport rego.v1\ntest_a if http.send({\"url\": \"https://example.com\"})\n"}, []string{"http.send"}},
		"report alone":       {map[string]string{"a.report.json": "{}"}, []string{"a.report.json has no a.expect.yaml"}},
		"expectation alone":  {map[string]string{"a.expect.yaml": "outcome: pass\n"}, []string{"a.report.json"}},
		"expects nothing":    {map[string]string{"a.report.json": "{}", "a.expect.yaml": ""}, []string{"a.expect.yaml", "expects nothing"}},
		"unknown key":        {map[string]string{"a.report.json": "{}", "a.expect.yaml": "denied: []\n"}, []string{"a.expect.yaml", "denied"}},
		"unknown outcome":    {map[string]string{"a.report.json": "{}", "a.expect.yaml": "outcome: fine\n"}, []string{"a.expect.yaml", "fine"}},
		"policy with errors": {map[string]string{"a.report.json": "{}", "a.expect.yaml": "outcome: pass\n", ".scan-build.yaml": "fail-on: terrible\n"}, []string{".scan-build.yaml:1: fail-on"}},
	} {
		t.Run(name, func(t *testing.T) {
			says(t, w.project(t, c.files).run(t, "policy", "test", ".").Exits(t, 3).Stderr, c.says...)
		})
	}
}
