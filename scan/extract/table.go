package extract

import (
	"context"
	"path"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/layer"
)

// extractor reads one format.
type extractor struct {
	name string
	// maxSize is the largest file it reads, in bytes.
	maxSize int64
	// declared says that it reads what a lock file or manifest names, not what is
	// installed.
	declared bool
	// fatal says that a result without the file would be misleading.
	fatal bool
	// extract reads a file. A joined error becomes several problems, a [warning]
	// is never fatal. Path of a package is left empty, or set to
	// "!inner" for one inside an archive.
	extract func(context.Context, *input) ([]scan.Package, error)
}

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

// table finds the extractors of a path. It is asked for every changed file, so
// it looks up the base name and extension in maps and never touches the file.
type table struct {
	paths    map[string][]*extractor
	dirs     map[string][]*extractor
	bases    map[string][]*extractor
	suffixes map[string][]*extractor
	binary   []*extractor
	marks    [][]byte
	// aliases are the physical paths of package databases that lie behind a
	// symlink, by what they are known as.
	aliases map[string]string
}

// find returns the extractors that claim a path.
func (t *table) find(p string) []*extractor {
	e, _ := t.lookup(p)
	return e
}

// choose is a [layer.Chooser].
func (t *table) choose(p string) layer.Choice {
	extractors, take := t.lookup(p)
	c := layer.Choice{Take: take}
	if take == layer.TakeBinary || take == layer.TakeExecutable {
		c.Marks = t.marks
	}
	for _, e := range extractors {
		c.MaxSize = max(c.MaxSize, e.maxSize)
	}
	return c
}

func (t *table) lookup(p string) ([]*extractor, layer.Take) {
	if known, ok := t.aliases[p]; ok {
		p = known
	}
	base := path.Base(p)
	if e := t.bases[base]; e != nil {
		if (e[0].declared && belongsToInstalled(p)) || !pythonMetadata(p, base) {
			return nil, layer.TakeNever
		}
		return e, layer.TakeAlways
	}
	if e := t.paths[p]; e != nil {
		return e, layer.TakeAlways
	}
	ext := path.Ext(base)
	if e := t.bySuffix(p, base, ext); e != nil {
		return e, layer.TakeAlways
	}
	if take := binaryTake(ext); take != layer.TakeNever {
		return t.binary, take
	}
	return nil, layer.TakeNever
}

func (t *table) bySuffix(p, base, ext string) []*extractor {
	if dir := strings.TrimSuffix(p, base); t.dirs[dir] != nil && !dpkgSideFiles[ext] {
		return t.dirs[dir]
	}
	e := t.suffixes[strings.ToLower(ext)]
	if e == nil {
		return nil
	}
	switch ext {
	case ".txt":
		if !strings.Contains(base, "requirements") || belongsToInstalled(p) {
			return nil
		}
	case ".json":
		if !strings.HasSuffix(base, ".deps.json") {
			return nil
		}
	case ".gemspec":
		// Only what rubygems installed: a gem's own sources have one too, with
		// code in it that says the version.
		if !strings.Contains("/"+p, "/specifications/") {
			return nil
		}
	}
	return e
}

// pythonMetadata says of a file called METADATA or PKG-INFO whether it is where
// an installed Python package has it; it is true for all other names.
func pythonMetadata(p, base string) bool {
	dir := path.Dir(p)
	switch base {
	case "METADATA":
		return strings.HasSuffix(dir, ".dist-info")
	case "PKG-INFO":
		return strings.HasSuffix(dir, ".egg-info") || path.Base(dir) == "EGG-INFO"
	}
	return true
}

// binaryTake says whether a name may be an executable's. The extensions without
// one are those of data and text, as in scalibr's IsInterestingExecutable.
func binaryTake(ext string) layer.Take {
	switch ext {
	case "", ".bin", ".elf", ".run":
		return layer.TakeExecutable
	case ".so", ".exe", ".dll":
		return layer.TakeBinary
	}
	if dataExtensions[ext] {
		return layer.TakeNever
	}
	return layer.TakeExecutable
}

// belongsToInstalled says whether a lock file or manifest came with an installed
// package: it then names what its authors used, not what is there.
func belongsToInstalled(p string) bool {
	p = "/" + p
	for _, dir := range []string{
		"/node_modules/", "/site-packages/", "/dist-packages/", "/pkg/mod/", "/usr/local/go/",
		"/.cargo/registry/", "/cargo/registry/", "/gems/", "/.m2/", "/vendor/",
	} {
		if strings.Contains(p, dir) {
			return true
		}
	}
	return false
}

// newTable makes the table for one snapshot: the paths of package databases are
// looked up in it, since they may lie behind symlinks.
func newTable(view layer.View) *table {
	t := newFormats()
	t.aliases = map[string]string{}
	for known := range t.paths {
		if real, err := view.Resolve(known); err == nil && real != known && t.paths[real] == nil {
			t.aliases[real] = known
		}
	}
	return t
}
