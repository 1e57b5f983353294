package config

import (
	"sort"
	"strings"

	"github.com/pkg/errors"
)

const buildArgPrefix = "SCAN_"

// FromBuildArgs reads the options among a build's arguments (names without
// BuildKit's "build-arg:" prefix). Only the options' own names are read, so a
// Dockerfile may have an ARG of its own that begins with SCAN_; a name that is
// a slip of an option's name is an error, for a gate must not be left open by a
// typo. An empty value counts as not given: CI systems expand a variable that
// is not set to one.
func FromBuildArgs(args map[string]string) (Values, error) {
	names := make([]string, 0, len(args))
	for n := range args {
		names = append(names, n)
	}
	sort.Strings(names)

	var v Values
	at := place{road: RoadBuildArg}
	for _, name := range names {
		o, exact, ok := optionOfBuildArg(name)
		if !ok {
			continue
		}
		if !exact {
			return Values{}, &Error{Road: RoadBuildArg, Name: name, Err: errors.Errorf("unknown, did you mean %s?", o.BuildArg())}
		}
		if args[name] == "" {
			continue
		}
		if err := v.set(o, given(at, args[name])); err != nil {
			return Values{}, err
		}
	}
	return v, nil
}

// optionOfBuildArg finds the option that a build argument means: by its exact
// name, or by one that is so near that it must be a slip.
func optionOfBuildArg(name string) (o Option, exact, ok bool) {
	all := declared()
	for _, o := range all {
		if o.BuildArg() == name {
			return o, true, true
		}
	}
	key := squash(name)
	for _, o := range all {
		// What cannot come by this road is worth a hint only under its own name: SCAN_REPO
		// is no slip of rego.
		isNear := o.Roads&RoadBuildArg != 0 && hasPrefixFold(name, buildArgPrefix)
		if want := squash(o.BuildArg()); key == want || isNear && near(key, want) {
			return o, false, true
		}
	}
	return Option{}, false, false
}

// squash removes what is easily mistaken in a name: case and separators.
func squash(s string) string {
	return strings.ToUpper(strings.NewReplacer("_", "", "-", "", ".", "").Replace(s))
}
