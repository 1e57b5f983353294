package report

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/sample"
	"github.com/scan-build/scan-build/scan/policy"
	"github.com/scan-build/scan-build/scan/vex"
)

// vexDocument says of two of the sample's vulnerabilities that they do no harm,
// in the two ways there are, and of one that it is fixed.
const vexDocument = `{
	"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex/1", "author": "us", "timestamp": "2026-02-01T00:00:00Z", "version": 1,
	"statements": [
		{"vulnerability": {"name": "CVE-2024-2379"}, "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path", "products": [{"@id": "pkg:deb/debian/curl"}]},
		{"vulnerability": {"name": "CVE-2010-4756"}, "status": "not_affected", "impact_statement": "Nobody globs.", "products": [{"@id": "pkg:deb/debian/libc6"}]},
		{"vulnerability": {"name": "CVE-2024-24790"}, "status": "fixed", "products": [{"@id": "pkg:golang/stdlib"}]}
	]
}`

// assessed is the sample with everything that can be said of a finding: by VEX
// documents, by exceptions for one of two copies of a package, by the policy and
// by nobody.
func assessed(t *testing.T) *scan.Report {
	t.Helper()
	o := config.Default()
	o.VEXFiles = []config.File{{Name: "vex/own.json", Data: []byte(vexDocument)}}
	expires := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	o.Exceptions = []config.Exception{
		{Vulnerability: "CVE-2025-0001", Reason: "not reachable from outside", Expires: expires, File: config.FileName, Line: 7},
		{Path: "app/node_modules/mkdirp/**", Reason: "dropped in March", Expires: expires, File: config.FileName, Line: 9},
	}
	r := sample.Report()
	r.Build = &scan.Build{Images: []string{"registry.example/shop/app:1.2", "app:1.2"}, Revision: "c0ffee", Dockerfile: "Dockerfile"}
	for i := range r.Platforms {
		final := r.Platforms[i].FinalStage()
		f := &final.Findings[slices.IndexFunc(final.Findings, func(f scan.Finding) bool { return f.ID == "GHSA-xvch-5gv4-984h" })]
		f.Aliases = []string{"CVE-2021-44906"}
		f.Namespace, f.Published = "github:language:javascript", "2022-03-18"
		f.CVSS = []scan.CVSS{{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8, Source: "nvd@nist.gov"}}
		f.EPSS = &scan.EPSS{Score: 0.0123, Percentile: 0.85, Date: "2026-02-02"}
		f.KEV = &scan.KEV{DateAdded: "2025-01-01", DueDate: "2025-01-22"}
	}
	if err := policy.Evaluate(r, o); err != nil {
		t.Fatal(err)
	}
	return r
}

func rendered(t *testing.T, format string, r *scan.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// statuses are what a document says, as scan/vex reads it: by vulnerability and
// package URL of the image.
func statuses(t *testing.T, document []byte) map[string]vex.Status {
	t.Helper()
	doc, err := vex.Parse("own.json", document)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]vex.Status{}
	for _, s := range doc.Statements {
		for _, p := range s.Products {
			for _, sub := range p.Subcomponents {
				out[s.Vulnerability+" "+sub] = s.Status
			}
		}
	}
	return out
}
