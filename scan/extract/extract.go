// Package extract turns the files that a layer changed into a layer inventory.
// It owns which files hold packages, how they are read and within which limits.
//
// Most formats are read by google/osv-scalibr's extractors; see README.md for
// those that are read here and why. The package must not know how a layer is
// mounted, and nothing of images, builds or vulnerabilities. It must never be
// linked into a program that matches: the two bring SQLite drivers that clash.
package extract

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/layer"
)

// Options are the limits of an analysis. The zero value is good for use.
type Options struct {
	// TempDir is for package databases that can only be read from a directory.
	// Empty means the system's default.
	TempDir string
	// Workers is the number of files read at once; 0 means one for each processor,
	// at most 8: what one needs in memory is bounded, so this bounds the whole.
	Workers int
	// FileTimeout is the time one file may take; 0 means 60 seconds. A file that
	// takes longer becomes a problem of the inventory.
	FileTimeout time.Duration
	// Visitor looks into changed files while the changes are being found, whether
	// they may hold packages or not. nil looks into none.
	Visitor layer.Visitor
	// Observer is told of changed metadata meanwhile. nil is told of none.
	Observer layer.Observer
	// Keep says which files, of up to MaxKept bytes, the layer's view has to have
	// besides those that may hold packages: a tar's has no others. nil means none.
	Keep func(path string) bool
}

// MaxKept is the size up to which a file is kept that [Options.Keep] asks for.
const MaxKept = 16 * mib

// Layer analyses a layer. Whatever is wrong with a file's content becomes a
// problem of the inventory; an error means that the layer itself could not be
// read. The inventory depends on the layer's content alone.
func Layer(ctx context.Context, l layer.Layer, opts Options) (*scan.LayerInventory, error) {
	a := newAnalysis(l.View(), opts)
	changes, err := l.Changes(ctx, a.choose, opts.Visitor, opts.Observer)
	if err != nil {
		return nil, err
	}
	a.files(ctx, changes.Files)
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return a.inventory(changes), nil
}

// analysis collects what is found in one layer.
type analysis struct {
	view  layer.View
	opts  Options
	table *table

	mu       sync.Mutex
	packages []scan.Package
	problems []scan.Problem
	evidence []string
	release  bool
}

func newAnalysis(view layer.View, opts Options) *analysis {
	if opts.Workers <= 0 {
		opts.Workers = min(runtime.GOMAXPROCS(0), 8)
	}
	if opts.FileTimeout <= 0 {
		opts.FileTimeout = time.Minute
	}
	return &analysis{view: view, opts: opts, table: newTable(view)}
}

// choose is a [layer.Chooser].
func (a *analysis) choose(p string) layer.Choice {
	c := a.table.choose(p)
	if c.Take != layer.TakeAlways && a.keeps(p) {
		c = layer.Choice{Take: layer.TakeAlways, MaxSize: MaxKept}
	}
	return c
}

func (a *analysis) keeps(p string) bool { return a.opts.Keep != nil && a.opts.Keep(p) }

// inventory puts the results together, in an order that does not depend on
// which worker was faster.
func (a *analysis) inventory(c *layer.Changes) *scan.LayerInventory {
	inv := &scan.LayerInventory{
		SchemaVersion: scan.SchemaVersion,
		Packages:      distinct(a.packages),
		Problems:      a.problems,
		Stats:         scan.LayerStats{Method: c.Method, Changed: c.Changed, Visited: c.Visited},
	}
	if a.release {
		release, problem := readOSRelease(a.view)
		inv.OS = release
		if problem != nil {
			inv.Problems = append(inv.Problems, *problem)
		}
	}
	for _, p := range slices.Concat(a.evidence, c.Replaced) {
		inv.Evidence = append(inv.Evidence, ValidPath(p))
	}
	slices.Sort(inv.Evidence)
	inv.Evidence = slices.Compact(inv.Evidence)
	for _, p := range c.Removed {
		inv.Removed = append(inv.Removed, ValidPath(p))
	}
	slices.Sort(inv.Removed)
	inv.Removed = slices.Compact(inv.Removed)
	slices.SortFunc(inv.Problems, func(a, b scan.Problem) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		if c := strings.Compare(a.Extractor, b.Extractor); c != 0 {
			return c
		}
		return strings.Compare(a.Message, b.Message)
	})
	return inv
}

// distinct sorts packages and leaves out those that one file names twice.
func distinct(packages []scan.Package) []scan.Package {
	slices.SortFunc(packages, comparePackages)
	return slices.CompactFunc(packages, func(a, b scan.Package) bool {
		return a.Type == b.Type && a.Name == b.Name && a.Version == b.Version && a.Path == b.Path && a.Arch == b.Arch
	})
}

func comparePackages(a, b scan.Package) int {
	if c := strings.Compare(a.Type, b.Type); c != 0 {
		return c
	}
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	if c := strings.Compare(a.Version, b.Version); c != 0 {
		return c
	}
	if c := strings.Compare(a.Path, b.Path); c != 0 {
		return c
	}
	if c := strings.Compare(a.Arch, b.Arch); c != 0 {
		return c
	}
	// The one that is not for development alone comes first and is kept.
	if a.Dev != b.Dev {
		if b.Dev {
			return -1
		}
		return 1
	}
	return strings.Compare(a.Extractor, b.Extractor)
}
