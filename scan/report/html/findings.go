package html

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

func (c *collector) vulnerability(in scope, f *scan.Finding, p ref) finding {
	a, _ := c.advisories.add(advisoryOf(f))
	out := finding{
		Kind: kindVulnerability, Severity: f.Severity.String(), ID: name(f.ID), Subject: name(f.Package), Version: name(f.Version),
		Package: p, Advisory: a, Layer: in.layer(f.Last), Decision: c.decision(f.Decision),
		Fixed: f.Fix.State == "fixed" || len(f.Fix.Versions) > 0, Fix: fixText(f.Fix),
	}
	out.fact("Fixed since", f.Fix.Available)
	out.fact("Matched by", f.MatchType)
	out.fact("Source of the record", f.Namespace)
	if p == 0 {
		out.fact("Found in", path(f.Path))
	}
	return out
}

func advisoryOf(f *scan.Finding) advisory {
	a := advisory{
		Aliases: names(f.Aliases), Summary: plain.Line(f.Summary, summaryWidth), Published: name(f.Published), URLs: links(f.URLs),
	}
	for _, s := range f.CVSS[:min(len(f.CVSS), listed)] {
		text := fmt.Sprintf("%.1f", s.Score)
		if !strings.HasPrefix(s.Vector, "CVSS:") { // which has the version in it
			text += " CVSS " + s.Version
		}
		text += " " + s.Vector
		if s.Source != "" {
			text += " (" + s.Source + ")"
		}
		a.CVSS = append(a.CVSS, name(text))
	}
	if e := f.EPSS; e != nil {
		a.EPSS = e.Score
		a.EPSSText = fmt.Sprintf("%s likely to be exploited within 30 days, more than %s of all", percent(e.Score), percent(e.Percentile))
	}
	if k := f.KEV; k != nil {
		text := "Known to be exploited"
		if k.DateAdded != "" {
			text += ", listed on " + k.DateAdded
		}
		if k.DueDate != "" {
			text += ", to be fixed by " + k.DueDate
		}
		if k.Ransomware != "" {
			text += ", ransomware: " + k.Ransomware
		}
		a.KEV = name(text)
	}
	return a
}

func percent(p float64) string { return strconv.FormatFloat(100*p, 'f', 1, 64) + " %" }

func fixText(f scan.Fix) string {
	switch {
	case len(f.Versions) > 0:
		return strings.Join(names(f.Versions), ", ")
	case f.State == "fixed":
		return "yes"
	case f.State == "wont-fix":
		return "won't fix"
	default:
		return ""
	}
}

func (c *collector) secret(in scope, s *scan.Secret) finding {
	d := s.Decision
	switch {
	case s.Dismissed != "":
		d = &scan.Decision{Action: scan.ActionIgnore, Rule: "dismissed", Message: s.Dismissed}
	case s.Allowed != "" && (d == nil || d.Action != scan.ActionIgnore):
		d = &scan.Decision{Action: scan.ActionIgnore, Rule: "accepted", Message: s.Allowed}
	}
	at := s.Path
	if s.Source == scan.SecretInConfig {
		at = "configuration: " + at
	}
	out := finding{
		Kind: kindSecret, ID: name(s.Rule), Subject: path(at + lineSuffix(s.Line)), Text: plain.Line(s.Description, sentence),
		Layer: in.layer(s.Layer), Decision: c.decision(d),
	}
	if s.Instruction != nil {
		out.Layer = c.layer(s.Instruction)
	}
	out.fact("Looks like", s.Redacted)
	out.fact("Fingerprint", s.Fingerprint)
	out.removed(in, s.Removed, "secret")
	return out
}

func lineSuffix(line int) string {
	if line <= 0 {
		return ""
	}
	return ":" + strconv.Itoa(line)
}

