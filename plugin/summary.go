package plugin

import (
	"fmt"
	"maps"
	"slices"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/policy"
)

// configure gives the handler what it scans with.
func (h *handler) configure(s *setup, version string) {
	h.flags, h.reports, h.image, h.version = s.flags, s.reports, s.image, version
}

// summary shows how every target ended that was not blocked: what blocks comes
// last, with the run's error.
func (h *handler) summary(s *Screen) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(h.results)) {
		r := h.results[name].report
		if r == nil || r.Verdict.Outcome == scan.OutcomeBlock {
			continue
		}
		label := ""
		if len(h.results) > 1 {
			label = name
		}
		fmt.Fprintln(s.w)
		s.print(policy.Ending(r, s.layout(label, len(h.results)))...)
	}
}
