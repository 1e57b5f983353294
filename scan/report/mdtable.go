package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// mdReserve is kept free for what closes a document: counts of what was left out,
// ends of folded parts, the footer.
const mdReserve = 4_000

// mdDocument is Markdown that never grows beyond its limit.
type mdDocument struct {
	b         strings.Builder
	limit     int
	platforms int
}

// line writes a line of the frame, for which there is always room.
func (d *mdDocument) line(format string, args ...any) { fmt.Fprintf(&d.b, format+"\n", args...) }

// row writes a line if there is room for it.
func (d *mdDocument) row(line string) bool {
	if d.b.Len()+len(line)+1 > d.limit-mdReserve {
		return false
	}
	d.line("%s", line)
	return true
}

// table lists issues; what does not fit is counted below it.
func (d *mdDocument) table(head []string, list []*issue) {
	d.line("| %s |", strings.Join(head, " | "))
	d.line("|%s", strings.Repeat("---|", len(head)))
	left, last := 0, ""
	for _, i := range byPlace(list) {
		where := mdWhere(i)
		shown := where
		if where == last {
			shown = "" // as in the row above
		}
		if left > 0 || !d.row("| "+shown+" | "+d.what(i)+" | "+mdAdvice(i)+" |") {
			left++
		}
		last = where
	}
	d.line("")
	if left > 0 {
		d.line("… and %d more that do not fit into a comment: see the full report.", left)
		d.line("")
	}
}

// byPlace puts together what one instruction brought, in the order of each one's
// first.
func byPlace(list []*issue) []*issue {
	order := map[string]int{}
	for _, i := range list {
		if where := mdWhere(i); order[where] == 0 {
			order[where] = len(order) + 1
		}
	}
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b *issue) int { return order[mdWhere(a)] - order[mdWhere(b)] })
	return out
}

// fold puts a table into a part that is closed at first; nothing for none.
func (d *mdDocument) fold(title string, head []string, list []*issue) {
	if len(list) == 0 {
		return
	}
	d.line("")
	d.line("<details><summary>%s: %d</summary>", title, len(list))
	d.line("")
	d.table(head, list)
	d.line("</details>")
}

// notes lists what must be known about the scan. Gaps are not folded.
func (d *mdDocument) notes(list []remark) {
	left := 0
	for _, gaps := range []bool{true, false} {
		for _, x := range list {
			prefix := "> **Note:** "
			if x.gap {
				prefix = "> **Not checked:** "
			}
			if x.gap == gaps && (left > 0 || !d.row("\n"+prefix+mdCode(x.text, messageWidth))) {
				left++
			}
		}
	}
	if left > 0 {
		d.line("\n… and %s.", plain.Count(left, "more note", "more notes"))
	}
}

// mdWhere is the instruction and its lines.
func mdWhere(i *issue) string {
	switch in, at := mdCode(instructionOf(i.layer), 60), mdCode(placeOf(i.layer), cellWidth); {
	case i.external != nil && i.external.Context:
		return mdCode(plain.Tail(i.path, cellWidth)+lineSuffix(i.external.Line), 0)
	case at != "":
		return at + " " + in
	case in != "":
		return in
	case i.kind == issueViolation:
		return "policy"
	default:
		return "image configuration"
	}
}

func lineSuffix(line int) string {
	if line <= 0 {
		return ""
	}
	return fmt.Sprintf(":%d", line)
}

// what is a cell: severity or kind, the id with its page, what has it.
func (d *mdDocument) what(i *issue) string {
	id := mdCode(i.rule, cellWidth)
	if u := advisoryURL(i.rule); u != "" && i.kind == issueVulnerability {
		id = "[" + id + "](" + u + ")"
	}
	text := "**" + i.label() + "** " + id
	switch i.kind {
	case issueVulnerability:
		text += " in " + mdCode(i.packageText(), cellWidth)
	case issueSecret:
		text += " in " + mdCode(secretPlace(i.secrets[0]), cellWidth)
	default:
		text += " " + mdCode(i.message, messageWidth)
	}
	if !i.ignored() {
		for _, n := range i.notes(d.platforms) {
			text += ", " + mdCode(n, cellWidth)
		}
	}
	return text
}

func mdAdvice(i *issue) string {
	if i.ignored() {
		return mdCode(ignoredText(i.decision), messageWidth)
	}
	return mdRemedy(i)
}

// mdRemedy is what to do. Names in it are strangers', sentences of checks are ours.
func mdRemedy(i *issue) string {
	switch i.kind {
	case issueVulnerability:
		return mdFix(i.finding)
	case issueSecret:
		return "Revoke it, and give it to the build with " + mdCode("RUN --mount=type=secret", 0) + "."
	default:
		return mdProse(i.remedy())
	}
}

func mdFix(f *scan.Finding) string {
	if len(f.Fix.Versions) == 0 {
		return mdProse(fixWithoutVersion(f))
	}
	return "Upgrade " + mdCode(f.Package, cellWidth) + " to " + mdCode(strings.Join(f.Fix.Versions, " or "), cellWidth)
}
