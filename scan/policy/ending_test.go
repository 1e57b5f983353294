package policy

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

func TestEndingReadsWell(t *testing.T) {
	blocked := func() *scan.Report {
		r := advisedReport()
		r.Verdict = scan.Verdict{}
		return evaluated(t, r, options("high", false))
	}
	warned := evaluated(t, advisedReport(), options("none", false))
	passed := evaluated(t, &scan.Report{
		Database:  sample.Report().Database,
		Platforms: []scan.Platform{{ID: "linux/amd64", Stages: []scan.Stage{{Name: "final", Final: true}}}},
	}, options("high", false))
	o := Layout{Width: 80, All: "--report table=-", Excerpt: []string{"   7 | >>> RUN apt-get update && \\", "   8 | >>>     apt-get install -y curl"}}
	golden(t, "ending-block-80.txt", plainText(Ending(blocked(), o))+"\n")
	o.Excerpt = nil
	golden(t, "ending-warn-80.txt", plainText(Ending(warned, o))+"\n")
	o.Label = "web"
	golden(t, "ending-pass-80.txt", plainText(Ending(passed, o))+"\n")
}

// everything is a report that blocks for n reasons of every kind.
func everything(n int) *scan.Report {
	r := many(n, n)
	long := strings.Repeat("word ", 40)
	v := &r.Verdict
	v.Outcome, v.FailOn = scan.OutcomeBlock, "high"
	s := &r.Platforms[0].Stages[0]
	for i := range n {
		l := scan.Layer{Instruction: fmt.Sprintf("RUN step %d ", i) + long, Stage: "final", File: "Dockerfile", StartLine: i + 1, EndLine: i + 1}
		id := fmt.Sprint(i)
		url := "https://help.example/" + id
		for _, f := range s.Findings {
			if f.First == i {
				v.Blocking = append(v.Blocking, scan.Blocking{Stage: "final", Finding: f, Layer: l})
			}
		}
		v.Secrets = append(v.Secrets, scan.BlockingSecret{Stage: "final", Layer: l, Secret: scan.Secret{Rule: "aws-" + id, Fingerprint: id, Path: long, Redacted: long, Removed: 1}})
		v.Misconfigurations = append(v.Misconfigurations, scan.BlockingMisconfiguration{Stage: "final", Layer: l, Misconfiguration: scan.Misconfiguration{
			Check: "ssh-port", Message: long + id, Decision: &scan.Decision{HelpURL: url},
		}})
		v.External = append(v.External, scan.BlockingExternal{Stage: "final", Layer: l, External: scan.ExternalFinding{Analyzer: "clamav", Rule: id, Message: long, Path: long, URL: url}})
		v.Violations = append(v.Violations, scan.Violation{Decision: scan.Decision{Action: scan.ActionDeny, Rule: "team.rule" + id, Message: long, HelpURL: url, Policy: "p.rego"}, Layer: &l})
		r.Notices = append(r.Notices, long+id)
	}
	return r
}

func TestEndingNeverExceedsAScreen(t *testing.T) {
	for _, n := range []int{1, 2, 5, 60} {
		r := everything(n)
		for _, o := range []Layout{{}, {Width: 80}, {Width: 60}, {Width: 200}, {Width: 80, Height: 24}} {
			height := o.Height
			if height == 0 {
				height = screen
			}
			lines := Ending(r, o)
			if len(lines) > height {
				t.Errorf("%d of each, %+v: %d lines\n%s", n, o, len(lines), plainText(lines))
			}
			if got := lines[0].String(); !strings.HasPrefix(got, "scan block: ") {
				t.Errorf("%d of each, %+v: it begins with %q", n, o, got)
			}
			if m := BlockMessage(r); strings.Count(m, "\n") >= screen {
				t.Errorf("the message of an error is longer:\n%s", m)
			}
		}
	}
}

