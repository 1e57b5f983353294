package predicate_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	vulns "github.com/in-toto/attestation/go/predicates/vulns/v02"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/scan-build/scan-build/attest/predicate"
	"github.com/scan-build/scan-build/scan"
)

var finished = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func finding(id string, s scan.Severity) scan.Finding {
	return scan.Finding{
		ID: id, Severity: s, Package: "openssl", Version: "3.0.1", Type: "deb", PURL: "pkg:deb/debian/openssl@3.0.1",
		Path: "var/lib/dpkg/status", Fix: scan.Fix{State: "fixed", Versions: []string{"3.0.2"}},
		Aliases: []string{"GHSA-x"}, KEV: &scan.KEV{}, EPSS: &scan.EPSS{Score: 0.25},
		CVSS: []scan.CVSS{{Version: "3.1", Score: 9.8}}, Last: 1,
	}
}

func report() scan.Report {
	platform := func(id string, outcome scan.Outcome, findings ...scan.Finding) scan.Platform {
		counts := map[string]int{}
		for _, f := range findings {
			counts[f.Severity.String()]++
		}
		return scan.Platform{ID: id, Verdict: scan.Verdict{Outcome: outcome, FailOn: "high", Counts: counts}, Stages: []scan.Stage{
			{Name: "build", Findings: []scan.Finding{finding("CVE-BUILD", scan.SeverityCritical)}},
			{
				Name: "final", Final: true, Findings: findings,
				Layers: []scan.Layer{{Instruction: "FROM debian"}, {
					Instruction: "RUN apt-get install", File: "Dockerfile", StartLine: 3, EndLine: 4,
				}},
				Packages: []scan.Package{{Name: "openssl", Version: "3.0.1", Type: "deb"}},
			},
		}}
	}
	return scan.Report{
		SchemaVersion: scan.SchemaVersion,
		Target:        "app",
		Scanner:       scan.Scanner{Name: "scan-build", Version: "v0.1.0", Digest: "sha256:abcd"},
		Database: scan.Database{
			Schema: "v6.1.10", Built: finished.Add(-24 * time.Hour), Digest: "xxh64:99",
			Source: "https://user:secret@db.example/v6/latest.json?token=secret",
		},
		Started: finished.Add(-3 * time.Second), Finished: finished,
		Platforms: []scan.Platform{
			platform("linux/amd64", scan.OutcomeWarn, finding("CVE-1", scan.SeverityMedium)),
			platform("linux/arm64", scan.OutcomePass),
		},
		Verdict: scan.Verdict{Outcome: scan.OutcomeWarn, FailOn: "high"},
		Notices: []string{"whole snapshots were compared"},
	}
}

