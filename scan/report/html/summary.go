package html

import (
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// summary is what the page says without its script: enough to know whether the
// build passes, what is wrong and whose it is.
type summary struct {
	Title   string
	Outcome string // pass, warn, block or none
	Verdict string
	Icon    template.URL
	// Headline and Message are what the end of the build says.
	Headline   string
	Message    []line
	Facts      [][2]string
	Severities []string
	Origins    []origin
	Kinds      []tally
	Notices    []string
}

// origin is a row of counts of vulnerabilities: those of the user's own
// instructions, of the base image, of build stages alone.
type origin struct {
	Name   string
	Counts []tally
}

// tally is a number and the page's state that shows what was counted.
type tally struct {
	Label    string
	Severity string
	N        int
	State    template.URL
}

func summarize(r *scan.Report, d *document) summary {
	outcome := string(r.Verdict.Outcome)
	if !slices.Contains([]string{"pass", "warn", "block"}, outcome) {
		outcome = "none"
	}
	title := "Scan report"
	if r.Target != "" {
		title = name(r.Target)
	}
	s := summary{
		Title: title, Outcome: outcome, Verdict: verdicts[outcome], Icon: icon(outcome),
		Facts: facts(r, d), Notices: notices(r), Origins: d.origins(), Kinds: d.kinds(),
	}
	if outcome != "none" {
		s.Headline, s.Message = ending(r)
	}
	for _, v := range scan.Severities() {
		s.Severities = append(s.Severities, v.String())
	}
	return s
}

var verdicts = map[string]string{"pass": "Passed", "warn": "Passed with warnings", "block": "Blocked", "none": "No verdict"}

// icon is a dot in the outcome's colour, for the browser's tab.
func icon(outcome string) template.URL {
	colour := map[string]string{"pass": "1a7f37", "warn": "bf8700", "block": "cf222e", "none": "6e7781"}[outcome]
	return template.URL("data:image/svg+xml," + url.PathEscape( //nolint:gosec // ours
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="#`+colour+`"/></svg>`))
}

func facts(r *scan.Report, d *document) [][2]string {
	var out [][2]string
	add := func(label, value string) {
		if value != "" {
			out = append(out, [2]string{label, value})
		}
	}
	minute := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.DateOnly + " 15:04 UTC")
	}
	if b := r.Build; b != nil {
		add("Image", strings.Join(names(b.Images), ", "))
		add("Revision", strings.TrimSpace(name(b.Revision)+" "+name(b.Branch)))
		add("Profile", name(b.Profile))
	}
	add("Platforms", strings.Join(d.Platforms, ", "))
	for _, s := range d.Stages {
		if s.Final {
			add("System", s.OS)
		}
	}
	add("Scanned", minute(r.Finished))
	add("Database", minute(r.Database.Built))
	condition := name(r.Verdict.FailOn)
	if condition != "" && r.Verdict.OnlyFixed {
		condition += ", only with a fix"
	}
	add("Fails on", condition)
	add("Policy", name(r.Verdict.PolicyDigest))
	add("Scanner", name(strings.TrimSpace(r.Scanner.Name+" "+r.Scanner.Version)))
	return out
}

// notices are what a reader must know of how far the scan reached.
func notices(r *scan.Report) []string {
	var out []string
	add := func(format string, args ...any) {
		if text := plain.Line(fmt.Sprintf(format, args...), sentence); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	for _, n := range slices.Concat(r.Notices, r.Verdict.Expired, r.Verdict.Unused) {
		add("%s", n)
	}
	for _, s := range r.AllStages() {
		for _, u := range s.Unknown {
			add("Not checked in stage %s: %s", s.Name, u)
		}
		for _, p := range s.Problems {
			add("Could not be read in stage %s: /%s: %s", s.Name, p.Path, p.Message)
		}
		if s.Final && s.EndOfLife != "" {
			add("The image's system is maintained until %s", s.EndOfLife)
		}
	}
	if rest := len(out) - listed; rest > 0 {
		out = append(out[:listed], fmt.Sprintf("and %d more, which the json report lists", rest))
	}
	return out
}

// counting are the actions of findings that count.
const counting = "deny,warn,info,none"

// origins counts vulnerabilities that count by whose they are.
func (d *document) origins() []origin {
	rows := []struct {
		name  string
		state url.Values
		has   func(finding) bool
	}{
		{"Own instructions", url.Values{"stage": {"@image"}, "from": {"own"}}, func(f finding) bool { return d.inImage(f) && !d.fromBase(f) }},
		{"Base image", url.Values{"stage": {"@image"}, "from": {"base"}}, func(f finding) bool { return d.inImage(f) && d.fromBase(f) }},
		{"Build stages only", url.Values{"stage": {"@build"}}, func(f finding) bool { return !d.inImage(f) }},
	}
	var out []origin
	for i, row := range rows {
		o, all := origin{Name: row.name}, 0
		for _, s := range scan.Severities() {
			n := d.count(func(f finding) bool {
				return f.Kind == kindVulnerability && d.counts(f) && f.Severity == s.String() && row.has(f)
			})
			row.state.Set("kind", kindVulnerability)
			row.state.Set("decision", counting)
			row.state.Set("severity", s.String())
			o.Counts = append(o.Counts, tally{Severity: s.String(), N: n, State: state(row.state)})
			all += n
		}
		if all > 0 || i < 2 {
			out = append(out, o)
		}
	}
	return out
}

// kinds counts what is no vulnerability, and what the policy took out of account.
func (d *document) kinds() []tally {
	var out []tally
	add := func(n int, one, many string, v url.Values) {
		if n > 0 {
			out = append(out, tally{Label: plural(n, one, many), N: n, State: state(v)})
		}
	}
	for _, k := range []struct{ kind, one, many string }{
		{kindSecret, "place with a secret", "places with a secret"},
		{kindConfiguration, "configuration finding", "configuration findings"},
		{kindPolicy, "violation of the policy", "violations of the policy"},
		{kindAnalyzer, "finding of an analyzer", "findings of analyzers"},
	} {
		n := d.count(func(f finding) bool { return f.Kind == k.kind && d.counts(f) })
		add(n, k.one, k.many, url.Values{"kind": {k.kind}, "decision": {counting}})
	}
	exploited := d.count(func(f finding) bool { return f.Advisory != 0 && d.Advisories[f.Advisory-1].KEV != "" && d.counts(f) })
	add(exploited, "known to be exploited", "known to be exploited", url.Values{"exploited": {"yes"}, "decision": {counting}})
	ignored := d.count(func(f finding) bool { return !d.counts(f) })
	add(ignored, "ignored", "ignored", url.Values{"decision": {"ignore"}})
	return out
}

func plural(n int, one, many string) string {
	_, text, _ := strings.Cut(plain.Count(n, one, many), strconv.Itoa(n)+" ")
	return text
}

func state(v url.Values) template.URL { return template.URL("#" + v.Encode()) } //nolint:gosec // encoded

func (d *document) count(has func(finding) bool) int {
	n := 0
	for _, f := range d.Findings {
		if has(f) {
			n++
		}
	}
	return n
}

func (d *document) counts(f finding) bool { return d.action(f) != string(scan.ActionIgnore) }

func (d *document) fromBase(f finding) bool { return f.Layer != 0 && d.Layers[f.Layer-1].Base != "" }

func (d *document) inImage(f finding) bool {
	return slices.ContainsFunc(f.Stages, func(s int) bool { return d.Stages[s].Final })
}
