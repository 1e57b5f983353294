package config

import (
	"slices"
	"strings"
	"time"

	"github.com/pkg/errors"
)

// The keys that whatever accepts something has: what is accepted is accepted
// for a reason and for a while.
const (
	acceptReason  = "reason"
	acceptExpires = "expires"
)

// acceptance is what all entries have that accept something.
type acceptance struct {
	reason string
	// expires is the last day, its midnight in UTC.
	expires time.Time
}

// acceptanceFields are those that say what is accepted, and those of every acceptance.
func acceptanceFields(what ...Field) []Field {
	for i := range what {
		if what[i].schema == nil {
			what[i].schema = text(maxGlob)
		}
	}
	return append(what,
		Field{Name: acceptReason, Required: true, Help: "why it is accepted", schema: text(0)},
		Field{Name: acceptExpires, Required: true, Help: "the last day on which it is, in UTC", schema: daySchema()},
	)
}

// parseAcceptance reads what all entries have, and holds that an entry has no
// empty value and says what it is for: one without any would accept everything.
func parseAcceptance(e entry, fields []Field) (acceptance, error) {
	fail := func(err error) (acceptance, error) { return acceptance{}, &partError{line: e.line, err: err} }
	var a acceptance
	var what []string
	said := false
	for _, f := range fields {
		v, ok := e.values[f.Name]
		switch {
		case ok && strings.TrimSpace(v.text) == "":
			return a, &partError{line: v.line, key: f.Name, err: errors.New("is empty")}
		case !ok && f.Required:
			return fail(errors.Errorf("an entry needs %s", f.Name))
		case !f.Required:
			what = append(what, f.Name)
			said = said || ok
		}
	}
	if !said {
		return fail(errors.Errorf("an entry needs at least one of %s", andList(what)))
	}
	a.reason = e.values[acceptReason].text
	v := e.values[acceptExpires]
	var err error
	if a.expires, err = parseDay(v.text); err != nil {
		return a, &partError{line: v.line, key: acceptExpires, err: err}
	}
	return a, nil
}

// glob reads the pattern under a key, if there is one.
func (e entry) glob(key string, parse func(string) (string, error)) (string, error) {
	v, ok := e.values[key]
	if !ok {
		return "", nil
	}
	glob, err := parse(v.text)
	if err != nil {
		return "", &partError{line: v.line, key: key, err: err}
	}
	return glob, nil
}

// over says whether a last day is over, in UTC.
func over(last, at time.Time) bool { return !at.Before(last.AddDate(0, 0, 1)) }

// appendNew appends what a list does not have.
func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
