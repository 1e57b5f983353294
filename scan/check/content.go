package check

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

func contentChecks() []Check {
	return []Check{
		{
			ID: "sudo-installed", Severity: scan.SeverityLow, Title: "The image has sudo or doas",
			Description: "A container has no administrator who logs in. What the program may do is decided by USER, and a setuid program that makes users root is one more way up.",
			Remedy:      "Do the work of root before USER in the Dockerfile, and change users in an entrypoint with setpriv or gosu if it must be.",
			References:  []string{"https://docs.docker.com/build/building/best-practices/#user"},
			Controls:    []string{"cis-docker/4.3", "nist-800-190/4.1.2", "pci-dss/2.2.4", "pci-dss/7.2.5", "soc2/CC6.3", "fedramp/AC-6", "fedramp/CM-7"},
			Looks:       "the image's packages, and programs that no package owns", needs: needLayers, find: sudoInstalled,
		},
		{
			ID: "package-cache", Severity: scan.SeverityLow, Title: "An instruction left a package manager's cache or lists",
			Description: "The image is larger than it has to be. Removing them in a later instruction does not help: the layer keeps them.",
			Remedy:      "Remove them in the same RUN (rm -rf /var/lib/apt/lists/*, dnf clean all, pip install --no-cache-dir), or keep them out of the image with RUN --mount=type=cache.",
			References:  []string{"https://docs.docker.com/build/cache/optimize/#use-cache-mounts"},
			Looks:       "caches and lists of package managers in the Dockerfile's own layers",
			needs:       needLayers, find: packageCache,
		},
		{
			ID: "minimal-image-tools", Severity: scan.SeverityMedium, Title: "An image that claims to be minimal has a shell or a package manager",
			Description: "A minimal image is chosen so that an intruder finds no tools. Its base, its name or a label claims it, but the tools came along.",
			Remedy:      "Copy only the program and its data from a build stage, and debug with a container of its own (docker debug, kubectl debug).",
			References:  []string{"https://docs.docker.com/build/building/best-practices/#create-ephemeral-containers"},
			Controls:    []string{"cis-docker/4.3", "nist-800-190/4.1.2", "pci-dss/2.2.4", "fedramp/CM-7"},
			Looks:       "shells and package managers, if the image claims to be minimal", needs: needLayers | needBase, find: minimalTools,
		},
		{
			ID: "unexplained-program", Severity: scan.SeverityLow, Title: "The base image has programs that no package explains",
			Description: "No package database, language package or build information tells what they are, so no vulnerability of them can be found either. Images of language runtimes have some by design.",
			Remedy:      "Ask where the base image's publisher has them from, or choose a base whose programs come from packages.",
			References:  []string{"https://doi.org/10.6028/NIST.SP.800-190"},
			Controls:    []string{"soc2/CC6.8", "fedramp/SR-11"},
			Looks:       "the base image's programs", needs: needLayers, find: unexplainedPrograms,
		},
	}
}

var sudoPackages = []string{"sudo", "sudo-ldap", "sudo-rs", "doas", "opendoas"}

func sudoInstalled(s *subject) []found {
	var out []found
	for _, p := range s.stage.Packages {
		if isOS(p) && slices.Contains(sudoPackages, p.Name) {
			f := found{message: fmt.Sprintf("%s %s is installed", plain.Line(p.Name, nameWidth), plain.Line(p.Version, nameWidth)), layer: p.First}
			if s.isBase(f.layer) {
				f.layer = s.baseLayer()
			}
			if from := s.origin(f.layer); from != "" {
				f.message += ": " + from
			}
			out = append(out, f)
		}
	}
	var copied []scan.FileFact
	for _, f := range present(s.files(scan.FileProgram)) {
		if base := path.Base(f.Path); base == "sudo" || base == "doas" {
			copied = append(copied, f)
		}
	}
	for _, g := range s.byInstruction(copied) {
		out = append(out, s.found(g, "is in the image", "are in the image"))
	}
	return out
}

func isOS(p scan.Package) bool { return p.Type == "deb" || p.Type == "apk" || p.Type == "rpm" }

// smallCache is what an instruction may leave before it is worth a word: lock
// files and empty lists.
const smallCache = 100_000

func packageCache(s *subject) []found {
	var facts []scan.FileFact
	for _, f := range s.files(scan.FilePackageCache) {
		if !s.isBase(f.Layer) {
			facts = append(facts, f)
		}
	}
	var out []found
	for _, g := range s.byInstruction(facts) {
		var total int64
		for _, f := range g.files {
			total += f.Size
		}
		if total < smallCache {
			continue
		}
		f := s.found(g, "left by a package manager", "left by package managers")
		if len(g.files) > 1 {
			f.message = size(total) + " in " + f.message
		}
		out = append(out, f)
	}
	return out
}

// unexplainedPrograms makes one finding for the base image.
func unexplainedPrograms(s *subject) []found {
	explained := newExplained(s.stage.Packages)
	var facts []scan.FileFact
	for _, f := range present(s.files(scan.FileProgram)) {
		if s.isBase(f.Layer) && !explained.has(f.Path) {
			facts = append(facts, f)
		}
	}
	var out []found
	for _, g := range s.byInstruction(facts) {
		f := s.found(g, "belongs to no package", "belong to no package")
		if len(g.files) > 1 {
			f.message = fmt.Sprintf("%d programs, %s", len(g.files), f.message)
		}
		out = append(out, f)
	}
	return out
}

// explained knows the files and folders that language packages account for.
type explained struct{ files, folders map[string]bool }

func newExplained(packages []scan.Package) explained {
	e := explained{files: map[string]bool{}, folders: map[string]bool{}}
	for _, p := range packages {
		if isOS(p) {
			continue
		}
		file, _, _ := strings.Cut(p.Path, "!")
		e.files[file] = true
		switch dir := path.Dir(file); {
		case p.Declared || dir == ".":
		case p.Type == "npm":
			e.folders[dir] = true
		case p.Type == "pypi", p.Type == "gem":
			e.folders[path.Dir(dir)] = true // site-packages; the folder of all gems
		}
	}
	delete(e.folders, ".")
	return e
}

func (e explained) has(p string) bool {
	if e.files[p] {
		return true
	}
	for dir := path.Dir(p); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if e.folders[dir] {
			return true
		}
	}
	return false
}
