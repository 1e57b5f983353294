package vex_test

import (
	"testing"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/vex"
)

// shop is an image that was pushed before, on a Debian base.
func shop() vex.Image {
	return vex.Image{
		Names:        []string{"registry.example.com/team/shop:1.2", "shop"},
		Digests:      []string{"registry.example.com/team/shop@" + digestA},
		Architecture: "amd64",
		Bases:        []scan.Base{{Ref: "debian:12", Name: "docker.io/library/debian", Tag: "12", Digest: digestB}, {Ref: "other"}},
	}
}

func ownLayer() scan.Layer  { return scan.Layer{Instruction: "RUN npm ci"} }
func baseLayer() scan.Layer { return scan.Layer{Instruction: "FROM debian:12", Base: "debian:12"} }

func TestProductIsTheImageItsBaseOrThePackage(t *testing.T) {
	npm := "pkg:npm/lodash"
	tests := []struct {
		name    string
		product any
		// own and base say whether the statement is about lodash in a layer of the
		// Dockerfile's, and in one of the base image.
		own, base bool
	}{
		{"package of any version", npm, true, true},
		{"package of this version", npm + "@4.17.15", true, true},
		{"package of another version", npm + "@4.17.21", false, false},
		{"package with a qualifier that ours lacks", npm + "?vcs_url=x", false, false},
		{"another package", "pkg:npm/lodash-es", false, false},
		{"scope", "pkg:npm/%40a/lodash", false, false},
		{"package whose part is meant", with(npm, "pkg:npm/inner"), true, true},
		{"package by an identifier", m{"@id": "x", "identifiers": m{"purl": npm}}, true, true},
		{"no package URL", "pkg:npm", false, false},

		{"image as it is tagged", "registry.example.com/team/shop:1.2", true, true},
		{"image as docker reads it", "docker.io/library/shop:latest", true, true},
		{"image of any tag", "registry.example.com/team/shop", true, true},
		{"image of another tag", "registry.example.com/team/shop:1.3", false, false},
		{"image of another registry", "team/shop:1.2", false, false},
		{"image by digest", "registry.example.com/team/shop@" + digestA, true, true},
		{"image by another digest", "registry.example.com/team/shop@" + digestB, false, false},
		{"bare digest", digestA, true, true},
		{"hash", m{"hashes": m{"sha-256": digestA[7:]}}, true, true},
		{"hash of another algorithm", m{"@id": "x", "hashes": m{"sha-512": digestA[7:]}}, false, false},
		{"another hash", m{"hashes": m{"sha-256": "cc"}}, false, false},
		{"package URL of the image", "pkg:oci/shop", true, true},
		{"with tag", "pkg:oci/shop?tag=1.2", true, true},
		{"with another tag", "pkg:oci/shop?tag=1.3", false, false},
		{"with digest", "pkg:oci/shop@" + digestA, true, true},
		{"with digest, encoded", "pkg:oci/shop@sha256%3A" + digestA[7:], true, true},
		{"with another digest", "pkg:oci/shop@" + digestB, false, false},
		{"with repository as grype has it", "pkg:oci/shop@" + digestA + "?repository_url=registry.example.com/team", true, true},
		{"with repository as specified", "pkg:oci/shop?repository_url=registry.example.com/team/shop", true, true},
		{"with another repository", "pkg:oci/shop?repository_url=registry.example.com/other/shop", false, false},
		{"tag of another repository of ours", "pkg:oci/shop?tag=latest&repository_url=registry.example.com/team/shop", false, false},
		{"with architecture", "pkg:oci/shop?arch=amd64", true, true},
		{"with another architecture", "pkg:oci/shop?arch=arm64", false, false},
		{"with something unknown", "pkg:oci/shop?os=linux", false, false},
		{"with a version that is no digest", "pkg:oci/shop@1.2", false, false},
		{"docker's kind", "pkg:docker/team/shop@1.2?repository_url=registry.example.com", true, true},
		{"another image", "pkg:oci/bakery", false, false},

		{"package in the image", with("pkg:oci/shop", npm), true, true},
		{"another package in the image", with("pkg:oci/shop", "pkg:npm/left-pad"), false, false},
		{"one of several packages in the image", with("pkg:oci/shop", "pkg:npm/left-pad", npm+"@4.17.15"), true, true},
		{"package in another image", with("pkg:oci/bakery", npm), false, false},
		{"image in the image", with("pkg:oci/shop", "pkg:oci/shop"), false, false},

		{"base image", "debian:12", false, true},
		{"base image by package URL", "pkg:oci/debian?tag=12&repository_url=index.docker.io/library", false, true},
		{"base image by digest", "pkg:oci/debian@" + digestB, false, true},
		{"another base image", "debian:11", false, false},
		{"package in the base image", with("debian:12", npm), false, true},
		{"another package in the base image", with("debian:12", "pkg:npm/left-pad"), false, false},
		{"reference of a base that is no image", "other", false, false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			ix := vex.NewIndex([]*vex.Document{parse(t, openVEX(notAffected("CVE-2026-1", tc.product)))}, shop())
			s, own := ix.For(lodash(), ownLayer())
			_, base := ix.For(lodash(), baseLayer())
			if own != tc.own || base != tc.base {
				t.Errorf("own layer %v, base layer %v; want %v, %v", own, base, tc.own, tc.base)
			}
			if own && (s.Status != vex.NotAffected || s.Document != "vex/test.json") {
				t.Errorf("statement is %+v", s)
			}
		})
	}
}

