package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// exceptions are the options' exceptions as they stand on a day.
type exceptions struct {
	valid []config.Exception
	index *config.ExceptionIndex
	used  map[config.Exception]bool
	at    time.Time
	// expired describes those whose last day is over.
	expired []string
}

// newExceptions sorts the exceptions by whether they hold. For a report that does
// not say when it was made none does.
func newExceptions(opts config.Options, at time.Time) *exceptions {
	x := &exceptions{at: at, used: map[config.Exception]bool{}}
	for _, e := range opts.Exceptions {
		last := e.Expires.AddDate(0, 0, config.ExpiryWarning)
		text := describeException(e) + " expired on " + e.Expires.Format(time.DateOnly)
		switch {
		case at.IsZero() || (config.Exception{Expires: last}).Expired(at):
			x.expired = append(x.expired, text)
			continue
		case e.Expired(at):
			x.expired = append(x.expired, text+", and is accepted until "+last.Format(time.DateOnly)+" all the same")
		}
		x.valid = append(x.valid, e)
	}
	x.index = config.IndexExceptions(x.valid)
	x.expired = append(x.expired, expiredEntries(opts.Secrets, at)...)
	return x
}

// unused describes the exceptions that nothing needed.
func (x *exceptions) unused() []string {
	var out []string
	for _, e := range x.valid {
		if !x.used[e] && !e.Expired(x.at) { // of one that is over enough is said
			out = append(out, describeException(e)+" accepts nothing")
		}
	}
	return out
}

// first is the acceptance by the first of the exceptions that mean something; all
// of them are used.
func (x *exceptions) first(found []config.Exception) *Acceptance {
	if len(found) == 0 {
		return nil
	}
	for _, e := range found {
		x.used[e] = true
	}
	e := found[0]
	return &Acceptance{Reason: e.Reason, Policy: placeOfEntry(e.File, e.Line), Expires: e.Expires.Format(time.DateOnly)}
}

func (x *exceptions) finding(f *scan.Finding, l *scan.Layer) *Acceptance {
	return x.first(x.index.ForFinding(*f, layerOrNone(l)))
}

func (x *exceptions) secret(s *scan.Secret, l *scan.Layer) *Acceptance {
	return x.first(x.index.ForSecret(*s, layerOrNone(l)))
}

func (x *exceptions) misconfiguration(m *scan.Misconfiguration, l *scan.Layer) *Acceptance {
	return x.first(x.index.ForMisconfiguration(*m, layerOrNone(l)))
}

func (x *exceptions) violation(v scan.Violation) *Acceptance {
	return x.first(x.index.ForViolation(v))
}

// describeException names an exception by what it accepts and where it stands.
func describeException(e config.Exception) string {
	return describeEntry("exception", e.File, e.Line, [][2]string{
		{"vulnerability", e.Vulnerability}, {"package", e.Package}, {"path", e.Path}, {"layer", e.Layer}, {"rule", e.Rule}, {"purl", e.PURL},
	})
}

// describeEntry names an entry of the options file by what it accepts, e.g.
// ".scan-build.yaml:12: exception (vulnerability CVE-2026-1)".
func describeEntry(what, file string, line int, parts [][2]string) string {
	var by []string
	for _, p := range parts {
		if p[1] != "" {
			by = append(by, p[0]+" "+plain.Line(p[1], pathWidth))
		}
	}
	text := fmt.Sprintf("%s (%s)", what, strings.Join(by, ", "))
	if at := placeOfEntry(file, line); at != "" {
		text = at + ": " + text
	}
	return text
}

func placeOfEntry(file string, line int) string {
	if file == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", plain.Tail(file, pathWidth), line)
}
