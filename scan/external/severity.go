package external

import (
	"strconv"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// ofScore is the severity of a score from 0 to 10, as CVSS and code hosts divide
// them: https://www.first.org/cvss/v4.0/specification-document#Qualitative-Severity-Rating-Scale.
func ofScore(score float64) scan.Severity {
	switch {
	case score >= 9:
		return scan.SeverityCritical
	case score >= 7:
		return scan.SeverityHigh
	case score >= 4:
		return scan.SeverityMedium
	case score > 0:
		return scan.SeverityLow
	default:
		return scan.SeverityNegligible
	}
}

// ofLevel is the severity of a SARIF level.
func ofLevel(level string) scan.Severity {
	switch level {
	case "error":
		return scan.SeverityHigh
	case "note":
		return scan.SeverityLow
	case "none":
		return scan.SeverityNegligible
	default: // warning, and what a tool does not say: SARIF 3.27.10
		return scan.SeverityMedium
	}
}

// securityScore reads a score that tools write as text or as a number.
func securityScore(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, v >= 0 && v <= 10
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return f, err == nil && f >= 0 && f <= 10
	}
	return 0, false
}
