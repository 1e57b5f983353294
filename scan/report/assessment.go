package report

import (
	"cmp"
	"slices"
	"strings"

	openvex "github.com/openvex/go-vex/pkg/vex"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// assessment is what a report lets one say of a finding's effect, in the words of
// VEX. It says no more than the report does:
//
//   - What a VEX document was believed to say is said again.
//   - What an exception or a rule of the user's accepts stays affected. Somebody
//     decided to live with it, for a time; nobody said that it has no effect, and
//     VEX knows no last day.
//   - What blocks, and what has a fix, is affected: there is something to do.
//   - The rest nobody has looked at.
type assessment struct {
	status openvex.Status
	// justification is one of OpenVEX's, or empty; of not_affected only.
	justification openvex.Justification
	// impact says why there is no effect, action what to do about one. accepted says
	// who lives with it and why.
	impact, action, accepted string
}

// ruleVEX is the policy's rule about what VEX documents say.
const ruleVEX = "vex"

func assess(f scan.Finding) assessment {
	d := f.Decision
	switch {
	case d != nil && d.Action == scan.ActionIgnore && d.Rule == ruleVEX:
		return believed(plain.Line(d.Message, messageWidth))
	case d != nil && d.Action == scan.ActionIgnore:
		return assessment{status: openvex.StatusAffected, accepted: acceptance(d)}
	case d != nil && d.Action == scan.ActionDeny, hasFix(f):
		return assessment{status: openvex.StatusAffected, action: whatToDo(f)}
	default:
		return assessment{status: openvex.StatusUnderInvestigation}
	}
}

// believed reads what the policy says of a VEX statement: the justification, the
// impact statement, or the status alone where the statement has neither.
func believed(message string) assessment {
	j := openvex.Justification(message)
	switch {
	case message == string(openvex.StatusFixed):
		return assessment{status: openvex.StatusFixed}
	case j.Valid():
		return assessment{status: openvex.StatusNotAffected, justification: j}
	case message == "":
		message = "a VEX document says so"
	}
	return assessment{status: openvex.StatusNotAffected, impact: message}
}

// acceptance says who lives with a finding, until when and why.
func acceptance(d *scan.Decision) string {
	text := "Accepted"
	if d.Expires != "" {
		text += " until " + plain.Line(d.Expires, cellWidth)
	}
	if d.Policy != "" {
		text += " by " + plain.Line(d.Policy, cellWidth)
	} else if d.Rule != "" {
		text += " by the rule " + plain.Line(d.Rule, cellWidth)
	}
	if d.Message != "" {
		text += ": " + plain.Line(d.Message, messageWidth)
	}
	return text
}

func hasFix(f scan.Finding) bool { return f.Fix.State == "fixed" }

// whatToDo is the advice about one finding.
func whatToDo(f scan.Finding) string {
	name := plain.Line(f.Package, cellWidth)
	if !hasFix(f) {
		return "There is no fixed version of " + name + " yet: leave it out, or accept it for a time."
	}
	var versions []string
	for _, v := range f.Fix.Versions {
		if v = plain.Line(v, cellWidth); v != "" && !slices.Contains(versions, v) {
			versions = append(versions, v)
		}
	}
	if len(versions) == 0 {
		return "Update " + name + "."
	}
	return "Update " + name + " to " + strings.Join(versions, " or ") + "."
}

// compare orders what is said of the same package in several places of an image,
// the most cautious last: whoever reads it cannot tell the places apart. What is
// as cautious is ordered by its words.
func (a assessment) compare(b assessment) int {
	return cmp.Or(
		cmp.Compare(a.caution(), b.caution()), strings.Compare(string(a.justification), string(b.justification)),
		strings.Compare(a.impact, b.impact), strings.Compare(a.action, b.action), strings.Compare(a.accepted, b.accepted),
	)
}

func (a assessment) caution() int {
	switch {
	case a.status == openvex.StatusNotAffected:
		return 0
	case a.status == openvex.StatusFixed:
		return 1
	case a.status == openvex.StatusUnderInvestigation:
		return 2
	case a.accepted != "":
		return 3
	default:
		return 4
	}
}
