package scan

import (
	"encoding/json"
	"strings"

	"github.com/pkg/errors"
)

// Severity is the qualitative severity of a finding, ordered so that a higher
// value is worse. The zero value is [SeverityUnknown].
type Severity int

// The severities in rising order, as grype and the advisories' sources name them.
const (
	SeverityUnknown Severity = iota
	SeverityNegligible
	SeverityLow
	SeverityMedium
	SeverityHigh
	SeverityCritical
)

var severityNames = [...]string{"unknown", "negligible", "low", "medium", "high", "critical"}

// Severities lists every severity, worst first: the order people read them in.
func Severities() []Severity {
	return []Severity{SeverityCritical, SeverityHigh, SeverityMedium, SeverityLow, SeverityNegligible, SeverityUnknown}
}

// ParseSeverity reads a severity's name, in any case. The empty string is
// [SeverityUnknown]; anything else that is no severity is an error.
func ParseSeverity(s string) (Severity, error) {
	if s == "" {
		return SeverityUnknown, nil
	}
	for i, n := range severityNames {
		if strings.EqualFold(s, n) {
			return Severity(i), nil
		}
	}
	return SeverityUnknown, errors.Errorf("unknown severity %q, want one of %s", s, strings.Join(severityNames[:], ", "))
}

func (s Severity) String() string {
	if s < 0 || int(s) >= len(severityNames) {
		return severityNames[SeverityUnknown]
	}
	return severityNames[s]
}

// MarshalJSON writes the severity's name.
func (s Severity) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Severity) UnmarshalJSON(b []byte) error {
	var name string
	if err := json.Unmarshal(b, &name); err != nil {
		return err
	}
	v, err := ParseSeverity(name)
	*s = v
	return err
}
