package match_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	grypematch "github.com/anchore/grype/grype/match"
	"github.com/anchore/grype/grype/pkg"
	grypevex "github.com/anchore/grype/grype/vex"
	"github.com/anchore/grype/grype/vulnerability"
	"github.com/anchore/syft/syft/source"
	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/vex"
)

const shopDigest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// vexFindings are what both are asked about.
func vexFindings() []scan.Finding {
	return []scan.Finding{
		{ID: "CVE-2026-1001", Package: "lodash", Version: "4.17.15", PURL: "pkg:npm/lodash@4.17.15"},
		{ID: "CVE-2026-1002", Package: "lodash", Version: "4.17.15", PURL: "pkg:npm/lodash@4.17.15"},
		{ID: "CVE-2026-1001", Package: "openssl", Version: "3.0.9-1", PURL: "pkg:deb/debian/openssl@3.0.9-1?arch=amd64&distro=debian-12"},
		{ID: "GHSA-abcd-abcd-abcd", Package: "golang.org/x/text", Version: "v0.3.5", PURL: "pkg:golang/golang.org/x/text@v0.3.5"},
	}
}

// grypeIgnores are the findings that grype's VEX processor takes out of account
// because of the document, for the image that vexImage describes.
func grypeIgnores(t *testing.T, document []byte) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "vex.json")
	if err := os.WriteFile(file, document, 0o600); err != nil {
		t.Fatal(err)
	}
	processor, err := grypevex.NewProcessor(grypevex.ProcessorOptions{Documents: []string{file}})
	if err != nil {
		t.Fatal(err)
	}
	matches := grypematch.NewMatches()
	for i, f := range vexFindings() {
		matches.Add(grypematch.Match{
			Vulnerability: vulnerability.Vulnerability{Reference: vulnerability.Reference{ID: f.ID, Namespace: "x"}},
			Package:       pkg.Package{ID: pkg.ID(rune('a' + i)), Name: f.Package, Version: f.Version, PURL: f.PURL},
		})
	}
	image := pkg.Context{Source: &source.Description{
		Name: "shop",
		Metadata: source.ImageMetadata{
			Tags:        []string{"registry.example.com/team/shop:1.2"},
			RepoDigests: []string{"registry.example.com/team/shop@" + shopDigest},
		},
	}}
	_, ignored, err := processor.ApplyVEX(&image, &matches, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, m := range ignored {
		got[m.Vulnerability.ID+" "+m.Package.Name] = true
	}
	return inOrder(got)
}

// oursIgnores are the same with this project's index.
func oursIgnores(t *testing.T, document []byte) []string {
	t.Helper()
	doc, err := vex.Parse("vex.json", document)
	if err != nil {
		t.Fatal(err)
	}
	ix := vex.NewIndex([]*vex.Document{doc}, vex.Image{
		Names:   []string{"registry.example.com/team/shop:1.2"},
		Digests: []string{"registry.example.com/team/shop@" + shopDigest},
	})
	got := map[string]bool{}
	for _, f := range vexFindings() {
		if s, ok := ix.For(f, scan.Layer{}); ok && (s.Status == vex.NotAffected || s.Status == vex.Fixed) {
			got[f.ID+" "+f.Package] = true
		}
	}
	return inOrder(got)
}

func inOrder(set map[string]bool) []string {
	var out []string
	for _, f := range vexFindings() {
		if id := f.ID + " " + f.Package; set[id] {
			out = append(out, id)
		}
	}
	return out
}

func openVEX(t *testing.T, vulnerability any, status string, products ...map[string]any) []byte {
	t.Helper()
	statement := map[string]any{"vulnerability": vulnerability, "status": status, "products": products}
	switch status {
	case "not_affected":
		statement["justification"] = "component_not_present"
	case "affected":
		statement["action_statement"] = "Update."
	}
	return encodeJSON(t, map[string]any{
		"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/1", "author": "A", "version": 1, "timestamp": "2026-01-01T00:00:00Z",
		"statements": []any{statement},
	})
}