func TestEndingFitsTheWidth(t *testing.T) {
	secrets := options("high", false)
	secrets.Secrets.Mode = config.SecretsOff
	r := evaluated(t, advisedReport(), secrets)
	for _, width := range []int{60, 80, 200} {
		for _, l := range Ending(r, Layout{Width: width}) {
			s := l.String()
			if utf8.RuneCountInString(s) > width && strings.Contains(strings.TrimLeft(s, " "), " ") && !strings.Contains(s, "sha256:") {
				t.Errorf("width %d: %q", width, s)
			}
		}
	}
}

// Colours must not change a text: a line is its spans and nothing else.
func TestWrappingKeepsWordsAndRoles(t *testing.T) {
	l := Line{{RoleHeading, "one two"}, {RoleText, " three  four"}, {RolePath, " averylongwordthatfitsnowhere five"}}
	var got []string
	for _, part := range l.wrap(12, 2) {
		for _, s := range part {
			got = append(got, fmt.Sprintf("%s|%s", s.Role, s.Text))
		}
		got = append(got, "/")
	}
	const want = "heading|one two / |  | three / |  | four / |  path|averylongwordthatfitsnowhere / |  path|five /"
	if s := strings.Join(got, " "); strings.ReplaceAll(s, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("got %q", s)
	}
}

func TestForeignTextOfAnalyzersCannotDriveTheTerminal(t *testing.T) {
	const evil = "\x1b[2J\r\nERROR\u202e"
	r := everything(1)
	e := &r.Verdict.External[0]
	e.External.Analyzer, e.External.Rule, e.External.Message, e.External.Path, e.External.URL = evil, evil, evil, evil, evil
	r.Verdict.Misconfigurations[0].Misconfiguration.Message = evil
	r.Verdict.Violations[0].Rule, r.Verdict.Violations[0].HelpURL = evil, evil
	r.Notices, r.Verdict.Unused = []string{evil}, []string{evil}
	s := &r.Platforms[0].Stages[0]
	s.Base = &scan.Base{Ref: evil, Tag: evil, Digest: "a", CurrentDigest: "b", Pinned: true, Advice: []scan.BaseAdvice{{Ref: evil, Digest: evil, Gone: map[string]int{"high": 1}}}}
	s.Layers[0].Base = evil
	r.Verdict.Blocking[0].Layer.Base = evil
	s.External = []scan.ExternalFinding{e.External}
	s.External[0].Decision = &scan.Decision{Action: scan.ActionWarn}
	text := plainText(Ending(r, Layout{Label: evil, Excerpt: []string{evil}})) + plainText(Ending(r, Layout{Width: 80, Label: evil}))
	r.Verdict.Outcome = scan.OutcomeWarn
	text += plainText(Ending(r, Layout{Width: 80}))
	for _, w := range append(Warnings(r), BaseWarnings(r)...) {
		text += w.Short + strings.Join(w.Detail, "") + w.URL
	}
	if i := strings.IndexAny(text, "\x1b\r\u202e"); i >= 0 {
		t.Errorf("control character in %q", text[max(0, i-40):i+10])
	}
}

func TestAnalyzersFindingsBlockUnderTheirInstruction(t *testing.T) {
	r := many(1, 0)
	s := &r.Platforms[0].Stages[0]
	s.External = []scan.ExternalFinding{
		{Analyzer: "clamav", Rule: "Eicar-Signature", Severity: scan.SeverityCritical, Message: "malware", Path: "srv/eicar.com", URL: "https://clamav.example"},
		{Analyzer: "semgrep", Rule: "sql", Severity: scan.SeverityHigh, Message: "query is built from input", Path: "app/db.py", Line: 7, Layer: -1, Context: true},
	}
	m := BlockMessage(evaluated(t, r, options("high", false)))
	const want = `2 findings of analyzers block this image

Dockerfile:1  RUN step 0
  CRITICAL  clamav/Eicar-Signature  malware  srv/eicar.com
  help: https://clamav.example

build context
  HIGH  semgrep/sql  query is built from input  app/db.py:7

next: Dockerfile:1: see https://clamav.example`
	if m != want {
		t.Error(m)
	}
}
