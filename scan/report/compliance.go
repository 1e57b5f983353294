package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/check"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// complianceNote is what a reader must know before using the report as evidence.
const complianceNote = "pass: nothing in this image speaks against the control, and all that could was looked at. " +
	"not assessable: an image scan cannot show it, for the reason given. Neither replaces an assessor."

const complianceWidth = 110

// writeCompliance renders for each framework every control, what the scan says
// about it, and the evidence.
func writeCompliance(w io.Writer, r *scan.Report) error {
	t := &table{w: bufio.NewWriter(w)}
	t.header(r)
	t.line("")
	for _, l := range wrap(complianceNote, complianceWidth) {
		t.line("%s", l)
	}
	for _, f := range check.Assess(r) {
		t.framework(r, f)
	}
	return t.w.Flush()
}

func (t *table) framework(r *scan.Report, f check.FrameworkAssessment) {
	t.line("")
	t.line("%s", f.Name)
	t.line("%d pass · %d fail · %d not assessable", f.Pass, f.Fail, f.None)
	t.line("")
	widest := 0
	for _, a := range f.Controls {
		widest = max(widest, len(a.Control))
	}
	for _, a := range f.Controls {
		t.line("  %-14s  %-*s  %s", strings.ToUpper(string(a.Status)), widest, a.Control, a.Title)
		indent := strings.Repeat(" ", 20+widest)
		for _, text := range complianceEvidence(a, len(r.Platforms)) {
			for i, l := range wrap(text, complianceWidth-len(indent)) {
				if i > 0 {
					l = "  " + l
				}
				t.line("%s%s", indent, l)
			}
		}
	}
}

// complianceEvidence is what stands below a control, one text for each line.
func complianceEvidence(a check.Assessment, platforms int) []string {
	var out []string
	for _, e := range a.Failures {
		text := plain.Line(e.ID, cellWidth) + ": " + plain.Line(e.Message, messageWidth)
		var notes []string
		if e.Where != "" {
			notes = append(notes, plain.Line(e.Where, cellWidth))
		}
		if len(e.Platforms) < platforms {
			notes = append(notes, "only "+plain.Line(strings.Join(e.Platforms, ", "), cellWidth))
		}
		if len(notes) > 0 {
			text += " [" + strings.Join(notes, "; ") + "]"
		}
		out = append(out, text)
	}
	if a.More > 0 {
		out = append(out, fmt.Sprintf("and %d more", a.More))
	}
	if a.Status == check.StatusNotAssessable {
		for _, reason := range a.Reasons {
			out = append(out, plain.Line(reason, messageWidth))
		}
		if len(a.Looked) > 0 {
			out = append(out, "nothing found in "+plain.Line(strings.Join(a.Looked, "; "), messageWidth))
		}
	}
	if a.Status == check.StatusPass {
		out = append(out, "looked at "+plain.Line(strings.Join(a.Looked, "; "), messageWidth))
	}
	for _, text := range a.Accepted {
		out = append(out, "accepted: "+plain.Line(text, messageWidth))
	}
	return out
}

// complianceDocument is the report for programs.
type complianceDocument struct {
	SchemaVersion int                         `json:"schemaVersion"`
	Target        string                      `json:"target,omitempty"`
	Scanner       scan.Scanner                `json:"scanner"`
	Database      scan.Database               `json:"database"`
	Finished      time.Time                   `json:"finished"`
	Platforms     []string                    `json:"platforms"`
	PolicyDigest  string                      `json:"policyDigest,omitempty"`
	Note          string                      `json:"note"`
	Frameworks    []check.FrameworkAssessment `json:"frameworks"`
}

func writeComplianceJSON(w io.Writer, r *scan.Report) error {
	d := complianceDocument{
		SchemaVersion: r.SchemaVersion, Target: r.Target, Scanner: r.Scanner, Database: r.Database, Finished: r.Finished,
		Platforms: []string{}, PolicyDigest: r.Verdict.PolicyDigest, Note: complianceNote, Frameworks: check.Assess(r),
	}
	for _, p := range r.Platforms {
		d.Platforms = append(d.Platforms, p.ID)
	}
	slices.Sort(d.Platforms)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}