func TestImageWithoutNamesHasOnlyPackagesAndBases(t *testing.T) {
	docs := func(product any) []*vex.Document {
		return []*vex.Document{parse(t, openVEX(notAffected("CVE-2026-1", product)))}
	}
	for _, product := range []string{"pkg:oci/shop", "shop", digestA, "pkg:oci/shop@" + digestA, "latest"} {
		if s, ok := vex.NewIndex(docs(product), vex.Image{}).For(lodash(), ownLayer()); ok {
			t.Errorf("%s: %+v", product, s)
		}
	}
	if _, ok := vex.NewIndex(docs("pkg:npm/lodash"), vex.Image{}).For(lodash(), ownLayer()); !ok {
		t.Error("package was not found")
	}
	pushedAlone := vex.Image{Digests: []string{digestA}}
	if _, ok := vex.NewIndex(docs("pkg:oci/shop@"+digestA), pushedAlone).For(lodash(), ownLayer()); !ok {
		t.Error("digest without a repository was not found")
	}
}

func TestQualifiersOfADocumentMustBeThePackages(t *testing.T) {
	for product, want := range map[string]bool{
		"pkg:deb/debian/openssl":                           true,
		"pkg:deb/debian/openssl?distro=debian-12":          true,
		"pkg:deb/debian/openssl@3.0.9-1?arch=amd64":        true,
		"pkg:deb/debian/openssl?distro=debian-11":          false,
		"pkg:deb/ubuntu/openssl":                           false,
		"pkg:deb/debian/openssl@3.0.9-1?arch=arm64":        false,
		"pkg:DEB/Debian/OpenSSL@3.0.9-1":                   true, // these are in any case
		"pkg:deb/debian/openssl@3.0.9-1?distro=debian-12#": true,
	} {
		ix := vex.NewIndex([]*vex.Document{parse(t, openVEX(notAffected("CVE-2026-1", product)))}, shop())
		if _, got := ix.For(openssl(), ownLayer()); got != want {
			t.Errorf("%s: %v", product, got)
		}
	}
}

func TestFindingWithoutPackageURLIsOnlyInStatementsAboutAllOfTheImage(t *testing.T) {
	f := lodash()
	f.PURL = ""
	for product, want := range map[string]bool{"pkg:oci/shop": true, "pkg:npm/lodash": false} {
		ix := vex.NewIndex([]*vex.Document{parse(t, openVEX(notAffected("CVE-2026-1", product)))}, shop())
		if _, got := ix.For(f, ownLayer()); got != want {
			t.Errorf("%s: %v", product, got)
		}
	}
	ix := vex.NewIndex([]*vex.Document{parse(t, openVEX(notAffected("CVE-2026-1", with("pkg:oci/shop", "pkg:npm/lodash"))))}, shop())
	if _, got := ix.For(f, ownLayer()); got {
		t.Error("a part of the image")
	}
}

