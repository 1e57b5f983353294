package plugin

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/policy"
)

// configure gives the handler what it scans with.
func (h *handler) configure(s *setup, version string) {
	h.flags, h.reports, h.image, h.version = s.flags, s.reports, s.image, version
}

// summary shows every target's verdict on a line, what does not block grouped
// below it.
func (h *handler) summary(w io.Writer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(h.results)) {
		r := h.results[name].report
		if r == nil {
			continue
		}
		label := ""
		if len(h.results) > 1 {
			label = name + ": "
		}
		fmt.Fprintf(w, "\n%sscan %s: %s\n", label, r.Verdict.Outcome, describeCounts(r))
		for _, n := range policy.Notices(r) {
			fmt.Fprintf(w, " - %s\n", n)
		}
		if r.Verdict.Outcome == scan.OutcomeBlock {
			continue // what blocks comes last, and counts the rest
		}
		for _, warning := range policy.Warnings(r) {
			fmt.Fprintf(w, " - %s\n", warning.Short)
		}
	}
}

// describeCounts says what the final image holds.
func describeCounts(r *scan.Report) string {
	var found []string
	add := func(n int, what string) {
		switch {
		case n == 1:
			found = append(found, "1 "+what)
		case n > 1:
			found = append(found, fmt.Sprintf("%d %ss", n, what))
		}
	}
	add(policy.SecretCount(r), "secret")
	if text := policy.CountText(r.Verdict.Counts); text != "" {
		found = append(found, text)
	} else {
		found = append(found, "no known vulnerabilities")
	}
	add(policy.MisconfigurationCount(r), "configuration finding")
	text := fmt.Sprintf("%s in the image (database of %s)", strings.Join(found, ", "), r.Database.Built.Format("2006-01-02"))
	if ignored := policy.IgnoredText(r.Verdict.Ignored); ignored != "" {
		text += "; ignored: " + ignored
	}
	return text
}
