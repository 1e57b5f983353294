package html_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/check"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/sample"
	"github.com/scan-build/scan-build/scan/policy"
)

// decided is a report with everything in it that a page can show.
func decided(t *testing.T) *scan.Report {
	t.Helper()
	r := sample.Configured()
	r.Notices = []string{"whole snapshots were scanned: this builder cannot compare layers"}
	check.Evaluate(r)
	for i := range r.Platforms {
		final := r.Platforms[i].FinalStage()
		final.External = []scan.ExternalFinding{{
			Analyzer: "clamav", Rule: "Eicar-Signature", Severity: scan.SeverityCritical, Message: "Eicar-Signature FOUND",
			Path: "app/eicar.com", Fingerprint: "e1ca", Layer: 2,
		}}
		curl := &final.Findings[0]
		curl.Aliases = []string{"EUVD-2023-42398"}
		curl.Published = "2023-10-18"
		curl.Summary = "This flaw makes curl overflow a heap based buffer in the SOCKS5 proxy handshake."
	}
	o := config.Default()
	o.DeniedLicenses = []string{"GPL-2.0-or-later"}
	o.Exceptions = []config.Exception{{Vulnerability: "CVE-2024-24790", Reason: "no IPv4-mapped addresses are parsed", File: config.FileName, Line: 12}}
	if err := policy.Evaluate(r, o); err != nil {
		t.Fatal(err)
	}
	return r
}

// large is a report of n findings, in a fifth as many packages.
func large(t *testing.T, n int) *scan.Report {
	t.Helper()
	r := sample.Report()
	final := r.Platforms[0].FinalStage()
	final.Packages, final.Findings, final.Secrets = nil, nil, nil
	r.Platforms = r.Platforms[:1]
	r.Platforms[0].Stages = []scan.Stage{*final}
	final = r.Platforms[0].FinalStage()
	for i := range n / 5 {
		layer := i % len(final.Layers)
		final.Packages = append(final.Packages, scan.Package{
			Name: fmt.Sprintf("library-%05d", i), Version: fmt.Sprintf("%d.%d.%d", i%7, i%13, i%101), Type: "npm",
			PURL: fmt.Sprintf("pkg:npm/library-%05d", i), Path: fmt.Sprintf("app/node_modules/library-%05d/package.json", i),
			Licenses: []string{"MIT"}, First: layer, Last: layer,
		})
	}
	severities := scan.Severities()
	for i := range n {
		p := final.Packages[i%len(final.Packages)]
		f := scan.Finding{
			ID: fmt.Sprintf("CVE-2026-%05d", i), Severity: severities[i%len(severities)], Package: p.Name, Version: p.Version, Type: p.Type,
			PURL: p.PURL, Path: p.Path, First: p.First, Last: p.Last, Namespace: "github:language:javascript", MatchType: "exact-direct-match",
			Summary: fmt.Sprintf("Advisory %d. ", i) + strings.Repeat("A crafted input makes the parser read beyond its buffer. ", 6),
			URLs:    []string{fmt.Sprintf("https://advisories.example/CVE-2026-%05d", i)},
			EPSS:    &scan.EPSS{Score: float64(i%997) / 1000, Percentile: 0.5}, Fix: scan.Fix{State: "not-fixed"},
		}
		if i%2 == 0 {
			f.Fix = scan.Fix{State: "fixed", Versions: []string{fmt.Sprintf("9.%d.0", i%50)}}
		}
		final.Findings = append(final.Findings, f)
	}
	if err := policy.Evaluate(r, config.Default()); err != nil {
		t.Fatal(err)
	}
	return r
}
