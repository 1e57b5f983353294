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
	// FailOn is the severity at and above which a finding of the final stage
	// blocks.
	FailOn Threshold
	// OnlyFixed lets only findings block for which a fixed version exists.
	OnlyFixed bool
	// DB is where the vulnerability database comes from.
	DB Ref
	// MaxDBAge is the age above which a database is refused; 0 accepts any.
	MaxDBAge time.Duration
	// Secrets says how secrets are searched for and what they do to a build.
	Secrets Secrets
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
