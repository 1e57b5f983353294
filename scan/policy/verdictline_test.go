package policy

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

func TestVerdictCountsSecretsAndFindings(t *testing.T) {
	secret := func(fingerprint string) scan.Secret {
		return scan.Secret{Rule: "r", Fingerprint: fingerprint, Source: scan.SecretInFile, Path: "p"}
	}
	accepted := secret("3")
	accepted.Allowed = "revoked"
	for want, tc := range map[string]struct {
		mode    string
		secrets []scan.Secret
		counts  map[string]int
	}{
		"no known vulnerabilities in the image (database of 2026-02-03)":           {"block", nil, nil},
		"1 high in the image (database of 2026-02-03)":                             {"block", []scan.Secret{accepted}, map[string]int{"high": 1}},
		"1 secret, no known vulnerabilities in the image (database of 2026-02-03)": {"warn", []scan.Secret{secret("1"), secret("1"), accepted}, nil},
		"2 secrets, 1 critical, 2 low in the image (database of 2026-02-03)":       {"block", []scan.Secret{secret("1"), secret("2")}, map[string]int{"critical": 1, "low": 2}},
		"2 low in the image (database of 2026-02-03)":                              {"off", []scan.Secret{secret("1")}, map[string]int{"low": 2}},
	} {
		r := &scan.Report{
			Database:  scan.Database{Built: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)},
			Platforms: []scan.Platform{{Stages: []scan.Stage{{Final: true, Secrets: tc.secrets}}}},
			Verdict:   scan.Verdict{SecretMode: tc.mode, Counts: tc.counts},
		}
		if diff := cmp.Diff(want, imageText(r)); diff != "" {
			t.Error(diff)
		}
	}
}
