package diff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/sample"
	"github.com/scan-build/scan-build/scan/policy"
)

func decided(t *testing.T, r *scan.Report) *scan.Report {
	t.Helper()
	if err := policy.Evaluate(r, config.Default()); err != nil {
		t.Fatal(err)
	}
	return r
}

// finals are the final stages of a report.
func finals(r *scan.Report) []*scan.Stage {
	return slices.DeleteFunc(r.AllStages(), func(s *scan.Stage) bool { return !s.Final })
}

// changed is the sample some days later: minimist was raised, curl came with
// another release under another name, a package and a secret came, a port was
// opened and a file left, and an analyzer found something.
func changed(t *testing.T) (from, to *scan.Report) {
	t.Helper()
	from, to = sample.Configured(), sample.Configured()
	for _, r := range []*scan.Report{from, to} {
		for _, s := range finals(r) {
			s.Misconfigurations = append(s.Misconfigurations, scan.Misconfiguration{
				Check: "setuid", Severity: scan.SeverityMedium, Title: "Setuid files", Message: "1 file", Paths: []string{"app/bin/helper"}, Count: 1, Layer: 2,
			})
		}
	}
	to.Target, to.Database.Digest = "app", "xxh64:later"
	for _, s := range finals(to) {
		s.Packages = slices.DeleteFunc(s.Packages, func(p scan.Package) bool { return p.Name == "libc-bin" })
		for i := range s.Packages {
			switch p := &s.Packages[i]; p.Name {
			case "minimist":
				p.Version = "1.2.8"
			case "curl":
				p.Name = "curl4"
			}
		}
		s.Packages = append(s.Packages, scan.Package{Name: "left-pad", Version: "1.0.0", Type: "npm", Path: "app/node_modules/left-pad/package.json", First: 2, Last: 2})
		s.Findings = slices.DeleteFunc(s.Findings, func(f scan.Finding) bool { return f.Package == "minimist" || f.Package == "libc-bin" })
		for i := range s.Findings {
			if s.Findings[i].Package == "curl" {
				s.Findings[i].Package = "curl4"
			}
		}
		for n, id := range []string{"CVE-2026-1111", "CVE-2026-2222"} {
			s.Findings = append(s.Findings, scan.Finding{
				ID: fmt.Sprintf("GHSA-%d", n), Aliases: []string{id}, Severity: scan.SeverityHigh, Package: "left-pad", Version: "1.0.0", Type: "npm",
				Path: "app/node_modules/left-pad/package.json", First: 2, Last: 2, Fix: scan.Fix{State: "fixed", Versions: []string{"1.0.1"}},
			})
		}
		s.Secrets = append(s.Secrets, scan.Secret{Rule: "github-pat", Source: scan.SecretInFile, Path: "app/.netrc", Line: 1, Redacted: "ghp_…9999", Fingerprint: "new", Layer: 2})
		helper := &s.Misconfigurations[len(s.Misconfigurations)-1]
		helper.Paths, helper.Count, helper.Message = append(helper.Paths, "app/bin/other"), 2, "2 files"
		s.External = []scan.ExternalFinding{{Analyzer: "clamav", Rule: "Eicar-Test-Signature", Severity: scan.SeverityCritical, Message: "found a virus", Path: "app/eicar.com", Fingerprint: "e1", Layer: 2}}
	}
	return decided(t, from), decided(t, to)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestDiffReadsWell(t *testing.T) {
	from, to := changed(t)
	for format, file := range map[string]string{"text": "diff.txt", "json": "diff.json", "markdown": "diff.md"} {
		for range 3 { // and always the same
			var b bytes.Buffer
			if err := Write(&b, format, Compare(Named{"shop:1", from}, Named{"shop:2", to})); err != nil {
				t.Fatal(err)
			}
			golden(t, file, b.Bytes())
		}
	}
}

func TestReportDoesNotDifferFromItself(t *testing.T) {
	from, _ := changed(t)
	d := Compare(Named{"a", from}, Named{"b", from})
	for _, k := range d.kinds() {
		if len(k.New)+len(k.Gone) > 0 {
			t.Errorf("%s: %+v", k.many, k.Changes)
		}
	}
	if len(d.Packages.Added)+len(d.Packages.Removed)+len(d.Packages.Changed) > 0 || d.Packages.Unchanged == 0 {
		t.Errorf("%+v", d.Packages)
	}
	if got := d.Summary(); got != "This change adds and removes nothing that counts." {
		t.Error(got)
	}
	if n := d.Reaching(func(scan.Severity) bool { return true }); n != 0 {
		t.Errorf("%d are new", n)
	}
}

// one is a report of one platform.
func one(platform string, findings ...scan.Finding) *scan.Report {
	return &scan.Report{Platforms: []scan.Platform{{ID: platform, Stages: []scan.Stage{
		{Name: "build", Findings: []scan.Finding{vulnerable("CVE-0", "compiler", "1")}}, {Name: "final", Final: true, Findings: findings},
	}}}}
}

func vulnerable(id, pkg, version string) scan.Finding {
	return scan.Finding{ID: id, Severity: scan.SeverityHigh, Package: pkg, Version: version, Type: "deb", Path: "var/lib/dpkg/status"}
}

func ignored(f scan.Finding) scan.Finding {
	f.Decision = &scan.Decision{Action: scan.ActionIgnore, Rule: "exception"}
	return f
}

func TestVulnerabilitiesAreFoundAgain(t *testing.T) {
	elsewhere := vulnerable("CVE-1", "a", "2")
	elsewhere.Path, elsewhere.Last = "other/path", 3
	alias := vulnerable("GHSA-1", "a", "1")
	alias.Aliases = []string{"CVE-1"}
	for name, tc := range map[string]struct {
		from, to            []scan.Finding
		added, gone, stayed string
	}{
		"same":                        {[]scan.Finding{vulnerable("CVE-1", "a", "1")}, []scan.Finding{vulnerable("CVE-1", "a", "1")}, "", "", "CVE-1 a"},
		"another version and path":    {[]scan.Finding{vulnerable("CVE-1", "a", "1")}, []scan.Finding{elsewhere}, "", "", "CVE-1 a"},
		"another name of it":          {[]scan.Finding{vulnerable("CVE-1", "a", "1")}, []scan.Finding{alias}, "", "", "CVE-1 a"},
		"package was renamed":         {[]scan.Finding{vulnerable("CVE-1", "libssl1.1", "1")}, []scan.Finding{vulnerable("CVE-1", "libssl3", "3")}, "", "", "CVE-1 libssl3 (libssl1.1)"},
		"in one more package":         {[]scan.Finding{vulnerable("CVE-1", "a", "1")}, []scan.Finding{vulnerable("CVE-1", "a", "1"), vulnerable("CVE-1", "b", "1")}, "CVE-1 b", "", "CVE-1 a"},
		"in one package less":         {[]scan.Finding{vulnerable("CVE-1", "a", "1"), vulnerable("CVE-1", "b", "1")}, []scan.Finding{vulnerable("CVE-1", "b", "1")}, "", "CVE-1 a", "CVE-1 b"},
		"one copy more":               {[]scan.Finding{vulnerable("CVE-1", "a", "1")}, []scan.Finding{vulnerable("CVE-1", "a", "1"), elsewhere}, "", "", "CVE-1 a"},
		"another vulnerability":       {[]scan.Finding{vulnerable("CVE-1", "a", "1")}, []scan.Finding{vulnerable("CVE-2", "a", "1")}, "CVE-2 a", "CVE-1 a", ""},
		"new and ignored":             {nil, []scan.Finding{ignored(vulnerable("CVE-1", "a", "1"))}, "CVE-1 a [exception]", "", ""},
		"one of two copies ignored":   {nil, []scan.Finding{ignored(vulnerable("CVE-1", "a", "1")), elsewhere}, "CVE-1 a", "", ""},
		"the other of two is ignored": {nil, []scan.Finding{elsewhere, ignored(vulnerable("CVE-1", "a", "1"))}, "CVE-1 a", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := Compare(Named{"a", one("linux/amd64", tc.from...)}, Named{"b", one("linux/amd64", tc.to...)})
			got := [3]string{names(d.Vulnerabilities.New), names(d.Vulnerabilities.Gone), names(d.Vulnerabilities.Unchanged)}
			if diff := cmp.Diff([3]string{tc.added, tc.gone, tc.stayed}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMisconfigurationsAreFoundAgain(t *testing.T) {
	port := func(subject, message string) scan.Misconfiguration {
		return scan.Misconfiguration{Check: "exposed-port", Severity: scan.SeverityMedium, Subject: subject, Message: message, Layer: -1}
	}
	from, to := one("linux/amd64"), one("linux/amd64")
	from.Platforms[0].FinalStage().Misconfigurations = []scan.Misconfiguration{port("22/tcp", "22/tcp is SSH"), port("", "80/tcp is open")}
	to.Platforms[0].FinalStage().Misconfigurations = []scan.Misconfiguration{port("22/tcp", "22/tcp is SSH's"), port("", "443/tcp is open")}
	c := Compare(Named{"a", from}, Named{"b", to}).Misconfigurations
	var got []string
	for _, list := range [][]Finding{c.New, c.Gone, c.Unchanged} {
		for _, f := range list {
			got = append(got, f.Subject)
		}
	}
	if diff := cmp.Diff([]string{"443/tcp is open", "80/tcp is open", "22/tcp is SSH's"}, got); diff != "" {
		t.Error(diff)
	}
}

func names(found []Finding) string {
	var out []string
	for _, f := range found {
		s := f.ID + " " + f.Package
		if f.Was != "" {
			s += " (" + f.Was + ")"
		}
		if f.Ignored != "" {
			s += " [" + f.Ignored + "]"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func TestOnlyPlatformsOfBothAreCompared(t *testing.T) {
	two := one("linux/amd64", vulnerable("CVE-1", "a", "1")).Join(one("linux/arm64", vulnerable("CVE-2", "b", "1")))
	d := Compare(Named{"a", one("linux/amd64")}, Named{"b", two})
	if got := names(d.Vulnerabilities.New); got != "CVE-1 a" {
		t.Errorf("new: %s", got)
	}
	if diff := cmp.Diff([]string{"only b has linux/arm64: left out"}, d.Notes); diff != "" {
		t.Error(diff)
	}
	d = Compare(Named{"a", one("linux/s390x")}, Named{"b", two})
	if got := names(d.Vulnerabilities.New); got != "CVE-1 a, CVE-2 b" {
		t.Errorf("new: %s", got)
	}
	if len(d.Notes) != 1 || !strings.Contains(d.Notes[0], "no platform in common") {
		t.Errorf("notes: %v", d.Notes)
	}
}

func TestWhatIsNewAndCountsReachesThresholds(t *testing.T) {
	from, to := changed(t)
	d := Compare(Named{"a", from}, Named{"b", to})
	for threshold, want := range map[string]int{"none": 1, "critical": 2, "high": 4, "low": 5} {
		limit, err := config.ParseThreshold(threshold)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Reaching(limit.Reached); got != want { // the secret always does
			t.Errorf("%s: %d are new, want %d", threshold, got, want)
		}
	}
	d = Compare(Named{"a", one("linux/amd64")}, Named{"b", one("linux/amd64", ignored(vulnerable("CVE-1", "a", "1")))})
	if n := d.Reaching(func(scan.Severity) bool { return true }); n != 0 {
		t.Error("what is ignored counts")
	}
}

func TestForeignTextIsNoMarkup(t *testing.T) {
	const evil = "\x1b[2J x\\|`</code></details><img src=x onerror=alert(1)> | @team [a](http://e) www.evil.example\r\n# h"
	from, to := one(evil), one("linux/amd64", vulnerable(evil, evil, evil))
	final := to.Platforms[0].FinalStage()
	final.Secrets = []scan.Secret{{Rule: evil, Path: evil, Redacted: evil, Fingerprint: evil, Layer: -1}}
	final.Packages = []scan.Package{{Name: evil, Version: evil, Type: evil}}
	final.Misconfigurations = []scan.Misconfiguration{{Check: evil, Message: evil, Title: evil, Paths: []string{evil}, Layer: -1}}
	final.External = []scan.ExternalFinding{{Analyzer: evil, Rule: evil, Message: evil, Path: evil, Layer: -1}}
	to.Verdict.Outcome = evil
	for _, format := range Formats() {
		var b bytes.Buffer
		if err := Write(&b, format, Compare(Named{evil, from}, Named{evil, to})); err != nil {
			t.Fatal(err)
		}
		if i := bytes.IndexAny(b.Bytes(), "\x1b\r"); i >= 0 {
			t.Errorf("%s: control character at %q", format, b.Bytes()[max(0, i-30):i+5])
		}
		switch format {
		case "json":
			if !json.Valid(b.Bytes()) {
				t.Error("no valid JSON")
			}
		case "markdown":
			for _, bad := range []string{"<img", "</code></details>", "@team", "](", "www.", "http:", "\n# h", `\|`} {
				if strings.Contains(b.String(), bad) {
					t.Errorf("markdown has %q", bad)
				}
			}
		}
	}
}

func TestUnknownFormatIsRefused(t *testing.T) {
	err := Write(&bytes.Buffer{}, "poem", Compare(Named{"a", one("x")}, Named{"b", one("x")}))
	if err == nil || err.Error() != CheckFormat("poem").Error() {
		t.Error(err)
	}
}

func TestLongListsAreCutForPeople(t *testing.T) {
	var many []scan.Finding
	for i := range 500 {
		many = append(many, vulnerable(fmt.Sprintf("CVE-%03d", i), "a", "1"))
	}
	d := Compare(Named{"a", one("linux/amd64")}, Named{"b", one("linux/amd64", many...)})
	for _, format := range []string{"text", "markdown"} {
		var b bytes.Buffer
		if err := Write(&b, format, d); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "… and 450 more") || b.Len() > 65536 {
			t.Errorf("%s has %d bytes", format, b.Len())
		}
	}
}
