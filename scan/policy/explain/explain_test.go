package explain

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

// decided is the sample report with decisions of every kind.
func decided(t *testing.T) *scan.Report {
	t.Helper()
	r := sample.Report()
	deny := &scan.Decision{Action: scan.ActionDeny, Rule: "severity", Message: strings.Repeat("critical is at or above fail-on high ", 5), HelpURL: "https://help.example/" + strings.Repeat("x", 120), Policy: ".scan-build.yaml:1"}
	ignore := &scan.Decision{Action: scan.ActionIgnore, Rule: "exception", Message: "not reachable", Policy: ".scan-build.yaml:9", Expires: "2026-12-31"}
	for _, s := range r.AllStages() {
		for i := range s.Findings {
			switch s.Findings[i].Severity {
			case scan.SeverityCritical:
				s.Findings[i].Decision = deny
			case scan.SeverityHigh:
				s.Findings[i].Decision = ignore
			}
		}
		for i := range s.Secrets {
			s.Secrets[i].Decision = &scan.Decision{Action: scan.ActionWarn, Rule: "secrets", Message: "a secret \x1b[31m is here"}
		}
	}
	v := scan.Violation{Decision: scan.Decision{Action: scan.ActionInfo, Rule: "team.license", Message: "AGPL"}, Platform: "linux/amd64", Package: "curl", Layer: &scan.Layer{File: "Dockerfile", StartLine: 3}}
	r.Platforms[0].Verdict.Violations = []scan.Violation{v}
	r.Verdict = scan.Verdict{Outcome: scan.OutcomeBlock, Violations: []scan.Violation{v}, Unused: []string{"CVE-1"}, Policies: []scan.PolicyRef{{Kind: "options", Name: ".scan-build.yaml", Digest: "sha256:" + strings.Repeat("1", 64)}}}
	return r
}

func TestEverythingIsExplainedOnce(t *testing.T) {
	x := Explain(decided(t))
	var order []scan.Action
	total := 0
	for _, g := range x.Groups {
		order = append(order, g.Action)
		total += len(g.Items)
		if x.Counts[g.Action] != len(g.Items) {
			t.Errorf("%s: count %d, %d items", g.Action, x.Counts[g.Action], len(g.Items))
		}
	}
	if diff := cmp.Diff([]scan.Action{"deny", "warn", "info", "ignore", ""}, order); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
	first := x.Groups[0].Items[0]
	if first.Decision.Rule != "severity" || first.Severity != "critical" || !cmp.Equal(first.Platforms, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("first item: %+v", first)
	}
	if info := x.Groups[2].Items; len(info) != 1 || info[0].Kind != KindViolation || info[0].Location != "Dockerfile:3" {
		t.Errorf("violations: %+v", info)
	}
	raw, err := json.Marshal(x)
	if err != nil || !strings.Contains(string(raw), `"rule":"severity"`) {
		t.Errorf("JSON: %v %.200s", err, raw)
	}
}

func TestTextFitsAndIsSafeToPrint(t *testing.T) {
	var b bytes.Buffer
	if err := Text(&b, Explain(decided(t))); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > width && strings.Contains(strings.TrimSpace(line), " ") {
			t.Errorf("%d columns: %s", n, line)
		}
		if strings.ContainsRune(line, 0x1b) {
			t.Errorf("escape sequence: %q", line)
		}
	}
	for _, part := range []string{"Outcome: block (", "DENY: blocks the build (", "by rule severity of .scan-build.yaml:1", "CVE-2023-38545, critical, curl 7.88.1-10", "(until 2026-12-31)", "UNDECIDED", "Exceptions that nothing needed:", "options .scan-build.yaml"} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("%q is missing in:\n%s", part, b.String())
		}
	}
}

func TestReportWithoutAnythingIsExplained(t *testing.T) {
	x := Explain(&scan.Report{Verdict: scan.Verdict{Outcome: scan.OutcomePass}})
	if len(x.Groups) != 0 || x.Groups == nil {
		t.Errorf("groups %#v", x.Groups)
	}
}