func encodeJSON(t *testing.T, doc any) []byte {
	t.Helper()
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestOpenVEXIsUnderstoodAsByGrype asks both about every combination of a
// product, its parts, a vulnerability and a status. The README of package vex
// lists where they differ.
func TestOpenVEXIsUnderstoodAsByGrype(t *testing.T) {
	products := []string{
		"registry.example.com/team/shop:1.2", "registry.example.com/team/shop:1.3", "registry.example.com/team/shop@" + shopDigest,
		"pkg:oci/shop?tag=1.2", "pkg:oci/shop?tag=1.3", "pkg:oci/shop", "pkg:oci/bakery", "pkg:oci/shop@" + shopDigest,
		"pkg:oci/shop@" + shopDigest + "?repository_url=registry.example.com/team",
		"pkg:oci/shop@" + shopDigest + "?repository_url=registry.example.com/other",
		"pkg:oci/shop?os=linux", "pkg:oci/shop?repository_url=registry.example.com/team",
		shopDigest[len("sha256:"):], "https://example.com/shop", "not a reference",
		"pkg:npm/lodash", "pkg:npm/lodash@4.17.15", "pkg:npm/lodash@4.17.21", "pkg:npm/lodash?a=b", "pkg:deb/debian/openssl",
		"pkg:deb/debian/openssl?distro=debian-12", "pkg:deb/debian/openssl@3.0.9-1?arch=arm64", "pkg:golang/golang.org/x/text",
	}
	parts := [][]string{nil, {"pkg:npm/lodash"}, {"pkg:npm/lodash@4.17.21"}, {"pkg:npm/other", "pkg:deb/debian/openssl@3.0.9-1"}, {"lodash"}}
	vulnerabilities := []any{
		map[string]any{"name": "CVE-2026-1001"}, map[string]any{"name": "CVE-2026-1002", "aliases": []string{"GHSA-abcd-abcd-abcd"}},
		map[string]any{"name": "x", "@id": "CVE-2026-1001"}, map[string]any{"name": "CVE-2026-1009"},
	}
	compared, ignored := 0, 0
	for _, product := range products {
		for _, part := range parts {
			p := map[string]any{"@id": product}
			var subs []any
			for _, s := range part {
				subs = append(subs, map[string]any{"@id": s})
			}
			if subs != nil {
				p["subcomponents"] = subs
			}
			for _, v := range vulnerabilities {
				for _, status := range []string{"not_affected", "fixed", "affected", "under_investigation"} {
					doc := openVEX(t, v, status, p)
					want := grypeIgnores(t, doc)
					if diff := cmp.Diff(want, oursIgnores(t, doc)); diff != "" {
						t.Errorf("grype (-) and we (+) differ on %v %v, %v %s:\n%s", product, part, v, status, diff)
					}
					compared, ignored = compared+1, ignored+len(want)
				}
			}
		}
	}
	if ignored < 100 {
		t.Errorf("of %d documents grype ignores only %d findings: the comparison says little", compared, ignored)
	}
}

// TestLaterStatementIsHeardWhereGrypeHearsTheEarlier holds a difference that is
// meant: OpenVEX says that the later statement counts.
func TestLaterStatementIsHeardWhereGrypeHearsTheEarlier(t *testing.T) {
	statement := func(status, when string) map[string]any {
		return map[string]any{
			"vulnerability": map[string]any{"name": "CVE-2026-1001"}, "status": status, "timestamp": when, "action_statement": "Update.",
			"products": []any{map[string]any{"@id": "pkg:npm/lodash"}},
		}
	}
	doc := encodeJSON(t, map[string]any{
		"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/1", "author": "A", "version": 1, "timestamp": "2026-01-01T00:00:00Z",
		"statements": []any{statement("fixed", "2026-02-01T00:00:00Z"), statement("affected", "2026-03-01T00:00:00Z")},
	})
	if diff := cmp.Diff([]string{"CVE-2026-1001 lodash"}, grypeIgnores(t, doc)); diff != "" {
		t.Errorf("grype has changed: compare documents of several statements too\n%s", diff)
	}
	if got := oursIgnores(t, doc); got != nil {
		t.Errorf("we ignore %v", got)
	}
}

// TestCSAFIsUnderstoodAsByGrype compares what both read: package URLs that are
// equal, of products that stand for themselves.
func TestCSAFIsUnderstoodAsByGrype(t *testing.T) {
	type m = map[string]any
	product := func(id, purl string) m {
		return m{"name": id, "product_id": id, "product_identification_helper": m{"purl": purl}}
	}
	purls := []string{
		"pkg:npm/lodash@4.17.15", "pkg:npm/lodash@4.17.21", "pkg:deb/debian/openssl@3.0.9-1?arch=amd64&distro=debian-12",
		"pkg:golang/golang.org/x/text@v0.3.5",
	}
	trees := map[string]func(purl string) m{
		"full name": func(purl string) m { return m{"full_product_names": []m{product("P", purl)}} },
		"branch": func(purl string) m {
			return m{"branches": []m{{"category": "vendor", "name": "V", "branches": []m{{"category": "product_name", "name": "N", "product": product("P", purl)}}}}}
		},
		"relationship": func(purl string) m {
			return m{
				"full_product_names": []m{{"name": "OS", "product_id": "OS"}, {"name": "C", "product_id": "C"}},
				"relationships": []m{{
					"category": "default_component_of", "product_reference": "C", "relates_to_product_reference": "OS", "full_product_name": product("P", purl),
				}},
			}
		},
	}
	ignored := 0
	for name, tree := range trees {
		for _, purl := range purls {
			for _, status := range []string{"known_not_affected", "fixed", "first_fixed", "known_affected", "first_affected", "last_affected", "under_investigation", "recommended"} {
				doc := encodeJSON(t, m{
					"document": m{
						"category": "csaf_vex", "csaf_version": "2.0", "title": "T", "publisher": m{"category": "vendor", "name": "V", "namespace": "https://example.com"},
						"tracking": m{
							"id": "V-1", "current_release_date": "2026-01-01T00:00:00Z", "initial_release_date": "2026-01-01T00:00:00Z", "status": "final", "version": "1",
							"revision_history": []m{{"date": "2026-01-01T00:00:00Z", "number": "1", "summary": "S"}},
						},
					},
					"product_tree": tree(purl),
					"vulnerabilities": []m{{
						"cve": "CVE-2026-1001", "product_status": m{status: []string{"P"}}, "flags": []m{{"label": "component_not_present", "product_ids": []string{"P"}}},
						"notes": []m{{"category": "description", "text": "N"}},
					}},
				})
				want := grypeIgnores(t, doc)
				if diff := cmp.Diff(want, oursIgnores(t, doc)); diff != "" {
					t.Errorf("grype (-) and we (+) differ on %s %s %s:\n%s", name, purl, status, diff)
				}
				ignored += len(want)
			}
		}
	}
	if ignored == 0 {
		t.Error("grype ignores nothing: the comparison says nothing")
	}
}
