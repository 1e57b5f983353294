package config

import (
	"cmp"
	"fmt"

	"github.com/pkg/errors"
)

// Values are options as they came by one road or, merged, by several. The zero
// value sets nothing. What is in it has been checked.
type Values struct {
	settings map[string]setting
}

// setting is what was given for one option, and where.
type setting struct {
	values []value
	// entries are the items of a list of mappings.
	entries []entry
	at      place
}

// value is a raw value and its line, 0 outside of a file.
type value struct {
	text string
	line int
}

// entry is a mapping's raw values by key, and the line it begins in.
type entry struct {
	line   int
	values map[string]value
}

// given makes a setting of values that come without lines.
func given(at place, texts ...string) setting {
	s := setting{at: at}
	for _, t := range texts {
		s.values = append(s.values, value{text: t})
	}
	return s
}

// place is where an option was given.
type place struct {
	road Road
	file string
	line int
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

// nameOn is the option's name on a road.
func (o Option) nameOn(r Road) string {
	switch r {
	case RoadBuildArg:
		return o.BuildArg()
	case RoadFlag:
		return o.Flag()
	default:
		return o.FileKey()
	}
}

// fail makes an error of one that the option's setter gave.
func (o Option) fail(at place, err error) error {
	e := &Error{Road: at.road, File: at.file, Line: at.line, Name: o.nameOn(at.road), Err: err}
	var part *partError
	if errors.As(err, &part) {
		e.Line, e.Err = cmp.Or(part.line, at.line), part.err
		if part.key != "" {
			e.Name += "." + part.key
		}
	}
	return e
}

// set checks and takes what was given for an option.
func (v *Values) set(o Option, s setting) error {
	if o.Roads&s.at.road == 0 {
		return o.fail(s.at, errors.Errorf("cannot be set here (%s), use %s", o.Why, o.otherRoads()))
	}
	if err := o.set(&Options{}, s); err != nil {
		return o.fail(s.at, err)
	}
	if v.settings == nil {
		v.settings = map[string]setting{}
	}
	v.settings[o.Name] = s
	return nil
}

func (o Option) otherRoads() string {
	var names []string
	for _, r := range []Road{RoadBuildArg, RoadFlag} {
		if o.Roads&r == 0 {
			continue
		}
		name := o.nameOn(r)
		if r == RoadBuildArg {
			name = "--build-arg " + name
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		names = append(names, o.FileKey()+" in "+FileName)
	}
	return orList(names)
}

// Merge combines values; where several set the same option, the last one wins.
// Pass the roads in the order file, build arguments, flags.
func Merge(roads ...Values) Values {
	out := Values{settings: map[string]setting{}}
	for _, v := range roads {
		for name, s := range v.settings {
			out.settings[name] = s
		}
	}
	return out
}

// Has says whether the option of this name was set.
func (v Values) Has(name string) bool {
	_, ok := v.settings[name]
	return ok
}

// Options returns the options with defaults where nothing was set.
func (v Values) Options() (Options, error) {
	var opts Options
	for _, o := range All() {
		s, ok := v.settings[o.Name]
		if !ok {
			if o.Default == "" {
				continue
			}
			s = given(place{road: RoadFlag}, o.Default)
		}
		if err := o.set(&opts, s); err != nil {
			return Options{}, o.fail(s.at, err)
		}
	}
	return opts, nil
}

// BuildArgs returns the values as build arguments, so that who calls a build
// can hand them down. Options that cannot come by that road are left out.
func (v Values) BuildArgs() map[string]string {
	args := map[string]string{}
	for _, o := range All() {
		if s, ok := v.settings[o.Name]; ok && o.Roads&RoadBuildArg != 0 && !o.Repeatable {
			args[o.BuildArg()] = s.values[0].text
		}
	}
	return args
}
