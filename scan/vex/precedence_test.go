package vex_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/vex"
)

func TestOfSeveralStatementsOneCounts(t *testing.T) {
	say := func(status, when string, product any) m {
		s := notAffected("CVE-2026-1", product)
		if status != "not_affected" {
			s["status"], s["justification"] = status, ""
		}
		return changed(s, m{"timestamp": when})
	}
	const early, late, npm, image, base = "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", "pkg:npm/lodash", "pkg:oci/shop", "debian:12"
	doc := func(statements ...m) *vex.Document { return parse(t, openVEX(statements...)) }
	ofBase := func(statements ...m) *vex.Document {
		d := doc(statements...)
		d.Base = "debian:12"
		return d
	}
	tests := []struct {
		name string
		docs []*vex.Document
		want vex.Status
	}{
		{"the later", []*vex.Document{doc(say("not_affected", early, npm), say("affected", late, npm))}, vex.Affected},
		{"the later, wherever it stands", []*vex.Document{doc(say("affected", late, npm), say("not_affected", early, npm))}, vex.Affected},
		{"the later of two documents", []*vex.Document{doc(say("fixed", late, npm)), doc(say("affected", early, npm))}, vex.Fixed},
		{"the later, with a version or without", []*vex.Document{doc(say("affected", early, npm), say("fixed", late, npm+"@4.17.15"))}, vex.Fixed},
		{"of one time, the most cautious", []*vex.Document{doc(say("not_affected", early, npm), say("affected", early, npm), say("fixed", early, npm))}, vex.Affected},
		{"of one time, doubt", []*vex.Document{doc(say("under_investigation", early, npm), say("fixed", early, npm))}, vex.UnderInvestigation},
		{"the image's before the package's", []*vex.Document{doc(say("fixed", late, npm), say("affected", early, image))}, vex.Affected},
		{"the image's before its base's", []*vex.Document{doc(say("fixed", late, base), say("affected", early, image))}, vex.Affected},
		{"one's own before the base image's", []*vex.Document{doc(say("affected", early, npm)), ofBase(say("fixed", late, base))}, vex.Affected},
		{"the base image's of its image before its packages", []*vex.Document{ofBase(say("fixed", early, base), say("affected", late, npm))}, vex.Fixed},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			s, ok := vex.NewIndex(tc.docs, shop()).For(lodash(), baseLayer())
			if !ok || s.Status != tc.want {
				t.Errorf("got %v, %q", ok, s.Status)
			}
		})
	}
}

func TestDocumentOfABaseImageSpeaksOnlyOfItsLayers(t *testing.T) {
	image := shop()
	image.Bases = append(image.Bases, scan.Base{Ref: "node:20", Name: "docker.io/library/node", Tag: "20"})
	layers := map[string]scan.Layer{"own": ownLayer(), "debian": baseLayer(), "node": {Base: "node:20"}}
	tests := []struct {
		name    string
		product any
		want    map[string]bool
	}{
		{"itself", "debian:12", map[string]bool{"debian": true}},
		{"its package", "pkg:npm/lodash", map[string]bool{"debian": true}},
		{"a package in it", with("pkg:oci/debian@"+digestB, "pkg:npm/lodash"), map[string]bool{"debian": true}},
		{"the image that is built on it", "pkg:oci/shop", map[string]bool{}},
		{"another base image", "node:20", map[string]bool{}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			doc := parse(t, openVEX(notAffected("CVE-2026-1", tc.product)))
			doc.Base = "debian:12"
			ix := vex.NewIndex([]*vex.Document{doc}, image)
			got := map[string]bool{}
			for name, layer := range layers {
				if _, ok := ix.For(lodash(), layer); ok {
					got[name] = true
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLayersBaseIsFoundByItsReference(t *testing.T) {
	image := vex.Image{Bases: []scan.Base{
		{Ref: "debian:12", Name: "docker.io/library/debian", Tag: "12", Digest: digestB},
		{Ref: "node", Name: "docker.io/library/node", Tag: "latest"},
		{Ref: "layout", Digest: digestA},
	}}
	tests := []struct {
		product, layer string
		want           bool
	}{
		{"debian:12", "debian:12", true},
		{"debian:12", "docker.io/library/debian:12@" + digestB, true},
		{"debian:12", "docker.io/library/debian@" + digestB, true},
		{"debian:12", "docker.io/library/debian:12@" + digestA, false}, // another one of this tag
		{"debian:12", "docker.io/library/debian:11", false},
		{"debian:12", "docker.io/library/debian", false},
		{"debian:12", "example.com/library/debian:12", false},
		{"debian:12", "node", false},
		{"debian:12", "", false},
		{"node", "docker.io/library/node:latest", true},
		{"node", "node", true},
		{digestA, "layout", true},
		{digestA, "docker.io/library/layout", false},
	}
	for _, tc := range tests {
		ix := vex.NewIndex([]*vex.Document{parse(t, openVEX(notAffected("CVE-2026-1", tc.product)))}, image)
		if _, got := ix.For(lodash(), scan.Layer{Base: tc.layer}); got != tc.want {
			t.Errorf("statement about %s, layer of %s: %v", tc.product, tc.layer, got)
		}
	}
}

func TestDocumentOfAnUnknownBaseImageIsNotHeard(t *testing.T) {
	doc := parse(t, openVEX(notAffected("CVE-2026-1", "pkg:npm/lodash")))
	doc.Base = "alpine:3"
	ix := vex.NewIndex([]*vex.Document{doc}, shop())
	for _, layer := range []scan.Layer{ownLayer(), baseLayer(), {Base: "alpine:3"}} {
		if s, ok := ix.For(lodash(), layer); ok {
			t.Errorf("layer of %q: %+v", layer.Base, s)
		}
	}
}
