package config

import (
	"strings"

	"github.com/pkg/errors"
	"go.yaml.in/yaml/v3"
)

// reader takes the options out of a file's nodes. The keys it knows are those
// of [All]; a dot in them stands for a mapping in a mapping.
type reader struct {
	// at is the file, and within which of its keys options are read.
	at     place
	values Values
	// branches are what a profile's options come with.
	branches []string
}

func (r *reader) inProfile() bool { return r.at.within != "" }

func (r *reader) fail(line int, key string, err error) error {
	e := &Error{Road: RoadFile, File: r.at.file, Line: line, Name: r.at.within + key, Err: err}
	var part *partError
	if errors.As(err, &part) {
		e.Line, e.Err = part.line, part.err
	}
	return e
}

// mapping reads keys and values; prefix is the path of keys that leads to them,
// with a dot at its end.
func (r *reader) mapping(n *yaml.Node, prefix string) error {
	keys := fileKeys(prefix, r.inProfile())
	return eachKey(n, func(key, value *yaml.Node, err error) error {
		name := prefix + key.Value
		switch {
		case err != nil:
			return r.fail(key.Line, prefix+shorten(key.Value), err)
		case strings.Contains(key.Value, "."):
			return r.fail(key.Line, prefix+shorten(key.Value), unknownKey(key.Value, keys))
		case name == versionKey && !r.inProfile():
			if err := checkVersion(value); err != nil {
				return r.fail(value.Line, versionKey, err)
			}
			return nil
		case name == profilesKey && !r.inProfile():
			return r.profiles(key, value)
		case name == branchesKey && r.inProfile():
			return r.readBranches(key, value)
		}
		o, isOption := optionOfKey(name, r.inProfile())
		switch group := isGroup(name, r.inProfile()); {
		case group && (!isOption || resolve(value).Kind == yaml.MappingNode):
			if resolve(value).Kind != yaml.MappingNode {
				return r.fail(key.Line, name, errors.Errorf("want keys and values, with %s", orList(fileKeys(name+".", r.inProfile()))))
			}
			return r.mapping(resolve(value), name+".")
		case !isOption:
			return r.fail(key.Line, prefix+shorten(key.Value), unknownKey(key.Value, keys))
		}
		return r.option(o, name, key, value)
	})
}

func (r *reader) option(o Option, name string, key, value *yaml.Node) error {
	s := setting{at: r.at}
	s.at.line, s.at.short = key.Line, name == o.Name && !isGroup(name, r.inProfile())
	if before, ok := r.values.settings[o.id("")]; ok {
		return o.fail(s, errors.Errorf("is already set in line %d", before.at.line))
	}
	var err error
	switch {
	case o.Map:
		return r.eachOf(o, key, value)
	case len(o.Entry) > 0:
		s.entries, err = entries(value, o)
	default:
		s.values, err = scalars(value, o.Repeatable)
	}
	if err != nil {
		return o.fail(s, err)
	}
	return r.values.set(o, s)
}

// maxRules bounds a mapping of free keys: each is held against every finding, and
// against every rule of the policies that are extended.
const maxRules = 100

// eachOf reads an option that is a mapping of keys that are not known beforehand.
func (r *reader) eachOf(o Option, key, value *yaml.Node) error {
	at := r.at
	at.line = key.Line
	n := resolve(value)
	switch {
	case n.Kind != yaml.MappingNode:
		return o.fail(setting{at: at}, errors.New("want keys and values"))
	case len(n.Content)/2 > maxRules:
		return o.fail(setting{at: at}, errors.Errorf("has %d keys, more than %d", len(n.Content)/2, maxRules))
	}
	return eachKey(n, func(key, value *yaml.Node, err error) error {
		s := setting{at: r.at, key: key.Value}
		s.at.line = key.Line
		if err == nil {
			s.values, err = scalars(value, false)
		}
		if err != nil {
			return o.fail(s, err)
		}
		return r.values.set(o, s)
	})
}

// profiles reads the file's profiles, each of them as the file itself is read.
func (r *reader) profiles(key, value *yaml.Node) error {
	n := resolve(value)
	switch {
	case n.Kind != yaml.MappingNode:
		return r.fail(key.Line, profilesKey, errors.New("want names, each with the options of a profile"))
	case len(n.Content)/2 > maxProfiles:
		return r.fail(key.Line, profilesKey, errors.Errorf("has %d profiles, more than %d", len(n.Content)/2, maxProfiles))
	}
	return eachKey(n, func(key, value *yaml.Node, err error) error {
		name := profilesKey + "." + shorten(key.Value)
		if err == nil {
			_, err = parseProfileName(key.Value)
		}
		if n := resolve(value); err == nil && n.Kind != yaml.MappingNode {
			err = errors.New("want the options of a profile, such as fail-on: high")
		}
		if err != nil {
			return r.fail(key.Line, name, err)
		}
		in := reader{at: r.at}
		in.at.within = name + "."
		if err := in.mapping(resolve(value), ""); err != nil {
			return err
		}
		r.values.profiles = append(r.values.profiles, profile{key.Value, in.branches, in.values.settings})
		return nil
	})
}

func (r *reader) readBranches(key, value *yaml.Node) error {
	values, err := scalars(value, true)
	if err == nil && len(values) > maxFiles {
		err = errors.Errorf("has %d patterns, more than %d", len(values), maxFiles)
	}
	if err == nil {
		err = eachValue(setting{values: values}, "branches", func(text string) error {
			glob, err := parseNameGlob(text)
			r.branches = append(r.branches, glob)
			return err
		})
	}
	if err != nil {
		return r.fail(key.Line, branchesKey, err)
	}
	return nil
}
