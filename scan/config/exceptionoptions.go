package config

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/pkg/errors"
)

// exceptionOptions take findings out of account, or let somebody else's files do so.
func exceptionOptions() []Option {
	return []Option{
		{
			Name: "rego", Roads: RoadFile, Why: inFileOnly, Repeatable: true, across: addsWeakly, schema: namesSchema(), list: schema{"maxItems": maxFiles},
			Help: "Files of the build context with rules of your own, in Rego, e.g. policy/*.rego",
			set: func(o *Options, s setting) error {
				before := len(o.Rego)
				err := setFiles(&o.Rego, s)
				if s.weak {
					o.Bound = append(o.Bound, o.Rego[before:]...)
				}
				return err
			},
		},
		{
			Name: "vex", Roads: RoadFile, Why: inFileOnly, Repeatable: true, across: adds, schema: namesSchema(), list: schema{"maxItems": maxFiles},
			Help: "Files of the build context with VEX statements: OpenVEX, CycloneDX or CSAF",
			set:  func(o *Options, s setting) error { return setFiles(&o.VEX, s) },
		},
		{
			Name: "exceptions", Roads: RoadFile, Repeatable: true, Entry: exceptionFields(), across: adds,
			item: schema{"not": schema{"required": []string{exceptVulnerability, exceptRule}}},
			Why:  "what is accepted is written down with a reason",
			Help: "Findings to accept, by vulnerability, package, purl, path, layer or rule, each with a reason and the day it expires",
			set:  setExceptions,
		},
	}
}

// The keys of an exception that say what it is for.
const (
	exceptVulnerability = "vulnerability"
	exceptPackage       = "package"
	exceptPURL          = "purl"
	exceptPath          = "path"
	exceptLayer         = "layer"
	exceptRule          = "rule"
)

func exceptionFields() []Field {
	return acceptanceFields(
		Field{Name: exceptVulnerability, Help: "id or alias of a vulnerability"},
		Field{Name: exceptPackage, Help: "pattern of the package's name"},
		Field{Name: exceptPURL, Help: "pattern of the package URL; without version or qualifiers for any", schema: purlSchema()},
		Field{Name: exceptPath, Help: "pattern of the file's path"},
		Field{Name: exceptLayer, Help: "digest of a layer, or its instruction, in which * stands for anything"},
		Field{Name: exceptRule, Help: "id of a check, a secret's rule or a policy's rule, in which * stands for anything"},
	)
}

func setExceptions(o *Options, s setting) error {
	for _, e := range s.entries {
		x, err := parseException(e)
		if err != nil {
			return err
		}
		x.File, x.Line = s.at.file, e.line
		o.Exceptions = append(o.Exceptions, x)
	}
	return nil
}

func parseException(e entry) (Exception, error) {
	accepted, err := parseAcceptance(e, exceptionFields())
	x := Exception{Reason: accepted.reason, Expires: accepted.expires}
	for _, f := range []struct {
		key   string
		to    *string
		parse func(string) (string, error)
	}{
		{exceptVulnerability, &x.Vulnerability, parseID},
		{exceptPackage, &x.Package, parseNameGlob},
		{exceptPURL, &x.PURL, parsePURLGlob},
		{exceptPath, &x.Path, parseGlob},
		{exceptLayer, &x.Layer, parseStars},
		{exceptRule, &x.Rule, parseStars},
	} {
		if err == nil {
			*f.to, err = e.glob(f.key, f.parse)
		}
	}
	if err == nil && x.Vulnerability != "" && x.Rule != "" {
		err = &partError{line: e.line, err: errors.Errorf("an entry with %s and %s matches nothing: no finding has both", exceptVulnerability, exceptRule)}
	}
	return x, err
}

func parseID(s string) (string, error) {
	if len(s) > maxGlob || strings.ContainsAny(s, "* \t\r\n") {
		return "", errors.Errorf("%q is no id, want e.g. CVE-2024-3094", shorten(s))
	}
	return s, nil
}

// parseNameGlob checks a pattern in doublestar's language.
func parseNameGlob(s string) (string, error) {
	switch {
	case len(s) > maxGlob:
		return "", errors.Errorf("is longer than %d bytes", maxGlob)
	case s == "", strings.ContainsAny(s, "\x00\r\n"):
		return "", errors.Errorf("%q is no pattern", shorten(s))
	case !doublestar.ValidatePattern(s):
		return "", errors.Errorf("%q is no pattern: a bracket is left open or empty", shorten(s))
	}
	return s, nil
}

// parseStars checks a pattern in which * alone has a meaning.
func parseStars(s string) (string, error) {
	if len(s) > maxGlob {
		return "", errors.Errorf("is longer than %d bytes", maxGlob)
	}
	return s, nil
}

// maxFiles bounds how many patterns of files one option has.
const maxFiles = 100

// setFiles reads patterns of files in the build context, or in the policy that
// names them.
func setFiles(to *[]string, s setting) error {
	if len(s.values) > maxFiles {
		return errors.Errorf("has %d patterns, more than %d", len(s.values), maxFiles)
	}
	return eachValue(s, "files", func(text string) error {
		glob, err := parseNameGlob(text)
		if err != nil {
			return err
		}
		name, err := parseContextPath(glob)
		if err != nil || strings.HasSuffix(text, "/") || strings.Contains(text, nameSeparator) {
			return errors.Errorf("%q is no path or pattern inside the build context", shorten(text))
		}
		*to = appendNew(*to, s.at.qualify(name))
		return nil
	})
}

// nameSeparator stands between a policy and the name of a file in it.
const nameSeparator = "!"

// qualify returns how options name a file: as it is, or, of a policy that is
// extended, behind the policy's name.
func (p place) qualify(name string) string {
	if !p.policy {
		return name
	}
	return p.file + nameSeparator + name
}

// SplitName takes apart the name of a file in [Options]: the policy that it is
// in, as it was named to [ParseYAML], empty for the build context, and its name
// there.
func SplitName(s string) (policy, name string) {
	i := strings.LastIndex(s, nameSeparator)
	if i < 0 {
		return "", s
	}
	return s[:i], s[i+len(nameSeparator):]
}
