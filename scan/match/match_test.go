package match_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/dbbuild/dbtest"
	"github.com/scan-build/scan-build/scan/match"
)

type adv = dbtest.Advisory

func debian12() *scan.OSRelease {
	return &scan.OSRelease{ID: "debian", VersionID: "12", Codename: "bookworm", PrettyName: "Debian GNU/Linux 12 (bookworm)"}
}

func alpine(version string) *scan.OSRelease { return &scan.OSRelease{ID: "alpine", VersionID: version} }

func find(t *testing.T, db string, subjects ...scan.MatchSubject) scan.MatchResult {
	t.Helper()
	m, err := match.Open(db, match.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	res, err := m.Match(context.Background(), scan.MatchRequest{SchemaVersion: scan.SchemaVersion, Subjects: subjects})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// ids are the findings as "id package".
func ids(findings []scan.Finding) []string {
	var out []string
	for _, f := range findings {
		out = append(out, f.ID+" "+f.Package)
	}
	return out
}

func TestFindingCarriesWhatTheAdvisorySays(t *testing.T) {
	db := dbtest.Database(t, adv{
		ID: "GHSA-aaaa-bbbb-cccc", Ecosystem: "npm", Package: "left-pad", Introduced: "1.0.0", Fixed: "1.3.1", Severity: "MODERATE",
		Aliases: []string{"CVE-2026-1000"},
		Extra: map[string]any{
			"severity":   []map[string]string{{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}},
			"references": []map[string]string{{"type": "WEB", "url": "https://example.com/1"}},
			"database_specific": map[string]any{
				"severity": "MODERATE",
				"kev":      map[string]string{"date_added": "2026-11-01", "due_date": "2026-11-22", "ransomware": "Known"},
				"epss":     map[string]any{"score": 0.25, "percentile": 0.9, "date": "2026-11-22"},
			},
		},
	})
	p := scan.Package{Name: "left-pad", Version: "1.3.0", Type: "npm", PURL: "pkg:npm/left-pad@1.3.0", Path: "app/package-lock.json", First: 2, Last: 3}
	got := find(t, db, scan.MatchSubject{Packages: []scan.Package{p}})
	want := []scan.SubjectResult{{Findings: []scan.Finding{{
		ID:        "GHSA-aaaa-bbbb-cccc",
		Aliases:   []string{"CVE-2026-1000"},
		Severity:  scan.SeverityMedium,
		Summary:   "About GHSA-aaaa-bbbb-cccc.",
		CVSS:      []scan.CVSS{{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Score: 7.5}},
		EPSS:      &scan.EPSS{Score: 0.25, Percentile: 0.9, Date: "2026-11-22"},
		KEV:       &scan.KEV{DateAdded: "2026-11-01", DueDate: "2026-11-22", Ransomware: "known"},
		Fix:       scan.Fix{State: "fixed", Versions: []string{"1.3.1"}},
		URLs:      []string{"https://example.com/1"},
		Namespace: "github:language:javascript",
		MatchType: "exact-direct-match",
		Package:   "left-pad", Version: "1.3.0", Type: "npm", PURL: "pkg:npm/left-pad@1.3.0", Path: "app/package-lock.json",
		First: 2, Last: 3,
	}}}}
	if diff := cmp.Diff(want, got.Subjects); diff != "" {
		t.Error(diff)
	}
	if got.Database.Schema != "v6.1.4" || !got.Database.Built.Equal(dbtest.Built()) || !strings.HasPrefix(got.Database.Digest, "xxh64:") {
		t.Errorf("database is %+v", got.Database)
	}
}

func TestEveryEcosystemIsMatched(t *testing.T) {
	tests := []struct {
		ecosystem, advisory string
		os                  *scan.OSRelease
		pkg                 scan.Package
		fixed, hit, miss    string
	}{
		{"npm", "@acme/web", nil, scan.Package{Name: "@acme/web", Type: "npm"}, "1.2.3", "1.2.3-rc.1", "1.2.3"},
		{"PyPI", "zope.interface", nil, scan.Package{Name: "Zope_Interface", Type: "pypi"}, "5.0", "5.0b1", "5.0"},
		{"Go", "example.com/mod", nil, scan.Package{Name: "example.com/mod", Type: "golang"}, "1.4.0", "v1.3.9", "v1.4.0"},
		{"Go", "stdlib", nil, scan.Package{Name: "stdlib", Type: "golang", Go: &scan.GoBinary{}}, "1.21.3", "1.21.2", "1.21.3"},
		{"Maven", "org.example:lib", nil, scan.Package{Name: "org.example:lib", Type: "maven"}, "2.0", "2.0-beta1", "2.0"},
		{"Maven", "org.example:lib", nil, scan.Package{Name: "lib", Type: "maven", Java: &scan.JavaArchive{GroupID: "org.example", ArtifactID: "lib"}}, "2.0", "1.9", "2.0"},
		{"RubyGems", "rack", nil, scan.Package{Name: "rack", Type: "gem"}, "2.2.3", "2.2.3.pre", "2.2.3"},
		{"crates.io", "time", nil, scan.Package{Name: "time", Type: "cargo"}, "0.2.23", "0.2.22", "0.2.23"},
		{"Packagist", "acme/blog", nil, scan.Package{Name: "acme/blog", Type: "composer"}, "3.1.0", "3.0.9", "3.1.0"},
		{"NuGet", "Acme.Json", nil, scan.Package{Name: "Acme.Json", Type: "nuget"}, "13.0.1", "13.0.0", "13.0.1"},
		{"Debian:12", "openssl", debian12(), scan.Package{Name: "libssl3", Type: "deb", Source: &scan.SourcePackage{Name: "openssl"}}, "3.0.9-1", "3.0.9-1~rc1", "3.0.9-1"},
		{"Debian:12", "tar", debian12(), scan.Package{Name: "tar", Type: "deb"}, "1:1.35", "1.36", "1:1.35"},
		{"Ubuntu:22.04:LTS", "curl", &scan.OSRelease{ID: "ubuntu", VersionID: "22.04", Codename: "jammy", IDLike: []string{"debian"}}, scan.Package{Name: "curl", Type: "deb"}, "7.81.0-1ubuntu1.3", "7.81.0-1ubuntu1.2", "7.81.0-1ubuntu1.3"},
		{"Alpine:v3.20", "busybox", alpine("3.20.3"), scan.Package{Name: "ssl_client", Type: "apk", Source: &scan.SourcePackage{Name: "busybox"}}, "1.36.1-r29", "1.36.1-r7", "1.36.1-r29"},
		{"Red Hat:9", "openssl", &scan.OSRelease{ID: "rhel", VersionID: "9.4"}, scan.Package{Name: "openssl-libs", Type: "rpm", Source: &scan.SourcePackage{Name: "openssl"}}, "1:3.0.7-27.el9", "1:3.0.7-26.el9", "1:3.0.7-27.el9"},
		{"Red Hat:9", "bash", &scan.OSRelease{ID: "rocky", VersionID: "9.4", IDLike: []string{"rhel", "centos", "fedora"}}, scan.Package{Name: "bash", Type: "rpm"}, "5.1.8-9.el9", "5.1.8-6.el9", "5.1.8-9.el9"},
		{"Wolfi", "curl", &scan.OSRelease{ID: "wolfi", VersionID: "20230201"}, scan.Package{Name: "curl", Type: "apk"}, "8.4.0-r0", "8.3.0-r1", "8.4.0-r0"},
	}
	for _, tc := range tests {
		t.Run(tc.ecosystem+" "+tc.pkg.Name, func(t *testing.T) {
			db := dbtest.Database(t, adv{ID: "ACME-2026-0001", Ecosystem: tc.ecosystem, Package: tc.advisory, Fixed: tc.fixed, Severity: "HIGH"})
			hit, miss := tc.pkg, tc.pkg
			hit.Version, miss.Version = tc.hit, tc.miss
			got := find(t, db,
				scan.MatchSubject{OS: tc.os, Packages: []scan.Package{hit}},
				scan.MatchSubject{OS: tc.os, Packages: []scan.Package{miss}})
			if f := got.Subjects[0].Findings; len(f) != 1 || f[0].Severity != scan.SeverityHigh || f[0].Fix.Versions[0] != tc.fixed {
				t.Errorf("%s: got %+v, want one high finding fixed in %s", tc.hit, f, tc.fixed)
			}
			if f := got.Subjects[1].Findings; len(f) != 0 {
				t.Errorf("%s: got %v, want none", tc.miss, ids(f))
			}
			for _, s := range got.Subjects {
				if len(s.Unknown) > 0 {
					t.Errorf("got unknown %v", s.Unknown)
				}
			}
		})
	}
}

func TestWhatCannotBeMatchedIsSaid(t *testing.T) {
	db := dbtest.Database(t,
		adv{ID: "CVE-2026-1", Ecosystem: "Debian:12", Package: "tar"},
		adv{ID: "CVE-2026-2", Ecosystem: "Alpine:v3.18", Package: "busybox"},
		adv{ID: "CVE-2026-3", Ecosystem: "npm", Package: "left-pad"})
	deb := scan.Package{Name: "tar", Version: "1.34", Type: "deb"}
	apk := scan.Package{Name: "busybox", Version: "1.36.1-r1", Type: "apk"}
	npm := scan.Package{Name: "left-pad", Version: "1.0.0", Type: "npm"}
	tests := []struct {
		name     string
		os       *scan.OSRelease
		packages []scan.Package
		want     []string
		findings int
	}{
		{"known release", debian12(), []scan.Package{deb, npm}, nil, 2},
		{"no os-release", nil, []scan.Package{deb, deb}, []string{"2 deb packages: the distribution is not known (no os-release file)"}, 0},
		{"no os-release and no OS packages", nil, []scan.Package{npm}, nil, 1},
		{"unknown release", &scan.OSRelease{ID: "debian", VersionID: "10", Codename: "buster"}, []scan.Package{deb}, []string{"1 deb package: no data for debian 10 in this database"}, 0},
		{"derivative with versions of its own", &scan.OSRelease{ID: "kali", VersionID: "2026.3", IDLike: []string{"debian"}}, []scan.Package{deb}, []string{"1 deb package: no data for kali 2026.3 in this database"}, 0},
		{"unknown distribution", &scan.OSRelease{ID: "acmeos", VersionID: "1"}, []scan.Package{deb}, []string{"1 deb package: no data for acmeos 1 in this database"}, 0},
		{"unnamed distribution", &scan.OSRelease{}, []scan.Package{deb}, []string{"1 deb package: no data for an unnamed distribution in this database"}, 0},
		{"rolling distribution without data", &scan.OSRelease{ID: "wolfi", VersionID: "20230201"}, []scan.Package{apk}, []string{"1 apk package: no data for wolfi 20230201 in this database"}, 0},
		{"minor release that grype replaces", alpine("3.24.0"), []scan.Package{apk}, []string{"1 apk package: no data for alpine 3.24.0 in this database, only for alpine 3.18: findings are those of another release"}, 1},
		{"no version", debian12(), []scan.Package{{Name: "tar", Type: "deb"}}, []string{"1 deb package: they have no version"}, 0},
		{"unknown type", debian12(), []scan.Package{{Name: "x", Version: "1", Type: "conan"}}, []string{"1 conan package: this type of package cannot be matched"}, 0},
		{"ecosystem without data", debian12(), []scan.Package{{Name: "x", Version: "1", Type: "pypi"}}, []string{"1 pypi package: no data for them in this database"}, 0},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			got := find(t, db, scan.MatchSubject{OS: tc.os, Packages: tc.packages}).Subjects[0]
			if diff := cmp.Diff(tc.want, got.Unknown); diff != "" {
				t.Error(diff)
			}
			if len(got.Findings) != tc.findings {
				t.Errorf("got findings %v, want %d", ids(got.Findings), tc.findings)
			}
		})
	}
}

