package policytest

import (
	"fmt"
	"io"

	"github.com/scan-build/scan-build/scan/internal/plain"
)

// Result of one test.
type Result struct {
	// Name of a test rule ("team.test_telnet") or of a report.
	Name string
	// Location is where a rule stands, "file:line".
	Location string
	// Skipped rules are named todo_test_….
	Skipped bool
	// Failures say what is not as expected; none for a test that passed.
	Failures []string
}

// Passed says whether nothing was wrong.
func (r Result) Passed() bool { return len(r.Failures) == 0 }

// Text writes a line for each result, below it what failed, and a last line
// that counts.
func Text(w io.Writer, results []Result) error {
	failed, skipped := 0, 0
	for _, r := range results {
		mark := "ok  "
		switch {
		case r.Skipped:
			mark, skipped = "skip", skipped+1
		case !r.Passed():
			mark, failed = "FAIL", failed+1
		}
		line := mark + " " + plain.Line(r.Name, 120)
		if r.Location != "" {
			line += "  " + plain.Tail(r.Location, 80)
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
		for _, f := range r.Failures {
			if _, err := fmt.Fprintln(w, "       "+plain.Line(f, 400)); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(w, "%s, %d failed, %d skipped\n", plain.Count(len(results), "test", "tests"), failed, skipped)
	return err
}
