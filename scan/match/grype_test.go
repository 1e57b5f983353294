package match_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/anchore/grype/grype"
	"github.com/anchore/grype/grype/db/v6/distribution"
	"github.com/anchore/grype/grype/db/v6/installation"
	grypematch "github.com/anchore/grype/grype/match"
	"github.com/anchore/grype/grype/matcher"
	"github.com/anchore/grype/grype/matcher/dpkg"
	"github.com/anchore/grype/grype/matcher/golang"
	"github.com/anchore/grype/grype/matcher/rpm"
	"github.com/anchore/grype/grype/matcher/stock"
	"github.com/anchore/grype/grype/pkg"
	"github.com/anchore/grype/grype/version"
	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/dbbuild/dbtest"
)

// exampleSubjects hold packages that the example advisories are about, and some
// that they are not.
func exampleSubjects() []scan.MatchSubject {
	perl := &scan.SourcePackage{Name: "perl", Version: "5.36.0-7+deb12u3"}
	return []scan.MatchSubject{
		{OS: debian12(), Packages: []scan.Package{
			{Name: "perl-base", Version: "5.36.0-7+deb12u3", Type: "deb", Source: perl, Path: "var/lib/dpkg/status"},
			{Name: "libpam0g", Version: "1.5.2-6+deb12u2", Type: "deb", Source: &scan.SourcePackage{Name: "pam"}, Path: "var/lib/dpkg/status"},
			{Name: "coreutils", Version: "9.1-1", Type: "deb", Path: "var/lib/dpkg/status"},
			{Name: "bash", Version: "5.2.15-2", Type: "deb", Path: "var/lib/dpkg/status"},
			{Name: "mount", Version: "2.38.1-5+deb12u3", Type: "deb", Source: &scan.SourcePackage{Name: "util-linux"}, Path: "var/lib/dpkg/status"},
		}},
		{Packages: []scan.Package{
			{Name: "lodash", Version: "4.17.15", Type: "npm", Path: "app/node_modules/lodash/package.json"},
			{Name: "minimist", Version: "1.2.0", Type: "npm", Path: "app/node_modules/minimist/package.json"},
			{Name: "axios", Version: "0.21.0", Type: "npm", Path: "app/node_modules/axios/package.json"},
			{Name: "express", Version: "4.17.1", Type: "npm", Path: "app/node_modules/express/package.json"},
			{Name: "qs", Version: "6.7.0", Type: "npm", Path: "app/node_modules/qs/package.json"},
			{Name: "react", Version: "18.2.0", Type: "npm", Path: "app/node_modules/react/package.json"},
			{Name: "@acme/session-store", Version: "2.1.0", Type: "npm", Path: "app/node_modules/@acme/session-store/package.json"},
			{Name: "PyYAML", Version: "5.3.1", Type: "pypi", Path: "usr/lib/python3/site-packages/PyYAML-5.3.1.dist-info/METADATA"},
			{Name: "Jinja2", Version: "2.11.2", Type: "pypi", Path: "usr/lib/python3/site-packages/Jinja2-2.11.2.dist-info/METADATA"},
			{Name: "requests", Version: "2.19.1", Type: "pypi", Path: "usr/lib/python3/site-packages/requests-2.19.1.dist-info/METADATA"},
			{Name: "urllib3", Version: "1.24.1", Type: "pypi", Path: "usr/lib/python3/site-packages/urllib3-1.24.1.dist-info/METADATA"},
			{Name: "golang.org/x/text", Version: "v0.3.5", Type: "golang", Path: "usr/bin/app", Go: &scan.GoBinary{}},
			{Name: "golang.org/x/crypto", Version: "v0.14.0", Type: "golang", Path: "usr/bin/app", Go: &scan.GoBinary{}},
			{Name: "github.com/dgrijalva/jwt-go", Version: "v3.2.0+incompatible", Type: "golang", Path: "usr/bin/app", Go: &scan.GoBinary{}},
			{Name: "stdlib", Version: "1.21.2", Type: "golang", Path: "usr/bin/app", Go: &scan.GoBinary{}},
			{Name: "org.apache.logging.log4j:log4j-core", Version: "2.14.1", Type: "maven", Path: "app/app.jar"},
		}},
	}
}