func TestEndOfLifeComesFromTheDatabase(t *testing.T) {
	db := dbtest.Database(t, adv{ID: "CVE-2026-1", Ecosystem: "Debian:12", Package: "tar"})
	subject := scan.MatchSubject{OS: debian12()}
	if got := find(t, db, subject).Subjects[0].EndOfLife; got != "" {
		t.Errorf("database without end of life: got %q", got)
	}
	exec(t, filepath.Join(db, "vulnerability.db"), "UPDATE operating_systems SET eol_date = '2028-06-30 00:00:00+00:00'")
	if got := find(t, db, subject).Subjects[0].EndOfLife; got != "2028-06-30" {
		t.Errorf("got %q", got)
	}
}

func TestKernelHeadersDoNotInheritTheKernelsVulnerabilities(t *testing.T) {
	db := dbtest.Database(t, adv{ID: "CVE-2026-1", Ecosystem: "Debian:12", Package: "linux", Fixed: "6.1.200-1"})
	linux := &scan.SourcePackage{Name: "linux", Version: "6.1.100-1"}
	got := find(t, db, scan.MatchSubject{OS: debian12(), Packages: []scan.Package{
		{Name: "linux-libc-dev", Version: "6.1.100-1", Type: "deb", Source: linux},
		{Name: "linux-headers-6.1.0-23-amd64", Version: "6.1.100-1", Type: "deb", Source: linux},
		{Name: "linux-image-6.1.0-23-amd64", Version: "6.1.100-1", Type: "deb", Source: linux},
	}})
	if diff := cmp.Diff([]string{"CVE-2026-1 linux-image-6.1.0-23-amd64"}, ids(got.Subjects[0].Findings)); diff != "" {
		t.Error(diff)
	}
}

