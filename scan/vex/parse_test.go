package vex_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan/vex"
)

func TestFormatIsFoundInTheContent(t *testing.T) {
	tests := []struct {
		name string
		in   []byte
		want string
	}{
		{"OpenVEX", encode(t, openVEX(notAffected("CVE-2026-1", "pkg:npm/lodash"))), "OpenVEX"},
		{"byte order mark", append([]byte("\xef\xbb\xbf\n"), encode(t, openVEX(notAffected("CVE-2026-1", "pkg:npm/lodash")))...), "OpenVEX"},
		{"CycloneDX in JSON", encode(t, cycloneDX(m{})), "CycloneDX"},
		{"CycloneDX in XML", []byte(cycloneDXML), "CycloneDX"},
		{"CSAF", encode(t, csaf(m{}, m{})), "CSAF"},
		{"OpenVEX in in-toto", encode(t, inToto("https://openvex.dev/ns/v0.2.0", openVEX(notAffected("CVE-2026-1", "a")), digestA)), "OpenVEX"},
		{"CycloneDX in in-toto", encode(t, inToto("https://cyclonedx.org/bom", cycloneDX(m{}), digestA)), "CycloneDX"},
		{"CSAF in in-toto", encode(t, inToto("https://example.com/csaf", csaf(m{}, m{}), digestA)), "CSAF"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			doc, err := vex.Parse("vex/a", tc.in)
			if err != nil {
				t.Fatal(err)
			}
			if doc.Format != tc.want || doc.Name != "vex/a" {
				t.Errorf("got %s, %s", doc.Format, doc.Name)
			}
		})
	}
}

func TestWhatCannotBeUnderstoodIsAnErrorThatSaysWhere(t *testing.T) {
	good := notAffected("CVE-2026-1", "pkg:npm/lodash")
	ov := func(change m) any { return openVEX(changed(good, change)) }
	vulnerability := func(change m) any { return cycloneDX(changed(exploitability(), change)) }
	tests := []struct {
		name string
		in   any
		want string
	}{
		{"nothing", "", "vex/a: is empty"},
		{"text", "hello", "vex/a: is neither JSON nor XML"},
		{"another JSON", m{"spdxVersion": "SPDX-2.3"}, "vex/a: is neither OpenVEX, CycloneDX nor CSAF"},
		{"broken JSON", "{\n\"@context\": \"https://openvex.dev/ns\",\n}", "vex/a: line 3: not JSON"},
		{"two documents", `{"@context":"https://openvex.dev/ns"}{}`, "vex/a: line 1: not JSON"},
		{"envelope", m{"payloadType": "application/vnd.in-toto+json", "payload": "e30=", "signatures": list{}}, "is a DSSE envelope"},
		{"too deep", `{"a":` + strings.Repeat("[", 200), "vex/a: line 1: nested more than 100 deep"},
		{"XML too deep", strings.Repeat("<a>", 200), "nested more than 100 deep"},
		{"another XML", "<bom xmlns='http://example.com'/>", "no CycloneDX"},
		{"broken XML", "<bom>\n<", "line 2: not XML"},
		{"XML with entities", `<!DOCTYPE bom [<!ENTITY a "b">]><bom/>`, "has a document type"},
		{"too large", strings.Repeat(" ", 16<<20+1), "larger than 16 MiB"},

		{"future OpenVEX", changed(openVEX(good), m{"@context": "https://openvex.dev/ns/v0.3.0"}), "is a version of OpenVEX that is not known"},
		{"no statements", openVEX(), "statements: is empty"},
		{"no product", ov(m{"products": nil}), "statements[0]: has no product"},
		{"unnamed product", ov(m{"products": list{m{}}}), "statements[0]: products[0]: has neither @id"},
		{"unnamed part", ov(m{"products": list{m{"@id": "a", "subcomponents": list{m{}}}}}), "products[0].subcomponents[0]: has neither"},
		{"no vulnerability", ov(m{"vulnerability": nil}), "statements[0]: vulnerability: has no name"},
		{"unknown status", ov(m{"status": "harmless"}), `statements[0]: status: "harmless" is none of`},
		{"unknown justification", ov(m{"justification": "because"}), `statements[0]: justification: "because" is none of`},
		{"unjustified", ov(m{"justification": nil}), "statements[0]: not_affected needs a justification"},
		{"no time", changed(openVEX(good), m{"timestamp": nil}), "statements[0]: timestamp: is missing"},
		{"broken time", changed(openVEX(good), m{"timestamp": "yesterday"}), "parsing time"},
		{"wrong type", changed(openVEX(good), m{"statements": 7}), "statements: want []vex.Statement, got number"},

		{"future CycloneDX", changed(cycloneDX(exploitability()), m{"specVersion": "2.0"}), `specVersion: "2.0" is a version of CycloneDX that is not known`},
		{"CycloneDX without vulnerabilities", changed(cycloneDX(exploitability()), m{"specVersion": "1.3"}), `specVersion: "1.3"`},
		{"another BOM", changed(cycloneDX(exploitability()), m{"bomFormat": "Other"}), `bomFormat: "Other" is not known`},
		{"unknown state", vulnerability(m{"analysis": m{"state": "fine"}}), `vulnerabilities[0]: analysis.state: "fine" is not known`},
		{"unknown reason", vulnerability(m{"analysis": m{"state": "not_affected", "justification": "luck"}}), `analysis.justification: "luck" is not known`},
		{"no id", vulnerability(m{"id": nil}), "vulnerabilities[0]: id: is missing"},
		{"no target", vulnerability(m{"affects": nil}), "vulnerabilities[0]: affects: is empty"},
		{"missing target", vulnerability(m{"affects": list{m{"ref": "nowhere"}}}), `affects[0].ref: "nowhere" is no component of the document`},
		{"broken link", vulnerability(m{"affects": list{m{"ref": "urn:cdx:x"}}}), `affects[0].ref: "urn:cdx:x" is no BOM-Link`},
		{"two components of one name", changed(cycloneDX(exploitability()), m{"components": list{component("a"), component("a")}}), `bom-ref "a" is there twice`},
		{"untimely", changed(vulnerability(m{"analysis": m{"state": "resolved"}}).(m), m{"metadata": nil}), "has no time"},

		{"future CSAF", changed(csaf(m{}, m{}), m{"document": m{"csaf_version": "2.1"}}), `document.csaf_version: "2.1" is not known`},
		{"CSAF without a date", changed(csaf(m{}, m{}), m{"document": m{"csaf_version": "2.0"}}), "current_release_date: is missing"},
		{"CSAF about nothing", csaf(m{}, m{"product_status": m{}}), "vulnerabilities[0]: has neither cve nor ids"},
		{"unknown product", csaf(m{}, m{"cve": "CVE-2026-1", "product_status": m{"fixed": list{"P"}}}), `product_status.fixed[0]: "P" is no product`},
		{"unjustified CSAF", csaf(branches(leaf("P", "pkg:npm/a")), m{"cve": "CVE-2026-1", "product_status": m{"known_not_affected": list{"P"}}}), `"P" has neither a flag nor a threat`},
		{"unknown flag", csaf(m{}, m{"cve": "CVE-2026-1", "flags": list{m{"label": "luck"}}}), `flags[0].label: "luck" is none of`},
		{"unknown group", csaf(m{}, m{"cve": "CVE-2026-1", "remediations": list{m{"group_ids": list{"G"}}}}), `"G" is no group`},
		{"product twice", csaf(branches(leaf("P", "pkg:npm/a"), leaf("P", "pkg:npm/b")), m{"cve": "CVE-2026-1"}), `product_tree: product "P" is there twice`},
		{"unknown relationship", csaf(m{"relationships": list{m{"category": "near", "full_product_name": m{"product_id": "R"}}}}, m{}), `relationship "R": category "near"`},

		{"future in-toto", changed(inToto("https://openvex.dev/ns", openVEX(good)), m{"_type": "https://in-toto.io/Statement/v9"}), `_type: "https://in-toto.io/Statement/v9" is not known`},
		{"another predicate", inToto("https://slsa.dev/provenance/v1", m{}), `predicate of type "https://slsa.dev/provenance/v1": is neither OpenVEX`},
		{"predicate of another format", inToto("https://openvex.dev/ns", cycloneDX(exploitability())), `predicate of type "https://openvex.dev/ns" is CycloneDX`},
		{"in-toto about nothing", inToto("https://openvex.dev/ns", ov(m{"products": nil})), "predicate: statements[0]: has no product"},
		{"in-toto in in-toto", inToto("https://openvex.dev/ns", inToto("https://openvex.dev/ns", openVEX(good))), "is neither OpenVEX"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			data, ok := tc.in.(string)
			if !ok {
				data = string(encode(t, tc.in))
			}
			doc, err := vex.Parse("vex/a", []byte(data))
			if err == nil {
				t.Fatalf("no error, but %+v", doc)
			}
			if !strings.HasPrefix(err.Error(), "vex/a: ") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %q, want %q", err, tc.want)
			}
		})
	}
}

