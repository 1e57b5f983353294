package dbbuild

import (
	"fmt"
	"regexp"
	"strings"

	v6 "github.com/anchore/grype/grype/db/v6"
	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"
	"github.com/pkg/errors"
)

// severities are the advisory's, in the order of authority: grype takes the
// first for the finding. A severity in words goes before the scores, as in
// grype's own records of GitHub's advisories; without one, the score decides.
func (a advisory) severities() ([]v6.Severity, error) {
	var out []v6.Severity
	word, field := a.severityWord()
	if word != "" {
		w, err := severityWord(word)
		if err != nil {
			return nil, a.errorAt(field, "%s", err)
		}
		out = append(out, v6.Severity{Scheme: v6.SeveritySchemeCHMLN, Value: w, Rank: 1})
	}
	add := func(field string, list []severity) error {
		for i, s := range list {
			c, err := cvss(s)
			if err != nil {
				return a.errorAt(fmt.Sprintf("%s[%d].score", field, i), "%s", err)
			}
			out = append(out, v6.Severity{Scheme: v6.SeveritySchemeCVSS, Value: c, Rank: len(out) + 1})
		}
		return nil
	}
	if err := add("severity", a.Severity); err != nil {
		return nil, err
	}
	if len(a.Severity) > 0 {
		return out, nil
	}
	for i, aff := range a.Affected {
		if err := add(fmt.Sprintf("affected[%d].severity", i), aff.Severity); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// severityWord is the severity in words, and where it stands.
func (a advisory) severityWord() (word, field string) {
	if a.Database.Severity != "" {
		return a.Database.Severity, "database_specific.severity"
	}
	for i, aff := range a.Affected {
		if aff.Database.Severity != "" {
			return aff.Database.Severity, fmt.Sprintf("affected[%d].database_specific.severity", i)
		}
		if aff.Ecosystem.Severity != "" {
			return aff.Ecosystem.Severity, fmt.Sprintf("affected[%d].ecosystem_specific.severity", i)
		}
	}
	return "", ""
}

func severityWord(s string) (string, error) {
	switch w := strings.ToLower(s); w {
	case "critical", "high", "medium", "low", "negligible":
		return w, nil
	case "moderate":
		return "medium", nil
	case "important":
		return "high", nil
	}
	return "", errors.Errorf("%q is not critical, high, medium (moderate), low or negligible", s)
}

var cvssVersion = regexp.MustCompile(`^CVSS:(3\.0|3\.1|4\.0)/`)

// cvss checks a score, which in OSV is a vector.
func cvss(s severity) (v6.CVSSSeverity, error) {
	out := v6.CVSSSeverity{Vector: s.Score, Version: "2.0"}
	if m := cvssVersion.FindStringSubmatch(s.Score); m != nil {
		out.Version = m[1]
	}
	want := map[string]string{"2.0": "CVSS_V2", "3.0": "CVSS_V3", "3.1": "CVSS_V3", "4.0": "CVSS_V4"}[out.Version]
	if s.Type != want {
		return out, errors.Errorf("%q is not a %s vector", s.Score, s.Type)
	}
	var err error
	switch out.Version {
	case "2.0":
		_, err = gocvss20.ParseVector(s.Score)
	case "3.0":
		_, err = gocvss30.ParseVector(s.Score)
	case "3.1":
		_, err = gocvss31.ParseVector(s.Score)
	case "4.0":
		_, err = gocvss40.ParseVector(s.Score)
	}
	if err != nil {
		return out, errors.Errorf("%q is not a %s vector: %s", s.Score, s.Type, err)
	}
	return out, nil
}
