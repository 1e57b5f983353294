package policy

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

// options decide by severity alone; the other rules have tests of their own.
func options(failOn string, onlyFixed bool) config.Options {
	o := config.Default()
	o.Secrets.Mode, o.KEV = config.SecretsOff, config.EffectOff
	t, err := config.ParseThreshold(failOn)
	if err != nil {
		panic(err)
	}
	o.Thresholds.Image.Block, o.Thresholds.Base.Block, o.OnlyFixed = t, t, onlyFixed
	return o
}

func evaluated(t *testing.T, r *scan.Report, o config.Options) *scan.Report {
	t.Helper()
	if err := Evaluate(r, o); err != nil {
		t.Fatal(err)
	}
	return r
}

func blockingIDs(v scan.Verdict) []string {
	var ids []string
	for _, b := range v.Blocking {
		ids = append(ids, b.Finding.ID+" "+b.Finding.Package)
	}
	return ids
}

func TestThresholdDecidesWhatBlocks(t *testing.T) {
	tests := map[string]struct {
		options config.Options
		want    []string
	}{
		"critical": {options("critical", false), []string{
			"CVE-2023-38545 curl", "GHSA-xvch-5gv4-984h minimist", "GHSA-xvch-5gv4-984h minimist",
		}},
		"high": {options("high", false), []string{
			"CVE-2023-38545 curl", "GHSA-xvch-5gv4-984h minimist", "GHSA-xvch-5gv4-984h minimist",
			"CVE-2023-4911 libc-bin", "CVE-2023-4911 libc6", "CVE-2025-0001 libc6", "CVE-2024-24790 stdlib",
		}},
		"high with a fix": {options("high", true), []string{
			"CVE-2023-38545 curl", "GHSA-xvch-5gv4-984h minimist", "GHSA-xvch-5gv4-984h minimist",
			"CVE-2023-4911 libc-bin", "CVE-2023-4911 libc6", "CVE-2024-24790 stdlib",
		}},
		"never": {options("none", false), nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := evaluated(t, sample.Report(), tc.options)
			v := r.Platforms[0].Verdict
			if diff := cmp.Diff(tc.want, blockingIDs(v)); diff != "" {
				t.Error(diff)
			}
			want := scan.OutcomeBlock
			if tc.want == nil {
				want = scan.OutcomeWarn
			}
			if v.Outcome != want || r.Verdict.Outcome != want {
				t.Errorf("outcomes are %s and %s, want %s", v.Outcome, r.Verdict.Outcome, want)
			}
			if v.PolicyDigest != Digest(tc.options) {
				t.Errorf("policy digest is %s", v.PolicyDigest)
			}
		})
	}
}

func TestUnknownSeverityIsCountedButNeverBlocks(t *testing.T) {
	r := sample.Report()
	for i := range r.Platforms {
		final := r.Platforms[i].FinalStage()
		final.Findings = final.Findings[len(final.Findings)-1:]
		final.Findings[0].Severity = scan.SeverityUnknown
	}
	v := evaluated(t, r, options("negligible", false)).Verdict
	if v.Outcome != scan.OutcomeWarn || v.Counts["unknown"] == 0 {
		t.Errorf("%s, %v", v.Outcome, v.Counts)
	}
}

func TestOnlyTheFinalStageBlocks(t *testing.T) {
	r := sample.Report()
	for i := range r.Platforms {
		r.Platforms[i].FinalStage().Findings = nil
	}
	v := evaluated(t, r, options("negligible", false)).Verdict
	if v.Outcome != scan.OutcomeWarn || len(v.Blocking) != 0 {
		t.Errorf("%s, %v", v.Outcome, blockingIDs(v))
	}
}

func TestReportIsAsBadAsItsWorstPlatform(t *testing.T) {
	r := sample.Report()
	r.Platforms[0].Stages = []scan.Stage{{Name: "final", Final: true}}
	evaluated(t, r, options("high", false))
	if got := r.Platforms[0].Verdict.Outcome; got != scan.OutcomePass {
		t.Errorf("clean platform: %s", got)
	}
	if r.Verdict.Outcome != scan.OutcomeBlock {
		t.Errorf("report: %s", r.Verdict.Outcome)
	}
}

