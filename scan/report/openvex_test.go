package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	openvex "github.com/openvex/go-vex/pkg/vex"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/sample"
	"github.com/scan-build/scan-build/scan/policy"
	"github.com/scan-build/scan-build/scan/vex"
)

// readOpenVEX reads a document with OpenVEX's own library.
func readOpenVEX(t *testing.T, data []byte) *openvex.VEX {
	t.Helper()
	doc, err := openvex.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range doc.Statements {
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
	}
	return doc
}

func TestOpenVEXReadsWell(t *testing.T) {
	r := assessed(t)
	r.Platforms, r.Build.Images = r.Platforms[:1], r.Build.Images[:1]
	data := rendered(t, "openvex", r)
	readOpenVEX(t, data)
	golden(t, "image.openvex.json", data)
}

func TestOpenVEXSaysWhatTheReportKnows(t *testing.T) {
	got := statuses(t, rendered(t, "openvex", assessed(t)))
	const amd64 = "?arch=amd64&distro=bookworm"
	for key, want := range map[string]vex.Status{
		"CVE-2024-2379 pkg:deb/debian/curl@7.88.1-10" + amd64: vex.NotAffected,
		"CVE-2010-4756 pkg:deb/debian/libc6@2.36-9" + amd64:   vex.NotAffected,
		"CVE-2024-24790 pkg:golang/stdlib@1.21.0":             vex.Fixed,
		"CVE-2025-0001 pkg:deb/debian/libc6@2.36-9" + amd64:   vex.Affected, // accepted for a time
		"GHSA-xvch-5gv4-984h pkg:npm/minimist@1.2.0":          vex.Affected, // one of two copies is accepted
		"CVE-2026-0002 pkg:deb/debian/libc6@2.36-9" + amd64:   vex.UnderInvestigation,
	} {
		if got[key] != want {
			t.Errorf("%s is %q, want %q", key, got[key], want)
		}
	}
	for key := range got {
		if strings.Contains(key, "mocha") {
			t.Errorf("%s is in no image", key)
		}
	}
}

// Whoever reads the document comes to the decisions that it came from.
func TestOpenVEXIsUnderstoodByTheScanThatReadsIt(t *testing.T) {
	data := rendered(t, "openvex", assessed(t))
	r := sample.Report()
	r.Build = &scan.Build{Images: []string{"registry.example/shop/app:1.2"}}
	o := config.Default()
	o.VEXFiles = []config.File{{Name: "last.json", Data: data}}
	if err := policy.Evaluate(r, o); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, f := range r.Platforms[0].FinalStage().Findings {
		got[f.ID] = got[f.ID] || f.Decision != nil && f.Decision.Rule == "vex"
	}
	want := map[string]bool{
		"CVE-2024-2379": true, "CVE-2010-4756": true, "CVE-2024-24790": true,
		"CVE-2025-0001": false, "GHSA-xvch-5gv4-984h": false, "CVE-2026-0002": false,
	}
	for id, ignored := range want {
		if got[id] != ignored {
			t.Errorf("%s: taken out of account is %v", id, got[id])
		}
	}
}

func TestImageWithoutNameHasItsPackagesAsProducts(t *testing.T) {
	r := assessed(t)
	r.Build = nil
	final := r.Platforms[0].FinalStage()
	final.Findings = final.Findings[:1]
	final.Findings[0].PURL = ""
	r.Platforms = r.Platforms[:1]
	doc := readOpenVEX(t, rendered(t, "openvex", r))
	if len(doc.Statements) != 1 || len(doc.Statements[0].Products) != 1 || !strings.HasPrefix(doc.Statements[0].Products[0].ID, "pkg:generic/") {
		t.Errorf("%+v", doc.Statements)
	}
}

func TestOpenVEXOfAPushedImageNamesItsDigest(t *testing.T) {
	r := assessed(t)
	digest := "sha256:" + strings.Repeat("ab", 32)
	r.Build.Images = []string{"registry.example/shop/app:1.2@" + digest, "NO reference"}
	doc, err := vex.Parse("own.json", rendered(t, "openvex", r))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"pkg:oci/app@" + digest + "?repository_url=registry.example%2Fshop%2Fapp&tag=1.2", digest}
	if diff := cmp.Diff(want, doc.Statements[0].Products[0].Identifiers); diff != "" {
		t.Error(diff)
	}
}

func TestOpenVEXOfACleanImageHasNoStatements(t *testing.T) {
	r := sample.Report()
	for _, s := range r.AllStages() {
		s.Findings = nil
	}
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(rendered(t, "openvex", r), &doc); err != nil {
		t.Fatal(err)
	}
	if string(bytes.TrimSpace(doc["statements"])) != "[]" {
		t.Errorf("%s", doc["statements"])
	}
}

func TestVEXDocumentsDependOnTheReportAlone(t *testing.T) {
	for _, format := range []string{"openvex", "cyclonedx"} {
		first := rendered(t, format, assessed(t))
		for range 5 {
			if !bytes.Equal(first, rendered(t, format, assessed(t))) {
				t.Fatalf("%s: equal reports give different documents", format)
			}
		}
		r := assessed(t)
		r.Platforms[0].Stages[1].Findings[0].Decision.Action = scan.ActionInfo
		r.Platforms[0].Stages[1].Findings[0].Fix.State = "unknown"
		other := rendered(t, format, r)
		for _, key := range []string{"@id", "serialNumber"} {
			var a, b map[string]any
			if json.Unmarshal(first, &a) != nil || json.Unmarshal(other, &b) != nil {
				t.Fatal("no JSON")
			}
			if a[key] != nil && a[key] == b[key] {
				t.Errorf("%s: different documents share %s %v", format, key, a[key])
			}
		}
	}
}
