package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	openvex "github.com/openvex/go-vex/pkg/vex"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// vulnerabilities collects findings: one entry for each vulnerability and what is
// said of it, with all the components of which that is said.
type vulnerabilities struct {
	at    string
	order []vulnerabilityKey
	byKey map[vulnerabilityKey]*cdx.Vulnerability
}

// vulnerabilityKey is what components share to be affected by one entry.
type vulnerabilityKey struct {
	id, source, severity, recommendation string
	assessment
}

func newVulnerabilities(at time.Time) *vulnerabilities {
	return &vulnerabilities{at: at.UTC().Truncate(time.Second).Format(time.RFC3339), byKey: map[vulnerabilityKey]*cdx.Vulnerability{}}
}

func (v *vulnerabilities) add(f scan.Finding, ref string) {
	k := vulnerabilityKey{id: f.ID, source: f.Namespace, severity: f.Severity.String(), assessment: assess(f)}
	if hasFix(f) {
		k.recommendation = whatToDo(f)
	}
	out, ok := v.byKey[k]
	if !ok {
		out = v.entry(f, k)
		v.byKey[k] = out
		v.order = append(v.order, k)
	}
	affected := cdx.Affects{Ref: ref}
	if version := plain.Line(f.Version, cellWidth); version != "" && k.status != openvex.StatusNotAffected && k.status != openvex.StatusFixed {
		affected.Range = &[]cdx.AffectedVersions{{Version: version, Status: cdx.VulnerabilityStatusAffected}}
	}
	if !slices.ContainsFunc(*out.Affects, func(a cdx.Affects) bool { return a.Ref == ref }) {
		*out.Affects = append(*out.Affects, affected)
	}
}

func (v *vulnerabilities) entry(f scan.Finding, k vulnerabilityKey) *cdx.Vulnerability {
	out := &cdx.Vulnerability{
		ID: cmp.Or(plain.Line(f.ID, cellWidth), "unknown"), Source: source(f.Namespace), Ratings: ratings(f),
		Description: plain.Line(f.Summary, 0), Recommendation: k.recommendation, Analysis: v.analysis(k.assessment, hasFix(f)),
		Affects:    &[]cdx.Affects{},
		Properties: properties("fix:state", f.Fix.State, "fix:available", f.Fix.Available, "matchType", f.MatchType),
	}
	if f.KEV != nil {
		kev := properties("kev:dateAdded", cmp.Or(f.KEV.DateAdded, "unknown"), "kev:dueDate", f.KEV.DueDate, "kev:ransomware", f.KEV.Ransomware)
		out.Properties = join(out.Properties, kev)
	}
	if t, err := time.Parse(time.DateOnly, f.Published); err == nil {
		out.Published = t.Format(time.RFC3339)
	}
	var references []cdx.VulnerabilityReference
	for _, a := range f.Aliases {
		if id := plain.Line(a, cellWidth); id != "" && id != out.ID {
			references = append(references, cdx.VulnerabilityReference{ID: id, Source: &cdx.Source{Name: catalogue(id)}})
		}
	}
	if references != nil {
		out.References = &references
	}
	var advisories []cdx.Advisory
	for _, u := range f.URLs {
		if u = webURL(u); u != "" {
			advisories = append(advisories, cdx.Advisory{URL: u})
		}
	}
	if advisories != nil {
		out.Advisories = &advisories
	}
	return out
}

func join(a, b *[]cdx.Property) *[]cdx.Property {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	out := slices.Concat(*a, *b)
	return &out
}

func source(namespace string) *cdx.Source {
	if namespace = plain.Line(namespace, cellWidth); namespace != "" {
		return &cdx.Source{Name: namespace}
	}
	return nil
}

// catalogue names who gave a vulnerability its id.
func catalogue(id string) string {
	switch prefix, _, _ := strings.Cut(id, "-"); prefix {
	case "CVE":
		return "CVE"
	case "GHSA":
		return "GitHub"
	case "GO":
		return "Go"
	case "":
		return "unknown"
	default:
		return prefix
	}
}

