package match_test

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/dbbuild/dbtest"
)

// fixes is what grype's own feeds say of a range's fixes.
func fixes(versionsAndDates ...string) map[string]any {
	var list []map[string]string
	for i := 0; i < len(versionsAndDates); i += 2 {
		list = append(list, map[string]string{"version": versionsAndDates[i], "date": versionsAndDates[i+1], "kind": "advisory"})
	}
	return map[string]any{"anchore": map[string]any{"fixes": list}}
}

func affectedRange(dates map[string]any, events ...string) map[string]any {
	var list []map[string]string
	for i := 0; i < len(events); i += 2 {
		list = append(list, map[string]string{events[i]: events[i+1]})
	}
	out := map[string]any{"type": "ECOSYSTEM", "events": list}
	if dates != nil {
		out["database_specific"] = dates
	}
	return out
}

func TestFindingSaysSinceWhenItIsKnownAndFixed(t *testing.T) {
	twoStretches := affectedRange(fixes("1.4.1", "2026-01-10", "2.0.3", "2026-03-01"),
		"introduced", "0", "fixed", "1.4.1", "introduced", "2.0.0", "fixed", "2.0.3")
	tests := []struct {
		name, version             string
		published                 any
		ranges                    map[string]any
		wantPublished, wantsFixed string
	}{
		{"both", "1.0.0", "2026-01-02T23:59:59Z", affectedRange(fixes("1.4.1", "2026-01-10"), "introduced", "0", "fixed", "1.4.1"), "2026-01-02", "2026-01-10"},
		{"days are those of UTC", "1.0.0", "2026-01-02T23:30:00-05:00", affectedRange(nil, "introduced", "0", "fixed", "1.4.1"), "2026-01-03", ""},
		{"the fix is that of the installed version's stretch", "2.0.1", nil, twoStretches, "", "2026-03-01"},
		{"neither", "1.0.0", nil, affectedRange(nil, "introduced", "0", "fixed", "1.4.1"), "", ""},
		{"a date of another version", "1.0.0", nil, affectedRange(fixes("1.5.0", "2026-01-10"), "introduced", "0", "fixed", "1.4.1"), "", ""},
		{"no fix", "1.0.0", nil, affectedRange(fixes("1.4.1", "2026-01-10"), "introduced", "0"), "", ""},
		{"something else in its place", "1.0.0", nil, affectedRange(map[string]any{"anchore": 7}, "introduced", "0", "fixed", "1.4.1"), "", ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			extra := map[string]any{"affected": []map[string]any{{
				"package": map[string]string{"ecosystem": "npm", "name": "left-pad"}, "ranges": []map[string]any{tc.ranges},
			}}}
			if tc.published != nil {
				extra["published"] = tc.published
			}
			db := dbtest.Database(t, adv{ID: "ACME-2026-0001", Extra: extra})
			res := find(t, db, scan.MatchSubject{Packages: []scan.Package{{Name: "left-pad", Version: tc.version, Type: "npm"}}})
			got := res.Subjects[0].Findings
			if len(got) != 1 {
				t.Fatalf("findings are %v", ids(got))
			}
			if diff := cmp.Diff([]string{tc.wantPublished, tc.wantsFixed}, []string{got[0].Published, got[0].Fix.Available}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRecordWithoutADayOfPublicationHasThatOfTheOneItRefersTo(t *testing.T) {
	published := func(day string) map[string]any { return map[string]any{"published": day + "T12:00:00Z"} }
	const ghsa = "GHSA-aaaa-bbbb-cccc"
	p := scan.Package{Name: "left-pad", Version: "1.0.0", Type: "npm"}
	tests := []struct {
		name  string
		extra map[string]any
		want  string
	}{
		{"without", nil, "2026-02-01"},
		{"with", published("2026-03-01"), "2026-03-01"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			db := dbtest.Database(t,
				adv{ID: "ACME-2026-0001", Ecosystem: "npm", Package: "left-pad", Aliases: []string{ghsa}, Extra: tc.extra},
				adv{ID: ghsa, Ecosystem: "npm", Package: "other", Extra: published("2026-02-01")},
			)
			got := find(t, db, scan.MatchSubject{Packages: []scan.Package{p}}).Subjects[0].Findings
			if len(got) != 1 || got[0].Published != tc.want {
				t.Errorf("findings are %+v", got)
			}
		})
	}
}

// TestDatesOfARealDatabase takes a database in listing layout from the
// environment, as the comparison with grype does.
func TestDatesOfARealDatabase(t *testing.T) {
	layout := os.Getenv("SCAN_BUILD_TEST_GRYPE_DB")
	if layout == "" {
		t.Skip("SCAN_BUILD_TEST_GRYPE_DB names no folder with v6/latest.json")
	}
	var all, published, fixed, available int
	for _, s := range find(t, dbtest.Unpack(t, layout), exampleSubjects()...).Subjects {
		for _, f := range s.Findings {
			all++
			for _, d := range []string{f.Published, f.Fix.Available} {
				if _, err := time.Parse(time.DateOnly, d); d != "" && err != nil {
					t.Errorf("%s: %v", f.ID, err)
				}
			}
			if f.Published != "" {
				published++
			}
			if f.Fix.State == "fixed" {
				fixed++
			}
			if f.Fix.Available != "" {
				available++
			}
		}
	}
	t.Logf("%d findings, %d with a day of publication; %d fixed, %d with a day of that", all, published, fixed, available)
	if published == 0 {
		t.Error("no finding has a day of publication")
	}
}
