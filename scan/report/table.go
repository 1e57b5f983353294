package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/base"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// TableOptions are how the table looks.
type TableOptions struct {
	// Width that lines are wrapped to; 0 leaves them as long as they are.
	Width int
}

// What is shown of a text at most: enough for any honest one.
const (
	cellWidth    = 100
	messageWidth = 300
)

func writeTable(w io.Writer, r *scan.Report) error { return WriteTable(w, r, TableOptions{}) }

// WriteTable renders a report for people: for each platform the final stage's
// secrets and findings, then those that only build stages have, then counts and
// verdict.
// It is plain text without escape sequences.
func WriteTable(w io.Writer, r *scan.Report, o TableOptions) error {
	t := &table{w: bufio.NewWriter(w), width: o.Width}
	t.header(r)
	for i := range r.Platforms {
		t.platform(&r.Platforms[i])
	}
	t.summary(r)
	return t.w.Flush()
}

// table writes without looking at errors: the writer keeps the first one.
type table struct {
	w     *bufio.Writer
	width int
}

func (t *table) line(format string, args ...any) { fmt.Fprintf(t.w, format+"\n", args...) }

func (t *table) rows(rows [][]string, elastic ...int) {
	for _, l := range columns(rows, t.width, elastic...) {
		t.line("%s", l)
	}
}

func (t *table) header(r *scan.Report) {
	parts := []string{plain.Line(r.Scanner.Name+" "+r.Scanner.Version, cellWidth)}
	if r.Target != "" {
		parts = append(parts, "target "+plain.Line(r.Target, cellWidth))
	}
	if !r.Database.Built.IsZero() {
		parts = append(parts, "database of "+r.Database.Built.UTC().Format(time.DateOnly+" 15:04 UTC"))
	}
	t.line("%s", strings.Join(parts, " · "))
	for _, n := range slices.Concat(r.Notices, r.Verdict.Expired, r.Verdict.Unused) {
		t.line("note: %s", plain.Line(n, messageWidth))
	}
}

func (t *table) platform(p *scan.Platform) {
	final := p.FinalStage()
	if final != nil {
		t.stage(p.ID, final, final.Findings, final.Secrets, final.External, "the image")
	}
	for i := range p.Stages {
		s := &p.Stages[i]
		if s.Final {
			continue
		}
		own, secrets, external := s.Findings, s.Secrets, s.External
		if final != nil {
			own, secrets, external = missingIn(final, own), secretsMissingIn(final, secrets), externalMissingIn(final, external)
		}
		if len(own)+len(secrets)+len(external)+len(s.Unknown)+len(s.Problems)+len(s.Misconfigurations) > 0 {
			t.stage(p.ID, s, own, secrets, external, "build stage")
		}
	}
}

// missingIn returns the findings of packages that the final stage lacks.
func missingIn(final *scan.Stage, findings []scan.Finding) []scan.Finding {
	type key struct{ id, kind, name, version string }
	inFinal := map[key]bool{}
	for _, f := range final.Findings {
		inFinal[key{f.ID, f.Type, f.Package, f.Version}] = true
	}
	var out []scan.Finding
	for _, f := range findings {
		if !inFinal[key{f.ID, f.Type, f.Package, f.Version}] {
			out = append(out, f)
		}
	}
	return out
}

func (t *table) stage(platform string, s *scan.Stage, findings []scan.Finding, secrets []scan.Secret, external []scan.ExternalFinding, role string) {
	findings, out := splitIgnored(findings)
	t.line("")
	t.line("%s", strings.Join(stageTitle(platform, s, findings, secrets, role), " · "))
	for _, u := range s.Unknown {
		t.line("  not checked: %s", plain.Line(u, messageWidth))
	}
	for _, p := range s.Problems {
		t.line("  could not be read: /%s: %s", plain.Line(p.Path, messageWidth), plain.Line(p.Message, messageWidth))
	}
	for _, n := range base.Notes(s.Base) {
		t.line("  base image: %s", plain.Line(n, messageWidth))
	}
	t.secrets(s, secrets)
	t.findings(s, findings)
	t.ignored(out)
	t.external(s, external)
	t.misconfigurations(s)
}

func (t *table) findings(s *scan.Stage, findings []scan.Finding) {
	if len(findings) == 0 {
		return
	}
	rows := [][]string{{"SEVERITY", "ID", "PACKAGE", "INSTALLED", "FIXED IN", "FROM", "FOUND IN"}}
	for _, f := range findings {
		rows = append(rows, findingRow(s, f))
	}
	t.rows(rows, colPackage, colInstalled, colFixed, colPath)
}