// ratings are the severity as the report has it, then the scores. EPSS says how
// likely exploitation is and is no severity, so it stands under its own name.
func ratings(f scan.Finding) *[]cdx.VulnerabilityRating {
	out := []cdx.VulnerabilityRating{{Source: source(f.Namespace), Severity: rating(f.Severity)}}
	for _, c := range f.CVSS {
		r := cdx.VulnerabilityRating{Source: source(c.Source), Score: ptr(c.Score), Method: method(c.Version), Vector: plain.Line(c.Vector, messageWidth)}
		out = append(out, r)
	}
	if f.EPSS != nil {
		out = append(out, cdx.VulnerabilityRating{
			Source: &cdx.Source{Name: "EPSS", URL: "https://www.first.org/epss/"}, Score: ptr(f.EPSS.Score), Method: cdx.ScoringMethodOther,
			Justification: strings.TrimSuffix(fmt.Sprintf("probability of exploitation within 30 days, percentile %g, as of %s", f.EPSS.Percentile, plain.Line(f.EPSS.Date, cellWidth)), ", as of "),
		})
	}
	return &out
}

// rating is a severity in CycloneDX's words.
func rating(s scan.Severity) cdx.Severity {
	switch s {
	case scan.SeverityCritical:
		return cdx.SeverityCritical
	case scan.SeverityHigh:
		return cdx.SeverityHigh
	case scan.SeverityMedium:
		return cdx.SeverityMedium
	case scan.SeverityLow:
		return cdx.SeverityLow
	case scan.SeverityNegligible:
		return cdx.SeverityInfo
	default:
		return cdx.SeverityUnknown
	}
}

func method(version string) cdx.ScoringMethod {
	switch version {
	case "2.0", "2":
		return cdx.ScoringMethodCVSSv2
	case "3.0", "3":
		return cdx.ScoringMethodCVSSv3
	case "3.1":
		return cdx.ScoringMethodCVSSv31
	case "4.0", "4":
		return cdx.ScoringMethodCVSSv4
	default:
		return cdx.ScoringMethodOther
	}
}

// cycloneDXJustification has CycloneDX's word for OpenVEX's where it means the
// same; any other stands in the detail.
var cycloneDXJustification = map[openvex.Justification]cdx.ImpactAnalysisJustification{
	openvex.ComponentNotPresent:            cdx.IAJCodeNotPresent,
	openvex.VulnerableCodeNotPresent:       cdx.IAJCodeNotPresent,
	openvex.VulnerableCodeNotInExecutePath: cdx.IAJCodeNotReachable,
	openvex.InlineMitigationsAlreadyExist:  cdx.IAJProtectedByMitigatingControl,
}

func (v *vulnerabilities) analysis(a assessment, fix bool) *cdx.VulnerabilityAnalysis {
	out := &cdx.VulnerabilityAnalysis{FirstIssued: v.at, LastUpdated: v.at}
	switch a.status {
	case openvex.StatusNotAffected:
		out.State, out.Detail = cdx.IASNotAffected, cmp.Or(a.impact, string(a.justification))
		out.Justification = cycloneDXJustification[a.justification]
		if out.Justification == "" && cdxJustified(a.impact) {
			out.Justification = cdx.ImpactAnalysisJustification(a.impact)
		}
		if a.impact == string(cdx.IASFalsePositive) {
			out.State = cdx.IASFalsePositive
		}
	case openvex.StatusFixed:
		out.State = cdx.IASResolved
	case openvex.StatusAffected:
		out.State, out.Detail = cdx.IASExploitable, a.accepted
		switch {
		case a.accepted != "":
			out.Response = &[]cdx.ImpactAnalysisResponse{cdx.IARWillNotFix}
		case fix:
			out.Response = &[]cdx.ImpactAnalysisResponse{cdx.IARUpdate}
		}
	default:
		out.State = cdx.IASInTriage
	}
	return out
}

// cdxJustified says whether a VEX document's reason is a word of CycloneDX's that
// OpenVEX does not have.
func cdxJustified(reason string) bool {
	return slices.Contains([]cdx.ImpactAnalysisJustification{
		cdx.IAJRequiresConfiguration, cdx.IAJRequiresDependency, cdx.IAJRequiresEnvironment,
		cdx.IAJProtectedAtPerimeter, cdx.IAJProtectedByMitigatingControl,
	}, cdx.ImpactAnalysisJustification(reason))
}

// list is everything that was added, in that order.
func (v *vulnerabilities) list(d *cycloneDX) *[]cdx.Vulnerability {
	out := make([]cdx.Vulnerability, 0, len(v.order))
	for _, k := range v.order {
		e := *v.byKey[k]
		var refs []string
		for _, a := range *e.Affects {
			refs = append(refs, a.Ref)
		}
		e.BOMRef = d.ref("vulnerability", append([]string{k.id}, refs...)...)
		out = append(out, e)
	}
	return &out
}
