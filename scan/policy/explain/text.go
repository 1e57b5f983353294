package explain

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// width is what lines of text fit into.
const width = 100

// headings say what an action means for the build.
var headings = map[scan.Action]string{
	scan.ActionDeny:   "DENY: blocks the build",
	scan.ActionWarn:   "WARN: said at the end of the build",
	scan.ActionInfo:   "INFO: in the report alone",
	scan.ActionIgnore: "IGNORE: taken out of account",
	"":                "UNDECIDED: the report holds no decision, add --policy",
}

// Text writes an explanation for people, in lines of at most 100 columns. What
// comes from the report is made safe to print.
func Text(w io.Writer, e *Explanation) error {
	p := &printer{}
	p.line("Outcome: %s (%s)", plain.Line(string(e.Outcome), 20), counts(e))
	for _, g := range e.Groups {
		p.line("")
		p.line("%s (%d)", headings[g.Action], len(g.Items))
		p.group(g, e.multi)
	}
	if len(e.Policies) > 0 {
		p.line("")
		p.line("Policies that took part:")
		for _, ref := range e.Policies {
			p.wrap("  ", "    ", fmt.Sprintf("%-8s %s %s", plain.Line(ref.Kind, 8), plain.Line(ref.Name, 300), plain.Line(ref.Digest, 80)))
		}
	}
	p.list("Exceptions that nothing needed:", e.Unused)
	p.list("Exceptions that have expired:", e.Expired)
	_, err := io.WriteString(w, p.b.String())
	return err
}

func counts(e *Explanation) string {
	var parts []string
	for _, a := range actions[:4] {
		parts = append(parts, fmt.Sprintf("%d %s", e.Counts[a], a))
	}
	return strings.Join(parts, ", ")
}

type printer struct{ b strings.Builder }

func (p *printer) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

func (p *printer) list(heading string, entries []string) {
	if len(entries) == 0 {
		return
	}
	p.line("")
	p.line("%s", heading)
	for _, e := range entries {
		p.wrap("  ", "    ", plain.Line(e, 400))
	}
}

// group writes what each rule decided, the reason under the first item that it
// holds for.
func (p *printer) group(g Group, multi bool) {
	rule, reason := "\x00", ""
	for _, it := range g.Items {
		if r := ruleOf(it); r != rule {
			rule, reason = r, ""
			p.wrap("  ", "    ", ruleLine(it.Decision))
		}
		p.wrap("    ", "      ", itemLine(it, multi))
		if r := reasonOf(it.Decision); r != reason {
			reason = r
			if r != "" {
				p.wrap("      ", "      ", "→ "+r)
			}
		}
	}
}

func ruleLine(d *scan.Decision) string {
	if d == nil {
		return "by no rule"
	}
	s := "by rule " + plain.Line(d.Rule, 120)
	if d.Policy != "" {
		s += " of " + plain.Line(d.Policy, 300)
	}
	return s
}

func itemLine(it Item, multi bool) string {
	parts := []string{plain.Line(it.ID, 80)}
	if it.Severity != "" {
		parts = append(parts, it.Severity)
	}
	if it.Package != "" {
		parts = append(parts, strings.TrimSpace(plain.Line(it.Package, 80)+" "+plain.Line(it.Version, 40)))
	}
	if it.Path != "" {
		parts = append(parts, plain.Tail(it.Path, 60))
	}
	if it.Stage != "" {
		parts = append(parts, "stage "+plain.Line(it.Stage, 60))
	}
	if it.Location != "" {
		parts = append(parts, it.Location)
	}
	if multi && len(it.Platforms) > 0 {
		parts = append(parts, plain.Line(strings.Join(it.Platforms, " "), 80))
	}
	return strings.Join(parts, ", ")
}

func reasonOf(d *scan.Decision) string {
	if d == nil {
		return ""
	}
	s := plain.Line(d.Message, 600)
	if d.Expires != "" {
		s += " (until " + plain.Line(d.Expires, 20) + ")"
	}
	if d.HelpURL != "" {
		s += " " + plain.Line(d.HelpURL, 300)
	}
	return strings.TrimSpace(s)
}

// wrap writes words in lines that fit. A word that fits into no line, a digest
// or a URL, has its own.
func (p *printer) wrap(first, next, text string) {
	line := first
	empty := true
	for _, word := range strings.Fields(text) {
		if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			p.b.WriteString(line + "\n")
			line, empty = next, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	p.b.WriteString(strings.TrimRight(line, " ") + "\n")
}
