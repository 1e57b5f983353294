package dbbuild_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/anchore/grype/grype/db/v6/distribution"
	"github.com/google/go-cmp/cmp"
	"github.com/spf13/afero"

	"github.com/scan-build/scan-build/scan/dbbuild"
	"github.com/scan-build/scan-build/scan/dbbuild/dbtest"
	"github.com/scan-build/scan-build/scan/vulndb"
)

func build(t *testing.T, files map[string]string) (dbbuild.Result, error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dbbuild.Build(context.Background(), dir, t.TempDir(), dbbuild.Options{Built: dbtest.Built()})
}

func TestLayoutIsReadByGrypesClientAndOurs(t *testing.T) {
	res, err := build(t, map[string]string{"a.json": string(dbtest.Advisory{ID: "CVE-2026-1", Ecosystem: "npm", Package: "x"}.JSON())})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(res.Listing)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ours, err := vulndb.ParseListing(f)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := distribution.NewLatestFromFile(afero.NewOsFs(), res.Listing)
	if err != nil {
		t.Fatal(err)
	}
	got := vulndb.Listing{
		Status: string(theirs.Status), Schema: theirs.SchemaVersion.String(), Built: theirs.Built.Time,
		Path: theirs.Path, Checksum: theirs.Checksum,
	}
	if diff := cmp.Diff(got, ours); diff != "" {
		t.Error(diff)
	}
	if !ours.Built.Equal(dbtest.Built()) {
		t.Errorf("built is %s", ours.Built)
	}
	if entries, err := os.ReadDir(filepath.Dir(filepath.Dir(res.Listing))); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestFolderIsReadAsAWhole(t *testing.T) {
	one := func(id string) string {
		return string(dbtest.Advisory{ID: id, Ecosystem: "npm", Package: "x"}.JSON())
	}
	withdrawn := string(dbtest.Advisory{ID: "W-1", Ecosystem: "npm", Package: "x", Extra: map[string]any{"withdrawn": dbtest.Built()}}.JSON())
	res, err := build(t, map[string]string{
		"README.md":        "# Not an advisory",
		".hidden.json":     "{",
		".git/config.json": "{",
		"a.json":           one("A-1"),
		"deep/er/b.JSON":   one("A-2"),
		"list.json":        "[" + one("A-3") + "," + one("A-4") + "]",
		"old.json":         withdrawn,
	})
	if err != nil {
		t.Fatal(err)
	}
	if res.Advisories != 4 || res.Withdrawn != 1 {
		t.Errorf("got %+v, want 4 advisories and 1 withdrawn", res)
	}
}

func TestBadAdvisoryIsAnErrorWithFileAndField(t *testing.T) {
	type m = map[string]any
	with := func(change func(doc, affected m)) string {
		affected := m{
			"package": m{"ecosystem": "npm", "name": "x"},
			"ranges":  []m{{"type": "SEMVER", "events": []m{{"introduced": "0"}, {"fixed": "1.0.0"}}}},
		}
		doc := m{"id": "ACME-1", "modified": dbtest.Built(), "affected": []m{affected}}
		change(doc, affected)
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	events := func(eco string, list ...m) string {
		return with(func(_, a m) {
			a["package"] = m{"ecosystem": eco, "name": "x"}
			a["ranges"] = []m{{"type": "ECOSYSTEM", "events": list}}
		})
	}
	tests := []struct{ name, in, want string }{
		{"not JSON", "{\n\n\"id\": }", "a.json: line 3: not JSON"},
		{"wrong type", `{"id":"A","affected":[{"package":{"name":1}}]}`, "a.json: affected.package.name: want string, got number"},
		{"no id", with(func(d, _ m) { delete(d, "id") }), "a.json: id: is missing"},
		{"id that is none", with(func(d, _ m) { d["id"] = "../x" }), `a.json: id: "../x" is not an id`},
		{"nothing affected", with(func(d, _ m) { d["affected"] = []m{} }), "a.json: affected: is empty"},
		{"no package name", with(func(_, a m) { a["package"] = m{"ecosystem": "npm"} }), "a.json: affected[0].package.name: is missing"},
		{"unknown ecosystem", with(func(_, a m) { a["package"] = m{"ecosystem": "Cobol", "name": "x"} }), `a.json: affected[0].package.ecosystem: "Cobol" is not supported, want one of Alpine:<release>,`},
		{"distribution without a release", with(func(_, a m) { a["package"] = m{"ecosystem": "Debian", "name": "x"} }), `affected[0].package.ecosystem: "Debian" names no release`},
		{"rebuild of Red Hat", with(func(_, a m) { a["package"] = m{"ecosystem": "Rocky Linux:9", "name": "x"} }), `use "Red Hat:<major version>"`},
		{"Maven without a group", with(func(_, a m) { a["package"] = m{"ecosystem": "Maven", "name": "x"} }), `"x" is not group:artifact`},
		{"no range", with(func(_, a m) { delete(a, "ranges") }), "a.json: affected[0]: has neither"},
		{"commits only", with(func(_, a m) { a["ranges"] = []m{{"type": "GIT", "events": []m{{"introduced": "0"}}}} }), "a.json: affected[0]: has neither"},
		{"unknown range type", with(func(_, a m) { a["ranges"] = []m{{"type": "REGEX"}} }), `affected[0].ranges[0].type: "REGEX"`},
		{"no events", events("npm"), "affected[0].ranges[0].events: is empty"},
		{"fixed before introduced", events("npm", m{"fixed": "1.0.0"}), "affected[0].ranges[0].events[0]: fixed without introduced"},
		{"introduced twice", events("npm", m{"introduced": "0"}, m{"introduced": "1.0.0"}), "affected[0].ranges[0].events[1]: introduced again"},
		{"empty event", events("npm", m{"introduced": "0"}, m{}), "affected[0].ranges[0].events[1]: has none of"},
		{"version that is none", events("Go", m{"introduced": "0"}, m{"fixed": "next"}), `affected[0].ranges[0].events[1].fixed: "next": not a go version`},
		{"version with a constraint in it", events("npm", m{"introduced": "0"}, m{"fixed": ">= 1 || < 2"}), "not a version"},
		{"Debian version that is none", events("Debian:12", m{"introduced": "0"}, m{"fixed": "a:b:c"}), "not a dpkg version"},
		{"fix of no day", with(func(_, a m) {
			a["ranges"] = []m{{
				"type": "SEMVER", "events": []m{{"introduced": "0"}, {"fixed": "1.0.0"}},
				"database_specific": m{"anchore": m{"fixes": []m{{"version": "1.0.0", "date": "soon"}}}},
			}}
		}), `affected[0].ranges[0].database_specific.anchore.fixes[0].date: "soon" is not a date`},
		{"unknown severity", with(func(d, _ m) { d["database_specific"] = m{"severity": "SEVERE"} }), `a.json: database_specific.severity: "SEVERE" is not critical`},
		{"broken CVSS vector", with(func(d, _ m) { d["severity"] = []m{{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}} }), "a.json: severity[0].score:"},
		{"CVSS score instead of a vector", with(func(d, _ m) { d["severity"] = []m{{"type": "CVSS_V3", "score": "9.8"}} }), "a.json: severity[0].score:"},
		{"KEV without a CVE", with(func(d, _ m) { d["database_specific"] = m{"kev": m{"date_added": "2026-11-01"}} }), "need a CVE"},
		{"KEV date that is none", with(func(d, _ m) {
			d["aliases"] = []string{"CVE-2026-1"}
			d["database_specific"] = m{"kev": m{"date_added": "soon"}}
		}), `a.json: database_specific.kev.date_added: "soon" is not a date`},
		{"EPSS out of range", with(func(d, _ m) {
			d["aliases"] = []string{"CVE-2026-1"}
			d["database_specific"] = m{"epss": m{"score": 12, "date": "2026-11-01"}}
		}), "a.json: database_specific.epss: score and percentile"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := build(t, map[string]string{"a.json": tc.in})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestSameIDTwiceIsAnErrorThatNamesBothFiles(t *testing.T) {
	a := string(dbtest.Advisory{ID: "ACME-1", Ecosystem: "npm", Package: "x"}.JSON())
	_, err := build(t, map[string]string{"one.json": a, "two/three.json": a})
	if err == nil || !strings.Contains(err.Error(), "two/three.json: id: ACME-1 is also in one.json") {
		t.Errorf("got %v", err)
	}
}

func TestNothingToBuildIsAnError(t *testing.T) {
	if _, err := build(t, map[string]string{"README.md": "x"}); err == nil || !strings.Contains(err.Error(), "holds no advisories") {
		t.Errorf("got %v", err)
	}
	if _, err := dbbuild.Build(context.Background(), filepath.Join(t.TempDir(), "none"), t.TempDir(), dbbuild.Options{Built: time.Now()}); err == nil {
		t.Error("no folder: want an error")
	}
	if _, err := dbbuild.Build(context.Background(), t.TempDir(), t.TempDir(), dbbuild.Options{}); err == nil {
		t.Error("no build time: want an error")
	}
}

func TestLinksAreNotFollowed(t *testing.T) {
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "x.json"), dbtest.Advisory{ID: "OUT-1", Ecosystem: "npm", Package: "x"}.JSON(), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "folder")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "x.json"), filepath.Join(dir, "x.json")); err != nil {
		t.Fatal(err)
	}
	_, err := dbbuild.Build(context.Background(), dir, t.TempDir(), dbbuild.Options{Built: dbtest.Built()})
	if err == nil || !strings.Contains(err.Error(), "holds no advisories") {
		t.Errorf("got %v", err)
	}
}

func TestExampleAdvisoriesAreGood(t *testing.T) {
	res, err := dbbuild.Build(context.Background(), "../../examples/advisories", t.TempDir(), dbbuild.Options{Built: dbtest.Built()})
	if err != nil || res.Advisories < 30 {
		t.Errorf("got %+v, %v", res, err)
	}
}