func encode(t *testing.T, v any, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := predicate.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// The specification's own Go types read what is written, without a field that
// they do not know.
func TestVulnsPredicateFollowsTheSpecification(t *testing.T) {
	v, err := predicate.VulnsV02(report(), "linux/amd64")
	raw := encode(t, v, err)
	var got vulns.Vulns
	if err := protojson.Unmarshal([]byte(raw), &got); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	if err := got.GetScanner().GetDb().GetLastUpdate().CheckValid(); err != nil {
		t.Error(err)
	}
	if !got.GetMetadata().GetScanFinishedOn().AsTime().Equal(finished) || !got.GetMetadata().GetScanStartedOn().AsTime().Equal(finished.Add(-3*time.Second)) {
		t.Errorf("metadata: %v", got.GetMetadata())
	}
	if n := len(got.GetScanner().GetResult()); n != 1 {
		t.Fatalf("%d results, want the final stage's one", n)
	}
	var severities []string
	for _, s := range got.GetScanner().GetResult()[0].GetSeverity() {
		severities = append(severities, s.GetMethod()+"="+s.GetScore())
	}
	if diff := cmp.Diff([]string{"grype=medium", "cvss_v3.1=9.8", "epss=0.25"}, severities); diff != "" {
		t.Errorf("severities (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{
		"platform": "linux/amd64", "package": "openssl", "version": "3.0.1", "type": "deb", "purl": "pkg:deb/debian/openssl@3.0.1",
		"path": "var/lib/dpkg/status", "fixState": "fixed", "fixedIn": "3.0.2", "aliases": "GHSA-x", "kev": "true",
		"instruction": "RUN apt-get install", "location": "Dockerfile:3",
	}, got.GetScanner().GetResult()[0].GetAnnotations()[0].AsMap()); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
}

func TestNoFindingsAreAnEmptyListNotNull(t *testing.T) {
	v, err := predicate.VulnsV02(report(), "linux/arm64")
	if raw := encode(t, v, err); !strings.Contains(raw, `"result":[]`) {
		t.Error(raw)
	}
	c, err := predicate.CosignVuln(report(), "linux/arm64")
	if raw := encode(t, c, err); !strings.Contains(raw, `"findings":[]`) {
		t.Error(raw)
	}
}

func TestCosignPredicateIsFilledInTruthfully(t *testing.T) {
	c, err := predicate.CosignVuln(report(), "linux/amd64")
	raw := encode(t, c, err)
	var got map[string]any
	if err := json.Unmarshal([]byte(raw), &got); err != nil {
		t.Fatal(err)
	}
	scanner := got["scanner"].(map[string]any)
	if diff := cmp.Diff(map[string]any{
		"uri": "https://db.example/v6/latest.json", "version": "v6.1.10@xxh64:99", "lastUpdate": "2026-02-28T12:00:00Z",
	}, scanner["db"]); diff != "" {
		t.Errorf("db (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"scanStartedOn": "2026-03-01T11:59:57Z", "scanFinishedOn": "2026-03-01T12:00:00Z"}, got["metadata"]); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	result := scanner["result"].(map[string]any)
	if diff := cmp.Diff(map[string]any{
		"critical": 0.0, "high": 0.0, "medium": 1.0, "low": 0.0, "negligible": 0.0, "unknown": 0.0,
	}, result["counts"]); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	invocation := got["invocation"].(map[string]any)
	if invocation["builder.id"] != "https://github.com/scan-build/scan-build@sha256:abcd" || !strings.HasPrefix(invocation["event_id"].(string), "sha256:") {
		t.Errorf("invocation: %v", invocation)
	}
	if strings.Contains(raw, "secret") {
		t.Errorf("predicate publishes the database's credentials: %s", raw)
	}
}

func TestReportIsRestrictedToOnePlatform(t *testing.T) {
	whole := report()
	r, err := predicate.ScanReport(whole, "linux/arm64")
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Platforms) != 1 || r.Platforms[0].ID != "linux/arm64" || r.Verdict.Outcome != scan.OutcomePass {
		t.Errorf("got %+v", r)
	}
	if len(whole.Platforms) != 2 {
		t.Error("the report itself was changed")
	}
	if _, err := predicate.ScanReport(whole, "linux/s390x"); err == nil {
		t.Error("no error for a platform that was not scanned")
	}
}

func TestAggregateIsTheWorstOfItsPlatforms(t *testing.T) {
	whole := report()
	amd64, err := predicate.ScanReport(whole, "linux/amd64")
	if err != nil {
		t.Fatal(err)
	}
	arm64, err := predicate.ScanReport(whole, "linux/arm64")
	if err != nil {
		t.Fatal(err)
	}
	arm64.Finished = arm64.Finished.Add(time.Minute)
	arm64.Database.Built = arm64.Database.Built.Add(-time.Hour)
	arm64.Verdict.Counts = map[string]int{"medium": 2}
	amd64.Verdict.Secrets = []scan.BlockingSecret{{Platform: "linux/amd64", Secret: scan.Secret{Rule: "private-key"}}}
	arm64.Verdict.Secrets = []scan.BlockingSecret{{Platform: "linux/arm64", Secret: scan.Secret{Rule: "private-key"}}}
	amd64.Verdict.Misconfigurations = []scan.BlockingMisconfiguration{{Platform: "linux/amd64"}}
	arm64.Verdict.Violations = []scan.Violation{{Platform: "linux/arm64"}}
	amd64.Verdict.Expired, arm64.Verdict.Expired = []string{"one", "two"}, []string{"two"}
	for _, order := range [][]scan.Report{{amd64, arm64}, {arm64, amd64}} {
		got, err := predicate.Aggregate(order)
		if err != nil {
			t.Fatal(err)
		}
		if got.Verdict.Outcome != scan.OutcomeWarn || got.Verdict.Counts["medium"] != 3 || len(got.Platforms) != 2 {
			t.Errorf("verdict %+v over %d platforms", got.Verdict, len(got.Platforms))
		}
		if len(got.Verdict.Misconfigurations) != 1 || len(got.Verdict.Violations) != 1 {
			t.Errorf("misconfigurations %+v, violations %+v", got.Verdict.Misconfigurations, got.Verdict.Violations)
		}
		if len(got.Verdict.Secrets) != 2 || len(got.Verdict.Expired) != 2 {
			t.Errorf("secrets %+v, expired %v", got.Verdict.Secrets, got.Verdict.Expired)
		}
		if !got.Started.Equal(finished.Add(-3*time.Second)) || !got.Finished.Equal(finished.Add(time.Minute)) {
			t.Errorf("from %s to %s", got.Started, got.Finished)
		}
		if !got.Database.Built.Equal(finished.Add(-25 * time.Hour)) {
			t.Errorf("database of %s, want the oldest", got.Database.Built)
		}
		if len(got.Platforms[0].Stages[1].Packages) != 0 || len(got.Notices) != 1 {
			t.Errorf("packages or repeated notices: %+v", got)
		}
	}
	if len(amd64.Platforms[0].Stages[1].Packages) != 1 || amd64.Verdict.Counts["medium"] != 1 {
		t.Error("a platform's own report was changed")
	}
	later := arm64
	later.SchemaVersion++
	if _, err := predicate.Aggregate([]scan.Report{amd64, later}); err == nil {
		t.Error("no error for different schema versions")
	}
	if _, err := predicate.Aggregate(nil); err == nil {
		t.Error("no error for no reports")
	}
}

func TestNothingIsInventedForAnIncompleteReport(t *testing.T) {
	for name, change := range map[string]func(*scan.Report){
		"database date": func(r *scan.Report) { r.Database.Built = time.Time{} },
		"start":         func(r *scan.Report) { r.Started = time.Time{} },
		"end":           func(r *scan.Report) { r.Finished = time.Time{} },
	} {
		r := report()
		change(&r)
		if _, err := predicate.VulnsV02(r, ""); err == nil {
			t.Errorf("vulns without %s: no error", name)
		}
		if _, err := predicate.CosignVuln(r, ""); err == nil {
			t.Errorf("cosign without %s: no error", name)
		}
	}
}

func TestPredicateThatIsTooLargeIsRefused(t *testing.T) {
	if _, err := predicate.Encode(strings.Repeat("x", predicate.MaxSize)); err == nil {
		t.Error("no error")
	}
}
