package policy

import (
	"fmt"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// IncompleteError says that a report misses what a verdict needs: letting such
// a build pass, or blaming it, would both be wrong.
type IncompleteError struct {
	// Gaps are what is missing, at least one.
	Gaps []Gap
}

// Gap is one thing that a report misses.
type Gap struct {
	Platform string
	Stage    string
	// Problem is the file that could not be read; nil if something other than a
	// file is missing, which Message then names.
	Problem *scan.Problem
	Message string
}

// shownGaps keeps the message short when a whole tree is unreadable.
const shownGaps = 5

func (e *IncompleteError) Error() string {
	var parts []string
	for i, g := range e.Gaps {
		if i == shownGaps {
			parts = append(parts, fmt.Sprintf("and %d more", len(e.Gaps)-i))
			break
		}
		parts = append(parts, g.String())
	}
	return "failed to scan completely: " + strings.Join(parts, "; ")
}

func (g Gap) String() string {
	where := plain.Line(g.Stage, nameWidth)
	if g.Platform != "" {
		where = strings.TrimSpace(where + " (" + plain.Line(g.Platform, nameWidth) + ")")
	}
	what := g.Message
	if g.Problem != nil {
		what = fmt.Sprintf("/%s could not be read: %s", plain.Tail(g.Problem.Path, pathWidth), plain.Line(g.Problem.Message, 200))
	}
	if where == "" {
		return what
	}
	return where + ": " + what
}

// complete fails for a report from which no verdict can be made.
func complete(r *scan.Report) error {
	var gaps []Gap
	if len(r.Platforms) == 0 {
		gaps = append(gaps, Gap{Message: "no platform was scanned"})
	}
	for i := range r.Platforms {
		p := &r.Platforms[i]
		if p.FinalStage() == nil {
			gaps = append(gaps, Gap{Platform: p.ID, Message: "the final stage was not scanned"})
		}
		gaps = append(gaps, unreadable(p)...)
	}
	if len(gaps) > 0 {
		return &IncompleteError{Gaps: gaps}
	}
	return nil
}

// unreadable lists the files without which the platform's findings mislead. A
// file that several stages inherit is listed for the first of them.
func unreadable(p *scan.Platform) []Gap {
	var gaps []Gap
	seen := map[scan.Problem]bool{}
	for _, s := range p.Stages {
		for _, problem := range s.Problems {
			if !problem.Fatal || seen[problem] {
				continue
			}
			seen[problem] = true
			gaps = append(gaps, Gap{Platform: p.ID, Stage: s.Name, Problem: &problem})
		}
	}
	return gaps
}
