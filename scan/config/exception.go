package config

import (
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// MatchesFinding says whether the exception means this finding, expired or not;
// l is the layer that it is in. An exception that names a rule never does.
func (e Exception) MatchesFinding(f scan.Finding, l scan.Layer) bool {
	return e.says() && newMatcher(e).finding(findingTarget(f, l))
}

// MatchesSecret says whether the exception means this secret. One that names a
// vulnerability, a package or a package URL never does.
func (e Exception) MatchesSecret(s scan.Secret, l scan.Layer) bool {
	return e.says() && newMatcher(e).other(secretTarget(s, l))
}

// MatchesMisconfiguration says whether the exception means this configuration
// finding. An exception with a path means one only if it is about no other
// files: accepting one of twenty must not hide nineteen.
func (e Exception) MatchesMisconfiguration(m scan.Misconfiguration, l scan.Layer) bool {
	return e.says() && newMatcher(e).other(misconfigurationTarget(m, l))
}

// MatchesViolation says whether the exception means this violation of a rule.
// One that names a vulnerability or a package URL never does.
func (e Exception) MatchesViolation(v scan.Violation) bool {
	return e.says() && newMatcher(e).other(violationTarget(v))
}

// says whether the exception is for anything: one that is for nothing in
// particular is no exception.
func (e Exception) says() bool {
	return e.Vulnerability != "" || e.Package != "" || e.Path != "" || e.Layer != "" || e.Rule != "" || e.PURL != ""
}

// target is what an exception is held against.
type target struct {
	// ids are in upper case.
	ids   []string
	rule  string
	pkg   string
	purl  purl
	paths []string
	layer scan.Layer
	// hasPackage says that the kind of thing can be about a package.
	hasPackage bool
}

func findingTarget(f scan.Finding, l scan.Layer) target {
	t := target{ids: make([]string, 0, 1+len(f.Aliases)), pkg: f.Package, purl: splitPURL(f.PURL), layer: l, hasPackage: true}
	for _, id := range append([]string{f.ID}, f.Aliases...) {
		t.ids = append(t.ids, strings.ToUpper(id))
	}
	if f.Path != "" {
		t.paths = []string{f.Path}
	}
	return t
}

func secretTarget(s scan.Secret, l scan.Layer) target {
	if s.Instruction != nil && l.Digest == "" && l.Instruction == "" {
		l = *s.Instruction
	}
	return target{rule: s.Rule, paths: []string{s.Path}, layer: l}
}

func misconfigurationTarget(m scan.Misconfiguration, l scan.Layer) target {
	t := target{rule: m.Check, paths: m.Paths, layer: l}
	if m.Instruction != nil && l.Digest == "" && l.Instruction == "" {
		t.layer = *m.Instruction
	}
	if m.Count > len(m.Paths) {
		t.paths = nil // there are files that nobody sees here
	}
	return t
}

func violationTarget(v scan.Violation) target {
	t := target{rule: v.Rule, pkg: v.Package, hasPackage: true}
	if v.Path != "" {
		t.paths = []string{v.Path}
	}
	if v.Layer != nil {
		t.layer = *v.Layer
	}
	return t
}

// matcher is an exception made ready to be held against much.
type matcher struct {
	id, rule, layer string
	pkg, path       glob
	purl            *purlGlob
}

func newMatcher(e Exception) *matcher {
	m := &matcher{id: strings.ToUpper(e.Vulnerability), rule: e.Rule, layer: e.Layer, pkg: newGlob(e.Package), path: newGlob(e.Path)}
	if e.PURL != "" {
		m.purl = newPURLGlob(e.PURL)
	}
	return m
}

// finding holds the exception against a vulnerability.
func (m *matcher) finding(t target) bool {
	return m.rule == "" && (m.id == "" || slices.Contains(t.ids, m.id)) && (m.purl == nil || m.purl.matches(t.purl)) && m.where(t)
}

// other holds it against what has a rule instead of a vulnerability.
func (m *matcher) other(t target) bool {
	return m.id == "" && m.purl == nil && (m.pkg.pattern == "" || t.hasPackage) &&
		(m.rule == "" || MatchStar(m.rule, t.rule)) && m.where(t)
}

func (m *matcher) where(t target) bool {
	return (m.pkg.pattern == "" || t.pkg != "" && m.pkg.matches(t.pkg)) && m.matchesLayer(t.layer) && m.matchesPaths(t.paths)
}

func (m *matcher) matchesPaths(paths []string) bool {
	if m.path.pattern == "" {
		return true
	}
	for _, p := range paths {
		if p == "" || !m.path.mayMatch(p) || !matchPath(m.path.pattern, p) {
			return false
		}
	}
	return len(paths) > 0
}

func (m *matcher) matchesLayer(l scan.Layer) bool {
	switch {
	case m.layer == "":
		return true
	case l.Digest != "" && l.Digest == m.layer:
		return true
	}
	return l.Instruction != "" && MatchStar(m.layer, l.Instruction)
}
