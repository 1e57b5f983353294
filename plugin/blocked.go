package plugin

import (
	"fmt"
	"strings"

	"github.com/moby/buildkit/solver/errdefs"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/frontend"
	"github.com/scan-build/scan-build/scan/policy"
)

// blocked shows why each target of a run was blocked.
func (s *Screen) blocked(err error) {
	var targets blockedTargets
	if !errors.As(err, &targets) {
		targets = blockedTargets{err}
	}
	var names []string
	for _, err := range targets {
		var b *frontend.BlockedError
		if !errors.As(err, &b) {
			continue
		}
		name := targetOf(b)
		if name != "" {
			names = append(names, name)
		}
		fmt.Fprintln(s.w)
		if b.Report == nil { // it did not fit into the error
			fmt.Fprintln(s.w, printable(b.Message))
			continue
		}
		o := s.layout(name, len(targets))
		o.Excerpt = excerpt(err)
		s.print(policy.Ending(b.Report, o)...)
	}
	fmt.Fprintln(s.w)
	who := ""
	if len(names) > 0 {
		who = printable(strings.Join(names, ", ")) + ": "
	}
	s.last("BLOCKED", fmt.Sprintf("%snothing was exported or pushed (exit code %d)", who, exitBlocked))
}

// targetOf names the bake target that was blocked, nothing for a single build.
func targetOf(e *frontend.BlockedError) string {
	if e.Report == nil || e.Report.Target == defaultTarget {
		return ""
	}
	return e.Report.Target
}

// excerptLines is how much of an instruction is shown.
const excerptLines = 3

// excerpt is the beginning of the instruction that is worst. One on a single line
// is not repeated: the heading has it.
func excerpt(err error) []string {
	sources := errdefs.Sources(err)
	if len(sources) == 0 || sources[0].Info == nil || len(sources[0].Ranges) == 0 {
		return nil
	}
	src := sources[0]
	start, end := int(src.Ranges[0].GetStart().GetLine()), int(src.Ranges[0].GetEnd().GetLine())
	lines := strings.Split(string(src.Info.Data), "\n")
	if start < 1 || end <= start || end > len(lines) {
		return nil
	}
	var out []string
	for i := start; i <= min(end, start+excerptLines-1); i++ {
		out = append(out, fmt.Sprintf("%4d | >>> %s", i, lines[i-1]))
	}
	if more := end - start + 1 - excerptLines; more > 0 {
		out = append(out, fmt.Sprintf("     | … %d more", more))
	}
	return out
}
