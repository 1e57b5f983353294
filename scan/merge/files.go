package merge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// factKey is what makes a fact about a file the same one.
type factKey struct{ kind, path string }

// facts are those of the layers so far.
type facts struct {
	// all holds those that are in the image, though a later layer may have removed
	// the file.
	all []*scan.FileFact
	// present are those of files that the snapshot has. A package cache has one
	// for each layer that put something into it.
	present map[factKey][]*scan.FileFact
}

// stays says whether a fact of this kind matters when a later layer removes the
// file: who looks at the layers has it all the same.
func stays(kind string) bool {
	switch kind {
	case scan.FileGit, scan.FileEnv, scan.FileSSHKey, scan.FileCore:
		return true
	}
	return false
}

// methodTar is the way of looking at a layer that does not see the one below.
const methodTar = "tar"

func (f *facts) apply(index int, l *scan.LayerInventory) {
	if f.present == nil {
		f.present = map[factKey][]*scan.FileFact{}
	}
	f.remove(index, l)
	for _, c := range l.Cleared {
		f.drop(index, factKey{c.Kind, c.Path})
	}
	again := map[factKey]bool{}
	for _, x := range l.Files {
		again[factKey{x.Kind, x.Path}] = true
	}
	if l.Stats.Method == methodTar {
		f.rewritten(index, l.Evidence, again)
	}
	for _, x := range l.Files {
		x.Layer, x.Removed = index, 0
		if known := f.present[factKey{x.Kind, x.Path}]; l.Stats.Method == methodTar && x.Package == "" && len(known) > 0 {
			x.Package = known[0].Package // its list is in a lower layer
		}
		f.add(index, x)
	}
}

// remove takes out what is at or below a path that the layer removed, what is at a
// path that is a directory now, and what is below one that is a file in a tar.
func (f *facts) remove(index int, l *scan.LayerInventory) {
	if len(f.present) == 0 {
		return
	}
	gone, dirs := map[string]bool{}, map[string]bool{}
	for _, p := range l.Removed {
		gone[p] = true
	}
	for _, x := range l.Files {
		for dir := parent(x.Path); dir != "" && !dirs[dir]; dir = parent(dir) {
			dirs[dir] = true
		}
	}
	files := map[string]bool{}
	if l.Stats.Method == methodTar {
		for _, p := range l.Evidence {
			files[p] = true
		}
	}
	for k, list := range f.present {
		if covered(gone, k.path) || covered(files, parent(k.path)) || dirs[k.path] && !list[0].Dir {
			f.drop(index, k)
		}
	}
}

// rewritten takes out what a tar says nothing of any more though it has the file
// again, as far as it tells: executables are in its evidence.
func (f *facts) rewritten(index int, evidence []string, again map[factKey]bool) {
	for _, p := range evidence {
		for _, kind := range []string{scan.FileSetuid, scan.FileSetgid, scan.FileWorldWritable, scan.FileProgram, scan.FileCore} {
			if k := (factKey{kind, p}); !again[k] {
				f.drop(index, k)
			}
		}
	}
}

// drop takes a fact out of the snapshot, and out of the image unless it stays
// there.
func (f *facts) drop(index int, k factKey) {
	for _, x := range f.present[k] {
		x.Removed = index
	}
	delete(f.present, k)
}

// add takes a layer's fact in. What the layer repeats stays that of the layer
// that brought it, with what is known of it now.
func (f *facts) add(index int, x scan.FileFact) {
	k := factKey{x.Kind, x.Path}
	known := f.present[k]
	switch {
	case len(known) == 0 || x.Kind == scan.FilePackageCache:
	case stays(x.Kind) || x.Kind != scan.FileProgram && sameAccess(*known[0], x):
		old := known[0]
		x.Layer = old.Layer
		if x.Mode == "" {
			x = *old
		}
		*old = x
		return
	default:
		f.drop(index, k)
		known = nil
	}
	n := &x
	f.all = append(f.all, n)
	f.present[k] = append(known, n)
}

func sameAccess(a, b scan.FileFact) bool {
	return a.Mode == b.Mode && a.UID == b.UID && a.GID == b.GID && a.Dir == b.Dir
}

// merged returns what is present, and what is removed and stays all the same.
func (f *facts) merged() []scan.FileFact {
	var out []scan.FileFact
	for _, x := range f.all {
		if x.Removed == 0 || stays(x.Kind) {
			out = append(out, *x)
		}
	}
	slices.SortStableFunc(out, func(a, b scan.FileFact) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Path, b.Path), a.Layer-b.Layer)
	})
	return out
}
