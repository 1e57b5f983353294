package report

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// markdownLimit is the length of a comment in bytes: GitHub takes 65,536
// characters, GitLab more.
const markdownLimit = 65_000

// writeMarkdown writes a comment for a pull request: the verdict, what blocks by
// instruction, the next step, and the rest folded. Its first line is a comment by
// which a bot finds the one to replace. It fits into a comment whatever the
// report holds: rows that do not fit are counted.
func writeMarkdown(w io.Writer, r *scan.Report) error {
	d := &mdDocument{limit: markdownLimit, platforms: len(r.Platforms)}
	all := issues(r.Platforms)
	d.line("<!-- %s -->", mdMarker(r))
	d.line("### %s", mdHeadline(r, all))
	d.line("")
	if counts := mdCounts(all); counts != "" {
		d.line("%s", counts)
		d.line("")
	}
	blocking, warned, other, ignored := split(all)
	if len(blocking) > 0 {
		d.table([]string{"Where", "Blocks", "What to do"}, blocking)
		d.line("**Next step:** %s", mdNextStep(blocking))
	}
	d.fold("Warnings", []string{"Where", "Warns", "What to do"}, warned)
	d.fold("Not blocking", []string{"Where", "What", "What to do"}, other)
	d.fold("Ignored by the policy", []string{"Where", "What", "Why"}, ignored)
	d.notes(remarks(r))
	d.line("")
	d.line("%s", mdFooter(r))
	_, err := io.WriteString(w, d.b.String())
	return err
}

var notInMarker = regexp.MustCompile(`[^A-Za-z0-9._/]+`)

// mdMarker tells the comments of several targets apart.
func mdMarker(r *scan.Report) string {
	target := notInMarker.ReplaceAllString(r.Target, "_")
	return "scan-build-report:" + target[:min(len(target), 100)]
}

func mdHeadline(r *scan.Report, all []*issue) string {
	of := ""
	if r.Target != "" {
		of = " of " + mdCode(r.Target, cellWidth)
	}
	denied := 0
	for _, i := range all {
		if i.action() == scan.ActionDeny {
			denied++
		}
	}
	switch r.Verdict.Outcome {
	case scan.OutcomeBlock:
		return fmt.Sprintf("❌ The image%s is blocked: %s", of, plain.Count(denied, "finding", "findings"))
	case scan.OutcomeWarn:
		return fmt.Sprintf("⚠️ The image%s passes with warnings", of)
	case scan.OutcomePass:
		return fmt.Sprintf("✅ The image%s passes", of)
	default:
		return fmt.Sprintf("❔ The scan%s has no verdict", of)
	}
}

// mdCounts says how much there is: in the image by severity, the rest by kind.
func mdCounts(all []*issue) string {
	image, stages, kinds := map[scan.Severity]int{}, 0, map[issueKind]int{}
	for _, i := range all {
		switch {
		case i.ignored():
		case !i.final:
			stages++
		case i.kind == issueVulnerability:
			image[i.severity]++
		default:
			kinds[i.kind]++
		}
	}
	var parts []string
	for _, s := range scan.Severities() {
		if n := image[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("**%d** %s", n, s))
		}
	}
	text := strings.Join(parts, " · ")
	if text != "" {
		text = "Vulnerabilities of the image: " + text
	}
	var rest []string
	for _, k := range []struct {
		kind      issueKind
		one, many string
	}{
		{issueSecret, "secret", "secrets"},
		{issueCheck, "configuration finding", "configuration findings"},
		{issueExternal, "finding of analyzers", "findings of analyzers"},
		{issueViolation, "violation of the policy", "violations of the policy"},
	} {
		if n := kinds[k.kind]; n > 0 {
			rest = append(rest, plain.Count(n, k.one, k.many))
		}
	}
	if stages > 0 {
		rest = append(rest, plain.Count(stages, "finding", "findings")+" in build stages only")
	}
	return strings.Join(append(notEmpty(text), rest...), " · ")
}

func notEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// split takes issues apart by what was decided about them.
func split(all []*issue) (blocking, warned, other, ignored []*issue) {
	for _, i := range all {
		switch i.action() {
		case scan.ActionDeny:
			blocking = append(blocking, i)
		case scan.ActionWarn:
			warned = append(warned, i)
		case scan.ActionIgnore:
			ignored = append(ignored, i)
		default:
			other = append(other, i)
		}
	}
	return blocking, warned, other, ignored
}

// mdNextStep is what to do about the first thing that blocks and can be helped.
func mdNextStep(blocking []*issue) string {
	first := blocking[0]
	for _, i := range blocking {
		if i.kind == issueSecret || i.kind == issueVulnerability && len(i.finding.Fix.Versions) > 0 {
			first = i
			break
		}
	}
	step := mdRemedy(first)
	if step == "" {
		step = "see " + mdCode(first.title(), messageWidth)
	}
	if at := placeOf(first.layer); at != "" {
		return mdCode(at, cellWidth) + ": " + step
	}
	return step
}

func mdFooter(r *scan.Report) string {
	text := "<sub>" + "scan-build"
	if v := mdCode(r.Scanner.Version, 40); v != "" {
		text += " " + v
	}
	if !r.Database.Built.IsZero() {
		text += " · database of " + r.Database.Built.UTC().Format("2006-01-02")
	}
	return text + "</sub>"
}
