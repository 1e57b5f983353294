package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

func permissionChecks() []Check {
	return []Check{
		{
			ID: "setuid-file", Severity: scan.SeverityMedium, Title: "A setuid or setgid file is none of the distribution's",
			Description: "Such a program runs with its owner's rights whoever starts it: a mistake in it makes any user root. What packages of the distribution bring is not reported.",
			Remedy:      "Remove the bit (chmod a-s) in the instruction that brings the file, or leave the file out. no-new-privileges makes the bit harmless at run time.",
			References:  []string{"https://docs.docker.com/reference/cli/docker/container/run/#security-opt"},
			Controls:    []string{"cis-docker/4.8", "nist-800-190/4.1.2", "pci-dss/2.2.6", "soc2/CC6.3", "fedramp/AC-6"},
			Looks:       "setuid and setgid files of the image", needs: needLayers, find: setuidFiles,
		},
		{
			ID: "world-writable", Severity: scan.SeverityMedium, Title: "Everybody may write to a file or directory",
			Description: "Any user of the container can replace what another one, mostly root, reads or runs. A directory without the sticky bit lets everybody replace the files of others.",
			Remedy:      "Take the right away (chmod o-w), or set the sticky bit on a directory that must be shared (chmod +t).",
			References:  []string{"https://cwe.mitre.org/data/definitions/732.html"},
			Controls:    []string{"nist-800-190/4.1.2", "pci-dss/2.2.6", "hipaa/164.312(a)(1)", "soc2/CC6.1", "fedramp/AC-6", "fedramp/CM-6"},
			Looks:       "permissions of the image's files and directories", needs: needLayers, find: worldWritable,
		},
		{
			ID: "unknown-owner", Severity: scan.SeverityLow, Title: "Files belong to an id that /etc/passwd or /etc/group does not have",
			Description: "Mostly the id of whoever built the files elsewhere. An account that gets the id later owns them. The numeric user of the image itself is not reported.",
			Remedy:      "Use COPY --chown or chown with an account of the image.",
			References:  []string{"https://docs.docker.com/reference/dockerfile/#copy---chown---chmod"},
			Controls:    []string{"hipaa/164.312(a)(1)", "fedramp/CM-6"},
			Looks:       "the owners of the image's files", needs: needLayers | needAccounts, find: unknownOwner,
		},
	}
}

// present are the facts whose file the final snapshot still has.
func present(facts []scan.FileFact) []scan.FileFact {
	return slices.DeleteFunc(facts, func(f scan.FileFact) bool { return f.Removed > 0 })
}

func setuidFiles(s *subject) []found {
	var foreign, changed []scan.FileFact
	seen := map[string]bool{}
	for _, f := range present(slices.Clone(s.stage.Files)) {
		// A file with both bits has two facts. A setgid directory only hands its
		// group down.
		if f.Kind != scan.FileSetuid && f.Kind != scan.FileSetgid || f.Dir || seen[f.Path] {
			continue
		}
		seen[f.Path] = true
		switch {
		case f.Package == "":
			foreign = append(foreign, f)
		case !s.brought(f):
			changed = append(changed, f)
		}
	}
	var out []found
	for _, g := range s.byInstruction(foreign) {
		out = append(out, s.found(g, "is setuid or setgid and of no package", "are setuid or setgid and of no package"))
	}
	for _, g := range s.byInstruction(changed) {
		out = append(out, s.found(g, "was made setuid or setgid after its package had been installed", "were made setuid or setgid after their packages had been installed"))
	}
	return out
}

// brought says whether a file's package may have made it what it is: the fact is
// of a layer that installed or changed the package, of the base image, or the
// package is not known.
func (s *subject) brought(f scan.FileFact) bool {
	if f.Layer < 0 || f.Layer >= len(s.stage.Layers) || s.stage.Layers[f.Layer].Base != "" {
		return true
	}
	known := false
	for _, p := range s.stage.Packages {
		if p.Name != f.Package || p.Type != "deb" && p.Type != "apk" && p.Type != "rpm" {
			continue
		}
		if known = true; p.First == f.Layer || p.Last == f.Layer {
			return true
		}
	}
	return !known
}

const modeSticky = 0o1000

func worldWritable(s *subject) []found {
	var facts []scan.FileFact
	for _, f := range present(s.files(scan.FileWorldWritable)) {
		if mode, err := strconv.ParseUint(f.Mode, 8, 32); err == nil && f.Dir && mode&modeSticky != 0 {
			continue
		}
		if !mounted(f.Path) {
			facts = append(facts, f)
		}
	}
	var out []found
	for _, g := range s.byInstruction(facts) {
		out = append(out, s.found(g, "is writable for everybody", "are writable for everybody"))
	}
	return out
}

// mounted says whether the engine mounts its own over a path.
func mounted(p string) bool {
	top, _, _ := strings.Cut(p, "/")
	return top == "dev" || top == "proc" || top == "sys"
}

// unknownOwner makes one finding for each instruction whose files belong to ids
// that the final accounts do not have.
func unknownOwner(s *subject) []found {
	known := s.stage.Accounts
	if known == nil {
		return nil
	}
	uid, gid := s.configuredIDs()
	var out []found
	for _, o := range s.stage.Owners {
		noUser := o.UID != 0 && o.UID != uid && !slices.Contains(known.Users, o.UID)
		noGroup := o.GID != 0 && o.GID != gid && o.GID != uid && !slices.Contains(known.Groups, o.GID)
		if !noUser && !noGroup {
			continue
		}
		var ids []string
		if noUser {
			ids = append(ids, fmt.Sprintf("user %d", o.UID))
		}
		if noGroup {
			ids = append(ids, fmt.Sprintf("group %d", o.GID))
		}
		layer := o.Layer
		if s.isBase(layer) {
			layer = s.baseLayer()
		}
		out = mergeOwner(out, s, layer, o, strings.Join(ids, " and "))
	}
	return out
}

// mergeOwner adds owners of an instruction that has a finding already to it.
func mergeOwner(out []found, s *subject, layer int, o scan.Owner, ids string) []found {
	i := slices.IndexFunc(out, func(f found) bool { return f.layer == layer })
	if i >= 0 {
		out[i].count += o.Count
		out[i].paths = append(out[i].paths, o.Path)
		return out
	}
	message := fmt.Sprintf("/%s belongs to %s, which the image does not know", plain.Tail(o.Path, pathWidth), ids)
	if o.Count > 1 {
		message = fmt.Sprintf("/%s and %d more belong to %s, which the image does not know", plain.Tail(o.Path, pathWidth), o.Count-1, ids)
	}
	if from := s.origin(layer); from != "" {
		message += ": " + from
	}
	return append(out, found{message: message, paths: []string{o.Path}, count: o.Count, layer: layer})
}
