package files

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/extract"
	"github.com/scan-build/scan-build/scan/layer"
)

// problemSource is how problems name this search.
const problemSource = "files"

// Keep is an [extract.Options.Keep]: what Complete reads of a tar.
func Keep(p string) bool { return p == passwdFile || p == groupFile || extract.OwnersKeep(p) }

// Complete adds to an inventory what was collected, in an order that does not
// depend on which file was observed first. The view is the layer's, temp a folder
// for temporary files. What is more than an inventory may hold, and whatever could
// not be read, is a problem.
func (c *Collector) Complete(ctx context.Context, inv *scan.LayerInventory, view layer.View, temp string) {
	r := &result{inv: inv, view: view, tar: inv.Stats.Method == layer.MethodTar, dirs: map[string]string{}}
	c.resolveLinks()
	for _, kind := range slices.Sorted(maps.Keys(c.facts)) {
		r.add(kind, c.facts[kind].All(), c.facts[kind].Dropped())
	}
	r.own(ctx, temp)
	r.clear(c)
	c.addGit(r)
	c.addCaches(r)
	r.limit()
	slices.SortFunc(inv.Files, compareFileFacts)
	slices.SortFunc(inv.Cleared, compareFileFacts)
	inv.Cleared = slices.Compact(inv.Cleared)
	c.addOwners(r)
	if c.accounts {
		inv.Accounts = readAccounts(r)
	}
	for _, p := range c.unread.All() {
		r.problem(p.Path, p.Message)
	}
	if more := c.unread.Dropped(); more > 0 {
		r.problem("", fmt.Sprintf("%d more files were not looked at", more))
	}
	slices.SortFunc(inv.Problems, func(a, b scan.Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Extractor, b.Extractor), cmp.Compare(a.Message, b.Message))
	})
}

func compareFileFacts(a, b scan.FileFact) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Path, b.Path))
}

// result is what goes into an inventory.
type result struct {
	inv  *scan.LayerInventory
	view layer.View
	tar  bool
	// dirs are the directories of a tar with what they lead to.
	dirs map[string]string
}

func (r *result) problem(p, message string) {
	r.inv.Problems = append(r.inv.Problems, scan.Problem{Path: extract.ValidPath(p), Extractor: problemSource, Message: message})
}

// physical is the path of what a tar may have spelled by way of a symlink.
func (r *result) physical(p string) string {
	if !r.tar || p == "." {
		return p
	}
	dir := path.Dir(p)
	real, ok := r.dirs[dir]
	if !ok {
		real = dir
		if resolved, err := r.view.Resolve(dir); err == nil {
			real = resolved
		}
		r.dirs[dir] = real
	}
	return path.Join(real, path.Base(p))
}

// add takes the facts of one kind over. Of what a tar has twice the last one
// counts.
func (r *result) add(kind string, facts []fact, dropped int) {
	if r.tar {
		for i := range facts {
			facts[i].path = r.physical(facts[i].path)
		}
		slices.SortStableFunc(facts, compareFacts)
	}
	for i, f := range facts {
		if i+1 < len(facts) && facts[i+1].path == f.path {
			continue
		}
		r.inv.Files = append(r.inv.Files, fileFact(kind, f))
	}
	if dropped > 0 {
		r.more(kind, dropped)
	}
}

func (r *result) more(kind string, n int) {
	r.problem("", fmt.Sprintf("%d more files of kind %q are in this layer than are listed", n, kind))
}

// fileFact leaves the path as it is: packages list it so.
func fileFact(kind string, f fact) scan.FileFact {
	out := scan.FileFact{Path: f.path, Kind: kind, UID: f.UID, GID: f.GID, Dir: f.Mode.IsDir(), Size: f.Size}
	if f.Mode&fs.ModeIrregular == 0 {
		out.Mode = octal(f.Mode)
	}
	return out
}

