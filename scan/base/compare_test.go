package base

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/scan-build/scan-build/scan"
)

func finding(id, pkg string, s scan.Severity, aliases ...string) scan.Finding {
	return scan.Finding{ID: id, Package: pkg, Severity: s, Aliases: aliases}
}

func TestCompareCountsWhatGoesAndWhatComes(t *testing.T) {
	for _, tc := range []struct {
		name     string
		from, to []scan.Finding
		want     scan.BaseAdvice
		text     string
	}{
		{name: "nothing anywhere", text: "no change"},
		{
			name: "fixed",
			from: []scan.Finding{finding("CVE-1", "a", scan.SeverityHigh), finding("CVE-2", "b", scan.SeverityLow)},
			want: scan.BaseAdvice{Gone: map[string]int{"high": 1, "low": 1}, GoneIDs: []string{"CVE-1", "CVE-2"}},
			text: "1 fewer high, 1 fewer low, 0 new",
		},
		{
			name: "new",
			from: []scan.Finding{finding("CVE-1", "a", scan.SeverityHigh)},
			to:   []scan.Finding{finding("CVE-3", "a", scan.SeverityCritical), finding("CVE-4", "a", scan.SeverityLow), finding("CVE-1", "a", scan.SeverityHigh)},
			want: scan.BaseAdvice{New: map[string]int{"critical": 1, "low": 1}, Same: map[string]int{"high": 1}, NewIDs: []string{"CVE-3", "CVE-4"}},
			text: "2 new (1 critical, 1 low)",
		},
		{
			name: "the same in a package of another name",
			from: []scan.Finding{finding("CVE-1", "libssl1.1", scan.SeverityHigh)},
			to:   []scan.Finding{finding("CVE-1", "libssl3", scan.SeverityMedium)},
			want: scan.BaseAdvice{Same: map[string]int{"medium": 1}},
			text: "no change",
		},
		{
			name: "the same under an alias",
			from: []scan.Finding{finding("GHSA-x", "a", scan.SeverityHigh, "GHSA-y", "CVE-1")},
			to:   []scan.Finding{finding("CVE-1", "a", scan.SeverityHigh)},
			want: scan.BaseAdvice{Same: map[string]int{"high": 1}},
			text: "no change",
		},
		{
			name: "in fewer packages",
			from: []scan.Finding{finding("CVE-1", "a", scan.SeverityHigh), finding("CVE-1", "b", scan.SeverityHigh), finding("CVE-1", "c", scan.SeverityHigh)},
			to:   []scan.Finding{finding("CVE-1", "a", scan.SeverityHigh), finding("CVE-1", "b", scan.SeverityHigh)},
			want: scan.BaseAdvice{Gone: map[string]int{"high": 1}, Same: map[string]int{"high": 2}},
			text: "1 fewer high, 0 new",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := Compare(tc.from, tc.to)
			if diff := cmp.Diff(tc.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.text, Change(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestListedVulnerabilitiesAreBounded(t *testing.T) {
	var many []scan.Finding
	for i := range 500 {
		many = append(many, finding(fmt.Sprintf("CVE-%03d", i), "a", scan.SeverityHigh))
	}
	got := Compare(many, nil)
	if len(got.GoneIDs) != maxIDs || got.GoneIDs[0] != "CVE-000" || got.Gone["high"] != 500 {
		t.Errorf("got %d ids from %s and %v", len(got.GoneIDs), got.GoneIDs[0], got.Gone)
	}
}

func TestTextShortensDigests(t *testing.T) {
	b := &scan.Base{Ref: "debian:12@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}
	got := Text(b, scan.BaseAdvice{Ref: "debian:12", Gone: map[string]int{"high": 14}})
	if want := "debian:12@sha256:0123456789ab → debian:12: 14 fewer high, 0 new"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReproducibleDatesAreNoAge(t *testing.T) {
	at := func(s string) *time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return &v
	}
	for _, tc := range []struct {
		name   string
		config *time.Time
		label  string
		want   *time.Time
	}{
		{"configuration", at("2026-01-02T03:04:05Z"), "", at("2026-01-02T03:04:05Z")},
		{"configuration before label", at("2026-01-02T03:04:05Z"), "2020-01-01T00:00:00Z", at("2026-01-02T03:04:05Z")},
		{"none", nil, "", nil},
		{"epoch", at("1970-01-01T00:00:00Z"), "", nil},
		{"zero time", &time.Time{}, "", nil},
		{"before containers", at("2013-03-19T23:59:59Z"), "", nil},
		{"epoch with label", at("1970-01-01T00:00:00Z"), "2026-01-02T04:04:05+01:00", at("2026-01-02T03:04:05Z")},
		{"epoch with reproducible label", at("1970-01-01T00:00:00Z"), "1980-01-01T00:00:00Z", nil},
		{"epoch with a label that is no date", at("1970-01-01T00:00:00Z"), "yesterday", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Created(tc.config, map[string]string{CreatedLabel: tc.label})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
