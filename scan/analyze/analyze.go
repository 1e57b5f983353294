// Package analyze makes the inventory of one layer: its packages (scan/extract),
// facts about its files (scan/files) and its secrets (scan/secret), in one walk over
// what the layer changed.
//
// It owns how many secrets an inventory may hold. It must not know how packages,
// files of interest or secrets are recognised, nor how a layer is seen.
package analyze

import (
	"context"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/extract"
	"github.com/scan-build/scan-build/scan/files"
	"github.com/scan-build/scan-build/scan/layer"
	"github.com/scan-build/scan-build/scan/secret"
)

// Options say what to look for. The zero value looks for no secrets.
type Options struct {
	// TempDir is for files that have to be kept for a while; empty means the
	// system's default.
	TempDir string
	// Rules find secrets in every regular file that the layer created or whose
	// content it changed; nil looks for none.
	Rules *secret.Rules
}

// Layer analyses a layer. Whatever is wrong with a file's content becomes a
// problem of the inventory; an error means that the layer itself could not be
// read. The inventory depends on the layer's content and the rules alone. It
// never holds the value of a secret, and neither does an error.
func Layer(ctx context.Context, l layer.Layer, opts Options) (*scan.LayerInventory, error) {
	facts := files.New()
	with := extract.Options{TempDir: opts.TempDir, Observer: facts, Keep: files.Keep}
	var s *search
	if opts.Rules != nil {
		s = newSearch(ctx, opts)
		with.Visitor = s
	}
	inv, err := extract.Layer(ctx, l, with)
	if err != nil {
		return nil, err
	}
	if s != nil {
		s.complete(inv, l.View())
	}
	facts.Complete(ctx, inv, l.View(), opts.TempDir)
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return inv, nil
}

// complete adds what was found to an inventory, in an order that does not depend
// on which file was searched first.
func (s *search) complete(inv *scan.LayerInventory, view layer.View) {
	inv.Stats.Searched = s.searched.Load()
	inv.Secrets = s.secrets(view)
	for _, t := range s.problems.All() {
		t.Path = physical(view, t.file, t.Path)
		inv.Problems = append(inv.Problems, t.Problem)
	}
	if more := s.problems.Dropped(); more > 0 {
		inv.Problems = append(inv.Problems, unlisted(more))
	}
	slices.SortFunc(inv.Problems, compareProblems)
}

// secrets are what the hits that are kept may say of themselves.
func (s *search) secrets(view layer.View) []scan.Secret {
	hits := append(s.hits.All(), s.dismissed.All()...)
	secrets := sealed(hits)
	for i, h := range hits {
		secrets[i].Path = physical(view, h.file, h.Path)
		secrets[i].Source = scan.SecretInFile
	}
	for file, more := range s.more {
		secrets = append(secrets, tooMany(physical(view, file, extract.ValidPath(file)), more))
	}
	if more := s.hits.Dropped(); more > 0 {
		secrets = append(secrets, tooMany(".", more))
	}
	slices.SortFunc(secrets, compareSecrets)
	// A tar may hold the same file twice.
	return slices.CompactFunc(secrets, func(a, b scan.Secret) bool { return compareSecrets(a, b) == 0 })
}

// sealed takes the hits' values away. A fingerprint takes milliseconds, on
// purpose, so this is done for those alone that are kept, and side by side.
func sealed(hits []found) []scan.Secret {
	secrets := make([]scan.Secret, len(hits))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(hits)) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := next.Add(1) - 1; i < int64(len(hits)); i = next.Add(1) - 1 {
				secrets[i] = hits[i].Secret()
			}
		}()
	}
	wg.Wait()
	return secrets
}

// physical returns the path of a finding in a file, or inside an archive that it
// is, with symlinked directories of the file's own path resolved: a tar may hold
// lib/x beside lib → usr/lib.
func physical(view layer.View, file, found string) string {
	inside, ok := strings.CutPrefix(found, extract.ValidPath(file))
	if !ok {
		return found
	}
	dir, err := view.Resolve(path.Dir(file))
	if err != nil {
		return found
	}
	return extract.ValidPath(path.Join(dir, path.Base(file))) + inside
}
