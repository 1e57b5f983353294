package base

import (
	"slices"

	"github.com/scan-build/scan-build/scan"
)

// Best is the advice that improves a base image most, nil if none does. The worst
// severity that changes decides: one critical finding less is better than ten low
// ones more. Among equals the first counts, which is the tag that is used already.
func Best(b *scan.Base) *scan.BaseAdvice {
	if b == nil || len(b.Advice) == 0 {
		return nil
	}
	best := ranked(b.Advice)[0]
	if !improves(best) {
		return nil
	}
	return &best
}

// improves says whether there is less to mend with another base image.
func improves(a scan.BaseAdvice) bool { return compare(a, scan.BaseAdvice{}) < 0 }

func ranked(advice []scan.BaseAdvice) []scan.BaseAdvice {
	out := slices.Clone(advice)
	slices.SortStableFunc(out, compare)
	return out
}

// compare orders by what changes, worst severity first.
func compare(a, b scan.BaseAdvice) int {
	for _, s := range scan.Severities() {
		if d := net(a, s) - net(b, s); d != 0 {
			return d
		}
	}
	return 0
}

// net is how many findings of a severity more there would be.
func net(a scan.BaseAdvice, s scan.Severity) int { return a.New[s.String()] - a.Gone[s.String()] }

// Reference is what the FROM would have to name, in full: with its digest if the
// base is pinned now.
func Reference(b *scan.Base, a scan.BaseAdvice) string {
	if b.Pinned && a.Digest != "" {
		return a.Ref + "@" + a.Digest
	}
	return a.Ref
}
