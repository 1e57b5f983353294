package config

import (
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// ExceptionIndex finds the exceptions that mean something without trying all.
// It is not safe for concurrent use.
type ExceptionIndex struct {
	list     []Exception
	matchers []*matcher
	// Exceptions for findings: by the vulnerability's id in upper case; of the others,
	// those with a path by a part of it, and the rest.
	byID   map[string][]int
	byPath pathIndex
	rest   []int
	// Of the rest, those that a layer leaves, and those that layer and package leave:
	// most of these have several findings.
	ofLayer   map[layerKey][]int
	ofPackage map[packageKey][]int
	// Exceptions for other things: by their rule, and those without or with a pattern.
	byRule  map[string][]int
	anyRule []int
}

type layerKey struct{ digest, instruction string }

type packageKey struct {
	layer      layerKey
	name, purl string
}

// IndexExceptions prepares exceptions to be held against many things. The list
// must not change afterwards.
func IndexExceptions(list []Exception) *ExceptionIndex {
	x := &ExceptionIndex{
		list: list, byID: map[string][]int{}, byRule: map[string][]int{},
		ofLayer: map[layerKey][]int{}, ofPackage: map[packageKey][]int{},
	}
	var withPath []int
	for i, e := range list {
		m := newMatcher(e)
		x.matchers = append(x.matchers, m)
		if !e.says() {
			continue
		}
		switch {
		case m.rule != "": // is for no finding
		case m.id != "":
			x.byID[m.id] = append(x.byID[m.id], i)
		case m.path.pattern != "":
			withPath = append(withPath, i)
		default:
			x.rest = append(x.rest, i)
		}
		switch {
		case m.id != "" || m.purl != nil: // is for findings alone
		case m.rule != "" && !strings.Contains(m.rule, "*"):
			x.byRule[m.rule] = append(x.byRule[m.rule], i)
		default:
			x.anyRule = append(x.anyRule, i)
		}
	}
	x.byPath = indexPaths(withPath, x.matchers)
	return x
}

// ForFinding returns the exceptions that mean a finding, expired or not, in the
// list's order.
func (x *ExceptionIndex) ForFinding(f scan.Finding, l scan.Layer) []Exception {
	if len(x.list) == 0 {
		return nil
	}
	t := findingTarget(f, l)
	var found []int
	try := func(i int) {
		if x.matchers[i].finding(t) {
			found = append(found, i)
		}
	}
	for _, id := range t.ids {
		for _, i := range x.byID[id] {
			try(i)
		}
	}
	x.byPath.each(f.Path, try)
	return x.pick(append(found, x.forPackage(f, t)...))
}

// forPackage returns those of the rest that a finding's package and layer leave.
func (x *ExceptionIndex) forPackage(f scan.Finding, t target) []int {
	if len(x.rest) == 0 {
		return nil
	}
	layer := layerKey{t.layer.Digest, t.layer.Instruction}
	key := packageKey{layer, f.Package, f.PURL}
	left, ok := x.ofPackage[key]
	if ok {
		return left
	}
	inLayer, ok := x.ofLayer[layer]
	if !ok {
		for _, i := range x.rest {
			if x.matchers[i].matchesLayer(t.layer) {
				inLayer = append(inLayer, i)
			}
		}
		x.ofLayer[layer] = inLayer
	}
	for _, i := range inLayer {
		if x.matchers[i].finding(t) {
			left = append(left, i)
		}
	}
	x.ofPackage[key] = left
	return left
}

// ForSecret returns the exceptions that mean a secret.
func (x *ExceptionIndex) ForSecret(s scan.Secret, l scan.Layer) []Exception {
	return x.forRule(secretTarget(s, l))
}

// ForMisconfiguration returns the exceptions that mean a configuration finding.
func (x *ExceptionIndex) ForMisconfiguration(m scan.Misconfiguration, l scan.Layer) []Exception {
	return x.forRule(misconfigurationTarget(m, l))
}

// ForViolation returns the exceptions that mean a violation.
func (x *ExceptionIndex) ForViolation(v scan.Violation) []Exception {
	return x.forRule(violationTarget(v))
}

func (x *ExceptionIndex) forRule(t target) []Exception {
	var found []int
	for _, list := range [][]int{x.byRule[t.rule], x.anyRule} {
		for _, i := range list {
			if x.matchers[i].other(t) {
				found = append(found, i)
			}
		}
	}
	return x.pick(found)
}

func (x *ExceptionIndex) pick(found []int) []Exception {
	if len(found) == 0 {
		return nil
	}
	slices.Sort(found)
	out := make([]Exception, 0, len(found))
	for _, i := range slices.Compact(found) {
		out = append(out, x.list[i])
	}
	return out
}
