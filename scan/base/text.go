package base

import (
	"fmt"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// Text says an advice in one line, e.g.
//
//	debian:12@sha256:0123456789ab → debian:12: 14 fewer high, 3 fewer low, 0 new
//	python:3.11-slim → python:3.13-slim: 2 fewer critical, 5 new (1 high, 4 low)
//	debian:12 → debian:13: no change
func Text(b *scan.Base, a scan.BaseAdvice) string {
	return fmt.Sprintf("%s → %s: %s", shorten(b.Ref), shorten(a.Ref), Change(a))
}

// Notes says what is known of other images to build on: every advice, best first,
// and that the tag of a pinned base has moved where nobody asked to compare.
func Notes(b *scan.Base) []string {
	if b == nil {
		return nil
	}
	var out []string
	for _, a := range ranked(b.Advice) {
		out = append(out, Text(b, a))
	}
	return append(out, moved(b)...)
}

// News is [Notes] without what is no better than the base image: of that it is
// only said that it was compared.
func News(b *scan.Base) []string {
	if b == nil {
		return nil
	}
	var out, others []string
	for _, a := range ranked(b.Advice) {
		if improves(a) {
			out = append(out, Text(b, a))
		} else {
			others = append(others, shorten(a.Ref))
		}
	}
	if len(out) == 0 && len(others) > 0 {
		out = append(out, fmt.Sprintf("%s: compared with %s, none is better", shorten(b.Ref), strings.Join(others, ", ")))
	}
	return append(out, moved(b)...)
}

// moved says that the tag of a pinned base has moved, unless its image was compared.
func moved(b *scan.Base) []string {
	if b.Pinned && b.Moved() && !slices.ContainsFunc(b.Advice, func(a scan.BaseAdvice) bool { return a.Digest == b.CurrentDigest }) {
		return []string{fmt.Sprintf("%s: the tag %s is another image now, --advise (SCAN_ADVISE=true) compares them", shorten(b.Ref), b.Tag)}
	}
	return nil
}

// Change is what an advice comes to, without the names.
func Change(a scan.BaseAdvice) string {
	var parts []string
	for _, s := range scan.Severities() {
		if n := a.Gone[s.String()]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d fewer %s", n, s))
		}
	}
	var added []string
	total := 0
	for _, s := range scan.Severities() {
		if n := a.New[s.String()]; n > 0 {
			total += n
			added = append(added, fmt.Sprintf("%d %s", n, s))
		}
	}
	switch {
	case len(parts) == 0 && total == 0:
		return "no change"
	case total == 0:
		parts = append(parts, "0 new")
	default:
		parts = append(parts, fmt.Sprintf("%d new (%s)", total, strings.Join(added, ", ")))
	}
	return strings.Join(parts, ", ")
}

// shortDigest is how much of a digest people compare.
const shortDigest = 12

func shorten(ref string) string {
	name, digest, ok := strings.Cut(ref, "@sha256:")
	if !ok || len(digest) <= shortDigest {
		return ref
	}
	return name + "@sha256:" + digest[:shortDigest]
}
