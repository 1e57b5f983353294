package vex_test

import (
	"testing"

	"github.com/scan-build/scan-build/scan/vex"
)

func FuzzParse(f *testing.F) {
	tree := branches(leaf("IMAGE", "pkg:oci/shop"), leaf("PKG", "pkg:npm/lodash"))
	tree["relationships"] = list{related("P", "PKG", "IMAGE", "pkg:npm/lodash@1"), related("Q", "P", "Q", "")}
	tree["product_groups"] = list{m{"group_id": "G", "product_ids": list{"P"}}}
	for _, doc := range []any{
		openVEX(notAffected("CVE-2026-1", with("pkg:oci/shop", "pkg:npm/lodash"), m{"hashes": m{"sha-256": digestA[7:]}})),
		m{"@context": "https://openvex.dev/ns", "timestamp": issued, "statements": list{m{"vulnerability": "C", "status": "fixed", "products": list{"a"}}}},
		cycloneDX(exploitability()),
		csaf(tree, m{"cve": "CVE-2026-1", "product_status": m{"fixed": list{"P", "PKG"}}, "flags": list{m{"label": "component_not_present", "group_ids": list{"G"}}}}),
		inToto("https://openvex.dev/ns", openVEX(notAffected("CVE-2026-1", "pkg:npm/lodash")), digestA),
	} {
		f.Add(encode(f, doc))
	}
	f.Add([]byte(cycloneDXML))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := vex.Parse("a", data)
		if err != nil {
			return
		}
		for _, s := range doc.Statements {
			switch {
			case s.Vulnerability == "" || s.Document != "a" || len(s.Products) == 0:
				t.Errorf("statement is %+v", s)
			case s.Status != vex.NotAffected && s.Status != vex.Affected && s.Status != vex.Fixed && s.Status != vex.UnderInvestigation:
				t.Errorf("status is %q", s.Status)
			}
			for _, p := range s.Products {
				if len(p.Identifiers) == 0 {
					t.Errorf("product is %+v", p)
				}
			}
		}
		ix := vex.NewIndex([]*vex.Document{doc}, shop())
		ix.For(lodash(), ownLayer())
		ix.For(openssl(), baseLayer())
	})
}
