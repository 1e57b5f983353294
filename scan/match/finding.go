package match

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	grypematch "github.com/anchore/grype/grype/match"
	"github.com/anchore/grype/grype/pkg"
	"github.com/anchore/grype/grype/version"
	"github.com/anchore/grype/grype/vulnerability"

	"github.com/scan-build/scan-build/scan"
)

// maxSummary bounds a finding's summary, in bytes: a report of hundreds of
// findings is stored as an attestation.
const maxSummary = 400

// finding is a finding without its package.
type finding scan.Finding

// newFinding makes the finding of a match. CVSS scores come from the related
// records (NVD's) if the record itself has none, as in grype's report.
func newFinding(m grypematch.Match, db *database) (finding, error) {
	v, meta := m.Vulnerability, m.Vulnerability.Metadata
	severity, err := scan.ParseSeverity(meta.Severity)
	if err != nil {
		severity = scan.SeverityUnknown
	}
	f := finding{
		ID:        v.ID,
		Severity:  severity,
		Summary:   shorten(meta.Description, maxSummary),
		CVSS:      scores(meta.Cvss),
		Fix:       fix(v.Fix, pkg.VersionFormat(m.Package)),
		URLs:      urls(v, meta),
		Namespace: v.Namespace,
		MatchType: matchType(m.Details),
	}
	for _, r := range v.RelatedVulnerabilities {
		if r.ID != v.ID {
			f.Aliases = append(f.Aliases, r.ID)
		}
		if len(f.CVSS) > 0 {
			continue
		}
		related, err := db.relatedMetadata(r)
		if err != nil {
			return finding{}, err
		}
		if related != nil {
			f.CVSS = scores(related.Cvss)
			if f.Summary == "" {
				f.Summary = shorten(related.Description, maxSummary)
			}
		}
	}
	slices.Sort(f.Aliases)
	f.Aliases = slices.Compact(f.Aliases)
	f.EPSS, f.KEV = epss(meta.EPSS), kev(meta.KnownExploited)
	f.Fix.Available = fixAvailable(m)
	if f.Published, err = published(v, db); err != nil {
		return finding{}, err
	}
	return f, nil
}

// of is the finding in a package.
func (f finding) of(p scan.Package) scan.Finding {
	out := scan.Finding(f)
	out.Package, out.Version, out.Type, out.PURL, out.Path = p.Name, p.Version, p.Type, p.PURL, p.Path
	out.First, out.Last = p.First, p.Last
	return out
}

// compareFindings is the order that [scan.SubjectResult] promises.
func compareFindings(a, b scan.Finding) int {
	return cmp.Or(
		cmp.Compare(b.Severity, a.Severity),
		strings.Compare(a.Package, b.Package),
		strings.Compare(a.Version, b.Version),
		strings.Compare(a.ID, b.ID),
		strings.Compare(a.Path, b.Path),
		strings.Compare(a.Namespace, b.Namespace),
		strings.Compare(a.Type, b.Type),
	)
}

func fix(f vulnerability.Fix, format version.Format) scan.Fix {
	state := string(f.State)
	if state == "" {
		state = string(vulnerability.FixStateUnknown)
	}
	versions := slices.Clone(f.Versions)
	slices.SortStableFunc(versions, func(a, b string) int {
		n, err := version.New(a, format).Compare(version.New(b, format))
		if err != nil {
			return strings.Compare(a, b)
		}
		return n
	})
	return scan.Fix{State: state, Versions: slices.Compact(versions)}
}

func scores(in []vulnerability.Cvss) []scan.CVSS {
	var out []scan.CVSS
	for _, c := range in {
		out = append(out, scan.CVSS{Version: c.Version, Vector: c.Vector, Score: c.Metrics.BaseScore, Source: c.Source})
	}
	return out
}

// epss takes the highest score if a record stands for several CVEs.
func epss(in []vulnerability.EPSS) *scan.EPSS {
	if len(in) == 0 {
		return nil
	}
	top := slices.MaxFunc(in, func(a, b vulnerability.EPSS) int { return cmp.Compare(a.EPSS, b.EPSS) })
	out := scan.EPSS{Score: top.EPSS, Percentile: top.Percentile, Date: day(&top.Date)}
	return &out
}

func kev(in []vulnerability.KnownExploited) *scan.KEV {
	if len(in) == 0 {
		return nil
	}
	k := in[0]
	return &scan.KEV{DateAdded: day(k.DateAdded), DueDate: day(k.DueDate), Ransomware: k.KnownRansomwareCampaignUse}
}

func urls(v vulnerability.Vulnerability, meta *vulnerability.Metadata) []string {
	all := append([]string{meta.DataSource}, meta.URLs...)
	for _, a := range v.Advisories {
		all = append(all, a.Link)
	}
	var out []string
	for _, u := range all {
		if u != "" && !slices.Contains(out, u) {
			out = append(out, u)
		}
	}
	return out
}

// matchType is the most direct of the ways in which grype found the match.
func matchType(details grypematch.Details) string {
	for _, t := range []grypematch.Type{grypematch.ExactDirectMatch, grypematch.ExactIndirectMatch, grypematch.CPEMatch} {
		for _, d := range details {
			if d.Type == t {
				return string(t)
			}
		}
	}
	return ""
}

// shorten cuts s to at most n bytes, after a sentence if one ends in its second half.
func shorten(s string, n int) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "�")), " ")
	if len(s) <= n {
		return s
	}
	n -= len("…")
	for !utf8.RuneStart(s[n]) {
		n--
	}
	s = s[:n]
	if i := strings.LastIndex(s, ". "); i > n/2 {
		return s[:i+1]
	}
	return strings.TrimRight(s, " ") + "…"
}
