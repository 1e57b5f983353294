package config

import (
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/pkg/errors"
)

// The keys of an entry of secrets.allow.
const (
	allowRule        = "rule"
	allowPath        = "path"
	allowFingerprint = "fingerprint"
	allowReason      = "reason"
	allowExpires     = "expires"
)

var allowKeys = []string{allowRule, allowPath, allowFingerprint, allowReason, allowExpires}

// maxRuleSets bounds how many sets of rules are combined.
const maxRuleSets = 32

func setRules(o *Options, s setting) error {
	if len(s.values) == 0 {
		return errors.New("names no set of rules, want default or files")
	}
	if len(s.values) > maxRuleSets {
		return errors.Errorf("has %d sets of rules, more than %d", len(s.values), maxRuleSets)
	}
	var rules []string
	seen := map[string]bool{}
	for _, v := range s.values {
		name, err := parseRuleSet(v.text)
		if err == nil && seen[name] {
			err = errors.Errorf("%q is listed twice", name)
		}
		if err != nil {
			return &partError{line: v.line, err: err}
		}
		seen[name] = true
		rules = append(rules, name)
	}
	o.Secrets.Rules = rules
	return nil
}

// parseRuleSet reads "default" or the path of a file in the build context.
func parseRuleSet(s string) (string, error) {
	name := path.Clean(s)
	if s == "" || name == "." || !fs.ValidPath(name) || strings.ContainsAny(s, "\\\x00\r\n") {
		return "", errors.Errorf("%q is neither default nor a path inside the build context", shorten(s))
	}
	return name, nil
}

func setAllow(o *Options, s setting) error {
	o.Secrets.Allow = nil
	for _, e := range s.entries {
		a, err := parseAllow(e)
		if err != nil {
			return err
		}
		a.File, a.Line = s.at.file, e.line
		o.Secrets.Allow = append(o.Secrets.Allow, a)
	}
	return nil
}

func parseAllow(e entry) (SecretAllow, error) {
	for _, key := range allowKeys {
		if v, ok := e.values[key]; ok && strings.TrimSpace(v.text) == "" {
			return SecretAllow{}, &partError{line: v.line, key: key, err: errors.New("is empty")}
		}
	}
	for _, must := range []string{allowReason, allowExpires} {
		if _, ok := e.values[must]; !ok {
			return SecretAllow{}, &partError{line: e.line, err: errors.Errorf("an entry needs %s", must)}
		}
	}
	a := SecretAllow{
		Rule:        e.values[allowRule].text,
		Fingerprint: e.values[allowFingerprint].text,
		Reason:      e.values[allowReason].text,
	}
	var err error
	if v, ok := e.values[allowPath]; ok {
		if a.Path, err = parseGlob(v.text); err != nil {
			return a, &partError{line: v.line, key: allowPath, err: err}
		}
	}
	if a.Rule == "" && a.Path == "" && a.Fingerprint == "" {
		return a, &partError{line: e.line, err: errors.New("an entry needs at least one of rule, path and fingerprint")}
	}
	v := e.values[allowExpires]
	if a.Expires, err = time.Parse(time.DateOnly, v.text); err != nil {
		return a, &partError{line: v.line, key: allowExpires, err: errors.Errorf("%q is no day, want YYYY-MM-DD", shorten(v.text))}
	}
	return a, nil
}
