package check

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

// control returns the assessment of one control.
func control(t *testing.T, r *scan.Report, ref string) Assessment {
	t.Helper()
	for _, f := range Assess(r) {
		for _, a := range f.Controls {
			if f.Framework+"/"+a.Control == ref {
				return a
			}
		}
	}
	t.Fatalf("no control %s", ref)
	return Assessment{}
}

// clean is a report of which everything is known and nothing is wrong.
func clean() *scan.Report {
	r := report()
	p := &r.Platforms[0]
	p.Verdict = scan.Verdict{Outcome: scan.OutcomePass, FailOn: "high", SecretMode: "block"}
	return r
}

func TestCleanImagePassesWhatAnImageCanShow(t *testing.T) {
	var got []string
	r := clean()
	Evaluate(r)
	for _, f := range Assess(r) {
		if f.Fail > 0 {
			t.Errorf("%s fails", f.Framework)
		}
		for _, a := range f.Controls {
			if a.Status == StatusPass {
				got = append(got, f.Framework+"/"+a.Control)
				if len(a.Looked) == 0 {
					t.Errorf("%s passes without evidence", a.Control)
				}
			} else if len(a.Reasons) == 0 {
				t.Errorf("%s has no reason", a.Control)
			}
		}
	}
	want := strings.Fields(`cis-docker/4.1 cis-docker/4.4 cis-docker/4.6 cis-docker/4.7 cis-docker/4.8 cis-docker/4.9 cis-docker/4.10
		nist-800-190/4.1.1 nist-800-190/4.1.2 nist-800-190/4.1.4 pci-dss/6.3.3 pci-dss/8.6.2
		fedramp/IA-5(7) fedramp/RA-5 fedramp/SA-22 fedramp/SI-2`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestIncompleteScanPassesNothing(t *testing.T) {
	for name, tc := range map[string]struct {
		ref    string
		change func(*scan.Report, *scan.Platform, *scan.Stage)
		want   string
	}{
		"secrets off": {"fedramp/IA-5(7)", func(_ *scan.Report, p *scan.Platform, _ *scan.Stage) { p.Verdict.SecretMode = "off" }, "secrets were not searched for"},
		"file that was not searched": {"nist-800-190/4.1.4", func(_ *scan.Report, _ *scan.Platform, s *scan.Stage) {
			s.Problems = []scan.Problem{{Path: "a.zip", Extractor: "secrets"}}
		}, "1 file could not be read completely, such as /a.zip"},
		"unknown distribution": {"fedramp/RA-5", func(_ *scan.Report, _ *scan.Platform, s *scan.Stage) { s.Unknown = []string{"no data for x 1"} }, "packages were not compared: no data for x 1"},
		"unreadable archive": {"fedramp/RA-5", func(_ *scan.Report, _ *scan.Platform, s *scan.Stage) {
			s.Problems = []scan.Problem{{Path: "a.jar", Extractor: "java/archive"}}
		}, "1 file could not be read completely, such as /a.jar"},
		"no packages":      {"fedramp/RA-5", func(_ *scan.Report, _ *scan.Platform, s *scan.Stage) { s.Packages = nil }, "no package was recognised in the image"},
		"no threshold":     {"fedramp/SI-2", func(_ *scan.Report, p *scan.Platform, _ *scan.Stage) { p.Verdict.FailOn = "none" }, "the policy lets no severity block"},
		"no verdict":       {"fedramp/RA-5", func(_ *scan.Report, p *scan.Platform, _ *scan.Stage) { p.Verdict.Outcome = "" }, "no policy has decided about the report"},
		"old release":      {"fedramp/RA-5", func(_ *scan.Report, _ *scan.Platform, s *scan.Stage) { s.EndOfLife = "2020-01-01" }, "the distribution reached its end of life on 2020-01-01: new vulnerabilities of it are not recorded"},
		"unknown lifetime": {"fedramp/SA-22", func(_ *scan.Report, _ *scan.Platform, s *scan.Stage) { s.EndOfLife = "" }, "no end of life is known for the image's distribution"},
		"no configuration": {"cis-docker/4.1", func(_ *scan.Report, p *scan.Platform, _ *scan.Stage) { p.Image = nil }, "the image's configuration is not known"},
		"unknown base":     {"nist-800-190/4.1.2", func(_ *scan.Report, _ *scan.Platform, s *scan.Stage) { s.Base = nil }, "nothing is known about the base image"},
		"no layers":        {"cis-docker/4.8", func(_ *scan.Report, _ *scan.Platform, s *scan.Stage) { s.Layers = nil }, "no layer of the image was analysed"},
		"no platform":      {"cis-docker/4.1", func(r *scan.Report, _ *scan.Platform, _ *scan.Stage) { r.Platforms = nil }, "no platform was scanned"},
		"no final stage":   {"cis-docker/4.1", func(_ *scan.Report, _ *scan.Platform, s *scan.Stage) { s.Final = false }, "the final stage was not scanned"},
		"no Dockerfile":    {"cis-docker/4.7", func(_ *scan.Report, _ *scan.Platform, s *scan.Stage) { s.Layers = []scan.Layer{{Base: "x"}} }, "the Dockerfile was not read"},
		"distribution's own": {"cis-docker/4.8", func(_ *scan.Report, _ *scan.Platform, s *scan.Stage) {
			s.Files = []scan.FileFact{{Kind: scan.FileSetuid, Path: "usr/bin/su", Mode: "4755", Package: "util-linux"}}
		}, "1 setuid or setgid file of the distribution remains, such as /usr/bin/su: whether the image needs them is known to its owner alone"},
	} {
		t.Run(name, func(t *testing.T) {
			r := clean()
			p := &r.Platforms[0]
			tc.change(r, p, &p.Stages[0])
			a := control(t, r, tc.ref)
			if diff := cmp.Diff([]string{tc.want}, a.Reasons); diff != "" || a.Status != StatusNotAssessable {
				t.Error(a.Status, diff)
			}
		})
	}
}

func TestWhatBreaksAControl(t *testing.T) {
	r := clean()
	p := &r.Platforms[0]
	s := &p.Stages[0]
	p.Image.User = ""
	Evaluate(r)
	s.Misconfigurations[0].Decision = &scan.Decision{Action: scan.ActionIgnore, Message: "runs in a sandbox"}
	arm := *p
	arm.ID, arm.Stages = "linux/arm64", []scan.Stage{*s}
	r.Platforms = append(r.Platforms, arm)
	got := control(t, r, "cis-docker/4.1")
	want := Assessment{
		Control: "4.1", Title: "Containers run as a user of their own", Status: StatusFail,
		Failures: []Evidence{{
			ID: "no-user", Message: "the image's configuration has no user: containers run as root (accepted: runs in a sandbox)",
			Platforms: []string{"linux/amd64", "linux/arm64"},
		}},
		Looked: []string{"the USER of the image's configuration"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAcceptedSecretsDoNotFailButAreNamed(t *testing.T) {
	r := clean()
	s := &r.Platforms[0].Stages[0]
	s.Secrets = []scan.Secret{
		{Rule: "private-key", Source: scan.SecretInFile, Path: "app/k", Allowed: "revoked", Layer: 2},
		{Rule: "private-key", Source: scan.SecretInFile, Path: "doc/k", Dismissed: "test data", Layer: 0},
	}
	a := control(t, r, "pci-dss/8.6.2")
	if diff := cmp.Diff([]string{"private-key in /app/k: revoked"}, a.Accepted); diff != "" || a.Status != StatusPass {
		t.Error(a.Status, diff)
	}
	s.Secrets[0].Allowed = ""
	if a := control(t, r, "pci-dss/8.6.2"); a.Status != StatusFail || a.Failures[0].Where != "Dockerfile:2" {
		t.Errorf("%+v", a)
	}
	if a := control(t, r, "cis-docker/4.10"); a.Status != StatusPass {
		t.Errorf("a file is not in the Dockerfile: %+v", a)
	}
}

func TestVulnerabilitiesThatDoNotBlockAreNamed(t *testing.T) {
	r := clean()
	r.Platforms[0].Stages[0].Findings = []scan.Finding{
		{ID: "CVE-1", Severity: scan.SeverityCritical, Decision: &scan.Decision{Action: scan.ActionIgnore}},
		{ID: "CVE-2", Severity: scan.SeverityHigh, Decision: &scan.Decision{Action: scan.ActionWarn}},
		{ID: "CVE-3", Severity: scan.SeverityMedium},
	}
	want := []string{
		"1 vulnerability by exceptions or VEX, with reasons in the report",
		"1 vulnerability at or above the threshold that the policy lets pass (no fix yet, a period of grace, thresholds of the base image)",
	}
	a := control(t, r, "fedramp/SI-2")
	if diff := cmp.Diff(want, a.Accepted); diff != "" || a.Status != StatusPass {
		t.Error(a.Status, diff)
	}
}

func TestViolationsBreakTheirControl(t *testing.T) {
	r := clean()
	v := scan.Violation{Decision: scan.Decision{Action: scan.ActionDeny, Rule: "base-not-approved", Message: "x is no approved base image"}}
	r.Platforms[0].Verdict.Violations = []scan.Violation{v}
	if a := control(t, r, "cis-docker/4.2"); a.Status != StatusFail {
		t.Errorf("%+v", a)
	}
}

func TestFailuresAreBounded(t *testing.T) {
	r := clean()
	for i := range 50 {
		r.Platforms[0].Verdict.Blocking = append(r.Platforms[0].Verdict.Blocking, scan.Blocking{Finding: scan.Finding{ID: strings.Repeat("x", i+1)}})
	}
	if a := control(t, r, "fedramp/RA-5"); len(a.Failures) != MaxFailures || a.More != 30 {
		t.Errorf("%d and %d more", len(a.Failures), a.More)
	}
}
