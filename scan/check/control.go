package check

import (
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// Framework is a set of rules that people are audited by.
type Framework struct {
	// ID is how [Control.Ref] names it.
	ID string
	// Name with version.
	Name string
	// URL of the text, or of whoever publishes it.
	URL string
	// Controls in the framework's order, also those that a scan cannot show.
	Controls []Control
}

// Control is one rule of a framework. Titles are our own words: the texts of
// most frameworks are protected by copyright.
type Control struct {
	Framework string
	ID        string
	Title     string
	// Vulnerabilities says that a finding that blocks breaks the control.
	Vulnerabilities bool
	// Secrets says that a secret does, SecretsInText that only one in the Dockerfile
	// or the image's configuration does.
	Secrets, SecretsInText bool
	// Lint are the lint rules of BuildKit's that break it, Violations the rules of
	// the policy. What checks do they say themselves: [Control.Checks].
	Lint, Violations []string
	// Reason says why a scan cannot show the control. Of one that nothing is looked
	// at for, why not; of any other, why finding nothing does not prove it: such a
	// control can fail, but never pass. "" for one that can do both.
	Reason string

	// limit returns why finding nothing does not prove the control for this image;
	// "" if it does.
	limit func(*scan.Stage) string
}

// Ref names the control among all frameworks, e.g. "cis-docker/4.1".
func (c Control) Ref() string { return c.Framework + "/" + c.ID }

// Checks are the checks that serve the control, in the catalogue's order.
func (c Control) Checks() []Check {
	return slices.DeleteFunc(All(), func(k Check) bool { return !slices.Contains(k.Controls, c.Ref()) })
}

// Assessable says whether a scan can say anything about the control.
func (c Control) Assessable() bool {
	return c.Vulnerabilities || c.Secrets || c.SecretsInText || len(c.Lint)+len(c.Violations) > 0 || len(c.Checks()) > 0
}

// Frameworks returns every framework.
func Frameworks() []Framework {
	all := []Framework{
		cisDocker(), nist800190(), pciDSS(), hipaa(), soc2(), fedramp(),
	}
	for i := range all {
		for j := range all[i].Controls {
			all[i].Controls[j].Framework = all[i].ID
		}
	}
	return all
}

// FindControl returns the control of a [Control.Ref].
func FindControl(ref string) (Control, bool) {
	id, _, _ := strings.Cut(ref, "/")
	for _, f := range Frameworks() {
		if f.ID != id {
			continue
		}
		for _, c := range f.Controls {
			if c.Ref() == ref {
				return c, true
			}
		}
	}
	return Control{}, false
}