func TestDocumentsThatWouldFillTheMemoryAreRefused(t *testing.T) {
	many := func(n int, f func(i int) any) list {
		out := make(list, n)
		for i := range out {
			out[i] = f(i)
		}
		return out
	}
	purl := func(int) any { return m{"@id": "pkg:npm/a"} }
	group := many(1000, func(int) any { return "P" })
	tests := []struct {
		name string
		in   any
		want string
	}{
		{"statements", changed(openVEX(), m{"statements": many(50_001, func(int) any { return notAffected("C", "a") })}), "more than 50000 statements"},
		{"products", changed(openVEX(), m{"statements": list{changed(notAffected("C"), m{"products": many(300_000, purl)})}}), "more than 500000 names"},
		{"aliases of products", openVEX(changed(notAffected("C"), m{
			"products": many(1000, purl), "vulnerability": m{"name": "C", "aliases": many(1000, func(i int) any { return strings.Repeat("x", i+1) })},
		})), "more than 500000 names"},
		{"groups in groups", csaf(changed(branches(leaf("P", "pkg:npm/a")), m{"product_groups": list{m{"group_id": "G", "product_ids": group}}}), m{
			"cve": "CVE-2026-1", "remediations": many(1000, func(int) any { return m{"group_ids": list{"G"}} }),
		}), "more than 500000 names"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			data, err := json.Marshal(tc.in)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := vex.Parse("a", data); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestInTotoStatementsSubjectIsTheProductOfStatementsWithoutOne(t *testing.T) {
	doc := parse(t, inToto("https://openvex.dev/ns", openVEX(
		changed(notAffected("CVE-2026-1"), m{"products": nil}), notAffected("CVE-2026-2", "pkg:npm/a"),
	), digestA, digestB))
	got := [][]vex.Product{doc.Statements[0].Products, doc.Statements[1].Products}
	want := [][]vex.Product{{{Identifiers: []string{digestA, digestB}}}, {{Identifiers: []string{"pkg:npm/a"}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{digestA, digestB}, doc.Subjects); diff != "" {
		t.Error(diff)
	}
}
