package config

import (
	"slices"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// Threshold is a severity from which on something happens to findings, or none.
// The zero value is the strictest one for blocking: any known severity.
type Threshold struct {
	Severity scan.Severity
	// Unknown has findings of every severity reach the threshold, also those whose
	// severity nobody has assessed. Only thresholds to warn and log have it.
	Unknown bool
	// Never says that no severity reaches the threshold, whatever the rest says.
	Never bool
}

// thresholdNone is how a threshold that is never reached is written.
const thresholdNone = "none"

// ParseThreshold reads a severity's name or "none", in any case. "unknown" is
// refused: a finding whose severity nobody has assessed is no threshold.
func ParseThreshold(s string) (Threshold, error) {
	return parseThreshold(s, "critical", "high", "medium", "low", "negligible", thresholdNone)
}

// ParseWarnThreshold reads a threshold that does not block: "unknown" means
// everything.
func ParseWarnThreshold(s string) (Threshold, error) {
	if equalFold(s, scan.SeverityUnknown.String()) {
		return Threshold{Unknown: true}, nil
	}
	return parseThreshold(s, "critical", "high", "medium", "low", "negligible", "unknown", thresholdNone)
}

func parseThreshold(s string, names ...string) (Threshold, error) {
	if equalFold(s, thresholdNone) {
		return Threshold{Never: true}, nil
	}
	v, err := scan.ParseSeverity(s)
	if err != nil || v == scan.SeverityUnknown {
		return Threshold{}, errors.Errorf("unknown severity %q, want %s", s, orList(names))
	}
	return Threshold{Severity: v}, nil
}

// Reached says whether a finding of the given severity reaches the threshold.
// One of unknown severity does so only where the threshold says Unknown, so it
// never blocks.
func (t Threshold) Reached(s scan.Severity) bool {
	return !t.Never && (t.Unknown || s > scan.SeverityUnknown && s >= t.Severity)
}

func (t Threshold) String() string {
	switch {
	case t.Never:
		return thresholdNone
	case t.Unknown:
		return scan.SeverityUnknown.String()
	case t.Severity <= scan.SeverityUnknown:
		return scan.SeverityNegligible.String()
	default:
		return t.Severity.String()
	}
}

// loose measures a threshold: a higher one lets more pass.
func (t Threshold) loose() float64 {
	order := []string{"unknown", "negligible", "low", "medium", "high", "critical", thresholdNone}
	return float64(slices.Index(order, t.String()))
}
