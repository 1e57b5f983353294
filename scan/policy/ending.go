package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// screen is how many lines the end of a build takes at most.
const screen = 45

// What is shown of the scan's notices, which may quote what a registry answered.
const (
	shownNotices = 4
	noticeWidth  = 400
)

// Layout is how the end of a build is shown. The zero value is a text for logs:
// lines of any width, at most a screen of them.
type Layout struct {
	// Width that lines are wrapped to; words and what is for copying stay whole.
	Width int
	// Height is how many lines there may be; 0 is a screen.
	Height int
	// Label names the target where a run has several.
	Label string
	// Excerpt of the Dockerfile, shown below the first place that is named.
	Excerpt []string
	// All is how to see what had to be left out.
	All string
}

// Ending says how a build of a judged report ended: the verdict, what blocks by
// instruction or else the warnings, counts, and the most useful next step. What
// does not fit is counted.
func Ending(r *scan.Report, o Layout) []Line { return fitted(r, o, (*page).ending) }

// BlockMessage says why a report's verdict blocks, as [Ending] does, in a text of
// several lines without a newline at its end. It is empty for a report that does
// not block.
func BlockMessage(r *scan.Report) string {
	if r.Verdict.Outcome != scan.OutcomeBlock {
		return ""
	}
	return plainText(fitted(r, Layout{All: "--call=scan"}, func(p *page) {
		p.text(2, Span{RoleBlock, blockHeadline(p.r)})
		p.blocked()
	}))
}

// fitted writes a page with fewer and fewer details until it fits.
func fitted(r *scan.Report, o Layout, write func(*page)) []Line {
	height := o.Height
	if height <= 0 {
		height = screen
	}
	var p page
	for _, l := range levels {
		p = page{r: r, Layout: o, limits: l}
		write(&p)
		if len(p.lines) <= height {
			return p.lines
		}
	}
	// A terminal so small that not even this fits: the beginning and the end count.
	const tail = 4
	keep := max(height-tail-1, 1)
	return slices.Concat(p.lines[:keep], []Line{{{RoleNote, "…"}}}, p.lines[len(p.lines)-tail:])
}

func (p *page) ending() {
	v := p.r.Verdict
	label := ""
	if p.Label != "" {
		label = plain.Line(p.Label, nameWidth) + ": "
	}
	if v.Outcome == scan.OutcomeBlock {
		p.text(2, Span{RoleBlock, label + "scan block"}, Span{Text: ": " + blockHeadline(p.r)})
		p.blocked()
		return
	}
	p.text(2, Span{Role(v.Outcome), fmt.Sprintf("%sscan %s", label, plain.Line(string(v.Outcome), nameWidth))}, Span{Text: ": " + imageText(p.r)})
	p.notices()
	p.warnings()
	p.counts(false)
	p.bases()
	p.next()
}

// blocked is all but the verdict of a build that is blocked.
func (p *page) blocked() {
	p.secretsBlock()
	p.findingsBlock()
	p.misconfigurationBlock()
	p.externalBlock()
	p.violationBlock()
	p.counts(true)
	p.notices()
	p.bases()
	p.next()
}

func (p *page) notices() {
	all := slices.Concat(p.r.Notices, p.r.Verdict.Unused)
	for i, n := range all {
		if i == min(shownNotices, p.items) {
			p.rest(" - " + plain.Count(len(all)-i, "more notice", "more notices"))
			break
		}
		p.text(3, Span{Text: " - " + plain.Line(n, noticeWidth)})
	}
}

func (p *page) warnings() {
	all := Warnings(p.r)
	for i, w := range all {
		if i == p.items {
			p.rest(" - " + plain.Count(len(all)-i, "more warning", "more warnings"))
			break
		}
		where := plain.Location(w.Layer.File, w.Layer.StartLine, w.Layer.EndLine)
		if where != "" {
			where += "  "
		}
		p.text(3, Span{Text: " - "}, Span{RoleHeading, where}, Span{Text: plain.Line(w.Short, 0)})
	}
}

// bases says what other base images would change.
func (p *page) bases() {
	all := baseNotes(p.r)
	for _, n := range all[:min(len(all), shownBases)] {
		p.text(11, Span{RoleFix, "base image "}, Span{Text: n})
	}
	p.cut = p.cut || len(all) > shownBases
}

// imageText says what the images hold.
func imageText(r *scan.Report) string {
	var found []string
	if n := SecretCount(r); n > 0 {
		found = append(found, plain.Count(n, "secret", "secrets"))
	}
	if text := CountText(r.Verdict.Counts); text != "" {
		found = append(found, text)
	} else {
		found = append(found, "no known vulnerabilities")
	}
	if n := MisconfigurationCount(r); n > 0 {
		found = append(found, plain.Count(n, "configuration finding", "configuration findings"))
	}
	return fmt.Sprintf("%s in the image (database of %s)", strings.Join(found, ", "), r.Database.Built.UTC().Format(time.DateOnly))
}
