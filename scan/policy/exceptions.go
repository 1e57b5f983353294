package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// exceptions are the options' exceptions as they stand on a day.
type exceptions struct {
	at    time.Time
	valid []*exception
	// expired describes those whose last day is over.
	expired []string
}

type exception struct {
	config.Exception
	used bool
}

// newExceptions sorts the exceptions by whether they hold. For a report that does
// not say when it was made none does.
func newExceptions(opts config.Options, at time.Time) *exceptions {
	x := &exceptions{at: at}
	for _, e := range opts.Exceptions {
		last := e.Expires.AddDate(0, 0, config.ExpiryWarning)
		over := config.Exception{Expires: last}
		switch {
		case at.IsZero() || over.Expired(at):
			x.expired = append(x.expired, describeException(e)+" expired on "+e.Expires.Format(time.DateOnly))
			continue
		case e.Expired(at):
			x.expired = append(x.expired, describeException(e)+" expired on "+e.Expires.Format(time.DateOnly)+
				" and is the last time accepted on "+last.Format(time.DateOnly))
		}
		x.valid = append(x.valid, &exception{Exception: e})
	}
	x.expired = append(x.expired, expiredEntries(opts.Secrets, at)...)
	return x
}

// unused describes the exceptions that nothing needed.
func (x *exceptions) unused() []string {
	var out []string
	for _, e := range x.valid {
		if !e.used {
			out = append(out, describeException(e.Exception)+" accepts nothing")
		}
	}
	return out
}

func (x *exceptions) first(matches func(config.Exception) bool) *Acceptance {
	i := slices.IndexFunc(x.valid, func(e *exception) bool { return matches(e.Exception) })
	if i < 0 {
		return nil
	}
	e := x.valid[i]
	e.used = true
	return &Acceptance{Reason: e.Reason, Policy: placeOfEntry(e.File, e.Line), Expires: e.Expires.Format(time.DateOnly)}
}

func (x *exceptions) finding(f *scan.Finding, l *scan.Layer) *Acceptance {
	return x.first(func(e config.Exception) bool { return e.MatchesFinding(*f, layerOrNone(l)) })
}

func (x *exceptions) secret(s *scan.Secret, l *scan.Layer) *Acceptance {
	return x.first(func(e config.Exception) bool { return e.MatchesSecret(*s, layerOrNone(l)) })
}

func (x *exceptions) misconfiguration(m *scan.Misconfiguration, l *scan.Layer) *Acceptance {
	return x.first(func(e config.Exception) bool { return e.MatchesMisconfiguration(*m, layerOrNone(l)) })
}

func (x *exceptions) violation(v scan.Violation) *Acceptance {
	return x.first(func(e config.Exception) bool { return e.MatchesViolation(v) })
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