func stageTitle(platform string, s *scan.Stage, findings []scan.Finding, secrets []scan.Secret, role string) []string {
	title := []string{plain.Line(platform, cellWidth), role + " " + strconv.Quote(plain.Line(s.Name, cellWidth))}
	if s.OS != nil {
		title = append(title, plain.Line(cmp.Or(s.OS.PrettyName, strings.TrimSpace(s.OS.ID+" "+s.OS.VersionID)), cellWidth))
	}
	if s.EndOfLife != "" {
		title = append(title, "end of life "+plain.Line(s.EndOfLife, cellWidth))
	}
	title = append(title, plain.Count(len(s.Packages), "package", "packages"), plain.Count(len(findings), "finding", "findings"))
	all, out := splitIgnored(s.Findings)
	if rest := len(all) - len(findings); rest > 0 {
		title = append(title, fmt.Sprintf("%d more as in the image", rest))
	}
	if len(out) > 0 {
		title = append(title, fmt.Sprintf("%d ignored", len(out)))
	}
	if n := countSecrets(secrets); n > 0 {
		title = append(title, plain.Count(n, "secret", "secrets"))
	}
	return title
}

// The columns that may be wrapped; an id must stay whole to be searched for.
const (
	colPackage   = 2
	colInstalled = 3
	colFixed     = 4
	colPath      = 6
)

func findingRow(s *scan.Stage, f scan.Finding) []string {
	path := plain.Tail(f.Path, cellWidth)
	switch f.Type {
	case "deb", "apk", "rpm":
		path = "" // the package database, as for all the others
	}
	id := plain.Line(f.ID, cellWidth)
	if f.KEV != nil {
		id += " (exploited)"
	}
	return []string{
		f.Severity.String(), id, plain.Line(f.Package, cellWidth), plain.Line(f.Version, cellWidth),
		fixText(f.Fix), layerAt(s, f.Last), path,
	}
}

func fixText(f scan.Fix) string {
	switch {
	case len(f.Versions) > 0:
		return plain.Line(strings.Join(f.Versions, ", "), cellWidth)
	case f.State == "fixed":
		return "yes"
	case f.State == "wont-fix":
		return "won't fix"
	default:
		return "-"
	}
}

// summary counts every stage's findings, as the stage alone has them.
func (t *table) summary(r *scan.Report) {
	head := []string{"PLATFORM", "STAGE", "SECRETS"}
	for _, s := range scan.Severities() {
		head = append(head, strings.ToUpper(s.String()))
	}
	rows := [][]string{head}
	for i := range r.Platforms {
		for _, s := range r.Platforms[i].Stages {
			rows = append(rows, countRow(r.Platforms[i].ID, s))
		}
	}
	t.line("")
	t.rows(rows, 1)
	t.violations(r.Verdict)
	t.line("")
	t.line("%s", verdictText(r.Verdict))
}

func countRow(platform string, s scan.Stage) []string {
	counts := map[scan.Severity]int{}
	for _, f := range s.Findings {
		if !ignored(f.Decision) {
			counts[f.Severity]++
		}
	}
	name := s.Name
	if s.Final {
		name += " (image)"
	}
	row := []string{plain.Line(platform, cellWidth), plain.Line(name, cellWidth), strconv.Itoa(countSecrets(s.Secrets))}
	for _, sev := range scan.Severities() {
		row = append(row, strconv.Itoa(counts[sev]))
	}
	return row
}

func verdictText(v scan.Verdict) string {
	if v.Outcome == "" {
		return "verdict: none"
	}
	condition := "fail-on " + plain.Line(v.FailOn, cellWidth)
	if v.OnlyFixed {
		condition += ", only-fixed"
	}
	text := fmt.Sprintf("verdict: %s (%s)", plain.Line(string(v.Outcome), cellWidth), condition)
	type key struct{ id, kind, name, version, path string }
	blocking := map[key]bool{} // platforms share most
	for _, b := range v.Blocking {
		f := b.Finding
		blocking[key{f.ID, f.Type, f.Package, f.Version, f.Path}] = true
	}
	if n := len(blocking); n > 0 {
		text += ", " + plain.Count(n, "finding blocks", "findings block")
	}
	var secrets []scan.Secret
	for _, b := range v.Secrets {
		secrets = append(secrets, b.Secret)
	}
	if n := countSecrets(secrets); n > 0 {
		text += ", " + plain.Count(n, "secret blocks", "secrets block")
	}
	if n := len(v.Misconfigurations); n > 0 {
		text += ", " + plain.Count(n, "configuration finding blocks", "configuration findings block")
	}
	if n := countExternal(v.External); n > 0 {
		text += ", " + plain.Count(n, "finding of an analyzer blocks", "findings of analyzers block")
	}
	return text
}