// purls are the same packages in the notation that grype's command line reads.
func purls(subjects []scan.MatchSubject) []string {
	var out []string
	for _, s := range subjects {
		for _, p := range s.Packages {
			switch p.Type {
			case "deb":
				u := "pkg:deb/debian/" + p.Name + "@" + p.Version + "?distro=debian-12"
				if p.Source != nil {
					u += "&upstream=" + p.Source.Name
					if p.Source.Version != "" {
						u += "%40" + p.Source.Version
					}
				}
				out = append(out, u)
			case "maven":
				out = append(out, "pkg:maven/"+strings.ReplaceAll(p.Name, ":", "/")+"@"+p.Version)
			default:
				out = append(out, "pkg:"+p.Type+"/"+strings.ReplaceAll(p.Name, "@", "%40")+"@"+p.Version)
			}
		}
	}
	return out
}

// grypeFindings does what grype's command line does for `grype purl:FILE`, with
// its defaults, over the layout's database.
func grypeFindings(t *testing.T, layout string, subjects []scan.MatchSubject) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "purls.txt")
	write(t, file, []byte(strings.Join(purls(subjects), "\n")+"\n"))

	install := installation.Config{DBRootDir: t.TempDir(), ValidateChecksum: true}
	curator, err := installation.NewCurator(install, nil)
	if err != nil {
		t.Fatal(err)
	}
	archives, err := filepath.Glob(filepath.Join(layout, "v6", "*.tar.zst"))
	if err != nil || len(archives) != 1 {
		t.Fatal(err, archives)
	}
	if err := curator.Import(archives[0]); err != nil {
		t.Fatal(err)
	}
	provider, _, err := grype.LoadVulnerabilityDB(distribution.DefaultConfig(), install, false)
	if err != nil {
		t.Fatal(err)
	}
	defer provider.Close()
	packages, pkgContext, _, err := pkg.Provide("purl:"+file, pkg.ProviderConfig{})
	if err != nil {
		t.Fatal(err)
	}
	vm := grype.VulnerabilityMatcher{
		VulnerabilityProvider: provider,
		Matchers: matcher.NewDefaultMatchers(matcher.Config{
			Golang: golang.MatcherConfig{AlwaysUseCPEForStdlib: true},
			Stock:  stock.MatcherConfig{UseCPEs: true},
			Dpkg:   dpkg.MatcherConfig{MissingEpochStrategy: version.MissingEpochStrategyZero},
			Rpm:    rpm.MatcherConfig{MissingEpochStrategy: version.MissingEpochStrategyAuto},
		}),
	}
	matches, _, err := vm.FindMatchesContext(context.Background(), packages, pkgContext)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range matches.Sorted() {
		out = append(out, grypeLine(m))
	}
	slices.Sort(out)
	return out
}

func grypeLine(m grypematch.Match) string {
	name := m.Package.Name
	if meta, ok := m.Package.Metadata.(pkg.JavaMetadata); ok {
		name = meta.PomGroupID + ":" + meta.PomArtifactID
	}
	state := string(m.Vulnerability.Fix.State)
	if state == "" {
		state = "unknown" // as its table shows it
	}
	return strings.ToLower(strings.Join([]string{
		m.Vulnerability.ID, m.Vulnerability.Namespace, m.Vulnerability.Metadata.Severity, name, m.Package.Version,
		state, strings.Join(m.Vulnerability.Fix.Versions, " "),
	}, " | "))
}

func TestFindingsEqualGrypesOwn(t *testing.T) {
	layout := dbtest.LayoutOf(t, "../../examples/advisories")
	expectEqualToGrype(t, layout)
}

// TestFindingsEqualGrypesOwnOnARealDatabase takes a database in listing layout
// from the environment: the official one, for example.
func TestFindingsEqualGrypesOwnOnARealDatabase(t *testing.T) {
	layout := os.Getenv("SCAN_BUILD_TEST_GRYPE_DB")
	if layout == "" {
		t.Skip("SCAN_BUILD_TEST_GRYPE_DB names no folder with v6/latest.json")
	}
	expectEqualToGrype(t, layout)
}

func expectEqualToGrype(t *testing.T, layout string) {
	t.Helper()
	subjects := exampleSubjects()
	want := grypeFindings(t, layout, subjects)
	if len(want) < 20 {
		t.Fatalf("grype finds only %d: the comparison says little", len(want))
	}
	var got []string
	for _, s := range find(t, dbtest.Unpack(t, layout), subjects...).Subjects {
		for _, f := range s.Findings {
			got = append(got, strings.ToLower(strings.Join([]string{
				f.ID, f.Namespace, f.Severity.String(), f.Package, f.Version, f.Fix.State, strings.Join(f.Fix.Versions, " "),
			}, " | ")))
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("grype (-) and we (+) differ:\n%s", diff)
	}
}
