package check

import (
	"slices"

	"github.com/scan-build/scan-build/scan"
)

// Check looks for one kind of weakness.
type Check struct {
	// ID is short, lower-case and with dashes; it never changes.
	ID       string
	Severity scan.Severity
	// Title names the weakness, without a full stop.
	Title string
	// Description says why it is one, Remedy what to do; whole sentences.
	Description, Remedy string
	// References are URLs; the first is shown with findings.
	References []string
	// Controls that the check serves, as [Control.Ref] writes them; none for one whose
	// findings break no control.
	Controls []string
	// Keywords are the instructions, in lower case, that set what it looks at in the
	// image's configuration: where one of them gives a finding's subject, it is the
	// one to change.
	Keywords []string
	// Looks names what is looked at, for evidence that nothing was found.
	Looks string

	needs needs
	// find looks at a stage; nil for a check of instructions.
	find func(*subject) []found
	// everyStage says that build stages are looked at too.
	everyStage bool
	// inspect looks at one instruction of the Dockerfile and returns what it saw,
	// "" for nothing.
	inspect func(*instruction) string
	// finalOnly restricts inspect to the stages that become the image.
	finalOnly bool
}

// found is what a check saw. Layer is -1 where no layer is to blame.
type found struct {
	message string
	subject string // as [scan.Misconfiguration.Subject]
	paths   []string
	count   int
	layer   int
}

// shownPaths is how many paths a finding has at most.
const shownPaths = 20

// All returns every check, in the order they are documented in.
func All() []Check {
	return slices.Concat(
		userChecks(), serviceChecks(), environmentChecks(), baseChecks(), ageChecks(),
		leakChecks(), permissionChecks(), contentChecks(), instructionChecks(),
	)
}

// Find returns the check of an id.
func Find(id string) (Check, bool) {
	for _, c := range All() {
		if c.ID == id {
			return c, true
		}
	}
	return Check{}, false
}

// OfInstructions says whether the check looks at the Dockerfile's text, so that
// its findings come from [Instructions]; all others come from [Evaluate].
func (c *Check) OfInstructions() bool { return c.inspect != nil }

func (c *Check) misconfiguration(f found) scan.Misconfiguration {
	m := scan.Misconfiguration{
		Check: c.ID, Severity: c.Severity, Title: c.Title, Message: f.message, Subject: f.subject,
		Paths: f.paths, Count: f.count, Layer: f.layer,
	}
	if len(m.Paths) > shownPaths {
		m.Paths = m.Paths[:shownPaths]
	}
	if len(c.References) > 0 {
		m.URL = c.References[0]
	}
	return m
}
