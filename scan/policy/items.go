package policy

import (
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// item is something that blocks and is listed by itself under its place: a
// finding about the configuration or of an analyzer, a violation of a rule.
type item struct {
	where, text string // of the heading
	layer       scan.Layer
	cells       []Span
	notes       []string
	path        string
	fix         string
	help        []string
}

// list writes items, each place once. one and many name what is left out.
func (p *page) list(all []item, one, many string) {
	last := ""
	for i, it := range all[:min(len(all), p.items)] {
		if h := it.where + "\n" + it.text; h != last || i == 0 {
			p.heading(it.where, it.text)
			last = h
		}
		p.itemRow(it)
		if it.fix != "" {
			p.fix(it.fix)
		}
		p.helpPages(it.help)
	}
	if more := len(all) - p.items; more > 0 {
		p.blank()
		p.rest("… and " + plain.Count(more, one, many))
	}
}

// itemRow is a row whose last cell is a sentence: it is wrapped.
func (p *page) itemRow(it item) {
	line := Line{{Text: "  "}}
	for i, c := range it.cells {
		if i > 0 {
			line = append(line, Span{Text: "  "})
		}
		line = append(line, c)
	}
	if len(it.notes) > 0 {
		line = append(line, Span{RoleNote, "  " + strings.Join(it.notes, ", ")})
	}
	if it.path != "" {
		line = append(line, Span{Text: "  "}, Span{RolePath, it.path})
	}
	p.text(6, line...)
}

func onlyOn(platforms []string, r *scan.Report) []string {
	if len(platforms) == 0 || len(platforms) >= len(r.Platforms) {
		return nil
	}
	return []string{"only " + plain.Line(strings.Join(platforms, ", "), pathWidth)}
}

func helpOf(d *scan.Decision) []string {
	if d == nil || d.HelpURL == "" {
		return nil
	}
	return []string{d.HelpURL}
}
