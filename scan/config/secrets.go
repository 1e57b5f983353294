package config

import (
	"path"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// Secrets are the options of the search for secrets.
type Secrets struct {
	// Mode says what becomes of a build in which a secret was found.
	Mode SecretMode
	// Rules names the sets of rules to search by: [DefaultRules] or slash-separated
	// paths of files in the build context. Empty means that nobody chose: a
	// .gitleaks.toml if there is one, else the default.
	Rules []string
	// RuleFiles are those of Rules that are in a policy which is extended, read. No
	// road sets them, see [Options.RegoFiles].
	RuleFiles []File
	// Allow are secrets that the user accepts for a while.
	Allow []SecretAllow
	// Ignore are those that the repository's .gitleaksignore lists. No road sets
	// them: whoever reads that file adds them.
	Ignore []IgnoredSecret
	// Closed says that a policy that is extended does not let secrets be accepted, so
	// that the repository's .gitleaksignore does not count either, nor do rules of
	// its own take the place of the default ones.
	Closed bool
}

// SecretMode says what a secret does to a build. The zero value is [SecretsBlock].
type SecretMode string

// The modes.
const (
	// SecretsBlock blocks at a secret in the image; those of other stages warn.
	SecretsBlock SecretMode = "block"
	// SecretsWarn only warns.
	SecretsWarn SecretMode = "warn"
	// SecretsOff does not search at all.
	SecretsOff SecretMode = "off"
)

// DefaultRules names gitleaks' own set of rules among [Secrets].Rules.
const DefaultRules = "default"

// ParseSecretMode reads a mode's name, in any case.
func ParseSecretMode(s string) (SecretMode, error) {
	return parseWord("mode", s, SecretsBlock, SecretsWarn, SecretsOff)
}

func (m SecretMode) String() string {
	if m == "" {
		return string(SecretsBlock)
	}
	return string(m)
}

// SecretAllow accepts secrets until a day. Of Rule, Path and Fingerprint at
// least one is set, and a secret must meet all that are.
type SecretAllow struct {
	// Rule is a rule's id.
	Rule string
	// Path is a glob on [scan.Secret].Path, in doublestar's language: * within a
	// folder, ** across folders, {a,b}, [a-z]. One that matches an archive matches
	// all that is in it.
	Path string
	// Fingerprint as in [scan.Secret].
	Fingerprint string
	// Reason is why; never empty.
	Reason string
	// Expires is the last day (its midnight, UTC) on which the entry applies.
	Expires time.Time
	// File and Line are where the entry stands.
	File string
	Line int
}

// Expired says whether the entry's last day is over, in UTC.
func (a SecretAllow) Expired(at time.Time) bool { return over(a.Expires, at) }

// Matches says whether the entry means this secret, expired or not.
func (a SecretAllow) Matches(s scan.Secret) bool {
	if a.Rule == "" && a.Path == "" && a.Fingerprint == "" {
		return false
	}
	return (a.Rule == "" || a.Rule == s.Rule) &&
		(a.Fingerprint == "" || a.Fingerprint == s.Fingerprint) &&
		(a.Path == "" || matchPath(a.Path, s.Path))
}

func matchPath(glob, file string) bool {
	if ok, _ := doublestar.Match(glob, file); ok { // the pattern has been checked
		return true
	}
	outer, _, inside := strings.Cut(file, "!")
	ok, _ := doublestar.Match(glob, outer)
	return inside && ok
}

// parseGlob checks a pattern and brings it to how secrets' paths are written:
// without a slash in front, and a folder as all that is below it.
func parseGlob(s string) (string, error) {
	glob := strings.TrimPrefix(s, "/")
	if strings.HasSuffix(glob, "/") {
		glob += "**"
	}
	switch {
	case glob == "":
		return "", errors.Errorf("%q is no pattern, want e.g. app/test/**", s)
	case len(glob) > maxGlob:
		return "", errors.Errorf("is longer than %d bytes", maxGlob)
	case !doublestar.ValidatePattern(glob):
		return "", errors.Errorf("%q is no pattern: a bracket is left open or empty", shorten(s))
	case glob != path.Clean(glob), glob == "..", strings.HasPrefix(glob, "../"):
		return "", errors.Errorf("%q can match no path, want one relative to the image's root", shorten(s))
	}
	return glob, nil
}

// maxGlob bounds patterns; no path that people write is longer.
const maxGlob = 512
