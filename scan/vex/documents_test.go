package vex_test

import (
	"encoding/json"
	"testing"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/vex"
)

type (
	m    = map[string]any
	list = []any
)

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	issued  = "2026-01-01T00:00:00Z"
)

func encode(t testing.TB, doc any) []byte {
	t.Helper()
	b, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parse(t testing.TB, doc any) *vex.Document {
	t.Helper()
	d, err := vex.Parse("vex/test.json", encode(t, doc))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// changed is a copy of doc with some members replaced.
func changed(doc m, with m) m {
	out := m{}
	for k, v := range doc {
		out[k] = v
	}
	for k, v := range with {
		if v == nil {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	return out
}

func openVEX(statements ...m) m {
	return m{
		"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex/1", "author": "A", "version": 1,
		"timestamp": issued, "statements": statements,
	}
}

// notAffected is an OpenVEX statement about products, which are ids or objects.
func notAffected(vulnerability string, products ...any) m {
	var ps list
	for _, p := range products {
		if id, ok := p.(string); ok {
			p = m{"@id": id}
		}
		ps = append(ps, p)
	}
	return m{"vulnerability": m{"name": vulnerability}, "status": "not_affected", "justification": "component_not_present", "products": ps}
}

func with(id string, subcomponents ...string) m {
	var subs list
	for _, s := range subcomponents {
		subs = append(subs, m{"@id": s})
	}
	return m{"@id": id, "subcomponents": subs}
}

func lodash() scan.Finding {
	return scan.Finding{ID: "CVE-2026-1", Package: "lodash", Version: "4.17.15", Type: "npm", PURL: "pkg:npm/lodash@4.17.15"}
}

func openssl() scan.Finding {
	return scan.Finding{
		ID: "CVE-2026-1", Package: "openssl", Version: "3.0.9-1", Type: "deb",
		PURL: "pkg:deb/debian/openssl@3.0.9-1?arch=amd64&distro=debian-12",
	}
}

func inToto(predicateType string, predicate any, subjects ...string) m {
	var list list
	for _, s := range subjects {
		list = append(list, m{"name": "x", "digest": m{"sha256": s[len("sha256:"):]}})
	}
	return m{"_type": "https://in-toto.io/Statement/v1", "subject": list, "predicateType": predicateType, "predicate": predicate}
}