func TestLibraryOfADistributionsPackageIsTheDistributionsToJudge(t *testing.T) {
	db := dbtest.Database(t,
		adv{ID: "CVE-2026-1", Ecosystem: "PyPI", Package: "urllib3"},
		adv{ID: "CVE-2026-1-deb", Ecosystem: "Debian:12", Package: "python-urllib3", Fixed: "1.26.12-1+deb12u9"})
	deb := scan.Package{Name: "python3-urllib3", Version: "1.26.12-1+deb12u3", Type: "deb", Source: &scan.SourcePackage{Name: "python-urllib3"}}
	lib := func(path, version string) scan.Package {
		return scan.Package{Name: "urllib3", Version: version, Type: "pypi", Path: path + "/urllib3-" + version + ".egg-info/PKG-INFO"}
	}
	const packaged, local = "usr/lib/python3/dist-packages", "usr/local/lib/python3.11/dist-packages"
	tests := []struct {
		name     string
		os       *scan.OSRelease
		packages []scan.Package
		want     []string
	}{
		{"packaged", debian12(), []scan.Package{deb, lib(packaged, "1.26.12")}, []string{"CVE-2026-1-deb python3-urllib3"}},
		{"installed by hand", debian12(), []scan.Package{deb, lib(local, "1.26.12")}, []string{"CVE-2026-1-deb python3-urllib3", "CVE-2026-1 urllib3"}},
		{"another version in the same place", debian12(), []scan.Package{deb, lib(packaged, "1.25.0")}, []string{"CVE-2026-1-deb python3-urllib3", "CVE-2026-1 urllib3"}},
		{"no package of that name", debian12(), []scan.Package{{Name: "bash", Version: "1.26.12-1", Type: "deb"}, lib(packaged, "1.26.12")}, []string{"CVE-2026-1 urllib3"}},
		{"release without data", &scan.OSRelease{ID: "debian", VersionID: "10"}, []scan.Package{deb, lib(packaged, "1.26.12")}, []string{"CVE-2026-1 urllib3"}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			got := ids(find(t, db, scan.MatchSubject{OS: tc.os, Packages: tc.packages}).Subjects[0].Findings)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWithdrawnAdvisoryIsNoFinding(t *testing.T) {
	db := dbtest.Database(t,
		adv{ID: "CVE-2026-1", Ecosystem: "npm", Package: "left-pad"},
		adv{ID: "CVE-2026-2", Ecosystem: "npm", Package: "left-pad", Extra: map[string]any{"withdrawn": dbtest.Built()}})
	got := find(t, db, scan.MatchSubject{Packages: []scan.Package{{Name: "left-pad", Version: "1.0.0", Type: "npm"}}})
	if diff := cmp.Diff([]string{"CVE-2026-1 left-pad"}, ids(got.Subjects[0].Findings)); diff != "" {
		t.Error(diff)
	}
}

func TestPackageThatIsDeclaredUnaffectedIsNoFinding(t *testing.T) {
	db := dbtest.Database(t, adv{ID: "CVE-2026-1", Ecosystem: "npm", Package: "left-pad"})
	subject := scan.MatchSubject{Packages: []scan.Package{{Name: "left-pad", Version: "1.0.0", Type: "npm"}}}
	if got := ids(find(t, db, subject).Subjects[0].Findings); len(got) != 1 {
		t.Fatalf("got %v, want one finding", got)
	}
	exec(t, filepath.Join(db, "vulnerability.db"), `INSERT INTO unaffected_package_handles (vulnerability_id, package_id, blob_id)
		SELECT vulnerability_id, package_id, blob_id FROM affected_package_handles`)
	if got := ids(find(t, db, subject).Subjects[0].Findings); len(got) != 0 {
		t.Errorf("got %v, want none", got)
	}
}

func TestFixIsThatOfTheInstalledVersionsStretch(t *testing.T) {
	db := dbtest.Database(t, adv{ID: "CVE-2026-1", Ecosystem: "npm", Package: "qs", Extra: map[string]any{
		"affected": []map[string]any{{
			"package": map[string]string{"ecosystem": "npm", "name": "qs"},
			"ranges": []map[string]any{{"type": "SEMVER", "events": []map[string]string{
				{"introduced": "0"}, {"fixed": "1.0.5"}, {"introduced": "2.0.0"}, {"fixed": "2.1.0"}, {"introduced": "3.0.0"},
			}}},
		}},
	}})
	got := find(t, db, scan.MatchSubject{Packages: []scan.Package{
		{Name: "qs", Version: "1.0.0", Type: "npm"}, {Name: "qs", Version: "1.0.5", Type: "npm"},
		{Name: "qs", Version: "2.0.9", Type: "npm"}, {Name: "qs", Version: "3.5.0", Type: "npm"},
	}})
	var fixes []string
	for _, f := range got.Subjects[0].Findings {
		fixes = append(fixes, f.Version+" "+f.Fix.State+" "+strings.Join(f.Fix.Versions, " "))
	}
	if diff := cmp.Diff([]string{"1.0.0 fixed 1.0.5", "2.0.9 fixed 2.1.0", "3.5.0 not-fixed "}, fixes); diff != "" {
		t.Error(diff)
	}
}

func TestPackageFoundInSeveralPlacesHasAFindingInEach(t *testing.T) {
	db := dbtest.Database(t, adv{ID: "CVE-2026-1", Ecosystem: "npm", Package: "left-pad", Severity: "LOW"}, adv{ID: "CVE-2026-2", Ecosystem: "npm", Package: "left-pad", Severity: "CRITICAL"})
	p := func(path string) scan.Package {
		return scan.Package{Name: "left-pad", Version: "1.0.0", Type: "npm", Path: path}
	}
	got := find(t, db,
		scan.MatchSubject{Packages: []scan.Package{p("b"), p("a")}},
		scan.MatchSubject{},
		scan.MatchSubject{OS: debian12(), Packages: []scan.Package{p("c")}})
	var places [][]string
	for _, s := range got.Subjects {
		var list []string
		for _, f := range s.Findings {
			list = append(list, f.ID+" "+f.Path)
		}
		places = append(places, list)
	}
	want := [][]string{{"CVE-2026-2 a", "CVE-2026-2 b", "CVE-2026-1 a", "CVE-2026-1 b"}, nil, {"CVE-2026-2 c", "CVE-2026-1 c"}}
	if diff := cmp.Diff(want, places); diff != "" {
		t.Error(diff)
	}
}

func TestSameRequestGivesTheSameBytes(t *testing.T) {
	db := dbtest.Unpack(t, dbtest.LayoutOf(t, "../../examples/advisories"))
	var first []byte
	for range 5 {
		b, err := json.Marshal(find(t, db, exampleSubjects()...))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b
		}
		if diff := cmp.Diff(string(first), string(b)); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestUnusableDatabaseIsAnError(t *testing.T) {
	good := dbtest.Database(t, adv{ID: "CVE-2026-1", Ecosystem: "npm", Package: "left-pad"})
	content, err := os.ReadFile(filepath.Join(good, "vulnerability.db"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		prepare func(t *testing.T, file string)
		want    string
	}{
		{"missing", func(*testing.T, string) {}, "no vulnerability database"},
		{"empty", func(t *testing.T, file string) { write(t, file, nil) }, "is empty"},
		{"no database", func(t *testing.T, file string) { write(t, file, []byte("<html>not found</html>")) }, "failed to open"},
		{"truncated", func(t *testing.T, file string) { write(t, file, content[:len(content)/2]) }, "malformed"},
		{"another schema", func(t *testing.T, file string) {
			write(t, file, content)
			exec(t, file, "UPDATE db_metadata SET model = 5")
		}, "not a v6 database"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			tc.prepare(t, filepath.Join(dir, "vulnerability.db"))
			m, err := match.Open(dir, match.Options{})
			if err == nil {
				_, err = m.Match(context.Background(), scan.MatchRequest{SchemaVersion: scan.SchemaVersion, Subjects: exampleSubjects()})
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestDamagedDatabaseIsNeverClean(t *testing.T) {
	// grype logs such errors and goes on.
	db := dbtest.Database(t, adv{ID: "CVE-2026-1", Ecosystem: "npm", Package: "left-pad"})
	exec(t, filepath.Join(db, "vulnerability.db"), "UPDATE blobs SET value = 'x'")
	m, err := match.Open(db, match.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	res, err := m.Match(context.Background(), scan.MatchRequest{SchemaVersion: scan.SchemaVersion, Subjects: []scan.MatchSubject{
		{Packages: []scan.Package{{Name: "left-pad", Version: "1.0.0", Type: "npm"}}},
	}})
	if err == nil {
		t.Errorf("got %+v, want an error", res)
	}
}

func TestForeignRequestIsRefused(t *testing.T) {
	m, err := match.Open(dbtest.Database(t, adv{ID: "CVE-2026-1", Ecosystem: "npm", Package: "left-pad"}), match.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Match(context.Background(), scan.MatchRequest{SchemaVersion: scan.SchemaVersion + 1}); err == nil {
		t.Error("want an error")
	}
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func exec(t *testing.T, file, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
