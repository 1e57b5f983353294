package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

// golden compares with a file of testdata; UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestBlockMessageReadsWell(t *testing.T) {
	golden(t, "block.txt", BlockMessage(evaluated(t, sample.Report(), options("high", false)))+"\n")
	golden(t, "block-only-fixed.txt", BlockMessage(evaluated(t, sample.Report(), options("critical", true)))+"\n")
	if m := BlockMessage(evaluated(t, sample.Report(), options("none", false))); m != "" {
		t.Errorf("a report that does not block says %s", m)
	}
}

func TestWarningsReadWell(t *testing.T) {
	r := sample.Report()
	for i := range r.Platforms {
		build, final := &r.Platforms[i].Stages[0], &r.Platforms[i].Stages[1]
		build.Unknown = []string{"no data for alpine 3.99 in this database"}
		build.Problems = []scan.Problem{{Path: "src/a.jar", Message: "not a zip file"}, {Path: "src/b.jar", Message: "too many entries"}}
		final.EndOfLife = "2025-06-30"
	}
	evaluated(t, r, options("high", false))
	golden(t, "warnings.txt", printed(Warnings(r)))
}

// many is a report with n findings in each of so many RUN instructions.
func many(instructions, n int) *scan.Report {
	s := scan.Stage{Name: "final", Final: true}
	for i := range instructions {
		s.Layers = append(s.Layers, scan.Layer{Instruction: fmt.Sprintf("RUN step %d", i), Stage: "final", File: "Dockerfile", StartLine: i + 1, EndLine: i + 1})
		for j := range n {
			s.Findings = append(s.Findings, scan.Finding{
				ID: fmt.Sprintf("CVE-%d-%d", i, j), Severity: scan.SeverityHigh, Package: fmt.Sprintf("pkg%d", j), Version: "1",
				Type: "npm", Path: "p", First: i, Last: i, Fix: scan.Fix{State: "fixed", Versions: []string{"2"}},
			})
		}
	}
	return &scan.Report{Platforms: []scan.Platform{{ID: "linux/amd64", Stages: []scan.Stage{s}}}}
}

func TestManyFindingsAreCountedNotListed(t *testing.T) {
	m := BlockMessage(evaluated(t, many(50, 200), options("high", false)))
	for _, want := range []string{
		"10000 findings block this image: 10000 high", "  … and 197 more", "… and 9200 more in 46 other instructions",
		"raise pkg0 to 2, pkg1 to 2, pkg10 to 2, pkg100 to 2, and 196 more", "all:  --call=scan lists everything",
	} {
		if !strings.Contains(m, want) {
			t.Errorf("no %q in\n%s", want, m)
		}
	}
	if n := strings.Count(m, "\n"); n >= screen {
		t.Errorf("%d lines", n)
	}
	w := Warnings(evaluated(t, many(50, 200), options("none", false)))
	if len(w) != shownWarnings+1 {
		t.Errorf("%d warnings", len(w))
	}
	if diff := cmp.Diff("8000 more in 40 other instructions do not block", w[shownWarnings].Short); diff != "" {
		t.Error(diff)
	}
}

func TestForeignTextCannotDriveTheTerminal(t *testing.T) {
	r := many(1, 1)
	s := &r.Platforms[0].Stages[0]
	evil := "\x1b[2J\r\nERROR\u202e"
	s.Layers[0].Instruction += evil
	s.Layers[0].File += evil
	f := &s.Findings[0]
	f.ID, f.Package, f.Version, f.Path, f.URLs = f.ID+evil, f.Package+evil, f.Version+evil, f.Path+evil, []string{"https://x/" + evil}
	f.Fix.Versions[0] += evil
	s.Unknown = []string{evil}
	s.Problems = []scan.Problem{{Path: evil, Message: evil}}

	evaluated(t, r, options("high", false))
	text := BlockMessage(r)
	evaluated(t, r, options("none", false))
	for _, w := range Warnings(r) {
		text += w.Short + strings.Join(w.Detail, "") + w.URL
	}
	s.Problems[0].Fatal = true
	text += Evaluate(r, options("none", false)).Error()
	if i := strings.IndexAny(text, "\x1b\r\u202e"); i >= 0 {
		t.Errorf("control character in %q", text[max(0, i-40):i+10])
	}
}

func TestRemediesFitTheInstruction(t *testing.T) {
	found := func(kind, name, fix string, l scan.Layer) scan.Blocking {
		f := scan.Finding{ID: "CVE-1", Package: name, Version: "1.0", Type: kind, Fix: scan.Fix{State: "not-fixed"}}
		if fix != "" {
			f.Fix = scan.Fix{State: "fixed", Versions: []string{fix}}
		}
		return scan.Blocking{Stage: "final", Finding: f, Layer: l}
	}
	base := scan.Layer{Base: "docker.io/library/alpine:3.20@sha256:ab", StartLine: 1}
	run := scan.Layer{Instruction: "RUN apk add x", Stage: "final", StartLine: 2}
	unnamed := scan.Layer{Instruction: "run apk add x", Stage: "stage-1", StartLine: 2}
	cp := scan.Layer{Instruction: "COPY . .", Stage: "final", StartLine: 3}
	tests := map[string]struct {
		found []scan.Blocking
		want  string
	}{
		"base image":           {[]scan.Blocking{found("apk", "x", "1.1", base)}, "use a newer alpine:3.20, or RUN apk upgrade --no-cache on top of it"},
		"library in the base":  {[]scan.Blocking{found("npm", "x", "1.1", base)}, "use a newer alpine:3.20"},
		"cached step":          {[]scan.Blocking{found("apk", "x", "1.1", run)}, "run this step again, its cached packages are out of date: --no-cache-filter final"},
		"unnamed stage":        {[]scan.Blocking{found("apk", "x", "1.1", unnamed)}, "run this step again, its cached packages are out of date: --no-cache"},
		"library":              {[]scan.Blocking{found("npm", "x", "1.1", cp), found("npm", "y", "", cp)}, "raise x to 1.1 (1 without a fix yet)"},
		"copied distribution":  {[]scan.Blocking{found("deb", "x", "1.1", cp)}, "raise x to 1.1"},
		"Go itself":            {[]scan.Blocking{found("golang", "stdlib", "1.22.4", cp)}, "build with Go 1.22.4"},
		"nothing is fixed yet": {[]scan.Blocking{found("npm", "x", "", cp)}, "no fixed version yet: leave the package out, or let what has no fix pass with --only-fixed"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			groups := groupByInstruction(tc.found)
			if len(groups) != 1 {
				t.Fatalf("%d groups", len(groups))
			}
			if diff := cmp.Diff(tc.want, groups[0].remedy(&scan.Report{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestImageNamesAreSaidShort(t *testing.T) {
	for ref, want := range map[string]string{
		"docker.io/library/debian:12@sha256:0123456789abcdef": "debian:12",
		"docker.io/team/app":                   "team/app",
		"reg:5000/app@sha256:0123456789abcdef": "reg:5000/app@sha256:0123456789ab",
	} {
		if diff := cmp.Diff(want, imageName(ref)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestCountsAreSpelledWorstFirst(t *testing.T) {
	for want, counts := range map[string]map[string]int{
		"":                        nil,
		"1 critical, 20 low":      {"low": 20, "critical": 1, "high": 0},
		"2 negligible, 1 unknown": {"unknown": 1, "negligible": 2},
	} {
		if diff := cmp.Diff(want, CountText(counts)); diff != "" {
			t.Error(diff)
		}
	}
}
