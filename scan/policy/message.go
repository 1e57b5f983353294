package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// What a message shows at most, so that it can be read.
const (
	shownLines  = 20 // findings of one instruction
	shownGroups = 8  // instructions

	nameWidth        = 40
	versionWidth     = 32
	pathWidth        = 60
	instructionWidth = 72
)

// findingsBlock lists the vulnerabilities that block, by instruction, worst first,
// each with what to do about it.
func (p *page) findingsBlock() {
	groups := groupByInstruction(p.r.Verdict.Blocking)
	for i := range groups {
		g := &groups[i]
		if i == p.groups {
			p.blank()
			p.rest(restOfGroups(groups[i:]))
			break
		}
		p.heading(g.place())
		shown := g.lines[:min(len(g.lines), p.findings)]
		rows := make([]row, len(shown))
		for j, l := range shown {
			rows[j] = l.row(len(p.r.Platforms))
		}
		p.rows(rows)
		if more := len(g.lines) - len(shown); more > 0 {
			p.rest(fmt.Sprintf("  … and %d more", more))
		}
		p.fix(g.remedy(p.r))
		p.helpPages(g.help())
	}
}

// blockHeadline is "1 secret and 3 findings block this image: 1 critical, 2 high
// (fail-on high)", or what of it there is.
func blockHeadline(r *scan.Report) string {
	counts := countAll(r.Verdict.Blocking)
	findings := total(counts)
	kinds := []struct {
		n         int
		one, many string
	}{
		{len(groupSecrets(r.Verdict.Secrets)), "secret", "secrets"},
		{findings, "finding", "findings"},
		{len(groupMisconfigurations(r.Verdict.Misconfigurations)), "configuration finding", "configuration findings"},
		{len(groupExternal(r.Verdict.External)), "finding of an analyzer", "findings of analyzers"},
		{len(distinctViolations(r, scan.ActionDeny)), "violation of the policy", "violations of the policy"},
	}
	var subjects []string
	all := 0
	for _, k := range kinds {
		if k.n > 0 {
			subjects = append(subjects, plain.Count(k.n, k.one, k.many))
		}
		all += k.n
	}
	verb := "block"
	if all == 1 {
		verb = "blocks"
	}
	line := fmt.Sprintf("%s %s this image", joinAnd(subjects), verb)
	if findings == 0 {
		return line
	}
	return fmt.Sprintf("%s: %s (%s)", line, CountText(counts), condition(r.Verdict))
}

// condition names what made findings block: thresholds and rules.
func condition(v scan.Verdict) string {
	var thresholds, rules []string
	for _, b := range v.Blocking {
		if rule := ruleOf(b.Finding.Decision); rule != "severity" {
			rules = addTo(rules, plain.Line(rule, nameWidth))
			continue
		}
		thresholds = []string{"fail-on " + v.FailOn}
		if v.OnlyFixed {
			thresholds = append(thresholds, "only-fixed")
		}
	}
	return strings.Join(append(thresholds, rules[:min(len(rules), shownRules)]...), ", ")
}

// shownRules is how many rules a headline names.
const shownRules = 4

func ruleOf(d *scan.Decision) string {
	if d == nil {
		return "severity"
	}
	return d.Rule
}

// joinAnd is "a", "a and b" or "a, b and c".
func joinAnd(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}

// CountText spells counts by severity, worst first: "2 critical, 5 high". It
// is empty if there are none.
func CountText(counts map[string]int) string {
	var parts []string
	for _, s := range scan.Severities() {
		if n := counts[s.String()]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return strings.Join(parts, ", ")
}

func total(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

// text is the group's findings in aligned lines.
func (g *group) text(platforms int) []string {
	shown := g.lines[:min(len(g.lines), shownLines)]
	rows := make([][]string, len(shown))
	for i, l := range shown {
		rows[i] = l.cells(platforms)
	}
	out := plain.Align(rows)
	if more := len(g.lines) - len(shown); more > 0 {
		out = append(out, fmt.Sprintf("… and %d more", more))
	}
	return out
}

func (l *line) cells(platforms int) []string {
	r := l.row(platforms)
	var out []string
	for _, c := range r.cells {
		out = append(out, c.Text)
	}
	return append(out, strings.Join(withoutEmpty([]string{r.notes, r.path}), ", "))
}

func (l *line) row(platforms int) row {
	f := l.finding
	notes := decisionNotes(f)
	if len(l.platforms) > 0 && len(l.platforms) < platforms {
		notes = append(notes, "only "+plain.Line(strings.Join(l.platforms, ", "), pathWidth))
	}
	path := ""
	if len(l.paths) > 0 && !ofDistribution(f.Type) {
		path = plain.Tail(l.paths[0], pathWidth)
		if more := len(l.paths) - 1; more > 0 {
			path += fmt.Sprintf(" (+%d)", more)
		}
	}
	return row{
		cells: []Span{severitySpan(f.Severity), {Text: plain.Line(f.ID, nameWidth)}, {Text: l.nameText()}, {Text: versionText(f)}},
		notes: strings.Join(notes, ", "),
		path:  path,
	}
}

// nameText is the packages of a line: all of two, else the first and a count.
func (l *line) nameText() string {
	names := slices.Sorted(slices.Values(l.names))
	if len(names) <= 2 {
		return plain.Line(strings.Join(names, ", "), nameWidth)
	}
	return plain.Line(names[0], nameWidth-6) + fmt.Sprintf(" (+%d)", len(names)-1)
}

// versionText is "1.2 → 1.4", or why there is no second version.
func versionText(f scan.Finding) string {
	installed := plain.Line(f.Version, versionWidth)
	switch to := target(f); {
	case fixed(f) && to != "":
		return installed + " → " + plain.Line(to, versionWidth)
	case fixed(f):
		return installed + " (fixed)"
	case f.Fix.State == "wont-fix":
		return installed + " (won't be fixed)"
	default:
		return installed + " (no fix)"
	}
}

func restOfGroups(groups []group) string {
	n := 0
	for _, g := range groups {
		n += total(countAll(g.found))
	}
	return fmt.Sprintf("… and %d more in %s", n, plain.Count(len(groups), "other instruction", "other instructions"))
}

// silentRules ignore what nobody has to hear of: it was decided by whoever wrote
// the search, or switched off.
var silentRules = []string{"dismissed", "secrets-off", "check-off"}

// IgnoredText says how much was taken out of account, by rule: "3 by exception,
// 12 by vex". It is empty if nothing was that somebody has decided.
func IgnoredText(ignored map[string]int) string {
	var parts []string
	for _, rule := range slices.Sorted(maps.Keys(ignored)) {
		if !slices.Contains(silentRules, rule) {
			parts = append(parts, fmt.Sprintf("%d by %s", ignored[rule], plain.Line(rule, nameWidth)))
		}
	}
	return strings.Join(parts, ", ")
}

// secretsAnd puts a number of secrets before counts of findings.
func secretsAnd(secrets int, counts string) string {
	if secrets == 0 {
		return counts
	}
	return strings.Join(withoutEmpty([]string{plain.Count(secrets, "secret", "secrets"), counts}), ", ")
}

// countAll counts findings by severity, those of several platforms once.
func countAll(found []scan.Blocking) map[string]int {
	counts := map[string]int{}
	seen := map[identity]bool{}
	for _, b := range found {
		if k := identify(b.Finding); !seen[k] {
			seen[k] = true
			counts[b.Finding.Severity.String()]++
		}
	}
	return counts
}
