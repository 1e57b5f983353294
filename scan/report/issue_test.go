package report

import (
	"strings"
	"testing"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/check"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/sample"
	"github.com/scan-build/scan-build/scan/policy"
)

// everything is a judged report that has all kinds of findings: those of package
// sample, of analyzers, some that an exception accepts, and a policy's violation.
func everything(t *testing.T) *scan.Report {
	t.Helper()
	r := sample.Configured()
	r.Build.Images, r.Build.Source = []string{"registry.example/app:1"}, "https://git.example/app"
	for i := range r.Platforms {
		p := &r.Platforms[i]
		p.Stages[0].Unknown = []string{"no data for alpine 3.99 in this database"}
		final := p.FinalStage()
		final.External = []scan.ExternalFinding{
			{Analyzer: "clamav", Rule: "Eicar-Test", Severity: scan.SeverityCritical, Message: "Eicar-Test in app/upload.bin", Path: "app/upload.bin", Layer: 2, Fingerprint: "e1ca0001"},
			{Analyzer: "sast", Rule: "weak-hash", Severity: scan.SeverityHigh, Message: "MD5 is used for a password", Path: "src/app.js", Line: 12, EndLine: 14, Context: true, Layer: -1, URL: "https://rules.example/weak-hash"},
		}
		final.Packages[0].Licenses = []string{"AGPL-3.0-only"}
	}
	check.Evaluate(r)
	o := config.Default()
	o.DeniedLicenses = []string{"AGPL-*"}
	o.Exceptions = []config.Exception{{
		Vulnerability: "CVE-2024-24790", Reason: "not reachable here", Expires: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), File: config.FileName, Line: 9,
	}}
	if err := policy.Evaluate(r, o); err != nil {
		t.Fatal(err)
	}
	return r
}

// evilText tries to leave every format that it is written to.
const evilText = "\x1b[2J\r\nx\x00\xff\u202e |`\\`|</td></details><script>alert(1)</script> [click](javascript:alert(1)) ![i](https://evil.example/x.png) " +
	"@everyone @team/all #1 https://evil.example www.evil.example me@evil.example ]]> --> <!-- &lt; ../../etc \\| `` ``` {0}"

// hostile is a judged report in which an attacker wrote every text.
func hostile(t *testing.T) *scan.Report {
	t.Helper()
	r := everything(t)
	e := evilText
	r.Target, r.Scanner.Version, r.Notices = e, e, []string{e}
	r.Build.Images, r.Build.Source, r.Build.Revision, r.Build.Dockerfile = []string{e}, e, e, e
	for _, s := range r.AllStages() {
		s.Name, s.Unknown, s.Problems = e, []string{e}, []scan.Problem{{Path: e, Message: e}}
		s.OS.ID, s.OS.VersionID, s.OS.PrettyName = e, e, e
		for i := range s.Layers {
			l := &s.Layers[i]
			l.Instruction, l.File, l.Stage = e, e, e
			if l.Base != "" {
				l.Base = e
			}
		}
		for i := range s.Findings {
			f := &s.Findings[i]
			f.ID, f.Package, f.Version, f.Type, f.PURL, f.Path, f.Summary, f.Fix.Versions = e+f.ID, e+f.Package, e, e, e, e, e, []string{e}
			f.URLs, f.Aliases, f.CVSS = []string{"javascript:alert(1)", e}, []string{e}, []scan.CVSS{{Vector: e, Score: 99, Version: e}}
			decideText(f.Decision)
		}
		for i := range s.Secrets {
			x := &s.Secrets[i]
			x.Rule, x.Description, x.Path, x.Redacted, x.Fingerprint = e+x.Rule, e, e, e, e
			decideText(x.Decision)
		}
		for i := range s.Misconfigurations {
			m := &s.Misconfigurations[i]
			m.Check, m.Title, m.Message, m.Paths, m.URL = e+m.Check, e, e, []string{e}, "javascript:alert(1)"
			decideText(m.Decision)
		}
		for i := range s.External {
			x := &s.External[i]
			x.Analyzer, x.Rule, x.Message, x.Path, x.URL = e, e, e, e, e
			decideText(x.Decision)
		}
	}
	for i := range r.Platforms {
		p := &r.Platforms[i]
		p.ID = strings.TrimSpace(e)
		for j := range p.Verdict.Violations {
			v := &p.Verdict.Violations[j]
			v.Stage, v.Package, v.Version, v.Path = e, e, e, e
			decideText(&v.Decision)
		}
	}
	return r
}

func decideText(d *scan.Decision) {
	if d != nil {
		d.Rule, d.Message, d.HelpURL, d.Policy, d.Expires = evilText, evilText, evilText, evilText, evilText
	}
}

func TestIssuesOfSeveralPlatformsAreOne(t *testing.T) {
	r := decided(t, sample.Report())
	one, both := issues(r.Platforms[:1]), issues(r.Platforms)
	if len(both) != len(one)+1 { // arm64 has one more
		t.Errorf("%d issues on one platform, %d on two", len(one), len(both))
	}
	for _, i := range both {
		want := 2
		if i.rule == "GHSA-arm6-arm6-arm6" {
			want = 1
		}
		if len(i.platforms) != want {
			t.Errorf("%s is on %v", i.title(), i.platforms)
		}
	}
}

func TestWhatTheImageHasIsNotRepeatedForABuildStage(t *testing.T) {
	n := 0
	for _, i := range issues(decided(t, sample.Report()).Platforms) {
		if i.rule == "GHSA-xvch-5gv4-984h" {
			n++
			if !i.final {
				t.Errorf("%s is said of stage %s", i.title(), i.stage)
			}
		}
	}
	if n != 2 { // two files of the image
		t.Errorf("%d times", n)
	}
}

func TestSecretIsOneWhereverItIs(t *testing.T) {
	for _, i := range issues(decided(t, sample.Report()).Platforms) {
		if i.rule == "aws-access-token" && (len(i.secrets) != 3 || i.secrets[0].Source != scan.SecretInDockerfile) {
			t.Errorf("%d places, first %s", len(i.secrets), i.secrets[0].Source)
		}
	}
}
