package vex

import (
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/scan-build/scan-build/scan"
)

// Image is what a build knows of its own product, of one platform. All of it
// may be empty: an image without a tag that was not pushed has no name, and only
// statements about packages and base images apply.
type Image struct {
	// Names are the references that the image gets: "registry.example.com/shop:1".
	// One without a tag means "latest".
	Names []string
	// Digests are references with digests ("registry.example.com/shop@sha256:…") or
	// bare digests ("sha256:…"): known only of an image that was pushed before.
	Digests []string
	// Architecture as package URLs have it ("amd64"); empty if unknown.
	Architecture string
	// Bases are the images that the stages are built on. A layer is of the one whose
	// reference its Base is, as in the Dockerfile or in full.
	Bases []scan.Base
}

const digestPrefix = "sha256:"

// identity is everything that names one image.
type identity struct {
	// base is the reference by which a layer names its base image; empty for the
	// build's own product.
	base, arch string
	// repositories have their full names, in the familiar form of Docker Hub's too:
	// "docker.io/library/debian".
	repositories []repository
	// digests that no repository is known for.
	digests []string
}

type repository struct {
	name          string
	tags, digests []string
}

func (i Image) identity() identity {
	id := identity{arch: i.Architecture}
	for _, n := range i.Names {
		id.add(n)
	}
	for _, d := range i.Digests {
		id.add(d)
	}
	return id
}

// bases are the base images that layers can be told to be of.
func (i Image) bases() []identity {
	var out []identity
	for _, b := range i.Bases {
		known := slices.ContainsFunc(out, func(id identity) bool { return id.base == b.Ref })
		if b.Ref == "" || known {
			continue
		}
		id := identity{base: b.Ref, arch: i.Architecture}
		id.addBase(b)
		out = append(out, id)
	}
	return out
}

// addBase takes the base's repository in full if it has one: the reference of
// another kind of base (an OCI layout, a target) is no name of an image.
func (id *identity) addBase(b scan.Base) {
	r := repository{name: b.Name}
	if b.Tag != "" {
		r.tags = []string{b.Tag}
	}
	switch {
	case b.Name == "" && b.Digest != "":
		id.digests = append(id.digests, b.Digest)
		return
	case b.Name == "":
		return
	case b.Digest != "":
		r.digests = []string{b.Digest}
	}
	id.repositories = append(id.repositories, r)
}

func (id *identity) add(ref string) {
	if isDigest(ref) {
		id.digests = append(id.digests, ref)
		return
	}
	r, ok := parseReference(ref)
	if !ok {
		return
	}
	if len(r.tags) == 0 && len(r.digests) == 0 {
		r.tags = []string{"latest"}
	}
	id.repositories = append(id.repositories, r)
}

// parseReference reads an image reference as docker does: "debian:12" is
// "docker.io/library/debian:12".
func parseReference(s string) (repository, bool) {
	if len(s) > maxPURL {
		return repository{}, false
	}
	named, err := reference.ParseNormalizedNamed(s)
	if err != nil {
		return repository{}, false
	}
	r := repository{name: named.Name()}
	if t, ok := named.(reference.Tagged); ok {
		r.tags = []string{t.Tag()}
	}
	if d, ok := named.(reference.Digested); ok {
		r.digests = []string{d.Digest().String()}
	}
	return r, true
}

// isBase says whether a layer's base or a document's is this one: ref is the base
// image's reference, n the same, read. Where both have digests these decide, for
// the tag may have moved.
func (id identity) isBase(ref string, n name) bool {
	if ref == id.base {
		return true
	}
	want := n.reference
	return slices.ContainsFunc(id.repositories, func(r repository) bool {
		switch {
		case r.name != want.name:
			return false
		case len(r.digests) > 0 && len(want.digests) > 0:
			return r.digests[0] == want.digests[0]
		}
		return len(want.tags) > 0 && slices.Contains(r.tags, want.tags[0])
	})
}

