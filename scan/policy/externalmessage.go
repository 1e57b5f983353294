package policy

import (
	"fmt"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// foundExternal is one finding of an analyzer, on all platforms that have it.
type foundExternal struct {
	scan.BlockingExternal
	platforms []string
}

func groupExternal(found []scan.BlockingExternal) []foundExternal {
	type key struct {
		analyzer, rule, message, path string
		line                          int
		context                       bool
		stage                         string
		in                            instruction
	}
	var out []foundExternal
	index := map[key]int{}
	for _, b := range found {
		e := b.External
		k := key{e.Analyzer, e.Rule, e.Message, e.Path, e.Line, e.Context, b.Stage, instructionOf(b.Layer)}
		i, ok := index[k]
		if !ok {
			i = len(out)
			index[k] = i
			out = append(out, foundExternal{BlockingExternal: b})
		}
		out[i].platforms = addTo(out[i].platforms, b.Platform)
	}
	return out
}

func (p *page) externalBlock() {
	p.list(externalItems(p.r), "more finding of an analyzer", "more findings of analyzers")
}

// externalItems are the findings of analyzers that block.
func externalItems(r *scan.Report) []item {
	var out []item
	for _, f := range groupExternal(r.Verdict.External) {
		e := f.External
		it := item{
			layer: f.Layer,
			cells: []Span{severitySpan(e.Severity), {Text: externalName(e)}, {Text: plain.Line(e.Message, sentenceWidth)}},
			notes: onlyOn(f.platforms, r),
			path:  externalPath(e),
		}
		it.where, it.text = f.heading()
		if it.help = helpOf(e.Decision); len(it.help) == 0 && e.URL != "" {
			it.help = []string{e.URL}
		}
		out = append(out, it)
	}
	return out
}

// heading is the instruction that brought it in, else what was looked at.
func (f *foundExternal) heading() (where, text string) {
	switch {
	case f.Layer.Instruction != "" || f.Layer.StartLine > 0:
		g := group{layer: f.Layer, stage: f.Stage}
		return g.place()
	case f.External.Context:
		return "", "build context"
	default:
		return "", "the image"
	}
}

// externalName is the analyzer and its rule.
func externalName(e scan.ExternalFinding) string {
	return plain.Line(e.Analyzer, nameWidth) + "/" + plain.Line(e.Rule, nameWidth)
}

func externalPath(e scan.ExternalFinding) string {
	path := plain.Tail(e.Path, pathWidth)
	if path != "" && e.Line > 0 {
		path += fmt.Sprintf(":%d", e.Line)
	}
	return path
}

// externalWarnings are those that only warn, one for each analyzer.
func externalWarnings(r *scan.Report) []Warning {
	var found []scan.BlockingExternal
	for i := range r.Platforms {
		p := &r.Platforms[i]
		for j := range p.Stages {
			s := &p.Stages[j]
			for _, e := range s.External {
				if e.Decision != nil && e.Decision.Action == scan.ActionWarn {
					found = append(found, scan.BlockingExternal{Platform: p.ID, Stage: s.Name, External: e, Layer: layerOrNone(layerAt(s, e.Layer))})
				}
			}
		}
	}
	var out []Warning
	index := map[string]int{}
	counts := map[string]int{}
	for _, f := range groupExternal(found) {
		e := f.External
		i, ok := index[e.Analyzer]
		if !ok {
			i = len(out)
			index[e.Analyzer] = i
			out = append(out, Warning{Stage: f.Stage, Layer: f.Layer, Short: externalName(e) + ": " + plain.Line(e.Message, sentenceWidth), URL: plain.Line(e.URL, 0)})
		}
		counts[e.Analyzer]++
		if d := out[i].Detail; len(d) < shownLines {
			out[i].Detail = append(d, externalName(e)+": "+plain.Line(e.Message, sentenceWidth)+"  "+externalPath(e))
		}
	}
	for analyzer, i := range index {
		out[i].Short += andMore(counts[analyzer] - 1)
	}
	return out
}
