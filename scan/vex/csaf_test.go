package vex_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan/vex"
)

func csaf(tree m, vulnerabilities ...m) m {
	out := m{
		"document": m{
			"category": "csaf_vex", "csaf_version": "2.0", "title": "T", "publisher": m{"category": "vendor", "name": "V", "namespace": "https://example.com"},
			"tracking": m{
				"id": "V-1", "current_release_date": issued, "initial_release_date": issued, "status": "final", "version": "1",
				"revision_history": list{m{"date": issued, "number": "1", "summary": "S"}},
			},
		},
		"product_tree": tree,
	}
	if len(vulnerabilities) > 0 && len(vulnerabilities[0]) > 0 {
		out["vulnerabilities"] = vulnerabilities
	}
	return out
}

func product(id, purl string) m {
	out := m{"name": id, "product_id": id}
	if purl != "" {
		out["product_identification_helper"] = m{"purl": purl}
	}
	return out
}

func leaf(id, purl string) m {
	return m{"category": "product_name", "name": id, "product": product(id, purl)}
}

func branches(leaves ...m) m {
	return m{"branches": list{m{"category": "vendor", "name": "V", "branches": leaves}}}
}

func related(id, component, whole, purl string) m {
	return m{"category": "default_component_of", "product_reference": component, "relates_to_product_reference": whole, "full_product_name": product(id, purl)}
}

func TestCSAFStatementsAreRead(t *testing.T) {
	tree := branches(leaf("A", "pkg:npm/a"), leaf("B", "pkg:npm/b"), leaf("C", "pkg:npm/c"), leaf("D", ""))
	tree["product_groups"] = list{m{"group_id": "G", "product_ids": list{"A", "B"}}}
	got := parse(t, csaf(tree, m{
		"cve": "CVE-2026-1", "ids": list{m{"system_name": "Bugs", "text": "BUG-1"}},
		"product_status": m{
			"known_not_affected": list{"A", "B"}, "fixed": list{"C"}, "recommended": list{"C"}, "known_affected": list{"D", "A"}, "under_investigation": list{"B"},
		},
		"flags":        list{m{"label": "component_not_present", "group_ids": list{"G"}}},
		"threats":      list{m{"category": "impact", "details": "None.", "product_ids": list{"B"}}, m{"category": "exploit_status", "details": "Yes."}},
		"remediations": list{m{"category": "vendor_fix", "details": "Update A.", "product_ids": list{"A"}}, m{"category": "no_fix_planned"}},
	}))
	statement := func(s vex.Statement, purl string) vex.Statement {
		s.Vulnerability, s.Aliases, s.Document = "CVE-2026-1", []string{"BUG-1"}, "vex/test.json"
		s.Timestamp, s.Products = at(t, issued), []vex.Product{{Identifiers: []string{purl}}}
		return s
	}
	want := &vex.Document{Name: "vex/test.json", ID: "V-1", Format: "CSAF", Statements: []vex.Statement{
		statement(vex.Statement{Status: vex.Affected, ActionStatement: "Update A.; no_fix_planned"}, "pkg:npm/a"),
		statement(vex.Statement{Status: vex.UnderInvestigation}, "pkg:npm/b"),
		statement(vex.Statement{Status: vex.Fixed}, "pkg:npm/c"),
		statement(vex.Statement{Status: vex.NotAffected, Justification: "component_not_present"}, "pkg:npm/a"),
		statement(vex.Statement{Status: vex.NotAffected, Justification: "component_not_present", ImpactStatement: "None."}, "pkg:npm/b"),
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCSAFProductsAreResolved(t *testing.T) {
	image, pkg := leaf("IMAGE", "pkg:oci/shop"), leaf("PKG", "pkg:npm/a@1")
	relations := func(rs ...m) m {
		tree := branches(image, pkg, leaf("MODULE", "pkg:generic/module"), leaf("OS", ""))
		tree["relationships"] = rs
		return tree
	}
	version := func(category, name, purl string) m {
		return m{"branches": list{m{"category": "product_name", "name": "a", "branches": list{
			m{"category": category, "name": name, "product": product("P", purl)},
		}}}}
	}
	tests := []struct {
		name string
		tree m
		want []vex.Product
	}{
		{"package", branches(leaf("P", "pkg:npm/a")), []vex.Product{{Identifiers: []string{"pkg:npm/a"}}}},
		{"full name", m{"full_product_names": list{product("P", "pkg:npm/a")}}, []vex.Product{{Identifiers: []string{"pkg:npm/a"}}}},
		{"digest", m{"full_product_names": list{m{"product_id": "P", "product_identification_helper": m{
			"hashes": list{m{"filename": "x", "file_hashes": list{m{"algorithm": "sha256", "value": digestA[7:]}, m{"algorithm": "sha512", "value": "y"}}}},
		}}}}, []vex.Product{{Identifiers: []string{digestA}}}},
		{"version of the branch", version("product_version", "1.2", "pkg:npm/a"), []vex.Product{{Identifiers: []string{"pkg:npm/a@1.2"}}}},
		{"version of its own", version("product_version", "1.2", "pkg:npm/a@1.3"), []vex.Product{{Identifiers: []string{"pkg:npm/a@1.3"}}}},
		{"range of versions is not all versions", version("product_version_range", "vers:npm/<1.2", "pkg:npm/a"), nil},
		{"only words", branches(leaf("P", "")), nil},
		{"package in an image", relations(related("P", "PKG", "IMAGE", "")), []vex.Product{{Identifiers: []string{"pkg:oci/shop"}, Subcomponents: []string{"pkg:npm/a@1"}}}},
		{"package in a module of an image", relations(related("R", "PKG", "MODULE", ""), related("P", "R", "IMAGE", "")), []vex.Product{{Identifiers: []string{"pkg:oci/shop"}, Subcomponents: []string{"pkg:npm/a@1"}}}},
		{"package in a system that has only a name", relations(related("P", "PKG", "OS", "")), nil},
		{"the same, with a name of its own", relations(related("P", "PKG", "OS", "pkg:npm/a@1?x=y")), []vex.Product{{Identifiers: []string{"pkg:npm/a@1", "pkg:npm/a@1?x=y"}}}},
		{"image named by the relationship", relations(related("P", "PKG", "OS", "pkg:oci/shop?tag=1")), []vex.Product{{Identifiers: []string{"pkg:oci/shop?tag=1"}, Subcomponents: []string{"pkg:npm/a@1"}}}},
		{"something unnamed in an image is not all of it", relations(related("P", "OS", "IMAGE", "")), nil},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			doc := parse(t, csaf(tc.tree, m{"cve": "CVE-2026-1", "product_status": m{"fixed": list{"P"}}}))
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

func TestCSAFRelationshipsInACircleAreAnError(t *testing.T) {
	tree := branches(leaf("LEAF", "pkg:npm/a"))
	for name, rs := range map[string]list{
		"itself":  {related("P", "P", "LEAF", "")},
		"whole":   {related("P", "LEAF", "Q", ""), related("Q", "LEAF", "P", "")},
		"parts":   {related("P", "Q", "LEAF", ""), related("Q", "P", "LEAF", "")},
		"nowhere": {related("P", "LEAF", "Q", "")},
	} {
		tree["relationships"] = rs
		_, err := vex.Parse("a", encode(t, csaf(tree, m{"cve": "CVE-2026-1", "product_status": m{"fixed": list{"P"}}})))
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