func (c *collector) misconfiguration(in scope, m *scan.Misconfiguration) finding {
	out := finding{
		Kind: kindConfiguration, Severity: m.Severity.String(), ID: name(m.Check), Subject: plain.Line(m.Message, sentence),
		Text: plain.Line(m.Title, sentence), URL: link(m.URL), Layer: in.layer(m.Layer), Decision: c.decision(m.Decision),
	}
	if m.Instruction != nil {
		out.Layer = c.layer(m.Instruction)
	}
	for _, p := range m.Paths[:min(len(m.Paths), listed)] {
		out.fact("File", path(p))
	}
	if rest := m.Count - len(m.Paths); rest > 0 && len(m.Paths) > 0 {
		out.fact("More files", strconv.Itoa(rest))
	}
	return out
}

func (c *collector) external(in scope, x *scan.ExternalFinding) finding {
	at := path(x.Path)
	if at != "" {
		at += lineSuffix(x.Line)
	}
	if x.Context {
		at = "build context: " + at
	}
	out := finding{
		Kind: kindAnalyzer, Severity: x.Severity.String(), ID: name(x.Rule), Subject: cmp.Or(at, plain.Line(x.Message, sentence)),
		Text: plain.Line(x.Message, sentence), URL: link(x.URL), Layer: in.layer(x.Layer), Decision: c.decision(x.Decision),
	}
	out.fact("Analyzer", x.Analyzer)
	out.fact("Fingerprint", x.Fingerprint)
	out.removed(in, x.Removed, "file")
	return out
}

// violations adds what rules say that is about no single finding. How far the
// scan reached is among the notices.
func (c *collector) violations(r *scan.Report) {
	for i := range r.Verdict.Violations {
		v := &r.Verdict.Violations[i]
		if v.AboutScan() {
			continue
		}
		out := finding{
			Kind: kindPolicy, ID: name(v.Rule), Subject: plain.Line(cmp.Or(v.Message, v.Package, v.Path), sentence), Version: name(v.Version),
			Decision: c.decision(&v.Decision),
		}
		if v.Layer != nil {
			out.Layer = c.layer(v.Layer)
		}
		out.fact("Package", strings.TrimSpace(v.Package+" "+v.Version))
		out.fact("File", v.Path)
		c.addViolation(out, v)
	}
}

// addViolation adds it where it says that it belongs: to a stage of a platform,
// or to the image on all of them.
func (c *collector) addViolation(f finding, v *scan.Violation) {
	for s := range c.stages.list {
		if st := c.stages.list[s]; st.Name != name(v.Stage) && (v.Stage != "" || !st.Final) {
			continue
		}
		for p := range c.platforms.list {
			if v.Platform == "" || c.platforms.list[p] == name(v.Platform) {
				c.add(scope{platform: p, stage: s}, f)
			}
		}
	}
	if _, added := c.findings.add(f); added { // a stage that the report does not have
		c.inFindings = append(c.inFindings, presence{Platforms: []int{}, Stages: []int{}})
	}
}

func (c *collector) decision(d *scan.Decision) ref {
	if d == nil {
		return 0
	}
	at, _ := c.decisions.add(decision{
		Action: name(string(d.Action)), Rule: name(d.Rule), Message: plain.Line(d.Message, sentence), Policy: path(d.Policy),
		Expires: name(d.Expires), HelpURL: link(d.HelpURL),
	})
	return at
}

func (f *finding) fact(label, value string) {
	if value = plain.Line(value, sentence); value != "" {
		f.Facts = append(f.Facts, [2]string{label, value})
	}
}

// removed says that deleting something did not take it out of the image.
func (f *finding) removed(in scope, layer int, what string) {
	if layer <= 0 || layer >= len(in.of.Layers) {
		return
	}
	l := in.of.Layers[layer]
	by := cmp.Or(plain.Location(l.File, l.StartLine, l.EndLine), "a later layer")
	f.fact("Deleted by", by+"; the layer with the "+what+" is still in the image")
}
