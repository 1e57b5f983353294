package policy

import (
	"unicode/utf8"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// shownStages is how many build stages are counted one by one.
const shownStages = 3

// labelWidth bounds the name of a base image beside counts.
const labelWidth = 32

// tally is a row of counts.
type tally struct{ label, text string }

// counts says how much was found where: in the image, of that in its base image
// and in its own layers, in each build stage, and what does not count. The image
// itself is left out where the verdict has said it.
func (p *page) counts(image bool) {
	var rows []tally
	add := func(label, text string) {
		if text != "" {
			rows = append(rows, tally{label, text})
		}
	}
	v := p.r.Verdict
	if image {
		add("in the image", secretsAnd(SecretCount(p.r), CountText(v.Counts)))
	}
	for _, t := range byOriginOfLayer(p.r) {
		if image { // they are parts of the row above
			t.label = "  " + t.label
		}
		add(t.label, t.text)
	}
	for _, t := range byStage(p.r) {
		add(t.label, t.text)
	}
	if n := MisconfigurationCount(p.r); image && n > 0 {
		add("configuration", plain.Count(n, "finding", "findings"))
	}
	add("ignored", IgnoredText(v.Ignored))
	if len(rows) == 0 {
		return
	}
	p.blank()
	width := 0
	for _, r := range rows {
		width = max(width, utf8.RuneCountInString(r.label))
	}
	for _, r := range rows {
		p.text(width+2, Span{RoleNote, r.label + spaces(width-utf8.RuneCountInString(r.label)+2)}, Span{Text: r.text})
	}
}

// byOriginOfLayer tells the base image's findings from those of the Dockerfile's own
// layers; nothing if there is only one of them.
func byOriginOfLayer(r *scan.Report) []tally {
	var base, own []scan.Blocking
	name := ""
	for i := range r.Platforms {
		s := r.Platforms[i].FinalStage()
		if s == nil {
			continue
		}
		for _, f := range s.Findings {
			if !counted(f) {
				continue
			}
			b := scan.Blocking{Platform: r.Platforms[i].ID, Stage: s.Name, Finding: f, Layer: layerOf(s, f)}
			if b.Layer.Base == "" {
				own = append(own, b)
				continue
			}
			base, name = append(base, b), plain.Tail(imageName(b.Layer.Base), labelWidth)
		}
	}
	if len(base) == 0 || len(own) == 0 {
		return nil
	}
	return []tally{{name, CountText(countAll(base))}, {"own layers", CountText(countAll(own))}}
}

// byStage counts what only build stages have.
func byStage(r *scan.Report) []tally {
	_, findings := nonBlocking(r)
	secrets := groupSecrets(stageSecrets(r))
	var names []string
	for _, s := range r.AllStages() {
		names = addTo(names, s.Name)
	}
	var out []tally
	var rest []scan.Blocking
	restSecrets := 0
	for _, name := range names {
		var own []scan.Blocking
		for _, b := range findings {
			if b.Stage == name {
				own = append(own, b)
			}
		}
		n := 0
		for _, f := range secrets {
			if f.places[0].Stage == name {
				n++
			}
		}
		text := secretsAnd(n, CountText(countAll(own)))
		switch {
		case text == "":
		case len(out) < shownStages:
			out = append(out, tally{"only in stage " + plain.Line(name, nameWidth), text})
		default:
			rest, restSecrets = append(rest, own...), restSecrets+n
		}
	}
	if text := secretsAnd(restSecrets, CountText(countAll(rest))); text != "" {
		out = append(out, tally{"in other stages", text})
	}
	return out
}
