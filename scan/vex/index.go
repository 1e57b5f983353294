package vex

import (
	"cmp"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// Index finds the statement about a finding. It may be used concurrently.
type Index struct {
	// rules by vulnerability and package: see ruleKey.
	rules map[ruleKey][]rule
}

// ruleKey is a vulnerability's name and what a rule asks of the package: its key
// and version. Both are empty in a rule about all of an image, the version in
// one about all versions of a package.
type ruleKey struct{ vulnerability, pkg, version string }

// rule is one product of one statement that can apply to this build.
type rule struct {
	statement *Statement
	// pkg is the package; the zero value stands for any.
	pkg purl
	// base limits the rule to the layers of the base image of this reference.
	base string
	rank rank
}

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
	ix := &Index{rules: map[ruleKey][]rule{}}
	own, bases := image.identity(), image.bases()
	for _, d := range docs {
		for i := range d.Statements {
			s := &d.Statements[i]
			for _, p := range s.Products {
				ix.addProduct(d, s, p, own, bases)
			}
		}
	}
	for key, rules := range ix.rules {
		slices.SortStableFunc(rules, compareRules)
		ix.rules[key] = rules
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

// addProduct makes a rule of each way in which a product can be part of the
// build: as the image, as one of its base images, as a package.
func (ix *Index) addProduct(d *Document, s *Statement, p Product, own identity, bases []identity) {
	names := make([]name, len(p.Identifiers))
	for i, id := range p.Identifiers {
		names[i] = parseName(id)
	}
	if d.Base == "" && slices.ContainsFunc(names, own.matches) {
		ix.addParts(s, p.Subcomponents, rule{rank: ownOfImage})
	}
	for _, b := range bases {
		if (d.Base == "" || d.Base == b.base) && slices.ContainsFunc(names, b.matches) {
			r := rule{rank: ownOfBase, base: b.base}
			if d.Base != "" {
				r.rank = basesOfBase
			}
			ix.addParts(s, p.Subcomponents, r)
		}
	}
	r := rule{rank: ownOfPackage, base: d.Base}
	if d.Base != "" {
		r.rank = basesOfPackage
	}
	for _, n := range names {
		// Subcomponents of a package are part of it: the statement is about the package.
		ix.addPackage(s, n.purl, r)
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
	r.pkg = p
	ix.addRule(s, ruleKey{pkg: p.key(), version: p.version}, r)
}

func (ix *Index) addRule(s *Statement, key ruleKey, r rule) {
	r.statement = s
	for i := -1; i < len(s.Aliases); i++ {
		name := s.Vulnerability
		if i >= 0 {
			name = s.Aliases[i]
		}
		key.vulnerability = strings.ToLower(name)
		ix.rules[key] = append(ix.rules[key], r)
	}
}

// For finds the statement about a finding whose package stands in the layer. A
// record that stands for several CVEs is spoken of only if each of them is: the
// most cautious of their statements is returned.
func (ix *Index) For(f scan.Finding, layer scan.Layer) (Statement, bool) {
	if len(ix.rules) == 0 {
		return Statement{}, false
	}
	installed, _ := parsePURL(f.PURL)
	names, cves := findingNames(f)
	var best *rule
	for _, n := range names {
		best = first(best, ix.find(n, installed, layer))
	}
	if best != nil {
		return *best.statement, true
	}
	for _, n := range cves {
		r := ix.find(n, installed, layer)
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

// find is the first rule about one name of a vulnerability; nil without one.
func (ix *Index) find(vulnerability string, installed purl, layer scan.Layer) *rule {
	keys := []ruleKey{{vulnerability: vulnerability}}
	if installed.name != "" {
		pkg := installed.key()
		keys = append(keys, ruleKey{vulnerability, pkg, ""}, ruleKey{vulnerability, pkg, installed.version})
		if installed.version == "" {
			keys = keys[:2]
		}
	}
	var best *rule
	for _, key := range keys {
		rules := ix.rules[key]
		for i := range rules {
			r := &rules[i]
			if (r.base == "" || r.base == layer.Base) && (key.pkg == "" || r.pkg.covers(installed)) {
				best = first(best, r)
				break
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
