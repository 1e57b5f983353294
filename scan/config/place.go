package config

import (
	"cmp"
	"fmt"

	"github.com/pkg/errors"
)

// place is where an option was given.
type place struct {
	road Road
	file string
	line int
	// within is the path of keys that leads to where the file's options stand, with
	// a dot at its end: "profiles.nightly." or nothing.
	within string
	// short says that the option was set by its name alone.
	short bool
	// policy says that the file is one that the options extend.
	policy bool
}

// where spells a place in a policy or file for a message about another place.
func (p place) where() string {
	switch {
	case p.line == 0:
		return p.file
	case p.policy:
		return fmt.Sprintf("policy %s (line %d)", p.file, p.line)
	default:
		return fmt.Sprintf("%s:%d", p.file, p.line)
	}
}

// Error is an option that cannot be taken, with the place it was given.
type Error struct {
	// Road it came by; File and Line are set for [RoadFile], Line 0 if it
	// concerns the whole file.
	Road Road
	File string
	Line int
	// Name as written on that road: a key, a build argument or a flag. Empty if
	// the error concerns no single option.
	Name string
	Err  error
}

func (e *Error) Error() string {
	var where string
	switch {
	case e.Road == RoadBuildArg:
		return fmt.Sprintf("--build-arg %s: %v", e.Name, e.Err)
	case e.Road == RoadFlag:
		return fmt.Sprintf("%s: %v", e.Name, e.Err)
	case e.Line > 0:
		where = fmt.Sprintf("%s:%d", e.File, e.Line)
	default:
		where = e.File
	}
	if e.Name != "" {
		where += ": " + e.Name
	}
	return fmt.Sprintf("%s: %v", where, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// partError is an error in one item of a list, or in one key of an item.
type partError struct {
	line int
	key  string
	err  error
}

func (e *partError) Error() string { return e.err.Error() }

// nameAt is the option's name as the road of a place has it.
func (o Option) nameAt(at place) string {
	switch at.road {
	case RoadBuildArg:
		return o.BuildArg()
	case RoadFlag:
		return o.Flag()
	}
	if at.short {
		return at.within + o.Name
	}
	return at.within + o.FileKey()
}

// fail makes an error of one that concerns a setting of the option.
func (o Option) fail(s setting, err error) error {
	e := &Error{Road: s.at.road, File: s.at.file, Line: s.at.line, Name: o.nameAt(s.at), Err: err}
	if o.Map && s.key != "" {
		e.Name += "." + shorten(s.key)
	}
	var part *partError
	if errors.As(err, &part) {
		e.Line, e.Err = cmp.Or(part.line, s.at.line), part.err
		if part.key != "" {
			e.Name += "." + part.key
		}
	}
	return e
}