func TestCountsAreOfTheFinalStageAndOncePerPackage(t *testing.T) {
	r := evaluated(t, sample.Report(), options("high", false))
	want := map[string]int{"critical": 3, "high": 5, "medium": 1, "negligible": 1, "unknown": 1}
	if diff := cmp.Diff(want, r.Verdict.Counts); diff != "" {
		t.Error(diff)
	}
}

func TestWhatCouldNotBeJudgedIsNeverClean(t *testing.T) {
	for name, spoil := range map[string]func(*scan.Stage){
		"unknown distribution": func(s *scan.Stage) { s.Unknown = []string{"no data for wolfi 2023 in this database"} },
		"unreadable file":      func(s *scan.Stage) { s.Problems = []scan.Problem{{Path: "a.jar", Message: "truncated"}} },
		"end of life":          func(s *scan.Stage) { s.EndOfLife = "2020-01-01" },
	} {
		t.Run(name, func(t *testing.T) {
			r := &scan.Report{Finished: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Platforms: []scan.Platform{{
				ID: "linux/amd64", Stages: []scan.Stage{{Name: "final", Final: true}},
			}}}
			if v := evaluated(t, r, options("none", false)).Verdict; v.Outcome != scan.OutcomePass {
				t.Fatalf("an empty stage gives %s", v.Outcome)
			}
			spoil(&r.Platforms[0].Stages[0])
			if v := evaluated(t, r, options("none", false)).Verdict; v.Outcome != scan.OutcomeWarn {
				t.Errorf("outcome is %s", v.Outcome)
			}
			if w := Warnings(r); len(w) != 1 {
				t.Errorf("warnings are %+v", w)
			}
		})
	}
}

func TestIncompleteScanHasNoVerdict(t *testing.T) {
	fatal := scan.Problem{Path: "var/lib/dpkg/status", Message: "unexpected end of file", Fatal: true}
	tests := map[string]struct {
		spoil func(*scan.Report)
		want  string
	}{
		"no platform": {func(r *scan.Report) { r.Platforms = nil }, "failed to scan completely: no platform was scanned"},
		"no final stage": {
			func(r *scan.Report) { r.Platforms[0].Stages[1].Final = false },
			"failed to scan completely: (linux/amd64): the final stage was not scanned",
		},
		"package database unreadable": {
			func(r *scan.Report) { r.Platforms[1].Stages[0].Problems = []scan.Problem{fatal} },
			"failed to scan completely: build (linux/arm64): /var/lib/dpkg/status could not be read: unexpected end of file",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := evaluated(t, sample.Report(), options("high", false))
			tc.spoil(r)
			err := Evaluate(r, options("none", false))
			var incomplete *IncompleteError
			if !errors.As(err, &incomplete) {
				t.Fatalf("error is %v", err)
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			if r.Verdict.Outcome != "" {
				t.Errorf("the old verdict %s is still there", r.Verdict.Outcome)
			}
		})
	}
}

func TestVerdictOfASavedReportIsTheSame(t *testing.T) {
	a := evaluated(t, sample.Report(), options("high", false))
	b := evaluated(t, a, options("high", false))
	if diff := cmp.Diff(evaluated(t, sample.Report(), options("high", false)).Verdict, b.Verdict); diff != "" {
		t.Error(diff)
	}
}

func TestVersionsAreOrderedForAdvice(t *testing.T) {
	rising := [][]string{
		{"1.0.0-rc1", "1.0.0", "1.0.1", "1.2", "1.10.0", "2"},
		{"3.0.14-1~deb12u1", "3.0.14-1~deb12u2", "3.0.14-1"},
		{"2.36-9", "2.36-9+deb12u3", "2.36-9+deb12u10", "2.36-10"},
		{"1:1.0", "2:0.1"},
		{"v1.21.9", "v1.21.10"},
	}
	for _, versions := range rising {
		for i := range versions {
			for j := range versions {
				got := compareVersions(versions[i], versions[j])
				if (got < 0) != (i < j) || (got > 0) != (i > j) {
					t.Errorf("%s against %s: %d", versions[i], versions[j], got)
				}
			}
		}
	}
}
