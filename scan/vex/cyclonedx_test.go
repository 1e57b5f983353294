package vex_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan/vex"
)

const serial = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"

func component(ref string) m {
	return m{"type": "library", "bom-ref": ref, "name": ref, "purl": "pkg:npm/" + ref + "@1"}
}

func cycloneDX(vulnerabilities ...m) m {
	return m{
		"bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": serial, "version": 1, "metadata": m{"timestamp": issued},
		"components": list{component("a")}, "vulnerabilities": vulnerabilities,
	}
}

func exploitability() m {
	return m{"id": "CVE-2026-1", "analysis": m{"state": "resolved"}, "affects": list{m{"ref": "a"}}}
}

const cycloneDXML = `<?xml version="1.0" encoding="UTF-8"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.5" serialNumber="urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79" version="1">
  <metadata><timestamp>2026-01-01T00:00:00Z</timestamp></metadata>
  <components>
    <component type="library" bom-ref="a"><name>a</name><purl>pkg:npm/a@1</purl></component>
  </components>
  <vulnerabilities>
    <vulnerability>
      <id>CVE-2026-1</id>
      <analysis><state>not_affected</state><justification>code_not_reachable</justification><detail>Never called.</detail></analysis>
      <affects><target><ref>a</ref></target></affects>
    </vulnerability>
  </vulnerabilities>
</bom>`

func TestCycloneDXStatementsAreRead(t *testing.T) {
	tests := []struct {
		name     string
		analysis m
		want     vex.Statement
	}{
		{"resolved", m{"state": "resolved"}, vex.Statement{Status: vex.Fixed}},
		{"resolved with pedigree", m{"state": "resolved_with_pedigree"}, vex.Statement{Status: vex.Fixed}},
		{"in triage", m{"state": "in_triage", "detail": "Soon."}, vex.Statement{Status: vex.UnderInvestigation}},
		{"exploitable", m{"state": "exploitable", "response": list{"update", "rollback"}}, vex.Statement{Status: vex.Affected, ActionStatement: "update; rollback"}},
		{"false positive", m{"state": "false_positive"}, vex.Statement{Status: vex.NotAffected, Justification: "false_positive"}},
		{"a word of OpenVEX's", m{"state": "not_affected", "justification": "code_not_present"}, vex.Statement{Status: vex.NotAffected, Justification: "vulnerable_code_not_present"}},
		{"a word of its own", m{"state": "not_affected", "justification": "requires_environment", "detail": "Windows."}, vex.Statement{Status: vex.NotAffected, Justification: "requires_environment", ImpactStatement: "Windows."}},
		{"time of its own", m{"state": "resolved", "firstIssued": "2025-01-01T00:00:00Z", "lastUpdated": "2025-02-01T00:00:00Z"}, vex.Statement{Status: vex.Fixed, Timestamp: at(t, "2025-02-01T00:00:00Z")}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			got := parse(t, cycloneDX(changed(exploitability(), m{"analysis": tc.analysis, "references": list{m{"id": "GHSA-a"}}})))
			want := tc.want
			want.Vulnerability, want.Aliases, want.Document = "CVE-2026-1", []string{"GHSA-a"}, "vex/test.json"
			want.Products = []vex.Product{{Identifiers: []string{"pkg:npm/a@1"}}}
			if want.Timestamp.IsZero() {
				want.Timestamp = at(t, issued)
			}
			if diff := cmp.Diff(&vex.Document{Name: "vex/test.json", ID: serial, Format: "CycloneDX", Statements: []vex.Statement{want}}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCycloneDXInXMLSaysTheSame(t *testing.T) {
	got, err := vex.Parse("vex/test.json", []byte(cycloneDXML))
	if err != nil {
		t.Fatal(err)
	}
	want := parse(t, cycloneDX(changed(exploitability(), m{
		"analysis": m{"state": "not_affected", "justification": "code_not_reachable", "detail": "Never called."},
	})))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestVulnerabilityWithoutAnalysisIsNoStatement(t *testing.T) {
	doc := parse(t, cycloneDX(m{"id": "CVE-2026-1", "affects": list{m{"ref": "a"}}}))
	if len(doc.Statements) != 0 {
		t.Errorf("statements are %+v", doc.Statements)
	}
}

func TestCycloneDXTargetsAreResolved(t *testing.T) {
	image := m{"type": "container", "bom-ref": "image", "name": "registry.example.com/shop", "version": digestA, "purl": "pkg:oci/shop"}
	named := []string{"pkg:oci/shop", "registry.example.com/shop@" + digestA}
	elsewhere := "urn:cdx:00000000-395b-41f5-a30f-a58921a69b79/1"
	versionless := m{"type": "library", "bom-ref": "v", "name": "v", "purl": "pkg:npm/v"}
	nested := m{"type": "library", "bom-ref": "outer", "name": "o", "components": list{component("inner")}}
	tests := []struct {
		name   string
		root   m
		target m
		want   []vex.Product
	}{
		{"bom-ref", nil, m{"ref": "a"}, []vex.Product{{Identifiers: []string{"pkg:npm/a@1"}}}},
		{"nested", nil, m{"ref": "inner"}, []vex.Product{{Identifiers: []string{"pkg:npm/inner@1"}}}},
		{"package URL", nil, m{"ref": "pkg:npm/z@1"}, []vex.Product{{Identifiers: []string{"pkg:npm/z@1"}}}},
		{"link to itself", nil, m{"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#a"}, []vex.Product{{Identifiers: []string{"pkg:npm/a@1"}}}},
		{"link to a package URL elsewhere", nil, m{"ref": elsewhere + "#pkg:npm/z@1"}, []vex.Product{{Identifiers: []string{"pkg:npm/z@1"}}}},
		{"link to something elsewhere", nil, m{"ref": elsewhere + "#a"}, nil},
		{"component without a name that is understood", nil, m{"ref": "outer"}, nil},
		{"image", image, m{"ref": "image"}, []vex.Product{{Identifiers: named}}},
		{"package in the image", image, m{"ref": "a"}, []vex.Product{{Identifiers: named, Subcomponents: []string{"pkg:npm/a@1"}}}},
		{"package in an application", m{"type": "application", "bom-ref": "app", "name": "shop"}, m{"ref": "a"}, []vex.Product{{Identifiers: []string{"pkg:npm/a@1"}}}},
		{"listed versions", nil, m{"ref": "v", "versions": list{m{"version": "1"}, m{"version": "2"}}}, []vex.Product{{Identifiers: []string{"pkg:npm/v@1", "pkg:npm/v@2"}}}},
		{"range of versions is not all versions", nil, m{"ref": "v", "versions": list{m{"range": "vers:npm/<2"}}}, nil},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			metadata := m{"timestamp": issued}
			if tc.root != nil {
				metadata["component"] = tc.root
			}
			doc := parse(t, changed(cycloneDX(changed(exploitability(), m{"affects": list{tc.target}})), m{
				"metadata": metadata, "components": list{component("a"), versionless, nested},
			}))
			var got []vex.Product
			for _, s := range doc.Statements {
				got = append(got, s.Products...)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
