package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/check"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// title says in one line what the issue is, safe to print.
func (i *issue) title() string {
	switch i.kind {
	case issueVulnerability:
		return fmt.Sprintf("%s in %s", plain.Line(i.rule, cellWidth), i.packageText())
	case issueSecret:
		s := i.secrets[0]
		return strings.TrimSpace(plain.Line(i.rule, cellWidth)+": "+plain.Line(s.Redacted, 40)) + " in " + secretPlace(s)
	default:
		return plain.Line(cmp.Or(i.message, i.rule), messageWidth)
	}
}

// packageText is "curl 7.88.1".
func (i *issue) packageText() string {
	return strings.TrimSpace(plain.Line(i.pkg, cellWidth) + " " + plain.Line(i.version, cellWidth))
}

// secretPlace is where a secret was found, e.g. "app/.env:3".
func secretPlace(s *scan.Secret) string {
	at := plain.Tail(s.Path, cellWidth)
	if s.Source == scan.SecretInConfig {
		at = "the image's " + at
	}
	if s.Line > 0 {
		at += fmt.Sprintf(":%d", s.Line)
	}
	return at
}

// remedy says what to do, or is empty if that is not known.
func (i *issue) remedy() string {
	switch i.kind {
	case issueVulnerability:
		return fixSentence(i.finding)
	case issueSecret:
		return "Revoke it and give it to the build as RUN --mount=type=secret: layers and build caches keep a copy."
	case issueCheck:
		if c, ok := check.Find(i.rule); ok {
			return c.Remedy
		}
	}
	return ""
}

func fixSentence(f *scan.Finding) string {
	if versions := plain.Line(strings.Join(f.Fix.Versions, " or "), cellWidth); versions != "" {
		return "Upgrade " + plain.Line(f.Package, cellWidth) + " to " + versions + "."
	}
	return fixWithoutVersion(f)
}

// fixWithoutVersion says what to do where no fixed version is named.
func fixWithoutVersion(f *scan.Finding) string {
	switch f.Fix.State {
	case "fixed":
		return "Upgrade it."
	case "wont-fix":
		return "It will not be fixed in this release."
	default:
		return "There is no fixed version yet."
	}
}

// notes are what is worth saying of an issue beside its title: that it is exploited,
// where its package lies, that only some platforms have it, and why it is ignored.
func (i *issue) notes(platforms int) []string {
	var out []string
	if f := i.finding; f != nil && f.KEV != nil {
		out = append(out, "known exploited")
	}
	if i.finding != nil && !ofDistribution(i.finding.Type) && i.path != "" {
		out = append(out, plain.Tail(i.path, cellWidth))
	}
	if i.ignored() {
		out = append(out, ignoredText(i.decision))
	}
	if n := len(i.platforms); n > 0 && n < platforms {
		out = append(out, "only "+plain.Line(strings.Join(i.platforms, ", "), cellWidth))
	}
	return out
}

// ignoredText says why something is out of account and by whom.
func ignoredText(d *scan.Decision) string {
	text := plain.Line(d.Message, messageWidth)
	if text != "" {
		text += " "
	}
	text += "(" + decidedBy(d)
	if d.Expires != "" {
		text += ", until " + plain.Line(d.Expires, cellWidth)
	}
	return text + ")"
}

// instructionOf names an instruction; a base image by its FROM.
func instructionOf(l *scan.Layer) string {
	switch {
	case l == nil:
		return ""
	case l.Base != "":
		return "FROM " + plain.Line(shortReference(l.Base), cellWidth)
	default:
		return plain.Line(l.Instruction, cellWidth)
	}
}

// shortReference leaves out what a reference says by default, and the digest
// beside a tag.
func shortReference(ref string) string {
	ref = strings.TrimPrefix(strings.TrimPrefix(ref, "docker.io/"), "library/")
	name, digest, pinned := strings.Cut(ref, "@")
	if pinned && !strings.Contains(name[strings.LastIndex(name, "/")+1:], ":") {
		return name + "@" + digest
	}
	return name
}

// placeOf is where the instruction stands, "Dockerfile:7-8", or empty.
func placeOf(l *scan.Layer) string {
	if l == nil {
		return ""
	}
	return plain.Location(l.File, l.StartLine, l.EndLine)
}

// remark is something that whoever reads a report must know about the scan.
type remark struct {
	text string
	// gap says that something was not checked.
	gap bool
}

// remarks are a report's, each once, safe to print.
func remarks(r *scan.Report) []remark {
	var out []remark
	add := func(gap bool, format string, args ...any) {
		out = addOnce(out, remark{plain.Line(fmt.Sprintf(format, args...), messageWidth), gap})
	}
	for _, s := range r.AllStages() {
		for _, u := range s.Unknown {
			add(true, "stage %s: not checked: %s", s.Name, u)
		}
		for _, p := range s.Problems {
			add(true, "stage %s: could not be read: /%s: %s", s.Name, p.Path, p.Message)
		}
	}
	for _, v := range r.Verdict.Violations {
		if v.AboutScan() && v.Rule == "end-of-life" {
			add(true, "stage %s: %s", v.Stage, v.Message)
		}
	}
	for _, list := range [][]string{r.Notices, r.Verdict.Expired, r.Verdict.Unused} {
		for _, n := range list {
			add(false, "%s", n)
		}
	}
	return out
}

// label is the severity, or the kind of what has none.
func (i *issue) label() string {
	if i.kind == issueSecret || i.kind == issueViolation {
		return i.kind.String()
	}
	return i.severity.String()
}

// ofDistribution says whether packages of a type come from a distribution: their
// file is its database and tells nothing.
func ofDistribution(kind string) bool { return kind == "deb" || kind == "apk" || kind == "rpm" }
