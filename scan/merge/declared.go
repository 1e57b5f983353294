package merge

import (
	"path"

	"github.com/scan-build/scan-build/scan"
)

// withoutInstalled leaves out declared packages of which the same version is
// installed: they are one package to whoever has to upgrade it.
func withoutInstalled(packages []scan.Package) []scan.Package {
	installed := map[string]bool{}
	for _, p := range packages {
		if p.Declared {
			continue
		}
		id := p.Type + "\x00" + p.Name + "\x00" + p.Version
		installed[id] = true
		if p.Type == "npm" {
			for dir := parent(p.Path); ; dir = parent(dir) {
				installed[id+"\x00"+dir] = true
				if dir == "" {
					break
				}
			}
		}
	}
	out := packages[:0]
	for _, p := range packages {
		id := p.Type + "\x00" + p.Name + "\x00" + p.Version
		if p.Type == "npm" {
			dir := path.Dir(p.Path)
			if dir == "." {
				dir = ""
			}
			id += "\x00" + dir
		}
		if !p.Declared || !installed[id] {
			out = append(out, p)
		}
	}
	return out
}
