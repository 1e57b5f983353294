package config

import (
	"maps"
	"net/url"
	"regexp"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/pkg/errors"
)

// purl is a package URL taken apart as far as patterns need it: type, namespace,
// name and version, percent signs resolved; the same without the version; and
// the qualifiers. A subpath is left out.
type purl struct {
	full, unversioned string
	qualifiers        string
}

// splitPURL takes a package URL apart:
// "pkg:deb/debian/openssl@3.0.11-1?arch=amd64" has the full name
// "pkg:deb/debian/openssl@3.0.11-1" and "pkg:deb/debian/openssl" without version.
func splitPURL(s string) purl {
	s, _, _ = strings.Cut(s, "#")
	full, qualifiers, _ := strings.Cut(s, "?")
	p := purl{full: unescape(full), unversioned: unescape(full), qualifiers: qualifiers}
	if i := versionAt(full); i > 0 {
		p.unversioned = unescape(full[:i])
	}
	return p
}

// versionAt is where the version begins: at the last @, unless it begins an npm
// scope that somebody wrote without its percent sign.
func versionAt(s string) int {
	i := strings.LastIndexByte(s, '@')
	if i > 0 && (s[i-1] == '/' || strings.Contains(s[i:], "/")) {
		return -1
	}
	return i
}

func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// purlGlob is a pattern of package URLs.
type purlGlob struct {
	name glob
	// versioned says that the pattern has a version; one without stands for any.
	versioned  bool
	qualifiers map[string]string
}

// purlStart is the type that a package URL begins with.
var purlStart = regexp.MustCompile(purlPattern)

const purlPattern = `^pkg:[a-z0-9.+*{},-]+/.`

func parsePURLGlob(s string) (string, error) {
	switch {
	case len(s) > maxGlob:
		return "", errors.Errorf("is longer than %d bytes", maxGlob)
	case !purlStart.MatchString(s) || containsControl(s):
		return "", errors.Errorf("%q is no package URL, want e.g. pkg:deb/debian/openssl@*", shorten(s))
	case strings.Contains(s, "#"):
		return "", errors.New("has a subpath (#), which is not compared")
	case !doublestar.ValidatePattern(newPURLGlob(s).name.pattern):
		return "", errors.Errorf("%q is no pattern: a bracket is left open or empty", shorten(s))
	}
	_, qualifiers, ok := strings.Cut(s, "?")
	for _, q := range strings.Split(qualifiers, "&") {
		if key, value, valid := strings.Cut(q, "="); ok && (!valid || key == "" || value == "") {
			return "", errors.Errorf("%q is no qualifier, want e.g. arch=amd64", shorten(q))
		}
	}
	return s, nil
}

func newPURLGlob(s string) *purlGlob {
	name, qualifiers, _ := strings.Cut(s, "?")
	return &purlGlob{name: newGlob(unescape(name)), versioned: versionAt(name) > 0, qualifiers: splitQualifiers(qualifiers)}
}

func splitQualifiers(s string) map[string]string {
	out := map[string]string{}
	for q := range strings.SplitSeq(s, "&") {
		if key, value, ok := strings.Cut(q, "="); ok {
			out[strings.ToLower(key)] = unescape(value)
		}
	}
	return out
}

// matches says whether the pattern means a package URL: its name and, if the
// pattern has one, its version, in which * stands for what is between slashes,
// and all qualifiers that the pattern has, in which * stands for anything.
func (g *purlGlob) matches(p purl) bool {
	name := p.full
	if !g.versioned {
		name = p.unversioned
	}
	if name == "" || !g.name.matches(name) {
		return false
	}
	if len(g.qualifiers) == 0 {
		return true
	}
	has := splitQualifiers(p.qualifiers)
	for key := range maps.Keys(g.qualifiers) {
		if value, ok := has[key]; !ok || !MatchStar(g.qualifiers[key], value) {
			return false
		}
	}
	return true
}
