package config

import (
	"regexp"
	"slices"
	"sync"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/pkg/errors"
)

// profile is a set of options of a file that can be chosen.
type profile struct {
	name string
	// branches are globs of branches that choose it.
	branches []string
	settings map[string]setting
}

// The keys of profiles in the file, and of their branches in them.
const (
	profilesKey = "profiles"
	branchesKey = "branches"
)

// maxProfiles bounds the profiles of a file.
const maxProfiles = 100

var profileName = regexp.MustCompile(profilePattern)

const profilePattern = `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`

func profileOptions() []Option {
	return []Option{
		{
			Name: profilesKey, Roads: RoadFile, across: own,
			Why:  "a profile is chosen by --profile",
			Help: "Sets of the keys above that --profile or a branch chooses, by name; each may have branches, patterns such as release/*",
			set:  func(*Options, setting) error { return errors.New("is chosen by --profile") },
		},
		{
			Name: "profile", Value: "NAME", Roads: RoadBuildArg | RoadFlag,
			Why:  "a profile is chosen for a build",
			Help: "Profile of the options to use: quick, full or one of " + FileName + "; without it, the first one that lists the branch",
			set:  one(func(o *Options, s string, _ Road) (err error) { o.Profile, err = parseProfileName(s); return err }),
		},
		{
			Name: "branch", Value: "NAME", Roads: RoadBuildArg | RoadFlag,
			Why:  "the branch is a fact of the build",
			Help: "Branch that is built, which may choose a profile",
			set:  one(func(o *Options, s string, _ Road) (err error) { o.Branch, err = parseBranch(s); return err }),
		},
	}
}

func parseProfileName(s string) (string, error) {
	if !profileName.MatchString(s) {
		return "", errors.Errorf("%q is no name of a profile, want letters, digits, dots and dashes", shorten(s))
	}
	return s, nil
}

func parseBranch(s string) (string, error) {
	if s == "" || len(s) > maxGlob || containsControl(s) {
		return "", errors.Errorf("%q is no name of a branch", shorten(s))
	}
	return s, nil
}

// builtIn are the profiles that come with the program, as a file would have them.
const builtIn = `
profiles:
  quick: # while a developer builds on a laptop
    fail-on: critical
    only-fixed: true
    checks: {warn: high}
  full: # before something is released
    fail-on: high
    only-fixed: false
    thresholds: {stages: {warn: unknown}}
    checks: {fail-on: critical, warn: low}
`

// builtInName stands for the file of built-in profiles.
const builtInName = "built-in profile"

var builtInProfiles = sync.OnceValue(func() []profile {
	v, err := ParseYAML(builtInName, []byte(builtIn))
	if err != nil {
		panic(err) // the text above is wrong; a test holds it right
	}
	for _, p := range v.profiles {
		for id, s := range p.settings {
			s.at.file, s.at.line, s.at.within = builtInName+" "+p.name, 0, ""
			p.settings[id] = s
		}
	}
	return v.profiles
})

// chosenProfile is the name of the profile that was asked for or that the branch
// chooses; empty for none. What was asked for must exist, as far as that is
// known: without a file, its name stands for itself.
func (v Values) chosenProfile() (string, error) {
	all := v.allProfiles()
	if s, ok := v.settings["profile"]; ok {
		name := s.text()
		if v.read && !slices.ContainsFunc(all, func(p profile) bool { return p.name == name }) {
			o, _ := optionNamed("profile")
			return "", o.fail(s, unknownProfile(name, all))
		}
		return name, nil
	}
	if s, ok := v.settings["branch"]; ok {
		for _, p := range all {
			if slices.ContainsFunc(p.branches, func(glob string) bool { ok, _ := doublestar.Match(glob, s.text()); return ok }) {
				return p.name, nil
			}
		}
	}
	return "", nil
}

func unknownProfile(name string, all []profile) error {
	var known []string
	for _, p := range all {
		known = appendNew(known, p.name)
	}
	if n := nearest(name, known); n != "" {
		return errors.Errorf("unknown profile %q, did you mean %s? There are %s", name, n, andList(known))
	}
	return errors.Errorf("unknown profile %q, want %s", name, orList(known))
}

// allProfiles are those of the file, of the policies that it extends, and the
// built-in ones.
func (v Values) allProfiles() []profile { return append(v.ownProfiles(), builtInProfiles()...) }

func (v Values) ownProfiles() []profile {
	out := slices.Clone(v.profiles)
	for _, p := range v.parents {
		out = append(out, p.ownProfiles()...)
	}
	return out
}

// layer is what the file and the roads above it say under a profile: its keys
// win over the file's own and lose to what came by a later road. A built-in
// profile counts as the file's where no file has one of its name.
func (v Values) layer(name string, isPolicy bool) map[string]setting {
	chosen := v.profiles
	if !isPolicy && !slices.ContainsFunc(v.ownProfiles(), func(p profile) bool { return p.name == name }) {
		chosen = builtInProfiles()
	}
	out := map[string]setting{}
	for id, s := range v.settings {
		s.at.policy = isPolicy
		out[id] = s
	}
	for _, p := range chosen {
		if p.name != name {
			continue
		}
		for id, s := range p.settings {
			if above, ok := out[id]; ok && above.at.road != RoadFile {
				continue
			}
			s.at.policy = isPolicy
			out[id] = s
		}
	}
	return out
}

// onlyFile are the settings that came by the file.
func (v Values) onlyFile() map[string]setting {
	out := map[string]setting{}
	for id, s := range v.settings {
		if s.at.road == RoadFile {
			out[id] = s
		}
	}
	return out
}
