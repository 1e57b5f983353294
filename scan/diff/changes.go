package diff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// maxPaths bounds the paths of a finding.
const maxPaths = 20

// key is by what a thing is found again.
type key struct{ id, kind, name string }

// set holds the findings of one report by their keys.
type set map[key]*Finding

// add adds a finding, or another place of one that is there. It counts as soon as
// one of its places does.
func (s set) add(k key, f Finding, platform string, paths []string, d *scan.Decision) {
	ignored := ""
	if d != nil && d.Action == scan.ActionIgnore {
		ignored = d.Rule
	}
	f.Ignored = cmp.Or(f.Ignored, ignored)
	have, ok := s[k]
	switch {
	case !ok:
		have = &f
		s[k] = have
	case have.Ignored != "" && f.Ignored == "":
		have.Ignored = ""
	}
	have.Severity = max(have.Severity, f.Severity)
	have.Versions = merge(have.Versions, f.Versions)
	have.Fixed = merge(have.Fixed, f.Fixed)
	have.Platforms = merge(have.Platforms, []string{platform})
	have.Paths = merge(have.Paths, paths)
	have.Paths = have.Paths[:min(len(have.Paths), maxPaths)]
}

// merge is both lists as a sorted set.
func merge(a, b []string) []string {
	out := slices.DeleteFunc(slices.Concat(a, b), func(s string) bool { return s == "" })
	slices.Sort(out)
	return slices.Compact(out)
}

// changes compares what two reports have. What has no counterpart may still be the
// same under another name: pair finds that.
func changes(from, to set, pair func(gone, arrived []*Finding) map[*Finding]*Finding) Changes {
	out := Changes{New: []Finding{}, Gone: []Finding{}, Unchanged: []Finding{}}
	var gone, arrived []*Finding
	for k, f := range to {
		if from[k] == nil {
			arrived = append(arrived, f)
		} else {
			out.Unchanged = append(out.Unchanged, *f)
		}
	}
	for k, f := range from {
		if to[k] == nil {
			gone = append(gone, f)
		}
	}
	was := map[*Finding]*Finding{}
	if pair != nil {
		was = pair(gone, arrived)
	}
	paired := map[*Finding]bool{}
	for _, f := range arrived {
		old := was[f]
		if old == nil {
			out.New = append(out.New, *f)
			continue
		}
		paired[old] = true
		same := *f
		same.Was = old.Package
		out.Unchanged = append(out.Unchanged, same)
	}
	for _, f := range gone {
		if !paired[f] {
			out.Gone = append(out.Gone, *f)
		}
	}
	for _, list := range [][]Finding{out.New, out.Gone, out.Unchanged} {
		slices.SortFunc(list, compare)
	}
	return out
}

// compare puts what counts first, then the worst.
func compare(a, b Finding) int {
	counts := func(f Finding) int {
		if f.Ignored == "" {
			return 0
		}
		return 1
	}
	return cmp.Or(
		counts(a)-counts(b), cmp.Compare(b.Severity, a.Severity), strings.Compare(a.ID, b.ID), strings.Compare(a.Package, b.Package),
		strings.Compare(a.Subject, b.Subject), slices.Compare(a.Paths, b.Paths), slices.Compare(a.Versions, b.Versions),
	)
}

// renamed pairs vulnerabilities that left one package with those that came with
// another: with a new release of a distribution libssl1.1 becomes libssl3, and
// what both have has not gone away. It is what base.Compare does with counts.
func renamed(gone, arrived []*Finding) map[*Finding]*Finding {
	sorted := func(list []*Finding) { slices.SortFunc(list, func(a, b *Finding) int { return compare(*a, *b) }) }
	sorted(gone)
	sorted(arrived)
	left := map[string][]*Finding{}
	for _, f := range gone {
		left[f.ID] = append(left[f.ID], f)
	}
	out := map[*Finding]*Finding{}
	for _, f := range arrived {
		if olds := left[f.ID]; len(olds) > 0 {
			out[f], left[f.ID] = olds[0], olds[1:]
		}
	}
	return out
}
