package policy

import (
	"fmt"
	"slices"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// shownNote is how much of a rule's own message a line shows.
const shownNote = 100

// decisionNotes are what a finding's line says beyond its severity: why it
// blocks all the same, or until when it does not.
func decisionNotes(f scan.Finding) []string {
	var notes []string
	if f.KEV != nil {
		notes = append(notes, "known exploited")
	}
	if f.Decision == nil {
		return notes
	}
	switch d := f.Decision; {
	case d.Rule == "epss" && f.EPSS != nil:
		notes = append(notes, fmt.Sprintf("EPSS %.1f %%", f.EPSS.Score*100))
	case d.Rule == "grace":
		notes = append(notes, "blocks after "+plain.Line(d.Expires, versionWidth))
	case d.Policy != "" && d.Message != "" && d.Action != scan.ActionIgnore: // a rule of the user's
		notes = append(notes, plain.Line(d.Message, shownNote))
	}
	return notes
}

// help is where the group's decisions send people, each page once.
func (g *group) help() []string {
	var out []string
	for _, b := range g.found {
		if d := b.Finding.Decision; d != nil {
			out = addTo(out, d.HelpURL)
		}
	}
	return out
}

// shownHelp is how many pages an instruction's findings are explained by.
const shownHelp = 3

func helpLines(pages []string) []string {
	var out []string
	for _, p := range pages[:min(len(pages), shownHelp)] {
		out = append(out, "  help: "+plain.Line(p, 0))
	}
	return out
}

// distinctViolations are a judged report's violations of an action, those of
// several platforms once, and without what is about the scan itself.
func distinctViolations(r *scan.Report, action scan.Action) []scan.Violation {
	var out []scan.Violation
	for _, v := range r.Verdict.Violations {
		if v.Action != action || v.AboutScan() {
			continue
		}
		v.Platform = ""
		if !slices.ContainsFunc(out, func(o scan.Violation) bool { return compareViolations(o, v) == 0 }) {
			out = append(out, v)
		}
	}
	return out
}

func (p *page) violationBlock() {
	p.list(violationItems(p.r), "more violation of the policy", "more violations of the policy")
}

// violationItems are what is denied that is no finding.
func violationItems(r *scan.Report) []item {
	var out []item
	for _, v := range distinctViolations(r, scan.ActionDeny) {
		d := v.Decision
		it := item{
			layer: layerOrNone(v.Layer),
			cells: []Span{{RoleBlock, plain.Line(v.Rule, nameWidth)}, {Text: plain.Line(v.Message, sentenceWidth)}},
			help:  helpOf(&d),
		}
		switch {
		case v.Layer != nil:
			g := group{layer: *v.Layer, stage: v.Stage}
			it.where, it.text = g.place()
		case v.Stage != "":
			it.text = "stage " + plain.Line(v.Stage, nameWidth)
		default:
			it.text = "the image"
		}
		out = append(out, it)
	}
	return out
}

// violationWarnings are those that only warn.
func violationWarnings(r *scan.Report) []Warning {
	var out []Warning
	for _, v := range distinctViolations(r, scan.ActionWarn) {
		w := Warning{Stage: v.Stage, Short: plain.Line(v.Message, sentenceWidth) + " (" + plain.Line(v.Rule, nameWidth) + ")", URL: plain.Line(v.HelpURL, 0)}
		if v.Layer != nil {
			w.Layer = *v.Layer
		}
		out = append(out, w)
	}
	return out
}