func TestVulnerabilityIsKnownByAnyOfItsNames(t *testing.T) {
	named := func(name string, aliases ...any) m {
		return changed(notAffected("", "pkg:npm/lodash"), m{"vulnerability": m{"name": name, "aliases": aliases}})
	}
	tests := []struct {
		name       string
		id         string
		aliases    []string
		statements []m
		want       bool
	}{
		{"id", "CVE-2026-1", nil, []m{named("CVE-2026-1")}, true},
		{"in any case", "GHSA-abcd-abcd-abcd", nil, []m{named("ghsa-ABCD-abcd-abcd")}, true},
		{"the finding's alias", "GHSA-1", []string{"CVE-2026-1"}, []m{named("CVE-2026-1")}, true},
		{"the statement's alias", "GHSA-1", nil, []m{named("CVE-2026-1", "GHSA-1")}, true},
		{"its address", "CVE-2026-1", nil, []m{changed(named(""), m{"vulnerability": m{"@id": "https://nvd.example/CVE-2026-1"}})}, true},
		{"another", "CVE-2026-1", nil, []m{named("CVE-2026-10")}, false},
		{"another CVE that a CVE is related to", "CVE-2026-1", []string{"CVE-2026-2"}, []m{named("CVE-2026-2")}, false},
		{"one of a record's CVEs", "RHSA-1", []string{"CVE-2026-1", "CVE-2026-2"}, []m{named("CVE-2026-1")}, false},
		{"another name of one of a record's CVEs", "RHSA-1", []string{"CVE-2026-1", "CVE-2026-2", "GHSA-1"}, []m{named("GHSA-1")}, false},
		{"all of a record's CVEs", "RHSA-1", []string{"CVE-2026-1", "CVE-2026-2"}, []m{named("CVE-2026-1"), named("CVE-2026-2")}, true},
		{"the record", "RHSA-1", []string{"CVE-2026-1", "CVE-2026-2"}, []m{named("RHSA-1")}, true},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			f := lodash()
			f.ID, f.Aliases = tc.id, tc.aliases
			ix := vex.NewIndex([]*vex.Document{parse(t, openVEX(tc.statements...))}, shop())
			if s, got := ix.For(f, ownLayer()); got != tc.want {
				t.Errorf("got %v, %+v", got, s)
			}
		})
	}
}

func TestOfARecordsCVEsTheMostCautiousStatementCounts(t *testing.T) {
	f := lodash()
	f.ID, f.Aliases = "RHSA-1", []string{"CVE-2026-1", "CVE-2026-2", "CVE-2026-3"}
	affected := m{"vulnerability": m{"name": "CVE-2026-2"}, "status": "affected", "products": list{m{"@id": "pkg:npm/lodash"}}}
	ix := vex.NewIndex([]*vex.Document{parse(t, openVEX(
		notAffected("CVE-2026-1", "pkg:npm/lodash"), affected, notAffected("CVE-2026-3", "pkg:npm/lodash"),
	))}, shop())
	if s, _ := ix.For(f, ownLayer()); s.Vulnerability != "CVE-2026-2" {
		t.Errorf("statement is %+v", s)
	}
}

func TestEveryFormatIsAboutTheSameFindings(t *testing.T) {
	tree := branches(leaf("IMAGE", "pkg:oci/shop?tag=1.2"), leaf("PKG", "pkg:npm/lodash"))
	tree["relationships"] = list{related("P", "PKG", "IMAGE", "")}
	docs := map[string]any{
		"OpenVEX": openVEX(notAffected("CVE-2026-1", with("pkg:oci/shop?tag=1.2", "pkg:npm/lodash"))),
		"CycloneDX": changed(cycloneDX(m{
			"id": "CVE-2026-1", "analysis": m{"state": "not_affected"}, "affects": list{m{"ref": "pkg:npm/lodash"}},
		}), m{"metadata": m{"timestamp": issued, "component": m{"type": "container", "name": "registry.example.com/team/shop", "version": "1.2"}}}),
		"CSAF": csaf(tree, m{
			"cve": "CVE-2026-1", "product_status": m{"known_not_affected": list{"P"}}, "flags": list{m{"label": "component_not_present", "product_ids": list{"P"}}},
		}),
	}
	for name, doc := range docs {
		for _, wrapped := range []any{doc, inToto("https://example.com/vex", doc, digestA)} {
			d := parse(t, wrapped)
			if _, ok := vex.NewIndex([]*vex.Document{d}, shop()).For(lodash(), ownLayer()); !ok {
				t.Errorf("%s: no statement", name)
			}
			if _, ok := vex.NewIndex([]*vex.Document{d}, shop()).For(openssl(), ownLayer()); ok {
				t.Errorf("%s: a statement about another package", name)
			}
			other := vex.Image{Names: []string{"bakery:1.2"}}
			if _, ok := vex.NewIndex([]*vex.Document{d}, other).For(lodash(), ownLayer()); ok {
				t.Errorf("%s: a statement about another image", name)
			}
		}
	}
}