// name is an identifier of a product, read: one of its members is set.
type name struct {
	purl      purl
	digest    string
	reference repository
}

func parseName(identifier string) name {
	if strings.HasPrefix(identifier, "pkg:") {
		p, _ := parsePURL(identifier)
		return name{purl: p}
	}
	if isDigest(identifier) || isHash(identifier) {
		return name{digest: digestPrefix + strings.TrimPrefix(strings.ToLower(identifier), digestPrefix)}
	}
	r, _ := parseReference(identifier)
	return name{reference: r}
}

// matches says whether a product's name is one of the image.
func (id identity) matches(n name) bool {
	switch {
	case n.purl.typ != "":
		return n.purl.isImage() && id.matchesPURL(n.purl)
	case n.digest != "":
		return id.hasDigest(n.digest)
	case n.reference.name == "":
		return false
	}
	return slices.ContainsFunc(id.repositories, func(r repository) bool {
		return r.name == n.reference.name && r.has(r.tags, n.reference.tags) && r.has(r.digests, n.reference.digests)
	})
}

// has says whether what is wanted, if anything, is there.
func (repository) has(all, wanted []string) bool {
	return len(wanted) == 0 || slices.Contains(all, wanted[0])
}

func (id identity) hasDigest(d string) bool {
	return slices.Contains(id.digests, d) ||
		slices.ContainsFunc(id.repositories, func(r repository) bool { return slices.Contains(r.digests, d) })
}

// matchesPURL follows
// https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md
// and docker's definition beside it.
func (id identity) matchesPURL(p purl) bool {
	digests, tag := []string(nil), p.qualifiers["tag"]
	switch {
	case p.version == "":
	case isDigest(p.version):
		digests = []string{strings.ToLower(p.version)}
	case p.typ == "docker":
		tag = p.version
	default:
		return false // an OCI image's version is its digest
	}
	for q := range p.qualifiers {
		if q != "tag" && q != "repository_url" && q != "arch" {
			return false
		}
	}
	if arch, ok := p.qualifiers["arch"]; ok && arch != id.arch {
		return false
	}
	if p.qualifiers["repository_url"] == "" && p.namespace == "" && len(digests) > 0 && tag == "" && slices.Contains(id.digests, digests[0]) {
		return true // a digest needs no name
	}
	var tags []string
	if tag != "" {
		tags = []string{tag}
	}
	return slices.ContainsFunc(id.repositories, func(r repository) bool {
		return p.namesRepository(r.name) && r.has(r.tags, tags) && r.has(r.digests, digests)
	})
}

// namesRepository compares a repository with the package URL's name and, if it
// has one, its repository_url. Documents in use have there the repository, or
// only what stands before its last element, as grype does.
func (p purl) namesRepository(repository string) bool {
	named := strings.ToLower(p.name)
	if p.namespace != "" {
		named = strings.ToLower(p.namespace) + "/" + named
	}
	if !strings.HasSuffix(repository, "/"+named) {
		return false
	}
	where := p.qualifiers["repository_url"]
	if where == "" {
		return true
	}
	where = normalizeRepository(where)
	full := normalizeRepository(repository)
	return where == full || where+"/"+named == full
}

// normalizeRepository takes away scheme and slash, and the many names of Docker
// Hub.
func normalizeRepository(s string) string {
	s = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(s), "https://"), "http://"), "/")
	host, rest, _ := strings.Cut(s, "/")
	switch host {
	case "index.docker.io", "registry-1.docker.io", "hub.docker.com":
		host = "docker.io"
	}
	if rest == "" {
		return host
	}
	return host + "/" + rest
}

func isDigest(s string) bool {
	hash, ok := strings.CutPrefix(strings.ToLower(s), digestPrefix)
	return ok && isHash(hash)
}

func isHash(s string) bool {
	return len(s) == 64 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}
