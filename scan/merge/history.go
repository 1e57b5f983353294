package merge

import (
	"path"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// history knows the packages of the files that a layer dropped: those it
// replaced and those it removed.
type history struct {
	// os are the operating system's packages: they keep their identity whichever
	// file records them.
	os map[key][]scan.Package
	// at are the other packages by file.
	at map[place][]scan.Package
	// in are the same by folder: an upgrade often comes in a file of another name
	// (foo-1.0.jar, foo-1.1.jar).
	in map[place][]scan.Package
}

// key is what makes a package the same one at another version.
type key struct{ typ, name, arch string }

// place is a key in a file or a folder.
type place struct {
	path string
	key
}

func keyOf(p scan.Package) key { return key{p.Type, p.Name, p.Arch} }

func isOS(p scan.Package) bool { return p.Type == "deb" || p.Type == "apk" || p.Type == "rpm" }

func newHistory(dropped map[string]*file) *history {
	h := &history{os: map[key][]scan.Package{}, at: map[place][]scan.Package{}, in: map[place][]scan.Package{}}
	for path, f := range dropped {
		for _, p := range f.packages {
			k := keyOf(p)
			if isOS(p) {
				h.os[k] = append(h.os[k], p)
				continue
			}
			h.at[place{path, k}] = append(h.at[place{path, k}], p)
			h.in[place{folder(path), k}] = append(h.in[place{folder(path), k}], p)
		}
	}
	return h
}

// layersOf returns First and Last of a package that a layer has in a file.
func (h *history) layersOf(p scan.Package, file string, layer int) (first, last int) {
	known := h.os[keyOf(p)]
	if !isOS(p) {
		known = h.at[place{file, keyOf(p)}]
		if len(known) == 0 {
			known = h.in[place{folder(file), keyOf(p)}]
		}
	}
	first, last = layer, layer
	for _, k := range known {
		first = min(first, k.First)
	}
	for _, k := range known {
		// Of several that are the same, the oldest: the order must not matter.
		if sameRecord(k, p) {
			last = min(last, k.Last)
		}
	}
	return first, last
}

// sameRecord says whether nothing changed about a package that matters for
// matching it.
func sameRecord(a, b scan.Package) bool {
	if a.Version != b.Version || a.Modularity != b.Modularity {
		return false
	}
	if a.Source == nil || b.Source == nil {
		return a.Source == b.Source
	}
	return *a.Source == *b.Source
}

// folder is where a package's file lies, above what carries its version in its
// own name: site-packages for site-packages/foo-1.0.dist-info/METADATA.
func folder(file string) string {
	dir := path.Dir(file)
	if strings.HasSuffix(dir, ".dist-info") || strings.HasSuffix(dir, ".egg-info") || strings.HasSuffix(dir, "/EGG-INFO") {
		dir = path.Dir(dir)
	}
	return dir
}
