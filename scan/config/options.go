package config

import (
	"time"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// FileName is the options file that stands beside the Dockerfile.
const FileName = ".scan-build.yaml"

// DefaultDB is the listing of the official Grype v6 databases.
const DefaultDB = "https://grype.anchore.io/databases/v6/latest.json"

// Options are the options of a scan after all roads have been merged. Start
// from [Default]: the zero value is the strictest gate and names no database.
type Options struct {
	// Thresholds say from which severity on findings block, warn and are counted.
	// The one that --fail-on sets is Thresholds.Image.Block.
	Thresholds Thresholds
	// OnlyFixed lets only findings block for which a fixed version exists.
	OnlyFixed bool
	// DB is where the vulnerability database comes from.
	DB Ref
	// MaxDBAge is the age above which a database is refused; 0 accepts any.
	MaxDBAge time.Duration
	// Secrets says how secrets are searched for and what they do to a build.
	Secrets Secrets
	// Grace postpones blocking.
	Grace Grace
	// KEV is what a finding does that CISA's catalogue lists as exploited.
	KEV Effect
	// EPSS is the probability of exploitation (0..1) at and above which a finding
	// blocks; 0 means that it does not matter.
	EPSS float64
	// HelpURL is shown with what blocks.
	HelpURL string
	// DeniedLicenses are globs on SPDX identifiers, in any case.
	DeniedLicenses []string
	// Checks are configuration findings.
	Checks Checks
	Base   BaseImages
	// Advise has newer base images scanned for comparison.
	Advise bool
	// Exceptions are findings that the user accepts for a while.
	Exceptions []Exception
	// Profile was chosen by name or by Branch, empty for none.
	Profile, Branch string
	// Extends are the policies that the file builds on.
	Extends []Extend
	// Rego and VEX name files (globs) in the build context.
	Rego, VEX []string
	// RegoFiles and VEXFiles are what those names led to, and Policies all that took
	// part in the options. No road sets them: whoever reads the files adds them.
	RegoFiles, VEXFiles []File
	Policies            []scan.PolicyRef
	// Reports are FORMAT=FILE, in the order given. Formats are checked by
	// package report.
	Reports []string
	// Scanner is where the scanner's binaries come from; the zero value means
	// the one that belongs to the program itself.
	Scanner Ref
}

// Default returns the options of a scan for which nothing was set.
func Default() Options {
	o, err := Values{}.Options()
	if err != nil {
		panic(err) // a default of the table in this package is wrong; a test holds it right
	}
	return o
}

// Threshold is a severity from which on findings block, or none. The zero
// value is the strictest one: any known severity blocks.
type Threshold struct {
	Severity scan.Severity
	// Never says that no severity blocks, whatever Severity is.
	Never bool
}

// thresholdNone is how a threshold that never blocks is written.
const thresholdNone = "none"

// ParseThreshold reads a severity's name or "none", in any case. "unknown" is
// refused: a finding whose severity nobody has assessed is no threshold.
func ParseThreshold(s string) (Threshold, error) {
	if equalFold(s, thresholdNone) {
		return Threshold{Never: true}, nil
	}
	v, err := scan.ParseSeverity(s)
	if err != nil || v == scan.SeverityUnknown {
		return Threshold{}, errors.Errorf("unknown severity %q, want critical, high, medium, low, negligible or none", s)
	}
	return Threshold{Severity: v}, nil
}

// Reached says whether a finding of the given severity blocks. A finding of
// unknown severity never does.
func (t Threshold) Reached(s scan.Severity) bool {
	return !t.Never && s > scan.SeverityUnknown && s >= t.Severity
}

func (t Threshold) String() string {
	switch {
	case t.Never:
		return thresholdNone
	case t.Severity <= scan.SeverityUnknown:
		return scan.SeverityNegligible.String()
	default:
		return t.Severity.String()
	}
}
