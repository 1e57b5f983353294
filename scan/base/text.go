package base

import (
	"fmt"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// textWidth bounds a line of advice: names come from Dockerfiles and registries.
const textWidth = 300

// Advised says all of a report's advice, each once, safe to print.
func Advised(r *scan.Report) []string {
	var out []string
	for _, s := range r.AllStages() {
		if s.Base == nil {
			continue
		}
		for _, a := range s.Base.Advice {
			if text := plain.Line(Text(s.Base, a), textWidth); !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out
}

// Text says an advice in one line, e.g.
//
//	debian:12@sha256:0123456789ab → debian:12: 14 fewer high, 3 fewer low, 0 new
//	python:3.11-slim → python:3.13-slim: 2 fewer critical, 5 new (1 high, 4 low)
//	debian:12 → debian:13: no change
func Text(b *scan.Base, a scan.BaseAdvice) string {
	return fmt.Sprintf("%s → %s: %s", shorten(b.Ref), shorten(a.Ref), Change(a))
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
