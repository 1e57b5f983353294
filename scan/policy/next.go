package policy

import (
	"fmt"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/base"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// next says the one step that helps most, and how to see what was left out.
func (p *page) next() {
	step := nextStep(p.r)
	if step == "" && !p.cut {
		return
	}
	p.blank()
	if step != "" {
		p.text(6, Span{RoleFix, "next: "}, Span{Text: step})
	}
	if p.cut && p.All != "" {
		p.text(6, Span{RoleNote, "all:  " + p.All + " lists everything"})
	}
}

// nextStep is what to do first; empty where nothing is worth doing.
func nextStep(r *scan.Report) string {
	v := r.Verdict
	if v.Outcome != scan.OutcomeBlock {
		image, _ := nonBlocking(r)
		return findingStep(r, warned(image))
	}
	switch {
	case len(v.Secrets) > 0:
		g := byOrigin(groupSecrets(v.Secrets))[0]
		return at(g.layer, "take the secret out and rotate it: "+Help(g.secrets[0].Rule))
	case len(v.Blocking) > 0:
		if step := findingStep(r, v.Blocking); step != "" {
			return step
		}
		return "nothing of this has a fixed version: leave the packages out, let it pass with --only-fixed, or accept it under exceptions in .scan-build.yaml"
	}
	for _, list := range [][]item{misconfigurationItems(r), externalItems(r), violationItems(r)} {
		for _, i := range list {
			if i.fix != "" {
				return at(i.layer, i.fix)
			}
			if len(i.help) > 0 {
				return at(i.layer, "see "+plain.Line(i.help[0], 0))
			}
		}
	}
	return "mend it, or accept it with a reason under exceptions in .scan-build.yaml"
}

// findingStep is the remedy of the instruction by which most findings go away.
func findingStep(r *scan.Report, found []scan.Blocking) string {
	var best *group
	most := 0
	groups := groupByInstruction(found)
	for i := range groups {
		if n := groups[i].fixable(); n > most {
			best, most = &groups[i], n
		}
	}
	if best == nil {
		return ""
	}
	of := ""
	if all := total(countAll(found)); all > 1 {
		of = fmt.Sprintf(" (%d of %s)", most, plain.Count(all, "finding", "findings"))
	}
	if b, a := betterBase(r, best); a != nil {
		return at(best.layer, "FROM "+plain.Line(base.Reference(b, *a), 0)+": "+base.Change(*a))
	}
	if b := baseOf(r, best); b != nil && b.Pinned && b.Moved() && len(b.Advice) == 0 {
		return fmt.Sprintf("build with --advise (SCAN_ADVISE=true): it compares %s with what its tag is now%s", imageName(b.Ref), of)
	}
	return at(best.layer, best.steps(r)+of)
}

// fixable is how many of a group's findings have a fixed version.
func (g *group) fixable() int {
	var with []scan.Blocking
	for _, b := range g.found {
		if fixed(b.Finding) {
			with = append(with, b)
		}
	}
	return total(countAll(with))
}

// at puts the place in the Dockerfile before what to do there.
func at(l scan.Layer, do string) string {
	if where := plain.Location(l.File, l.StartLine, l.EndLine); where != "" {
		return where + ": " + do
	}
	return do
}

func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }
