package check

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

const reasonWidth = 160

// misconfigurations collects the findings of all the platform's stages that break
// the control, and the policy's violations.
func (a *assessor) misconfigurations(p *scan.Platform) {
	for _, s := range finalFirst(p) {
		for _, m := range s.Misconfigurations {
			ofCheck := slices.ContainsFunc(a.checks, func(c Check) bool { return c.ID == m.Check })
			if !ofCheck && !slices.Contains(a.control.Lint, m.Check) {
				continue
			}
			message := plain.Line(m.Message, 0)
			if d := m.Decision; d != nil && d.Action == scan.ActionIgnore {
				message += " (accepted: " + plain.Line(d.Message, reasonWidth) + ")"
			}
			a.fail(p.ID, Evidence{ID: m.Check, Message: message, Where: whereMisconfiguration(s, m)})
		}
	}
	for _, v := range p.Verdict.Violations {
		if slices.Contains(a.control.Violations, v.Rule) && v.Action != scan.ActionIgnore && v.Action != scan.ActionInfo {
			e := Evidence{ID: v.Rule, Message: plain.Line(v.Message, 0)}
			if v.Layer != nil {
				e.Where = where(*v.Layer)
			}
			a.fail(p.ID, e)
		}
	}
}

func whereMisconfiguration(s *scan.Stage, m scan.Misconfiguration) string {
	switch {
	case m.Instruction != nil:
		return where(*m.Instruction)
	case m.Layer >= 0 && m.Layer < len(s.Layers):
		return where(s.Layers[m.Layer])
	}
	return ""
}

func where(l scan.Layer) string {
	return cmp.Or(plain.Location(l.File, l.StartLine, l.EndLine), plain.Line(cmp.Or(l.Base, l.Instruction), instructionWidth))
}

// vulnerabilities fails by what blocks. That nothing does proves something only
// if something could have.
func (a *assessor) vulnerabilities(p *scan.Platform, final *scan.Stage) {
	for _, b := range p.Verdict.Blocking {
		f := b.Finding
		a.fail(p.ID, Evidence{
			ID: f.ID, Where: where(b.Layer),
			Message: fmt.Sprintf("%s, in %s %s", f.Severity, plain.Line(f.Package, nameWidth), plain.Line(f.Version, nameWidth)),
		})
	}
	for _, why := range vulnerabilityGaps(a.report, p, final) {
		a.gap(why)
	}
	text := plain.Count(len(final.Packages), "package", "packages") + " of the image"
	if built := a.report.Database.Built; !built.IsZero() {
		text += ", compared with the database of " + built.UTC().Format(time.DateOnly)
	}
	a.looked = add(a.looked, text+fmt.Sprintf("; %s and worse would block", plain.Line(p.Verdict.FailOn, 20)))
	ignored, passed := unblocked(p, final)
	if ignored > 0 {
		a.accepted = add(a.accepted, plain.Count(ignored, "vulnerability", "vulnerabilities")+" by exceptions or VEX, with reasons in the report")
	}
	if passed > 0 {
		a.accepted = add(a.accepted, plain.Count(passed, "vulnerability", "vulnerabilities")+" at or above the threshold that the policy lets pass (no fix yet, a period of grace, thresholds of the base image)")
	}
}

// unblocked counts the vulnerabilities that do not block because the policy
// ignores them, and those that do not although their severity would.
func unblocked(p *scan.Platform, s *scan.Stage) (ignored, passed int) {
	type key struct{ id, name, version, path string }
	blocking := map[key]bool{}
	for _, b := range p.Verdict.Blocking {
		f := b.Finding
		blocking[key{f.ID, f.Package, f.Version, f.Path}] = true
	}
	threshold, err := scan.ParseSeverity(p.Verdict.FailOn)
	for _, f := range s.Findings {
		switch {
		case f.Decision != nil && f.Decision.Action == scan.ActionIgnore:
			ignored++
		case err == nil && threshold > scan.SeverityUnknown && f.Severity >= threshold && !blocking[key{f.ID, f.Package, f.Version, f.Path}]:
			passed++
		}
	}
	return ignored, passed
}

func vulnerabilityGaps(r *scan.Report, p *scan.Platform, final *scan.Stage) []string {
	var out []string
	switch {
	case p.Verdict.Outcome == "":
		out = append(out, "no policy has decided about the report")
	case p.Verdict.FailOn == "none":
		out = append(out, "the policy lets no severity block")
	}
	if len(final.Packages) == 0 {
		out = append(out, "no package was recognised in the image")
	}
	for _, u := range final.Unknown {
		out = append(out, "packages were not compared: "+plain.Line(u, reasonWidth))
	}
	if end := endOfLife(final); past(end, r.Finished) {
		out = append(out, "the distribution reached its end of life on "+end+": new vulnerabilities of it are not recorded")
	}
	return append(out, problems(final, func(e string) bool { return e != secretsExtractor })...)
}

// secretsExtractor marks problems of the search for secrets.
const secretsExtractor = "secrets"

func problems(s *scan.Stage, which func(extractor string) bool) []string {
	n, first := 0, ""
	for _, p := range s.Problems {
		if which(p.Extractor) {
			if n++; n == 1 {
				first = p.Path
			}
		}
	}
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s could not be read completely, such as /%s", plain.Count(n, "file", "files"), plain.Tail(first, pathWidth))}
}

// secrets fails by every secret of the final stage that counts.
func (a *assessor) secrets(p *scan.Platform, final *scan.Stage) {
	if mode := p.Verdict.SecretMode; mode == "" || mode == "off" {
		a.gap("secrets were not searched for")
	} else {
		text := "secrets in the image's layers, its configuration and the Dockerfile"
		if a.control.SecretsInText {
			text = "secrets in the image's configuration and the Dockerfile"
		}
		a.looked = add(a.looked, text)
	}
	for _, s := range final.Secrets {
		if s.Dismissed != "" || a.control.SecretsInText && s.Source == scan.SecretInFile {
			continue
		}
		at := plain.Tail(s.Path, pathWidth)
		if s.Source == scan.SecretInFile {
			at = "/" + at
		}
		switch {
		case s.Allowed != "":
			a.accepted = add(a.accepted, fmt.Sprintf("%s in %s: %s", plain.Line(s.Rule, nameWidth), at, plain.Line(s.Allowed, reasonWidth)))
		case s.Decision != nil && s.Decision.Action == scan.ActionIgnore:
			a.accepted = add(a.accepted, fmt.Sprintf("%s in %s: %s", plain.Line(s.Rule, nameWidth), at, plain.Line(s.Decision.Message, reasonWidth)))
		default:
			a.fail(p.ID, Evidence{
				ID: s.Rule, Message: fmt.Sprintf("%s in %s", plain.Line(s.Redacted, 40), at), Where: whereSecret(final, s),
			})
		}
	}
	if !a.control.SecretsInText {
		for _, why := range problems(final, func(e string) bool { return e == secretsExtractor }) {
			a.gap(why)
		}
	}
}

func whereSecret(s *scan.Stage, secret scan.Secret) string {
	switch {
	case secret.Instruction != nil:
		return where(*secret.Instruction)
	case secret.Layer >= 0 && secret.Layer < len(s.Layers):
		return where(s.Layers[secret.Layer])
	}
	return ""
}
