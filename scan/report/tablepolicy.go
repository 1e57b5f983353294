package report

import (
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// ignored says whether the policy took something out of account.
func ignored(d *scan.Decision) bool { return d != nil && d.Action == scan.ActionIgnore }

// splitIgnored takes findings apart by whether they count.
func splitIgnored(findings []scan.Finding) (counted, out []scan.Finding) {
	for _, f := range findings {
		if ignored(f.Decision) {
			out = append(out, f)
		} else {
			counted = append(counted, f)
		}
	}
	return counted, out
}

// ignored lists what the policy took out of account, with the reason.
func (t *table) ignored(findings []scan.Finding) {
	if len(findings) == 0 {
		return
	}
	rows := [][]string{{"IGNORED", "PACKAGE", "INSTALLED", "BY", "UNTIL", "WHY"}}
	for _, f := range findings {
		rows = append(rows, []string{
			plain.Line(f.ID, cellWidth), plain.Line(f.Package, cellWidth), plain.Line(f.Version, cellWidth),
			decidedBy(f.Decision), plain.Line(f.Decision.Expires, cellWidth), plain.Line(f.Decision.Message, cellWidth),
		})
	}
	t.rows(rows, 1, 2, 3, 5)
}

// decidedBy names a decision's rule and where that stands.
func decidedBy(d *scan.Decision) string {
	by := plain.Line(d.Rule, cellWidth)
	if d.Policy != "" {
		by += " in " + plain.Tail(d.Policy, cellWidth)
	}
	return by
}

// misconfigurations lists a stage's configuration findings, those that are
// switched off left out.
func (t *table) misconfigurations(s *scan.Stage) {
	rows := [][]string{{"SEVERITY", "CHECK", "WHAT", "FROM", "NOTE"}}
	for _, m := range s.Misconfigurations {
		note := ""
		if d := m.Decision; d != nil {
			switch d.Action {
			case scan.ActionDeny:
				note = "blocks"
			case scan.ActionIgnore:
				if d.Rule == "check-off" {
					continue
				}
				note = "ignored: " + plain.Line(d.Message, cellWidth)
			}
		}
		from := layerAt(s, m.Layer)
		if in := m.Instruction; in != nil {
			from = plain.Location(in.File, in.StartLine, in.EndLine)
		}
		rows = append(rows, []string{m.Severity.String(), plain.Line(m.Check, cellWidth), plain.Line(m.Message, messageWidth), from, note})
	}
	if len(rows) > 1 {
		t.rows(rows, 2, 4)
	}
}

// violations lists what rules say that is about no single finding.
func (t *table) violations(v scan.Verdict) {
	rows := [][]string{{"POLICY", "RULE", "WHAT", "WHERE"}}
	var seen []string
	for _, x := range v.Violations {
		if x.Action == scan.ActionInfo || x.AboutScan() {
			continue
		}
		row := []string{string(x.Action), decidedBy(&x.Decision), plain.Line(x.Message, messageWidth), plain.Line(x.Stage, cellWidth)}
		if key := strings.Join(row, "\x00"); !slices.Contains(seen, key) {
			seen = append(seen, key)
			rows = append(rows, row)
		}
	}
	if len(rows) > 1 {
		t.line("")
		t.rows(rows, 1, 2)
	}
}
