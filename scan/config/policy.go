package config

import (
	"time"

	"github.com/scan-build/scan-build/scan"
)

// Levels say what findings of a severity do: those at Block and above block,
// the others at Warn and above warn, those at Log and above are counted, and the
// rest is in the report alone.
type Levels struct {
	Block, Warn, Log Threshold
}

// Thresholds are the levels by where a finding is.
type Thresholds struct {
	// Image is for what the Dockerfile added to the image, Base for what came with
	// its base image, Stages for the stages that do not become the image.
	Image, Base, Stages Levels
}

// Grace postpones blocking: within so many days a finding only warns.
type Grace struct {
	// Days by severity; a severity that is missing has none.
	Days map[scan.Severity]int
	// SincePublished counts from the day on which the advisory was published;
	// without it, from the day since which there is a fix, and for a finding without
	// a known one from the advisory's. A finding without a known day has no grace.
	SincePublished bool
}

// Effect is what a rule that can be switched does. The zero value is [EffectBlock].
type Effect string

// The effects.
const (
	EffectBlock Effect = "block"
	EffectWarn  Effect = "warn"
	EffectOff   Effect = "off"
)

func (e Effect) String() string {
	if e == "" {
		return string(EffectBlock)
	}
	return string(e)
}

// Checks are the options of configuration findings.
type Checks struct {
	// Levels by the checks' severities.
	Levels Levels
	// Rules are checks that do something else than their severity says, by id; a
	// pattern with * stands for several.
	Rules map[string]Effect
}

// BaseImages are the options of base images.
type BaseImages struct {
	// Approved are lists of globs; a base image must match one of every list. The
	// outer list has one element for each policy that has a list.
	Approved [][]string
	// MaxAge is the age above which a base image blocks; 0 accepts any.
	MaxAge time.Duration
}

// Exception accepts findings until a day. Of the fields before Reason at least
// one is set, and a finding must meet all that are.
type Exception struct {
	// Vulnerability is an id or alias, in any case.
	Vulnerability string
	// Package is a glob on the package's name.
	Package string
	// Path is a glob as in [SecretAllow].
	Path string
	// Layer is the digest of a layer, or a glob on its instruction's text.
	Layer string
	// Rule is a glob on the id of a check, of a secret's rule, or of a policy's rule.
	Rule string
	// PURL is a glob on the package URL; without qualifiers it stands for any.
	PURL string
	// Reason is why; never empty.
	Reason string
	// Expires is the last day (its midnight, UTC) on which the exception applies.
	Expires time.Time
	// File and Line are where it stands.
	File string
	Line int
}

// Expired says whether the exception's last day is over, in UTC.
func (e Exception) Expired(at time.Time) bool { return over(e.Expires, at) }

// ExpiryWarning is how many days an exception holds on, with a warning, after
// its last day.
const ExpiryWarning = 7

// Extend names a policy that the options build on.
type Extend struct {
	// Policy is a path in the build context, an https URL or oci://REF@DIGEST.
	Policy string
	// Digest pins what a URL or path must hold, "sha256:…". Required for a URL.
	Digest string
	// Key is the path in the build context of the public key that must have signed.
	Key  string
	File string
	Line int
}

// File is a file that options name, read by whoever can.
type File struct {
	// Name as the options have it, or in a policy that is extended, "POLICY!NAME".
	Name string
	Data []byte
	// MayIgnore says of Rego whether its results "ignore" count, see
	// [Options.MayIgnore].
	MayIgnore bool
	// Base is the base image that a VEX document came with, empty for any other.
	Base string
}
