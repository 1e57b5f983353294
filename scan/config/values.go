package config

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// Values are options as they came by one road or, merged, by several. The zero
// value sets nothing. What is in it has been checked, each option for itself.
type Values struct {
	// settings by [Option.id].
	settings map[string]setting
	// profiles of the file, in its order.
	profiles []profile
	// parents are the policies that the file extends, see [Chain].
	parents []Values
	// read says that a file took part, whose name is file: without one, nobody knows
	// what profiles there are.
	read bool
	file string
}

// setting is what was given for one option, and where.
type setting struct {
	values []value
	// entries are the items of a list of mappings.
	entries []entry
	// key is the one that is set of an option that is a mapping of free keys.
	key string
	at  place
	// weak marks Rego of a file whose policies do not let it ignore anything.
	weak bool
}

// text is the value of an option that has one.
func (s setting) text() string {
	if len(s.values) != 1 {
		return ""
	}
	return s.values[0].text
}

// value is a raw value and its line, 0 outside of a file.
type value struct {
	text string
	line int
	// items are those of a list or mapping in place of text, key is that of an item
	// of a mapping.
	items []value
	key   string
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

// set checks and takes what was given for an option.
func (v *Values) set(o Option, s setting) error {
	if o.Roads&s.at.road == 0 {
		return o.fail(s, errors.Errorf("cannot be set here (%s), use %s", o.Why, o.otherRoads()))
	}
	if err := o.set(&Options{}, s); err != nil {
		return o.fail(s, err)
	}
	if v.settings == nil {
		v.settings = map[string]setting{}
	}
	v.settings[o.id(s.key)] = s
	return nil
}

func (o Option) otherRoads() string {
	var names []string
	for _, r := range []Road{RoadBuildArg, RoadFlag} {
		if o.Roads&r == 0 {
			continue
		}
		name := o.nameAt(place{road: r})
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
		maps.Copy(out.settings, v.settings)
		out.profiles = append(out.profiles, v.profiles...)
		out.parents = append(out.parents, v.parents...)
		out.read, out.file = out.read || v.read, cmp.Or(out.file, v.file)
	}
	return out
}

// Has says whether the option of this name was set.
func (v Values) Has(name string) bool {
	_, ok := v.settings[name]
	return ok
}

// Options returns the options with defaults where nothing was set, after the
// profile was chosen and the policies that the file extends have been held
// against what it says.
func (v Values) Options() (Options, error) {
	name, err := v.chosenProfile()
	if err != nil {
		return Options{}, err
	}
	opts, said, err := v.optionsOf(name)
	if err != nil {
		return Options{}, err
	}
	opts.Profile = name
	return opts, v.checkGrace(opts, said, name)
}

// optionsOf returns the options under a profile, and the settings they are made
// of.
func (v Values) optionsOf(profile string) (Options, settings, error) {
	all, err := v.join(profile, false)
	if err != nil {
		return Options{}, nil, err
	}
	said := all.said
	opts := Options{Secrets: Secrets{Closed: !all.allow("secrets.allow")}}
	for _, o := range declared() {
		for _, s := range said.of(o) {
			if err := o.set(&opts, s); err != nil {
				return Options{}, nil, o.fail(s, err)
			}
		}
	}
	if opts.Secrets.Closed && len(opts.Secrets.Rules) > 0 && !all.policySays("secrets.rules") {
		opts.Secrets.Rules = slices.Insert(slices.DeleteFunc(opts.Secrets.Rules, isDefaultRules), 0, DefaultRules)
	}
	return opts, said, nil
}

func isDefaultRules(name string) bool { return name == DefaultRules }

// settings are what all files and roads together say, by [Option.id]. Of an
// option that unites what they say there are several, in their order.
type settings map[string][]setting

// of returns the settings of an option, with its default if there is none.
func (all settings) of(o Option) []setting {
	if o.Map {
		var out []setting
		for _, id := range slices.Sorted(maps.Keys(all)) {
			if strings.HasPrefix(id, o.Name+".") {
				out = append(out, all[id]...)
			}
		}
		return out
	}
	if s := all[o.Name]; len(s) > 0 {
		return s
	}
	if o.Like != "" {
		like, _ := optionNamed(o.Like)
		return all.of(like)
	}
	if o.Default == "" {
		return nil
	}
	return []setting{given(place{road: RoadFlag}, o.Default)}
}

// BuildArgs returns the values as build arguments, so that who calls a build
// can hand them down. Options that cannot come by that road are left out.
func (v Values) BuildArgs() map[string]string {
	args := map[string]string{}
	for _, o := range declared() {
		if s, ok := v.settings[o.Name]; ok && o.Roads&RoadBuildArg != 0 && !o.Repeatable {
			args[o.BuildArg()] = s.values[0].text
		}
	}
	return args
}
