// Package merge puts the inventories of a stage's layers together: what of each
// layer is still there in the stage's final snapshot, and which layers brought
// each package in and last changed it.
//
// It knows inventories only. It must not know how packages are extracted or how
// layers are looked at, and links none of that code.
package merge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// Merged is what a stage's final snapshot holds.
type Merged struct {
	// OS as the os-release file of the final snapshot says; nil without one.
	OS *scan.OSRelease
	// Packages sorted by type, name, version and path, with First and Last set to
	// indices into the layers.
	Packages []scan.Package
	// Problems of files that the final snapshot still has, sorted by path.
	Problems []scan.Problem
	// Secrets of all layers, also in files that the final snapshot lacks: Layer and
	// Removed are indices into the layers. Sorted by layer, path, line, column and
	// rule.
	Secrets []scan.Secret
	// Files that the final snapshot has, and those of a kind that matters though a
	// later layer removed them: Layer and Removed are indices into the layers.
	// Sorted by kind, path and layer.
	Files []scan.FileFact
	// Owners other than root, sorted by ids. The counts are sums over the layers:
	// a file that a later layer changes counts twice, one that it removes still
	// counts.
	Owners []scan.Owner
	// Accounts of the final snapshot; nil if it has no etc/passwd.
	Accounts *scan.Accounts
}

// Layers merges a stage's layer inventories, lowest layer first.
//
// A file of a later layer replaces what earlier layers found at its path; a
// removed path takes with it all that was found at or below it.
//
//	layer 0   var/lib/dpkg/status: curl 1, vim 1     app/x/package.json: x 1
//	layer 1   var/lib/dpkg/status: curl 2            (removed: app)
//	merged    curl 2, first 0, last 1
//
// First is the layer that brought a package in, at whatever version, without a
// gap since; Last is the one that last changed its version. A package database
// that is rewritten around a package leaves both alone.
//
// A package that a lock file declares is left out if the same version of it is
// installed: for npm below the lock file's folder, for others anywhere.
//
// A secret of any layer is in the image: it stays in Secrets, with the layer
// that removed its file or wrote it without the secret.
//
//	layer 0   app/.env: key a    etc/x: key b
//	layer 1   app/.env: key a    etc/x: key c
//	layer 2   (removed: app)
//	merged    a, layer 0, removed 2; b, layer 0, removed 1; c, layer 1
//
// A fact about a file goes with the file, and with a later layer's change that
// makes it untrue; it belongs to the layer that made it true. Repositories, .env
// files, keys and core dumps stay like secrets, with Removed set.
func Layers(layers []scan.LayerInventory) (Merged, error) {
	s := state{files: map[string]*file{}, dirs: map[string]int{}}
	for i := range layers {
		if v := layers[i].SchemaVersion; v != scan.SchemaVersion {
			return Merged{}, errors.Errorf("failed to merge layers: layer %d has inventory schema %d, want %d", i, v, scan.SchemaVersion)
		}
		s.apply(i, &layers[i])
	}
	return s.merged(), nil
}

// file is what the topmost layer that has a file found in it.
type file struct {
	os       *scan.OSRelease
	packages []scan.Package
	problems []scan.Problem
	// secrets are indices into the state's.
	secrets []int
}

// state is a snapshot's inventory by file.
type state struct {
	files map[string]*file
	// dirs counts the files below each directory.
	dirs map[string]int
	// secrets of all layers so far.
	secrets  []scan.Secret
	facts    facts
	owners   []scan.Owner
	accounts accounts
}

func (s *state) apply(index int, l *scan.LayerInventory) {
	s.facts.apply(index, l)
	s.applyOwners(index, l)
	s.accounts.apply(l)
	dropped := s.drop(l)
	before := newHistory(dropped)
	for _, path := range l.Evidence {
		s.file(path)
	}
	s.applySecrets(index, l.Secrets, dropped)
	for _, p := range l.Packages {
		path := outer(p.Path)
		p.First, p.Last = before.layersOf(p, path, index)
		f := s.file(path)
		f.packages = append(f.packages, p)
	}
	for _, p := range l.Problems {
		f := s.file(outer(p.Path))
		f.problems = append(f.problems, p)
	}
	if l.OS != nil {
		s.file(l.OS.Path).os = l.OS
	}
}

func (s *state) file(path string) *file {
	f := s.files[path]
	if f == nil {
		f = &file{}
		s.files[path] = f
		for dir := parent(path); dir != ""; dir = parent(dir) {
			s.dirs[dir]++
		}
	}
	return f
}

// drop takes out the files that a layer removed or replaced and returns them.
// It looks at all files only if a directory went.
func (s *state) drop(l *scan.LayerInventory) map[string]*file {
	dropped, gone := map[string]*file{}, map[string]bool{}
	changed := slices.Concat(l.Evidence, secretFiles(l.Secrets))
	for _, p := range slices.Concat(l.Removed, changed) {
		s.take(p, dropped)
		if s.dirs[p] > 0 || p == "." {
			gone[p] = true
		}
	}
	seen := map[string]bool{}
	for _, p := range changed {
		for dir := parent(p); dir != "" && !seen[dir]; dir = parent(dir) {
			// What is a directory now can no longer be the file it was.
			seen[dir] = true
			s.take(dir, dropped)
		}
	}
	if len(gone) > 0 {
		for path := range s.files {
			if covered(gone, path) {
				s.take(path, dropped)
			}
		}
	}
	return dropped
}

func (s *state) take(path string, into map[string]*file) {
	f := s.files[path]
	if f == nil {
		return
	}
	into[path] = f
	delete(s.files, path)
	for dir := parent(path); dir != ""; dir = parent(dir) {
		s.dirs[dir]--
	}
}

// covered says whether a path or a directory above it is in a set; "." is the
// root.
func covered(set map[string]bool, path string) bool {
	if set["."] {
		return true
	}
	for ; path != ""; path = parent(path) {
		if set[path] {
			return true
		}
	}
	return false
}

// outer is the file of a path that may lead into an archive.
func outer(path string) string {
	path, _, _ = strings.Cut(path, "!")
	return path
}

func parent(path string) string {
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return path[:i]
	}
	return ""
}

func (s *state) merged() Merged {
	m := Merged{Secrets: s.secrets, Files: s.facts.merged(), Owners: s.mergedOwners(), Accounts: s.accounts.merged()}
	slices.SortStableFunc(m.Secrets, compareSecrets)
	for _, path := range []string{"etc/os-release", "usr/lib/os-release"} {
		if f := s.files[path]; f != nil && f.os != nil && m.OS == nil {
			m.OS = f.os
		}
	}
	for _, path := range sortedKeys(s.files) {
		f := s.files[path]
		if m.OS == nil {
			m.OS = f.os
		}
		m.Packages = append(m.Packages, f.packages...)
		m.Problems = append(m.Problems, f.problems...)
	}
	m.Packages = withoutInstalled(m.Packages)
	for i := range m.Packages {
		completePURL(&m.Packages[i], m.OS)
	}
	slices.SortStableFunc(m.Packages, ComparePackages)
	return m
}

func sortedKeys(files map[string]*file) []string {
	keys := make([]string, 0, len(files))
	for k := range files {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// ComparePackages is the order of a stage's packages.
func ComparePackages(a, b scan.Package) int {
	return cmp.Or(
		strings.Compare(a.Type, b.Type), strings.Compare(a.Name, b.Name),
		strings.Compare(a.Version, b.Version), strings.Compare(a.Path, b.Path),
		strings.Compare(a.Arch, b.Arch), strings.Compare(a.Extractor, b.Extractor),
	)
}
