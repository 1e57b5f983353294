package policytest

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
)

func rego(name, source string) config.File {
	return config.File{Name: name, Data: []byte("package " + strings.TrimSuffix(name, ".rego") + "\n\nimport rego.v1\n\n" + source)}
}

func TestRulesAreRunAndTold(t *testing.T) {
	got, err := RunRego(context.Background(), []config.File{
		rego("team.rego", `telnet(name) if name == "telnetd"`),
		rego("team_test.rego", "import data.team\n\ntest_good if team.telnet(\"telnetd\")\n\ntest_bad if {\n\tprint(\"seen\")\n\tteam.telnet(\"curl\")\n}\n\ntodo_test_later if false\n\ntest_broken if 1 / 0 == 1\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Result{
		{Name: "team_test.test_bad", Location: "team_test.rego:9", Failures: []string{"is not true", "printed: seen"}},
		{Name: "team_test.test_broken", Location: "team_test.rego:16", Failures: []string{"team_test.rego:16: eval_builtin_error: div: divide by zero"}},
		{Name: "team_test.test_good", Location: "team_test.rego:7"},
		{Name: "team_test.todo_test_later", Location: "team_test.rego:14", Skipped: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	var b bytes.Buffer
	if err := Text(&b, got); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"FAIL team_test.test_bad  team_test.rego:9\n", "ok   team_test.test_good", "skip team_test.todo", "4 tests, 2 failed, 1 skipped\n"} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("%q is missing in:\n%s", part, b.String())
		}
	}
}

func TestTestsCannotReachOutOfTheProgram(t *testing.T) {
	for _, source := range []string{`test_a if http.send({"method": "get", "url": "https://example.com"})`, `test_a if opa.runtime()`, `test_a if time.now_ns() > 0`} {
		if _, err := RunRego(context.Background(), []config.File{rego("a_test.rego", source)}); err == nil {
			t.Errorf("%s was run", source)
		}
	}
}

func evaluated() *scan.Report {
	d := func(action scan.Action, rule string) *scan.Decision {
		return &scan.Decision{Action: action, Rule: rule, Message: "why"}
	}
	return &scan.Report{
		Verdict: scan.Verdict{Outcome: scan.OutcomeBlock},
		Platforms: []scan.Platform{{ID: "linux/amd64", Stages: []scan.Stage{{Final: true, Findings: []scan.Finding{
			{ID: "GHSA-1", Aliases: []string{"CVE-1"}, Decision: d(scan.ActionDeny, "severity")},
			{ID: "CVE-2", Decision: d(scan.ActionDeny, "team.no-telnet")},
			{ID: "CVE-3", Decision: d(scan.ActionIgnore, "exception")},
		}}}}},
	}
}

func TestVerdictsAreHeldAgainstWhatIsExpected(t *testing.T) {
	for _, c := range []struct {
		expect string
		want   []string
	}{
		{"outcome: block\n", nil},
		{"outcome: pass\n", []string{"outcome is block, not pass"}},
		{"deny: [cve-1, team.no-telnet]\nignore: [exception]\nwarn: []\n", nil},
		{"deny: [GHSA-1, CVE-2]\n", nil},
		{"deny: [GHSA-1]\n", []string{"deny: CVE-2 is not expected, by rule team.no-telnet: why"}},
		{"deny: [severity, CVE-2, CVE-9]\n", []string{"deny: nothing is decided so by or about CVE-9"}},
		{"ignore: []\n", []string{"ignore: CVE-3 is not expected, by rule exception: why"}},
	} {
		e, err := ParseExpectation([]byte(c.expect))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, e.Check(evaluated())); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.expect, diff)
		}
	}
}

func TestExpectationsThatExpectNothingAreErrors(t *testing.T) {
	for expect, says := range map[string]string{
		"": "expects nothing", "outcome: fine\n": `"fine"`, "denied: []\n": "denied", "deny: {a: b}\n": "want outcome", "[": "want outcome",
	} {
		if _, err := ParseExpectation([]byte(expect)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: error %v, want one with %q", expect, err, says)
		}
	}
}
