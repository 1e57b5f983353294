package report

import (
	"cmp"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

func newSARIFResult(r *scan.Report, i *issue, rule sarifRuleRef) sarifResult {
	out := sarifResult{
		RuleID:    sarifRuleID(i),
		Rule:      rule,
		Level:     sarifLevel(i),
		Message:   sarifMessage{Text: sarifLine(resultText(r, i))},
		Locations: []sarifLocation{sarifPlace(r, i)},
		Related:   relatedLocations(i),
		// GitHub looks at the first name only, which it would else make of the
		// Dockerfile's line.
		Fingerprints: map[string]string{"primaryLocationLineHash": i.fingerprint, "scanBuild/v1": i.fingerprint},
		Properties:   resultProperties(i),
	}
	if i.ignored() {
		out.Suppressions = []sarifSuppression{{Kind: "external", Status: "accepted", Justification: sarifLine(ignoredText(i.decision))}}
	}
	return out
}

// sarifLevel follows the policy's decision. What it ignored, and what it has not
// seen, is a note.
func sarifLevel(i *issue) string {
	switch i.action() {
	case scan.ActionDeny:
		return "error"
	case scan.ActionWarn:
		return "warning"
	default:
		return "note"
	}
}

// resultText is the title, what is known and what to do.
func resultText(r *scan.Report, i *issue) string {
	parts := []string{i.title()}
	if i.kind != issueSecret && i.severity != scan.SeverityUnknown {
		parts[0] += " (" + i.severity.String() + ")"
	}
	for _, n := range i.notes(len(r.Platforms)) {
		parts[0] += ", " + n
	}
	parts[0] += "."
	if i.finding != nil {
		parts = append(parts, plain.Line(i.finding.Summary, messageWidth))
	}
	if in := instructionOf(i.layer); in != "" {
		parts = append(parts, "It comes from "+in+".")
	}
	return strings.Join(append(parts, i.remedy()), " ")
}

// sarifPlace is where a developer has to change something: the instruction, or
// the file of the build context that an analyzer looked at.
func sarifPlace(r *scan.Report, i *issue) sarifLocation {
	if x := i.external; x != nil && x.Context && x.Path != "" {
		return sarifLocation{Physical: physical(x.Path, sarifContext, x.Line, x.EndLine, true)}
	}
	file, start, end := "", 0, 0
	if i.layer != nil {
		file, start, end = i.layer.File, i.layer.StartLine, i.layer.EndLine
	}
	if file == "" && r.Build != nil {
		file = r.Build.Dockerfile
	}
	return sarifLocation{
		Physical: physical(cmp.Or(file, "Dockerfile"), sarifContext, start, end, true),
		Logical:  logicalLocations(i),
	}
}

// physical is a place in a file. Code hosts show only results that have a line:
// with line, the first one stands for one that is not known.
func physical(file, base string, start, end int, line bool) *sarifPhysical {
	p := &sarifPhysical{Artifact: sarifArtifact{URI: cmp.Or(sarifURI(file), "."), BaseID: base}}
	switch {
	case start > 0:
		p.Region = &sarifRegion{Start: start}
		if end > start {
			p.Region.End = end
		}
	case line:
		p.Region = &sarifRegion{Start: 1}
	}
	return p
}

// logicalLocations name the package, the file and the instruction.
func logicalLocations(i *issue) []sarifLogical {
	var out []sarifLogical
	add := func(kind, name, qualified string) {
		if name = plain.Line(name, messageWidth); name != "" {
			out = append(out, sarifLogical{Name: name, Qualified: plain.Line(qualified, sarifText), Kind: kind})
		}
	}
	purl := ""
	if i.finding != nil {
		purl = i.finding.PURL
	}
	add("package", i.pkg, cmp.Or(purl, i.packageText()))
	add("file", i.path, "")
	add("layer", instructionOf(i.layer), strings.TrimPrefix(i.origin()+": "+instructionOf(i.layer), ": "))
	if len(out) == 0 {
		add("image", "image configuration", "")
	}
	return out
}

// relatedLocations are the files in the image.
func relatedLocations(i *issue) []sarifLocation {
	var out []sarifLocation
	add := func(file string, start, end int, text string) {
		if file != "" && len(out) < sarifLocations {
			out = append(out, sarifLocation{ID: len(out) + 1, Physical: physical(file, sarifImage, start, end, false), Message: &sarifMessage{Text: sarifLine(text)}})
		}
	}
	switch i.kind {
	case issueSecret:
		for _, s := range i.secrets {
			if s.Source == scan.SecretInFile {
				add(s.Path, s.Line, s.EndLine, "the secret in the layer's file /"+s.Path)
			}
		}
	case issueCheck:
		for _, p := range i.misconfiguration.Paths {
			add(p, 0, 0, "/"+p)
		}
	case issueExternal:
		if !i.external.Context {
			add(i.path, i.external.Line, i.external.EndLine, "/"+i.path)
		}
	default:
		add(i.path, 0, 0, "/"+i.path)
	}
	return out
}

func resultProperties(i *issue) map[string]any {
	severity, policyRule := i.severity.String(), ""
	if i.kind == issueSecret || i.kind == issueViolation {
		severity = ""
	}
	if i.decision != nil {
		policyRule = decidedBy(i.decision)
	}
	out := sarifProperties(
		"severity", severity, "package", i.pkg, "version", i.version, "stage", i.stage,
		"platforms", strings.Join(i.platforms, ", "), "decision", string(i.action()), "decidedBy", policyRule,
	)
	if f := i.finding; f != nil {
		if out == nil {
			out = map[string]any{}
		}
		if len(f.Fix.Versions) > 0 {
			out["fixedIn"] = plain.Line(strings.Join(f.Fix.Versions, ", "), messageWidth)
		}
		if f.EPSS != nil {
			out["epss"] = f.EPSS.Score
		}
	}
	return out
}
