package policy

import (
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// group is what was found in one Dockerfile instruction, as lines to show.
type group struct {
	layer scan.Layer
	stage string
	found []scan.Blocking
	lines []line // worst first
}

// line is one vulnerability in packages that come and go together: the binary
// packages of one source package, or the copies of one library.
type line struct {
	finding   scan.Finding // one of those it stands for
	names     []string
	paths     []string
	platforms []string
}

// instruction identifies a Dockerfile instruction. All layers of a base image
// belong to the FROM that brought them in.
type instruction struct {
	file  string
	start int
	base  string
	// stage and text stand in where the lines are not known.
	stage, text string
}

func instructionOf(l scan.Layer) instruction {
	switch {
	case l.StartLine > 0:
		return instruction{file: l.File, start: l.StartLine, base: l.Base}
	case l.Base != "":
		return instruction{stage: l.Stage, base: l.Base}
	default:
		return instruction{stage: l.Stage, text: l.Instruction}
	}
}

// groupByInstruction groups findings, in the order of each instruction's first.
func groupByInstruction(found []scan.Blocking) []group {
	var groups []group
	byInstruction := map[instruction]int{}
	lines := map[lineKey]int{}
	for _, b := range found {
		in := instructionOf(b.Layer)
		g, ok := byInstruction[in]
		if !ok {
			g = len(groups)
			byInstruction[in] = g
			groups = append(groups, group{layer: b.Layer, stage: b.Stage})
		}
		groups[g].found = append(groups[g].found, b)
		k := keyOf(g, b.Finding)
		n, ok := lines[k]
		if !ok {
			n = len(groups[g].lines)
			lines[k] = n
			groups[g].lines = append(groups[g].lines, line{finding: b.Finding})
		}
		groups[g].lines[n].add(b)
	}
	return groups
}

func (l *line) add(b scan.Blocking) {
	l.names = addTo(l.names, b.Finding.Package)
	l.paths = addTo(l.paths, b.Finding.Path)
	l.platforms = addTo(l.platforms, b.Platform)
}

func addTo(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// lineKey is what findings on one line have in common. Binary packages of one
// source carry its version, so OS packages need not share a name.
type lineKey struct {
	group                              int
	id, kind, name, version, fix, rule string
	severity                           scan.Severity
}

func keyOf(group int, f scan.Finding) lineKey {
	k := lineKey{
		group: group, id: f.ID, kind: f.Type, name: f.Package, version: f.Version,
		fix: f.Fix.State + " " + strings.Join(f.Fix.Versions, " "), severity: f.Severity, rule: ruleOf(f.Decision),
	}
	if ofDistribution(f.Type) {
		k.name = ""
	}
	return k
}

// upgrade is how a distribution's packages are upgraded, by package type.
var upgrade = map[string]string{
	"deb": "apt-get update && apt-get upgrade -y",
	"apk": "apk upgrade --no-cache",
	"rpm": "dnf upgrade -y",
}

// ofDistribution says whether packages of this type come from a distribution.
func ofDistribution(kind string) bool {
	_, ok := upgrade[kind]
	return ok
}
