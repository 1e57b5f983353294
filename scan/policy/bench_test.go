package policy

import (
	"fmt"
	"testing"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
)

// manyFindings is a report of one platform with as many findings, a tenth of
// them in a build stage.
func manyFindings(n int) *scan.Report {
	layers := []scan.Layer{
		{Instruction: "FROM debian:12", Stage: "final", Base: "docker.io/library/debian:12", File: "Dockerfile", StartLine: 1, EndLine: 1},
		{Instruction: "RUN apt-get install -y everything", Stage: "final", File: "Dockerfile", StartLine: 2, EndLine: 2},
	}
	final := scan.Stage{Name: "final", Final: true, Layers: layers}
	build := scan.Stage{Name: "build", Layers: layers}
	severities := scan.Severities()
	for i := range n {
		pkg := scan.Package{
			Name: fmt.Sprintf("package-%d", i%1000), Version: fmt.Sprintf("1.%d", i/1000), Type: "deb", Path: "var/lib/dpkg/status",
			PURL: fmt.Sprintf("pkg:deb/debian/package-%d@1.%d?distro=debian-12", i%1000, i/1000), Licenses: []string{"MIT", "GPL-2.0-only OR BSD-3-Clause"}, Last: i % 2,
		}
		f := scan.Finding{
			ID: fmt.Sprintf("CVE-2026-%05d", i), Severity: severities[i%len(severities)], Package: pkg.Name, Version: pkg.Version, Type: pkg.Type,
			PURL: pkg.PURL, Path: pkg.Path, Last: pkg.Last, Published: "2026-01-01",
			Summary: "A flaw of some hundred letters, as they are written down in the databases that matching reads, about a function that does not look.",
			URLs:    []string{"https://security.example.com/CVE-2026", "https://nvd.example.com/CVE-2026"},
			CVSS:    []scan.CVSS{{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8}},
			EPSS:    &scan.EPSS{Score: float64(i%100) / 1000, Percentile: 0.5},
			Fix:     scan.Fix{State: "fixed", Versions: []string{"2.0"}, Available: fmt.Sprintf("2026-01-%02d", i%28+1)},
		}
		s := &final
		if i%10 == 0 {
			s = &build
		}
		s.Packages = append(s.Packages, pkg)
		s.Findings = append(s.Findings, f)
	}
	return &scan.Report{
		SchemaVersion: scan.SchemaVersion, Finished: time.Date(2026, 2, 3, 10, 0, 0, 0, time.UTC),
		Platforms: []scan.Platform{{ID: "linux/amd64", Stages: []scan.Stage{build, final}}},
	}
}

// everyOption has each of the program's rules do something.
func everyOption() config.Options {
	o := config.Default()
	o.OnlyFixed, o.EPSS = true, 0.05
	o.Grace.Days = map[scan.Severity]int{scan.SeverityHigh: 14, scan.SeverityCritical: 7}
	o.DeniedLicenses = []string{"AGPL-*", "SSPL-1.0"}
	for i := range 1000 {
		o.Exceptions = append(o.Exceptions, config.Exception{
			Vulnerability: fmt.Sprintf("CVE-2026-%05d", i*7), Reason: "not reachable", Expires: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
		})
	}
	o.RegoFiles = []config.File{{Name: "policy/team.rego", MayIgnore: true, Data: []byte(`package team

deny contains {"rule": "no-telnet", "message": sprintf("%s must go", [f.package]), "finding": f} if {
	some f in input.findings
	f.package in {"package-7", "package-77"}
}

warn contains "an image without an owner" if not input.image.labels.owner
`)}}
	return o
}

func BenchmarkEvaluate(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		for name, opts := range map[string]config.Options{"default": config.Default(), "every option": everyOption()} {
			r := manyFindings(n)
			b.Run(fmt.Sprintf("%d findings, %s", n, name), func(b *testing.B) {
				for b.Loop() {
					if err := Evaluate(r, opts); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
