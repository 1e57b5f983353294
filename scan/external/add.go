package external

import (
	"cmp"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/merge"
)

// Run is what one run of an analyzer found, and in what.
type Run struct {
	// Layer is the one that it looked at, an index into the stage's layers; -1 if it
	// looked at the whole stage or at the build context.
	Layer int
	Output
}

// Add puts what one analyzer found into a stage. Layers are the inventories of the
// stage's layers, in order.
//
// A finding in a layer stays though a later layer removes its file, for the layer
// is in the image. A package does not: it is the stage's only if its file is still
// there. A package that the stage has already is not added again.
//
// What was found in a whole stage belongs to the topmost layer that is known to
// have touched the file. Only files that mattered to an extractor are known:
// otherwise a finding has no layer (-1), and a package is put down to the topmost
// layer.
func Add(st *scan.Stage, layers []scan.LayerInventory, runs []Run) {
	h := newHistory(layers)
	have := map[identity]bool{}
	for _, p := range st.Packages {
		have[identityOf(p)] = true
	}
	for _, run := range runs {
		for _, f := range run.Findings {
			f.Layer = run.Layer
			if run.Layer >= 0 {
				f.Removed = h.removed(f.Path, run.Layer)
			} else if !f.Context {
				f.Layer = h.last(f.Path)
			}
			st.External = append(st.External, f)
		}
		for _, p := range run.Packages {
			if p, ok := h.place(p, run.Layer); ok && !have[identityOf(p)] {
				have[identityOf(p)] = true
				st.Packages = append(st.Packages, p)
			}
		}
		st.Problems = append(st.Problems, run.Problems...)
	}
	slices.SortStableFunc(st.External, compare)
	slices.SortStableFunc(st.Packages, merge.ComparePackages)
}

func compare(a, b scan.ExternalFinding) int {
	return cmp.Or(
		strings.Compare(a.Analyzer, b.Analyzer), a.Layer-b.Layer, strings.Compare(a.Path, b.Path),
		a.Line-b.Line, strings.Compare(a.Rule, b.Rule), strings.Compare(a.Fingerprint, b.Fingerprint),
	)
}

// history is which layers are known to have touched a file.
type history struct {
	touched []map[string]bool
	gone    []map[string]bool
}

func newHistory(layers []scan.LayerInventory) *history {
	h := &history{}
	for i := range layers {
		touched, removed := map[string]bool{}, map[string]bool{}
		for _, p := range layers[i].Evidence {
			touched[p] = true
		}
		for _, f := range layers[i].Files {
			touched[f.Path] = true
		}
		for _, s := range layers[i].Secrets {
			p, _, _ := strings.Cut(s.Path, "!")
			touched[p] = true
		}
		for _, p := range layers[i].Removed {
			removed[p] = true
		}
		h.touched, h.gone = append(h.touched, touched), append(h.gone, removed)
	}
	return h
}

// last is the topmost layer that touched a file, -1 if none is known.
func (h *history) last(path string) int {
	for i := len(h.touched) - 1; i >= 0 && path != ""; i-- {
		if h.touched[i][path] {
			return i
		}
	}
	return -1
}

// removed is the first layer above one that removed or replaced a file, 0 if none
// is known.
func (h *history) removed(path string, layer int) int {
	for i := layer + 1; i < len(h.touched) && path != ""; i++ {
		if h.touched[i][path] || h.gone[i]["."] {
			return i
		}
		for p := path; p != ""; p = p[:max(strings.LastIndexByte(p, '/'), 0)] {
			if h.gone[i][p] {
				return i
			}
		}
	}
	return 0
}

// place gives a package its layers; ok is false for one that the stage does not
// have any more.
func (h *history) place(p scan.Package, layer int) (scan.Package, bool) {
	at := layer
	if at >= 0 && h.removed(p.Path, at) > 0 {
		return p, false
	}
	if at < 0 {
		if at = h.last(p.Path); at < 0 {
			at = max(len(h.touched)-1, 0)
		}
	}
	p.First, p.Last = at, at
	return p, true
}
