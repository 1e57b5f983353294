package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

func TestTableListsWhatAnalyzersFound(t *testing.T) {
	layers := []scan.Layer{
		{Instruction: "FROM base", Base: "base", File: "Dockerfile", StartLine: 1, EndLine: 1},
		{Instruction: "COPY a /", File: "Dockerfile", StartLine: 2, EndLine: 2},
		{Instruction: "RUN rm /a", File: "Dockerfile", StartLine: 3, EndLine: 3},
	}
	malware := scan.ExternalFinding{
		Analyzer: "clamav", Rule: "Test", Severity: scan.SeverityCritical, Message: "contains Test", Path: "a", Fingerprint: "1", Layer: 1, Removed: 2,
		Decision: &scan.Decision{Action: scan.ActionDeny},
	}
	weak := scan.ExternalFinding{Analyzer: "flaws", Rule: "FF1\x1b[2J", Severity: scan.SeverityLow, Message: "weak", Path: "src/a.c", Line: 7, Fingerprint: "2", Context: true, Layer: -1}
	accepted := scan.ExternalFinding{Analyzer: "flaws", Rule: "FF2", Message: "old", Fingerprint: "3", Layer: -1, Decision: &scan.Decision{Action: scan.ActionIgnore, Message: "known"}}
	own := malware
	own.Path, own.Fingerprint, own.Removed, own.Decision = "tool", "4", 0, nil
	r := &scan.Report{
		Platforms: []scan.Platform{{ID: "linux/amd64", Stages: []scan.Stage{
			{Name: "build", Layers: layers, External: []scan.ExternalFinding{malware, own}},
			{Name: "final", Final: true, Layers: layers, External: []scan.ExternalFinding{malware, weak, accepted}},
		}}},
		Verdict: scan.Verdict{Outcome: scan.OutcomeBlock, FailOn: "high", External: []scan.BlockingExternal{{Platform: "a", External: malware}, {Platform: "b", External: malware}}},
	}
	var buf bytes.Buffer
	if err := WriteTable(&buf, r, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range strings.Split(buf.String(), "\n") {
		if strings.Contains(l, "clamav") || strings.Contains(l, "flaws") || strings.Contains(l, "verdict") {
			got = append(got, strings.Join(strings.Fields(l), " "))
		}
	}
	want := []string{
		"critical clamav Test contains Test a Dockerfile:2 blocks; deleted by Dockerfile:3, still in the image",
		`low flaws FF1\x1b[2J weak src/a.c:7 build context`,
		"unknown flaws FF2 old ignored: known",
		"critical clamav Test contains Test tool Dockerfile:2",
		"verdict: block (fail-on high), 1 finding of an analyzer blocks",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
