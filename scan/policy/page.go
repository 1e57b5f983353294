package policy

import (
	"strings"
	"unicode/utf8"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// page is a message that is being written.
type page struct {
	r *scan.Report
	Layout
	limits
	lines []Line
	// headed says that a heading has been written, cut that something was left out.
	headed, cut bool
}

// limits are what a message shows at most.
type limits struct {
	secrets, groups, findings int // findings of one instruction
	items                     int // of configuration, of analyzers, of other rules, and warnings
	accept, help              bool
}

// levels are the limits that are tried until a message fits, generous ones first.
var levels = []limits{
	{secrets: shownSecrets, groups: shownGroups, findings: shownLines, items: 20, accept: true, help: true},
	{secrets: 8, groups: 6, findings: 8, items: 10, accept: true, help: true},
	{secrets: 5, groups: 5, findings: 4, items: 6, accept: true, help: true},
	{secrets: 4, groups: 4, findings: 3, items: 4},
	{secrets: 3, groups: 3, findings: 2, items: 3},
	{secrets: 2, groups: 2, findings: 2, items: 2},
	{secrets: 1, groups: 1, findings: 2, items: 1},
}

func (p *page) blank() { p.lines = append(p.lines, nil) }

// text adds a line that may be wrapped.
func (p *page) text(hang int, spans ...Span) {
	p.lines = append(p.lines, Line(spans).wrap(p.Width, hang)...)
}

// whole adds a line that is for copying, so it stays in one piece.
func (p *page) whole(text string) { p.lines = append(p.lines, Line{{Text: text}}) }

// heading begins what is said about one place, after an empty line.
func (p *page) heading(where, text string) {
	p.blank()
	if where != "" {
		where += "  "
	}
	if room := p.Width - utf8.RuneCountInString(where); p.Width > 0 {
		text = plain.Line(text, max(room, 16))
	}
	p.lines = append(p.lines, Line{{RoleHeading, where + text}})
	if !p.headed {
		for _, l := range p.Excerpt {
			indent := len(l) - len(strings.TrimLeft(l, " "))
			p.lines = append(p.lines, Line{{RoleNote, spaces(indent) + plain.Line(l, max(p.Width-indent, 0))}})
		}
	}
	p.headed = true
}

// fix says what to do about what stands above.
func (p *page) fix(text string) {
	p.text(7, Span{RoleFix, "  fix: "}, Span{Text: text})
}

func (p *page) helpPages(pages []string) {
	if !p.help {
		p.cut = p.cut || len(pages) > 0
		return
	}
	for _, l := range helpLines(pages) {
		p.whole(l)
	}
}

// rest says what has been left out.
func (p *page) rest(text string) {
	p.cut = true
	p.text(4, Span{RoleNote, text})
}

// row is a line in columns. Its last column has notes and a path, of which the
// beginning is left out where there is no room.
type row struct {
	cells       []Span
	notes, path string
}

// rows lays rows out in columns two spaces apart.
func (p *page) rows(rows []row) {
	var widths []int
	for _, r := range rows {
		for i, c := range r.cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.Text))
		}
	}
	for _, r := range rows {
		line := Line{{Text: "  "}}
		last := r.notes != "" || r.path != ""
		for i, c := range r.cells {
			line = append(line, c)
			if pad := widths[i] - utf8.RuneCountInString(c.Text); i < len(r.cells)-1 || last {
				line = append(line, Span{Text: strings.Repeat(" ", pad+2)})
			}
		}
		p.row(line, r.notes, r.path)
	}
}

// narrowestNote is the room below which a row's last column gets its own line.
const narrowestNote = 16

func (p *page) row(line Line, notes, path string) {
	gap := ""
	if notes != "" && path != "" {
		gap = ", "
	}
	room := p.Width - line.width()
	full := utf8.RuneCountInString(notes + gap + path)
	switch {
	case p.Width == 0 || full <= room:
		p.lines = append(p.lines, append(line, Span{RoleNote, notes + gap}, Span{RolePath, path}))
		return
	case room < min(narrowestNote, full):
		p.text(6, line...)
		line, room = Line{{Text: "      "}}, p.Width-6
	}
	if left := room - utf8.RuneCountInString(notes+gap); path != "" && left >= narrowestNote {
		path = plain.Tail(path, left)
	} else {
		notes, gap, path = plain.Line(notes+gap+path, max(room, narrowestNote)), "", ""
	}
	p.lines = append(p.lines, append(line, Span{RoleNote, notes + gap}, Span{RolePath, path}))
}

func severityRole(s scan.Severity) Role { return Role(s.String()) }

func severitySpan(s scan.Severity) Span {
	return Span{severityRole(s), strings.ToUpper(s.String())}
}
