package config

import (
	"github.com/pkg/errors"
)

func secretOptions() []Option {
	return []Option{
		{
			Name: "secrets", Key: "secrets.mode", Value: "MODE", Default: string(SecretsBlock), Roads: everyRoad, schema: effectSchema(),
			Help:  "What a secret in the image does to the build: block, warn, or off to search for none",
			set:   one(func(o *Options, s string, _ Road) (err error) { o.Secrets.Mode, err = ParseSecretMode(s); return err }),
			loose: func(o Options) float64 { return Effect(o.Secrets.Mode).loose() },
		},
		{
			Name: "secrets.rules", Roads: RoadFile, Repeatable: true, across: unites, schema: pathSchema(),
			list: schema{"minItems": 1, "maxItems": maxRuleSets, "uniqueItems": true},
			Why:  "sets of rules are files beside the Dockerfile",
			Help: "Sets of rules in gitleaks' format to search by: files of the build context, and default for gitleaks' own",
			set:  setRules,
		},
		{
			Name: "secrets.allow", Roads: RoadFile, Repeatable: true, Entry: allowFields(), across: adds,
			Why:  "what is accepted is written down with a reason",
			Help: "Secrets to accept, by rule, path or fingerprint, each with a reason and the day it expires",
			set:  setAllow,
		},
	}
}

// The keys of an entry of secrets.allow that say what it is for.
const (
	allowRule        = "rule"
	allowPath        = "path"
	allowFingerprint = "fingerprint"
)

func allowFields() []Field {
	return acceptanceFields(
		Field{Name: allowRule, Help: "id of the secret's rule"},
		Field{Name: allowPath, Help: "pattern of the file's path"},
		Field{Name: allowFingerprint, Help: "fingerprint of the secret"},
	)
}

// maxRuleSets bounds how many sets of rules are combined.
const maxRuleSets = 32

func setRules(o *Options, s setting) error {
	if len(s.values) == 0 {
		return errors.New("names no set of rules, want default or files")
	}
	if len(s.values) > maxRuleSets {
		return errors.Errorf("has %d sets of rules, more than %d", len(s.values), maxRuleSets)
	}
	seen := map[string]bool{}
	for _, v := range s.values {
		name, err := parseContextPath(v.text)
		switch {
		case err != nil:
			err = errors.Errorf("%q is neither default nor a path inside the build context", shorten(v.text))
		case seen[name]:
			err = errors.Errorf("%q is listed twice", name)
		}
		if err != nil {
			return &partError{line: v.line, err: err}
		}
		seen[name] = true
		if name != DefaultRules {
			name = s.at.qualify(name)
		}
		o.Secrets.Rules = appendNew(o.Secrets.Rules, name)
	}
	return nil
}

func setAllow(o *Options, s setting) error {
	for _, e := range s.entries {
		accepted, err := parseAcceptance(e, allowFields())
		if err != nil {
			return err
		}
		a := SecretAllow{
			Rule:        e.values[allowRule].text,
			Fingerprint: e.values[allowFingerprint].text,
			Reason:      accepted.reason,
			Expires:     accepted.expires,
			File:        s.at.file,
			Line:        e.line,
		}
		if a.Path, err = e.glob(allowPath, parseGlob); err != nil {
			return err
		}
		o.Secrets.Allow = append(o.Secrets.Allow, a)
	}
	return nil
}
