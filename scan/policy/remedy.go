package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// shownBumps is how many packages one line of advice names.
const shownBumps = 4

// remedy says in one line what to do about a group.
func (g *group) remedy(r *scan.Report) string {
	text := g.steps(r)
	fixable := 0
	for _, l := range g.lines {
		if fixed(l.finding) {
			fixable++
		}
	}
	if rest := len(g.lines) - fixable; rest > 0 && fixable > 0 {
		text += fmt.Sprintf(" (%d without a fix yet)", rest)
	}
	return text
}

// steps are what to do about what has a fix.
func (g *group) steps(r *scan.Report) string {
	var distro string
	var bumps []bump
	fixable := 0
	for _, l := range g.lines {
		if !fixed(l.finding) {
			continue
		}
		fixable++
		if ofDistribution(l.finding.Type) && (g.layer.Base != "" || g.isRun()) {
			distro = l.finding.Type
			continue
		}
		bumps = addBump(bumps, l)
	}
	var parts []string
	switch {
	case fixable == 0:
		return "no fixed version yet: leave the package out, or let what has no fix pass with --only-fixed"
	case g.layer.Base != "":
		parts = append(parts, newerBase(r, g))
		if distro != "" {
			parts[0] += ", or RUN " + upgrade[distro] + " on top of it"
		}
		bumps = nil // they come with the base image
	case distro != "":
		parts = append(parts, "run this step again, its cached packages are out of date: "+g.noCache())
	}
	if len(bumps) > 0 {
		parts = append(parts, bumpText(bumps))
	}
	return strings.Join(parts, "; ")
}

func (g *group) isRun() bool {
	return strings.HasPrefix(strings.ToUpper(g.layer.Instruction), "RUN ")
}

// noCache is the flag that runs the group's stage again. Unnamed stages cannot
// be named there.
func (g *group) noCache() string {
	if s := g.layer.Stage; s != "" && !strings.HasPrefix(s, "stage-") {
		return "--no-cache-filter " + plain.Line(s, nameWidth)
	}
	return "--no-cache"
}

// bump is a package and the lowest version that fixes all its findings.
type bump struct {
	kind, name, to string
}

func addBump(bumps []bump, l line) []bump {
	to := target(l.finding)
	for _, name := range l.names {
		i := slices.IndexFunc(bumps, func(b bump) bool { return b.kind == l.finding.Type && b.name == name })
		switch {
		case i < 0:
			bumps = append(bumps, bump{l.finding.Type, name, to})
		case compareVersions(to, bumps[i].to) > 0:
			bumps[i].to = to
		}
	}
	return bumps
}

func bumpText(bumps []bump) string {
	var raise []string
	goVersion := ""
	for _, b := range bumps {
		switch {
		case b.kind == "golang" && b.name == "stdlib":
			goVersion = strings.TrimPrefix(strings.TrimPrefix(b.to, "v"), "go")
		case b.to == "":
			raise = append(raise, plain.Line(b.name, nameWidth))
		default:
			raise = append(raise, plain.Line(b.name, nameWidth)+" to "+plain.Line(b.to, versionWidth))
		}
	}
	var parts []string
	if goVersion != "" {
		parts = append(parts, "build with Go "+plain.Line(goVersion, versionWidth))
	}
	if n := len(raise); n > shownBumps {
		raise = append(raise[:shownBumps], fmt.Sprintf("and %d more", n-shownBumps))
	}
	if len(raise) > 0 {
		parts = append(parts, "raise "+strings.Join(raise, ", "))
	}
	return strings.Join(parts, "; ")
}

// imageName is an image reference as a person would say it: without the
// default registry, and without the digest if a tag says as much.
func imageName(ref string) string {
	ref = strings.TrimPrefix(strings.TrimPrefix(ref, "docker.io/"), "library/")
	name, digest, _ := strings.Cut(ref, "@")
	if tagged := strings.Contains(name[strings.LastIndex(name, "/")+1:], ":"); !tagged && digest != "" {
		name += "@" + digest[:min(len(digest), len("sha256:")+12)]
	}
	return plain.Line(name, pathWidth)
}

// place says where the group's instruction stands, and names it.
func (g *group) place() (where, text string) {
	return plain.Location(g.layer.File, g.layer.StartLine, g.layer.EndLine), g.instructionText()
}

func (g *group) instructionText() string {
	text := plain.Line(g.layer.Instruction, instructionWidth)
	switch {
	case g.layer.Base != "":
		text = "FROM " + imageName(g.layer.Base)
	case text == "":
		text = "(unknown instruction)"
	}
	if s := g.layer.Stage; s != "" && s != g.stage && s != g.layer.Base {
		text = "[" + plain.Line(s, nameWidth) + "] " + text
	}
	return text
}
