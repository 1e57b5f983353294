package report

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// What paths in a SARIF file are relative to: the build context, which code hosts
// take for the repository's root, and the root of the image's file system.
const (
	sarifContext = "%SRCROOT%"
	sarifImage   = "IMAGE"
)

func newSARIFRun(r *scan.Report) sarifRun {
	all := issues(r.Platforms)
	notes := sarifNotifications(r)
	if left := len(all) - sarifResults; left > 0 {
		all = all[:sarifResults]
		notes = append(notes, sarifNotification{"warning", sarifMessage{Text: fmt.Sprintf("%d more results are left out: code hosts take %d. The json report has all.", left, sarifResults)}})
	}
	rules := newSARIFRules(r)
	run := sarifRun{
		Automation: sarifAutomation{sarifCategory(r)},
		Provenance: sarifProvenanceOf(r.Build),
		URIBases: map[string]sarifArtifact{
			sarifContext: {Description: &sarifMessage{Text: "The build context."}},
			sarifImage:   {Description: &sarifMessage{Text: "The root of the image's file system."}},
		},
		Results: []sarifResult{},
		Invocation: []sarifInvocation{{
			Successful: r.Verdict.Outcome != "", Start: sarifTime(r.Started), End: sarifTime(r.Finished), Notifications: notes,
		}},
		Properties: sarifProperties(
			"verdict", string(r.Verdict.Outcome), "policyDigest", r.Verdict.PolicyDigest,
			"databaseDigest", r.Database.Digest, "databaseBuilt", sarifTime(r.Database.Built),
		),
	}
	for _, i := range all {
		run.Results = append(run.Results, newSARIFResult(r, i, rules.of(i)))
	}
	run.Tool = rules.tool()
	return run
}

// sarifCategory tells the uploads of one commit apart: code hosts replace the
// results of the last upload with the same text before the last slash.
func sarifCategory(r *scan.Report) string {
	var platforms []string
	for _, p := range r.Platforms {
		platforms = addOnce(platforms, categoryPart(p.ID))
	}
	slices.Sort(platforms)
	parts := []string{"scan-build", categoryPart(r.Target), strings.Join(platforms, "+")}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "/") + "/"
}

// categoryPart keeps of a name what cannot be taken for a slash.
func categoryPart(s string) string {
	return strings.ReplaceAll(plain.Line(s, 60), "/", "-")
}

func sarifNotifications(r *scan.Report) []sarifNotification {
	var out []sarifNotification
	for _, x := range remarks(r) {
		level := "note"
		if x.gap {
			level = "warning"
		}
		out = append(out, sarifNotification{level, sarifMessage{Text: sarifLine(x.text)}})
	}
	return out
}

func sarifProvenanceOf(b *scan.Build) []sarifProvenance {
	if b == nil {
		return nil
	}
	source := webURL(b.Source)
	if u, err := url.Parse(source); source == "" || err != nil || u.User != nil { // it may hold a password
		return nil
	}
	return []sarifProvenance{{Repository: source, Revision: plain.Line(b.Revision, cellWidth), Branch: plain.Line(b.Branch, cellWidth)}}
}

func sarifTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// sarifProperties is a bag of pairs whose values are not empty, nil if all are.
func sarifProperties(pairs ...string) map[string]any {
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		if v := plain.Line(pairs[i+1], messageWidth); v != "" {
			out[pairs[i]] = v
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// sarifLine is text for a SARIF message: bounded, and without what viewers would
// turn into a link, "[text](address)".
func sarifLine(s string) string {
	return strings.ReplaceAll(plain.Line(s, sarifText), "](", "] (")
}

// sarifURI is a path as a relative reference that stays below its base.
func sarifURI(file string) string {
	u := url.URL{Path: strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(file, "\\", "/")), "/")}
	return u.String()
}
