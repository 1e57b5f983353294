package config

import (
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/pkg/errors"
)

// The keys of an entry of extends.
const (
	extendPolicy = "policy"
	extendDigest = "digest"
	extendKey    = "key"
)

// MaxExtends bounds how many policies a file may extend, MaxDepth how many may
// stand above each other, and MaxPolicies how many there may be in all.
const (
	MaxExtends  = 16
	MaxDepth    = 5
	MaxPolicies = 64
)

func extendOptions() []Option {
	return []Option{
		{
			Name: "extends", Roads: RoadFile, Why: inFileOnly, Repeatable: true, across: own, Brief: true,
			list: schema{"maxItems": MaxExtends}, item: httpsNeedsDigest(),
			Help: "Policies to build on: files of the build context, https URLs with a digest, or oci://REF@DIGEST",
			Entry: []Field{
				{Name: extendPolicy, Required: true, Help: "path in the build context, https URL or oci://REF@DIGEST", schema: policySchema()},
				{Name: extendDigest, Help: "what the policy must be; required for a URL", schema: patterned(digestPattern)},
				{Name: extendKey, Help: "path in the build context of the public key that must have signed", schema: pathSchema()},
			},
			set: setExtends,
		},
		{
			Name: "overridable", Roads: RoadFile, Why: inFileOnly, Repeatable: true, across: own, schema: text(maxGlob),
			Help: "Keys that a file which extends this one may make looser",
			set: func(_ *Options, s setting) error {
				return eachValue(s, "keys", checkOverridable)
			},
		},
	}
}

// Extends are the policies that the file builds on, in its order. What leads to
// them is for the caller, who then gives them to [Chain].
func (v Values) Extends() []Extend {
	var o Options
	if s, ok := v.settings["extends"]; ok {
		_ = setExtends(&o, s) // it has been checked
	}
	return o.Extends
}

func setExtends(o *Options, s setting) error {
	if len(s.entries) > MaxExtends {
		return errors.Errorf("has %d policies, more than %d", len(s.entries), MaxExtends)
	}
	for _, e := range s.entries {
		x, err := parseExtend(e)
		if err != nil {
			return err
		}
		x.File, x.Line = s.at.file, e.line
		o.Extends = append(o.Extends, x)
	}
	return nil
}

func parseExtend(e entry) (Extend, error) {
	x := Extend{Policy: e.values[extendPolicy].text, Digest: e.values[extendDigest].text, Key: e.values[extendKey].text}
	fail := func(key string, err error) (Extend, error) {
		v, ok := e.values[key]
		if !ok {
			return x, &partError{line: e.line, err: err}
		}
		return x, &partError{line: v.line, key: key, err: err}
	}
	if _, ok := e.values[extendPolicy]; !ok {
		return fail(extendPolicy, errors.Errorf("an entry needs %s", extendPolicy))
	}
	if v, ok := e.values[extendDigest]; ok && !digestRegexp.MatchString(v.text) {
		return fail(extendDigest, errors.Errorf("%q is no digest, want sha256: and 64 hexadecimal digits", shorten(v.text)))
	}
	if err := checkPolicyRef(x); err != nil {
		return fail(extendPolicy, err)
	}
	if v, ok := e.values[extendKey]; ok {
		var err error
		if x.Key, err = parseContextPath(v.text); err != nil {
			return fail(extendKey, err)
		}
	}
	return x, nil
}

const digestPattern = `^sha256:[0-9a-f]{64}$`

var (
	digestRegexp = regexp.MustCompile(digestPattern)
	// ociRepository is a registry with its port, and a path; a tag may follow.
	ociRepository = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+(:[A-Za-z0-9_.-]{1,128})?$`)
)

func checkPolicyRef(x Extend) error {
	ref, oci := strings.CutPrefix(x.Policy, "oci://")
	switch {
	case len(x.Policy) > maxURLLength:
		return errors.Errorf("is longer than %d bytes", maxURLLength)
	case oci:
		repository, digest, _ := strings.Cut(ref, "@")
		switch {
		case !ociRepository.MatchString(repository):
			return errors.Errorf("%q names no repository, want oci://REGISTRY/REPOSITORY@sha256:…", shorten(x.Policy))
		case !digestRegexp.MatchString(digest):
			return errors.Errorf("%q is not pinned, want oci://REGISTRY/REPOSITORY@sha256:…", shorten(x.Policy))
		case x.Digest != "" && x.Digest != digest:
			return errors.New("has another digest than digest says")
		}
		return nil
	case hasPrefixFold(x.Policy, "https://"):
		u, err := url.Parse(x.Policy)
		switch {
		case err != nil || u.Host == "" || strings.ContainsAny(x.Policy, " \t\r\n"):
			return errors.Errorf("%s is not a URL with a host", quoteRef(shorten(x.Policy)))
		case u.User != nil:
			return errors.New("carries a user or password, which everybody would see")
		case x.Digest == "":
			return errors.New("a URL needs digest: sha256:… of what it leads to")
		}
		return nil
	case strings.Contains(x.Policy, "://"):
		scheme, _, _ := strings.Cut(x.Policy, "://")
		return errors.Errorf("unknown scheme %q, want https://, oci:// or a path inside the build context", shorten(scheme)+"://")
	}
	_, err := parseContextPath(x.Policy)
	return err
}

// parseContextPath reads the path of a file in the build context.
func parseContextPath(s string) (string, error) {
	name := path.Clean(s)
	if s == "" || name == "." || !fs.ValidPath(name) || strings.ContainsAny(s, "\\\x00\r\n") {
		return "", errors.Errorf("%q is no path inside the build context", shorten(s))
	}
	return name, nil
}

// canLoosen says whether a file can let more pass by the option than a policy
// that it extends.
func (o Option) canLoosen() bool {
	return o.Roads&RoadFile != 0 && (o.loose != nil || o.fixed || o.across == adds || o.across == addsWeakly)
}

// overridableKeys are what overridable can name: an option's keys, or a group
// for all below it.
func overridableKeys() []string {
	var keys []string
	for _, o := range declared() {
		if !o.canLoosen() {
			continue
		}
		keys = appendNew(keys, o.Name)
		for i, c := range o.FileKey() + "." {
			if c == '.' {
				keys = appendNew(keys, o.FileKey()[:i])
			}
		}
	}
	return keys
}

func checkOverridable(key string) error {
	keys := overridableKeys()
	for _, k := range keys {
		if k == key {
			return nil
		}
	}
	if rule, ok := strings.CutPrefix(key, "checks.rules."); ok && checkID.MatchString(rule) {
		return nil
	}
	if n := nearest(key, keys); n != "" {
		return errors.Errorf("%q is no key that can be made looser, did you mean %s?", shorten(key), n)
	}
	return errors.Errorf("%q is no key that can be made looser, want e.g. fail-on or exceptions", shorten(key))
}
