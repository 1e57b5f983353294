package report

import (
	"cmp"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// gitlabIdentifiers are the id and its aliases. GitLab recognises a vulnerability
// by the first.
func gitlabIdentifiers(f *scan.Finding) []gitlabIdentifier {
	var ids []string
	for _, id := range append([]string{f.ID}, f.Aliases...) {
		if id = plain.Line(id, 255); id != "" {
			ids = addOnce(ids, id)
		}
	}
	if len(ids) == 0 {
		ids = []string{"unknown"}
	}
	var out []gitlabIdentifier
	for _, id := range ids {
		kind, _, found := strings.Cut(strings.ToLower(id), "-")
		if !found || kind != "cve" && kind != "ghsa" {
			kind = "scan-build"
		}
		out = append(out, gitlabIdentifier{Type: kind, Name: id, Value: id, URL: advisoryURL(id)})
	}
	return out
}

// gitlabVectors are the CVSS vectors of the versions that GitLab's schema knows,
// as a parser understood them.
func gitlabVectors(scores []scan.CVSS) []gitlabCVSS {
	var out []gitlabCVSS
	for _, c := range scores {
		v := gitlabCVSS{Vendor: cmp.Or(plain.Line(c.Source, cellWidth), "unknown"), Vector: canonicalVector(c.Vector)}
		if v.Vector != "" && len(v.Vector) <= 128 && len(out) < 10 {
			out = addOnce(out, v)
		}
	}
	return out
}

func canonicalVector(s string) string {
	switch {
	case strings.HasPrefix(s, "CVSS:3.1/"):
		if v, err := gocvss31.ParseVector(s); err == nil {
			return v.Vector()
		}
	case strings.HasPrefix(s, "CVSS:3.0/"):
		if v, err := gocvss30.ParseVector(s); err == nil {
			return v.Vector()
		}
	case !strings.HasPrefix(s, "CVSS:"):
		if v, err := gocvss20.ParseVector(s); err == nil {
			return v.Vector()
		}
	}
	return ""
}

// gitlabDetails are what a report knows and GitLab's fields have no place for.
func gitlabDetails(r *scan.Report, i *issue) map[string]gitlabDetail {
	out := map[string]gitlabDetail{}
	text := func(key, name, value string) {
		if value = plain.Line(value, messageWidth); value != "" {
			out[key] = gitlabDetail{Name: name, Type: "text", Value: value}
		}
	}
	if l := i.layer; l != nil {
		text("instruction", "Instruction", instructionOf(l))
		if l.StartLine > 0 {
			out["dockerfile"] = gitlabDetail{
				Name: "Dockerfile line", Type: "file-location", File: cmp.Or(plain.Line(l.File, messageWidth), "Dockerfile"), Start: l.StartLine, End: max(l.StartLine, l.EndLine),
			}
		}
	}
	text("file", "File in the image", i.path)
	if len(i.platforms) < len(r.Platforms) {
		text("platforms", "Only on", strings.Join(i.platforms, ", "))
	}
	if f := i.finding; f.KEV != nil {
		text("exploited", "Known exploited", "since "+cmp.Or(f.KEV.DateAdded, "an unknown day"))
	}
	if i.decision != nil {
		text("decision", "Policy", string(i.action())+" by "+decidedBy(i.decision))
	}
	return out
}
