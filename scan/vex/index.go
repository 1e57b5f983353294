package vex

import (
	"cmp"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// Index finds the statement about a finding. It may be used concurrently.
type Index struct {
	// rules holds the one that counts for each base image and for anywhere.
	rules map[ruleKey][]rule
	// qualifiers are the names of those that any rule asks for.
	qualifiers map[string]bool
	bases      []identity
}

// ruleKey is a vulnerability's name and what a rule asks of the package: its key,
// version and qualifiers. All three are empty in a rule about all of an image, the
// last two in one about every version of a package. Whatever a document holds, a
// finding is looked up in a few steps.
type ruleKey struct{ vulnerability, pkg, version, qualifiers string }

// rule is one product of one statement that can apply to this build.
type rule struct {
	statement *Statement
	// base limits the rule to the layers of this element of the index' bases; anywhere
	// is none.
	base int
	rank rank
}

const anywhere = -1

// rank orders rules about the same finding, the first one to be heard first.
type rank int

const (
	// What the user's own documents say comes before what came with a base image,
	// and what is said of the image before what is said of a part of it.
	ownOfImage rank = iota
	ownOfBase
	ownOfPackage
	basesOfBase
	basesOfPackage
)

// NewIndex prepares the documents' statements for findings in the image. Where
// several are about the same finding the one with the lowest rank counts, then
// the latest, then the most cautious.
func NewIndex(docs []*Document, image Image) *Index {
	ix := &Index{rules: map[ruleKey][]rule{}, qualifiers: map[string]bool{}, bases: image.bases()}
	own := image.identity()
	for _, d := range docs {
		from := ix.base(d.Base)
		if d.Base != "" && from == anywhere {
			continue // it would speak of layers that cannot be told apart
		}
		for i := range d.Statements {
			s := &d.Statements[i]
			for _, p := range s.Products {
				ix.addProduct(s, p, own, from)
			}
		}
	}
	return ix
}

func compareRules(a, b rule) int {
	return cmp.Or(
		cmp.Compare(a.rank, b.rank),
		b.statement.Timestamp.Compare(a.statement.Timestamp),
		cmp.Compare(b.statement.Status.caution(), a.statement.Status.caution()),
	)
}

// base is the base image of a reference; anywhere if it is none.
func (ix *Index) base(ref string) int {
	if ref == "" {
		return anywhere
	}
	n := parseName(ref)
	return slices.IndexFunc(ix.bases, func(id identity) bool { return id.isBase(ref, n) })
}

// addProduct makes a rule of each way in which a product can be part of the
// build: as the image, as one of its base images, as a package. from is the base
// image that the document came with.
func (ix *Index) addProduct(s *Statement, p Product, own identity, from int) {
	names := make([]name, len(p.Identifiers))
	for i, id := range p.Identifiers {
		names[i] = parseName(id)
	}
	asOwn := rule{rank: ownOfImage, base: anywhere}
	asBase, asPackage := rule{rank: ownOfBase}, rule{rank: ownOfPackage, base: from}
	if from != anywhere {
		asBase.rank, asPackage.rank = basesOfBase, basesOfPackage
	} else if slices.ContainsFunc(names, own.matches) {
		ix.addParts(s, p.Subcomponents, asOwn)
	}
	for i, b := range ix.bases {
		if (from == anywhere || from == i) && slices.ContainsFunc(names, b.matches) {
			asBase.base = i
			ix.addParts(s, p.Subcomponents, asBase)
		}
	}
	for _, n := range names {
		// Subcomponents of a package are part of it: the statement is about the package.
		ix.addPackage(s, n.purl, asPackage)
	}
}

// addParts adds the rule for all of a product or for the parts that are named.
func (ix *Index) addParts(s *Statement, parts []string, r rule) {
	if len(parts) == 0 {
		ix.addRule(s, ruleKey{}, r)
	}
	for _, id := range parts {
		p, _ := parsePURL(id)
		ix.addPackage(s, p, r)
	}
}

// addPackage does nothing for the zero value and for images.
func (ix *Index) addPackage(s *Statement, p purl, r rule) {
	if p.typ == "" || p.isImage() {
		return
	}
	for q := range p.qualifiers {
		ix.qualifiers[q] = true
	}
	ix.addRule(s, ruleKey{pkg: p.key(), version: p.version, qualifiers: p.qualifierKey()}, r)
}

func (ix *Index) addRule(s *Statement, key ruleKey, r rule) {
	r.statement = s
	for i := -1; i < len(s.Aliases); i++ {
		name := s.Vulnerability
		if i >= 0 {
			name = s.Aliases[i]
		}
		key.vulnerability = strings.ToLower(name)
		ix.rules[key] = withRule(ix.rules[key], r)
	}
}

// withRule adds a rule to those of a key or replaces one of the same base image
// that it is heard before.
func withRule(rules []rule, r rule) []rule {
	for i := range rules {
		if rules[i].base == r.base {
			if compareRules(r, rules[i]) < 0 {
				rules[i] = r
			}
			return rules
		}
	}
	return append(rules, r)
}

// For finds the statement about a finding whose package stands in the layer. A
// record that stands for several CVEs is spoken of only if each of them is: the
// most cautious of their statements is returned.
func (ix *Index) For(f scan.Finding, layer scan.Layer) (Statement, bool) {
	if len(ix.rules) == 0 {
		return Statement{}, false
	}
	keys, base := ix.keys(f.PURL), ix.base(layer.Base)
	names, cves := findingNames(f)
	var best *rule
	for _, n := range names {
		best = first(best, ix.find(n, keys, base))
	}
	if best != nil {
		return *best.statement, true
	}
	for _, n := range cves {
		r := ix.find(n, keys, base)
		if r == nil {
			return Statement{}, false
		}
		if best == nil || r.statement.Status.caution() > best.statement.Status.caution() {
			best = r
		}
	}
	if best == nil {
		return Statement{}, false
	}
	return *best.statement, true
}

// findingNames are the names of the vulnerability itself, and the CVEs that its
// record stands for if there are several.
func findingNames(f scan.Finding) (names, cves []string) {
	id := strings.ToLower(f.ID)
	names = []string{id}
	for _, a := range f.Aliases {
		a = strings.ToLower(a)
		switch {
		case slices.Contains(names, a) || slices.Contains(cves, a):
		case strings.HasPrefix(a, "cve-"):
			cves = append(cves, a)
		default:
			names = append(names, a)
		}
	}
	switch {
	case strings.HasPrefix(id, "cve-"):
		return names, nil // its other CVEs are others
	case len(cves) > 1:
		return []string{id}, cves // another alias may be one of them
	}
	return append(names, cves...), nil
}

// keys are those of the rules that can be about a package, without the
// vulnerability.
func (ix *Index) keys(installed string) []ruleKey {
	out := []ruleKey{{}}
	p, ok := parsePURL(installed)
	if !ok {
		return out
	}
	key := ruleKey{pkg: p.key()}
	for _, key.qualifiers = range p.qualifierKeys(ix.qualifiers) {
		key.version = ""
		out = append(out, key)
		if p.version != "" {
			key.version = p.version
			out = append(out, key)
		}
	}
	return out
}

// find is the first rule about one name of a vulnerability; nil without one.
func (ix *Index) find(vulnerability string, keys []ruleKey, base int) *rule {
	var best *rule
	for _, key := range keys {
		key.vulnerability = vulnerability
		rules := ix.rules[key]
		for i := range rules {
			if r := &rules[i]; r.base == anywhere || r.base == base {
				best = first(best, r)
			}
		}
	}
	return best
}

// first is the rule of the two that is heard first; either may be nil.
func first(a, b *rule) *rule {
	if a == nil || b != nil && compareRules(*b, *a) < 0 {
		return b
	}
	return a
}
