package files

import (
	"fmt"
	"path"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/extract"
)

// maxLeft is how many entries of a cache are looked at to see that it is empty.
const maxLeft = 10_000

// addCaches adds the caches that the layer put something into, and clears those of
// lower layers that it emptied: a snapshot shows that nothing is left.
func (c *Collector) addCaches(r *result) {
	filled := map[string]bool{}
	for dir, size := range c.caches.All {
		dir = extract.ValidPath(r.physical(dir))
		filled[dir] = true
		r.inv.Files = append(r.inv.Files, scan.FileFact{Path: dir, Kind: scan.FilePackageCache, Dir: true, Size: *size})
	}
	if c.caches.Full() {
		r.problem("", fmt.Sprintf("more than %d package caches are in this layer", maxFacts))
	}
	if r.tar {
		return
	}
	for _, p := range r.inv.Removed {
		for _, dir := range cachesAbove(p) {
			if !filled[dir] && r.empty(dir) {
				r.inv.Cleared = append(r.inv.Cleared, scan.FileFact{Path: dir, Kind: scan.FilePackageCache})
			}
			filled[dir] = true
		}
	}
}

// cachesAbove returns the caches that a removed path was in; a folder below one
// may have been all of it.
func cachesAbove(p string) []string {
	if dir := cacheOf(p); dir != "" {
		return []string{dir}
	}
	// A pattern may not match the name of a folder.
	var dirs []string
	for _, c := range systemCaches {
		if strings.HasPrefix(p, c.dir+"/") {
			dirs = append(dirs, c.dir)
		}
	}
	return dirs
}

// empty says whether a directory holds no file of the cache that it is.
func (r *result) empty(cache string) bool {
	left := maxLeft
	var look func(dir string) bool
	look = func(dir string) bool {
		entries, err := r.view.ReadDir(dir)
		if err != nil {
			return len(entries) == 0 && dir == cache
		}
		for _, e := range entries {
			p := path.Join(dir, e.Name())
			if left--; left < 0 || e.IsDir() && !look(p) || e.Type().IsRegular() && cacheOf(p) == cache {
				return false
			}
		}
		return true
	}
	return look(cache)
}