// own names the packages of setuid and setgid programs, and leaves out the
// programs that a package owns. Paths are valid text from then on.
func (r *result) own(ctx context.Context, temp string) {
	var paths []string
	for _, f := range r.inv.Files {
		if hasOwner(f.Kind) {
			paths = append(paths, f.Path)
		}
	}
	owners, problems := extract.Owned(ctx, r.view, temp, paths)
	r.inv.Problems = append(r.inv.Problems, problems...)
	kept := r.inv.Files[:0]
	for _, f := range r.inv.Files {
		if hasOwner(f.Kind) {
			f.Package = owners[f.Path]
		}
		if f.Kind == scan.FileProgram && f.Package != "" {
			continue
		}
		f.Path = extract.ValidPath(f.Path)
		kept = append(kept, f)
	}
	r.inv.Files = kept
}

func hasOwner(kind string) bool {
	return kind == scan.FileSetuid || kind == scan.FileSetgid || kind == scan.FileProgram
}

// clear lists what lower layers may have said and does not hold any more.
func (r *result) clear(c *Collector) {
	type key struct{ kind, path string }
	holds := map[key]bool{}
	for _, f := range r.inv.Files {
		holds[key{f.Kind, f.Path}] = true
	}
	for _, kind := range slices.Sorted(maps.Keys(c.cleared)) {
		n := 0
		for _, f := range c.cleared[kind].All() {
			p := extract.ValidPath(f.path)
			if n < maxFacts && !holds[key{kind, p}] {
				r.inv.Cleared = append(r.inv.Cleared, scan.FileFact{Path: p, Kind: kind})
				n++
			}
		}
	}
}

// limit leaves out what is more than maxFacts of a kind. The facts are in the
// order of their kinds and paths.
func (r *result) limit() {
	count := map[string]int{}
	kept := r.inv.Files[:0]
	for _, f := range r.inv.Files {
		if count[f.Kind]++; count[f.Kind] <= maxFacts {
			kept = append(kept, f)
		}
	}
	r.inv.Files = kept
	for _, kind := range slices.Sorted(maps.Keys(count)) {
		if more := count[kind] - maxFacts; more > 0 {
			r.more(kind, more)
		}
	}
}

// resolveLinks finds the programs among a tar's hard links, and gives the facts
// of hard links the size of what they lead to.
func (c *Collector) resolveLinks() {
	links := c.links.All()
	programs := listOf(c.facts, scan.FileProgram)
	known := map[string]fact{}
	for _, f := range programs.All() {
		known[f.path] = f
	}
	for _, l := range links {
		if f, ok := known[l.link]; ok && l.Mode&anyExecute != 0 {
			l.Size = f.Size
			programs.Add(l)
		}
	}
	sizes := map[string]int64{}
	for _, list := range c.facts {
		for _, f := range list.All() {
			sizes[f.path] = max(sizes[f.path], f.Size)
		}
	}
	for _, list := range c.facts {
		for i, f := range list.All() {
			if f.link != "" {
				list.All()[i].Size = sizes[f.link]
			}
		}
	}
}

func (c *Collector) addGit(r *result) {
	var found []fact
	for _, f := range c.git.All {
		found = append(found, *f)
	}
	at := len(r.inv.Files)
	r.add(scan.FileGit, found, 0)
	for i := range r.inv.Files[at:] {
		f := &r.inv.Files[at+i]
		f.Path = extract.ValidPath(f.Path)
		if f.Dir {
			f.Size = 0
		}
	}
	if c.git.Full() {
		r.problem("", fmt.Sprintf("more than %d git repositories are in this layer than are listed", maxFacts))
	}
}

func (c *Collector) addOwners(r *result) {
	left := c.notRoot
	for p, t := range c.owners.All {
		left -= t.count
		r.inv.Owners = append(r.inv.Owners, scan.Owner{UID: p.uid, GID: p.gid, Count: t.count, Path: extract.ValidPath(r.physical(t.path))})
	}
	if left > 0 {
		r.problem("", fmt.Sprintf("%d files belong to more users and groups than are listed", left))
	}
}
