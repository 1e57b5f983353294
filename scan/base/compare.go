package base

import (
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// maxIDs bounds the lists of vulnerabilities in an advice.
const maxIDs = 100

// Compare says what would go away and what would come with another base image,
// given the findings of both. Findings are counted by severity; of those that
// stay the severity is the other image's.
//
// What counts as the same is a vulnerability, whatever package carries it: with
// a new release of a distribution packages change their names (libssl1.1 becomes
// libssl3), and a vulnerability that both have has not gone away. So of a
// vulnerability with three findings in one image and two in the other, two stay
// and one goes.
func Compare(from, to []scan.Finding) scan.BaseAdvice {
	old, other := byVulnerability(from), byVulnerability(to)
	out := scan.BaseAdvice{Gone: map[string]int{}, New: map[string]int{}, Same: map[string]int{}}
	for id, findings := range old {
		stay := min(len(findings), len(other[id]))
		count(out.Gone, findings[stay:])
		count(out.Same, other[id][:stay])
		if stay == 0 {
			out.GoneIDs = append(out.GoneIDs, id)
		}
	}
	for id, findings := range other {
		stay := min(len(findings), len(old[id]))
		count(out.New, findings[stay:])
		if stay == 0 {
			out.NewIDs = append(out.NewIDs, id)
		}
	}
	out.GoneIDs, out.NewIDs = first(out.GoneIDs), first(out.NewIDs)
	return out
}

// byVulnerability groups findings, the worst of each vulnerability first.
func byVulnerability(findings []scan.Finding) map[string][]scan.Finding {
	out := map[string][]scan.Finding{}
	for _, f := range findings {
		id := Identity(f)
		out[id] = append(out[id], f)
	}
	for _, group := range out {
		slices.SortStableFunc(group, func(a, b scan.Finding) int { return int(b.Severity) - int(a.Severity) })
	}
	return out
}

// Identity is the id under which databases of different sources know the same
// vulnerability: the CVE if there is one.
func Identity(f scan.Finding) string {
	if isCVE(f.ID) {
		return f.ID
	}
	cves := slices.DeleteFunc(slices.Clone(f.Aliases), func(a string) bool { return !isCVE(a) })
	if len(cves) == 0 {
		return f.ID
	}
	return slices.Min(cves)
}

func isCVE(id string) bool { return strings.HasPrefix(id, "CVE-") }

func count(counts map[string]int, findings []scan.Finding) {
	for _, f := range findings {
		counts[f.Severity.String()]++
	}
}

func first(ids []string) []string {
	slices.Sort(ids)
	return ids[:min(len(ids), maxIDs)]
}
