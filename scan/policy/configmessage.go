package policy

import (
	"fmt"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/check"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// foundMisconfiguration is one configuration finding, on all platforms that have it.
type foundMisconfiguration struct {
	scan.BlockingMisconfiguration
	platforms []string
}

// groupMisconfigurations puts together what several platforms share.
func groupMisconfigurations(found []scan.BlockingMisconfiguration) []foundMisconfiguration {
	type key struct {
		check, message, stage string
		in                    instruction
	}
	var out []foundMisconfiguration
	index := map[key]int{}
	for _, b := range found {
		k := key{b.Misconfiguration.Check, b.Misconfiguration.Message, b.Stage, instructionOf(b.Layer)}
		i, ok := index[k]
		if !ok {
			i = len(out)
			index[k] = i
			out = append(out, foundMisconfiguration{BlockingMisconfiguration: b})
		}
		out[i].platforms = addTo(out[i].platforms, b.Platform)
	}
	return out
}

func (p *page) misconfigurationBlock() {
	p.list(misconfigurationItems(p.r), "more configuration finding", "more configuration findings")
}

// misconfigurationItems are the configuration findings that block.
func misconfigurationItems(r *scan.Report) []item {
	var out []item
	for _, m := range groupMisconfigurations(r.Verdict.Misconfigurations) {
		f := m.Misconfiguration
		it := item{
			layer: m.Layer,
			cells: []Span{severitySpan(f.Severity), {Text: plain.Line(f.Check, nameWidth)}, {Text: plain.Line(f.Message, sentenceWidth)}},
			notes: onlyOn(m.platforms, r),
			fix:   remedyOf(f),
			help:  helpOf(f.Decision),
		}
		it.where, it.text = m.place()
		out = append(out, it)
	}
	return out
}

func (m *foundMisconfiguration) place() (where, text string) {
	if m.Layer.Instruction == "" && m.Layer.StartLine == 0 {
		return "", "image configuration"
	}
	g := group{layer: m.Layer, stage: m.Stage}
	return g.place()
}

func (m *foundMisconfiguration) heading() string {
	where, text := m.place()
	if where == "" {
		return text
	}
	return where + "  " + text
}

// remedyOf is what to do about a configuration finding, empty if that is not known.
func remedyOf(m scan.Misconfiguration) string {
	if c, ok := check.Find(m.Check); ok {
		return c.Remedy
	}
	return ""
}

// misconfigurationWarnings are those that only warn, one for each check.
func misconfigurationWarnings(r *scan.Report) []Warning {
	var out []Warning
	index := map[string]int{}
	for _, m := range groupMisconfigurations(warnedMisconfigurations(r)) {
		f := m.Misconfiguration
		i, ok := index[f.Check]
		if !ok {
			i = len(out)
			index[f.Check] = i
			out = append(out, Warning{Stage: m.Stage, Layer: m.Layer, Short: plain.Line(f.Message, sentenceWidth) + " (" + plain.Line(f.Check, nameWidth) + ")", URL: plain.Line(f.URL, 0)})
		}
		if d := out[i].Detail; len(d) < shownLines {
			out[i].Detail = append(d, m.heading()+": "+plain.Line(f.Message, sentenceWidth))
		}
	}
	for i := range out {
		if n := len(out[i].Detail); n > 1 {
			out[i].Short += fmt.Sprintf(" and %d more", n-1)
		}
	}
	return out
}

// warnedMisconfigurations are those of all stages that the policy warns about.
func warnedMisconfigurations(r *scan.Report) []scan.BlockingMisconfiguration {
	return misconfigurations(r, func(_ *scan.Stage, m scan.Misconfiguration) bool {
		return m.Decision != nil && m.Decision.Action == scan.ActionWarn && !m.FromLint() // the build's client has said those
	})
}

// MisconfigurationCount is the number of different configuration findings in a
// judged report's images, those left out that the policy ignores or does not count.
func MisconfigurationCount(r *scan.Report) int {
	return len(groupMisconfigurations(misconfigurations(r, func(s *scan.Stage, m scan.Misconfiguration) bool {
		return s.Final && (m.Decision == nil || !ignored(m.Decision) && m.Decision.Rule != "none")
	})))
}

// misconfigurations are those of all stages that are wanted, in the order they
// are shown.
func misconfigurations(r *scan.Report, want func(*scan.Stage, scan.Misconfiguration) bool) []scan.BlockingMisconfiguration {
	var out []scan.BlockingMisconfiguration
	for i := range r.Platforms {
		p := &r.Platforms[i]
		for j := range p.Stages {
			s := &p.Stages[j]
			for _, m := range s.Misconfigurations {
				if want(s, m) {
					out = append(out, scan.BlockingMisconfiguration{Platform: p.ID, Stage: s.Name, Misconfiguration: m, Layer: makerOf(s, m)})
				}
			}
		}
	}
	sortMisconfigurations(out)
	return out
}
