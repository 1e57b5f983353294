package vex_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan/vex"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	out, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOpenVEXStatementsAreRead(t *testing.T) {
	doc := openVEX(
		m{
			"vulnerability": m{"@id": "https://nvd.example/CVE-2026-1", "name": "CVE-2026-1", "aliases": list{"GHSA-a"}},
			"status":        "not_affected", "justification": "vulnerable_code_not_present", "impact_statement": "Built without.",
			"timestamp": "2026-02-01T00:00:00Z",
			"products": list{m{
				"@id": "https://example.com/shop", "identifiers": m{"purl": "pkg:oci/shop"}, "hashes": m{"sha-256": digestA[7:], "md5": "x"},
				"subcomponents": list{m{"@id": "pkg:npm/a@1"}, m{"identifiers": m{"purl": "pkg:npm/b@1"}}},
			}},
		},
		m{
			"vulnerability": m{"@id": "https://nvd.example/CVE-2026-2"}, "status": "affected", "action_statement": "Update.",
			"products": list{m{"@id": "pkg:npm/a"}},
		},
	)
	want := &vex.Document{
		Name: "vex/test.json", ID: "https://example.com/vex/1", Format: "OpenVEX",
		Statements: []vex.Statement{
			{
				Vulnerability: "CVE-2026-1", Aliases: []string{"GHSA-a", "https://nvd.example/CVE-2026-1"}, Status: vex.NotAffected,
				Justification: "vulnerable_code_not_present", ImpactStatement: "Built without.",
				Products: []vex.Product{{
					Identifiers:   []string{"https://example.com/shop", "pkg:oci/shop", digestA},
					Subcomponents: []string{"pkg:npm/a@1", "pkg:npm/b@1"},
				}},
				Timestamp: at(t, "2026-02-01T00:00:00Z"), Document: "vex/test.json",
			},
			{
				Vulnerability: "CVE-2026-2", Aliases: []string{"https://nvd.example/CVE-2026-2"}, Status: vex.Affected, ActionStatement: "Update.",
				Products: []vex.Product{{Identifiers: []string{"pkg:npm/a"}}}, Timestamp: at(t, issued), Document: "vex/test.json",
			},
		},
	}
	if diff := cmp.Diff(want, parse(t, doc)); diff != "" {
		t.Error(diff)
	}
}

func TestFirstVersionOfOpenVEXIsRead(t *testing.T) {
	for _, context := range []string{"https://openvex.dev/ns", "https://openvex.dev/ns/v0.0.1"} {
		doc := parse(t, m{
			"@context": context, "@id": "old", "version": "1", "timestamp": issued,
			"statements": list{
				m{"vulnerability": "CVE-2026-1", "status": "fixed", "products": list{"pkg:oci/a", "pkg:oci/b"}, "subcomponents": list{"pkg:npm/c"}},
				m{"vulnerability": m{"name": "CVE-2026-2"}, "status": "fixed", "products": list{m{"@id": "pkg:oci/a"}}},
			},
		})
		want := [][]vex.Product{
			{
				{Identifiers: []string{"pkg:oci/a"}, Subcomponents: []string{"pkg:npm/c"}},
				{Identifiers: []string{"pkg:oci/b"}, Subcomponents: []string{"pkg:npm/c"}},
			},
			{{Identifiers: []string{"pkg:oci/a"}}},
		}
		if diff := cmp.Diff(want, [][]vex.Product{doc.Statements[0].Products, doc.Statements[1].Products}); diff != "" {
			t.Error(diff)
		}
		if doc.Statements[0].Vulnerability != "CVE-2026-1" || doc.Statements[1].Vulnerability != "CVE-2026-2" {
			t.Errorf("statements are %+v", doc.Statements)
		}
	}
}
