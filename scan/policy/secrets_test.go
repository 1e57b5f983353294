package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

// judgingSecrets are options by which findings never block.
func judgingSecrets(mode config.SecretMode, allow ...config.SecretAllow) config.Options {
	o := options("none", false)
	o.Secrets = config.Secrets{Mode: mode, Allow: allow}
	return o
}

func until(day string, a config.SecretAllow) config.SecretAllow {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	a.Expires, a.File = t, config.FileName
	if a.Reason == "" {
		a.Reason = "revoked"
	}
	return a
}

// withSecrets is a report of one platform whose stages have these secrets and
// nothing else.
func withSecrets(final []scan.Secret, build ...scan.Secret) *scan.Report {
	layers := []scan.Layer{
		{Instruction: "COPY . .", Stage: "final", File: "Dockerfile", StartLine: 5, EndLine: 5},
		{Instruction: "RUN make", Stage: "final", File: "Dockerfile", StartLine: 6, EndLine: 6},
	}
	return &scan.Report{
		Finished: time.Date(2027, 1, 31, 23, 59, 59, 0, time.UTC),
		Platforms: []scan.Platform{{ID: "linux/amd64", Stages: []scan.Stage{
			{Name: "build", Layers: []scan.Layer{{Instruction: "RUN fetch", Stage: "build", File: "Dockerfile", StartLine: 2, EndLine: 2}}, Secrets: build},
			{Name: "final", Final: true, Layers: layers, Secrets: final},
		}}},
	}
}

func fileSecret(rule, fingerprint, path string, line, layer int) scan.Secret {
	return scan.Secret{Rule: rule, Fingerprint: fingerprint, Source: scan.SecretInFile, Path: path, Line: line, Layer: layer, Redacted: "ab…yz"}
}

func blockingSecrets(v scan.Verdict) []string {
	var out []string
	for _, b := range v.Secrets {
		out = append(out, fmt.Sprintf("%s %s:%d %s", b.Secret.Rule, b.Secret.Path, b.Secret.Line, b.Layer.Instruction))
	}
	return out
}

func TestModeDecidesWhatASecretDoes(t *testing.T) {
	for _, tc := range []struct {
		mode     config.SecretMode
		outcome  scan.Outcome
		secrets  int
		warnings bool
	}{
		{"", scan.OutcomeBlock, 3, true},
		{config.SecretsBlock, scan.OutcomeBlock, 3, true},
		{config.SecretsWarn, scan.OutcomeWarn, 0, true},
		{config.SecretsOff, scan.OutcomePass, 0, false},
	} {
		t.Run(string(tc.mode), func(t *testing.T) {
			r := withSecrets([]scan.Secret{
				fileSecret("a", "1", "app/.env", 1, 0),
				{Rule: "b", Fingerprint: "2", Source: scan.SecretInConfig, Path: "Env", Line: 1, Layer: -1},
				{Rule: "c", Fingerprint: "3", Source: scan.SecretInDockerfile, Path: "Dockerfile", Line: 1, Layer: -1},
			}, fileSecret("d", "4", "x", 1, 0))
			v := evaluated(t, r, judgingSecrets(tc.mode)).Verdict
			if v.Outcome != tc.outcome || len(v.Secrets) != tc.secrets || (len(Warnings(r)) > 0) != tc.warnings {
				t.Errorf("%s, %v, %d warnings", v.Outcome, blockingSecrets(v), len(Warnings(r)))
			}
			if (BlockMessage(r) != "") != (tc.outcome == scan.OutcomeBlock) {
				t.Errorf("message is %q", BlockMessage(r))
			}
			if v.SecretMode != tc.mode.String() {
				t.Errorf("mode is %q", v.SecretMode)
			}
			if diff := cmp.Diff(r.Platforms[0].Verdict.Secrets, v.Secrets); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhichSecretsBlock(t *testing.T) {
	secret := fileSecret("a", "1", "app/.env", 1, 0)
	removed, dismissed := secret, secret
	removed.Removed, dismissed.Dismissed = 1, "test data"
	again := fileSecret("a", "1", "app/.env", 9, 0)
	for name, tc := range map[string]struct {
		final, build []scan.Secret
		outcome      scan.Outcome
		want         []string
	}{
		"none":                     {nil, nil, scan.OutcomePass, nil},
		"in the image":             {[]scan.Secret{secret}, nil, scan.OutcomeBlock, []string{"a app/.env:1 COPY . ."}},
		"removed by a later layer": {[]scan.Secret{removed}, nil, scan.OutcomeBlock, []string{"a app/.env:1 COPY . ."}},
		"dismissed":                {[]scan.Secret{dismissed}, []scan.Secret{dismissed}, scan.OutcomePass, nil},
		"in a build stage":         {nil, []scan.Secret{secret}, scan.OutcomeWarn, nil},
		"twice in a file":          {[]scan.Secret{secret, again}, nil, scan.OutcomeBlock, []string{"a app/.env:1 COPY . ."}},
		"of no known layer":        {[]scan.Secret{fileSecret("a", "1", "x", 1, 7)}, nil, scan.OutcomeBlock, []string{"a x:1 "}},
		"near to their origin first": {
			[]scan.Secret{
				{Rule: "env", Fingerprint: "3", Source: scan.SecretInConfig, Path: "Env", Line: 1, Layer: -1},
				fileSecret("late", "2", "a", 1, 1), fileSecret("early", "1", "b", 1, 0),
				{Rule: "arg", Fingerprint: "4", Source: scan.SecretInDockerfile, Path: "Dockerfile", Line: 9, Layer: -1, Instruction: &scan.Layer{Instruction: "ARG X=y", StartLine: 9}},
			},
			nil, scan.OutcomeBlock, []string{"arg Dockerfile:9 ARG X=y", "early b:1 COPY . .", "late a:1 RUN make", "env Env:1 "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := evaluated(t, withSecrets(tc.final, tc.build...), judgingSecrets(config.SecretsBlock)).Verdict
			if v.Outcome != tc.outcome {
				t.Errorf("outcome is %s", v.Outcome)
			}
			if diff := cmp.Diff(tc.want, blockingSecrets(v)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAcceptedSecretsDoNothingUntilTheirLastDay(t *testing.T) {
	secret := fileSecret("private-key", "4711", "app/test/key.pem", 3, 0)
	byRule := config.SecretAllow{Rule: "private-key", Path: "app/test/**"}
	for name, tc := range map[string]struct {
		allow   []config.SecretAllow
		ignore  []config.IgnoredSecret
		outcome scan.Outcome
		allowed string
		expired []string
	}{
		"nothing accepted": {nil, nil, scan.OutcomeBlock, "", nil},
		"accepted":         {[]config.SecretAllow{until("2027-02-01", byRule)}, nil, scan.OutcomePass, "revoked", nil},
		"last day":         {[]config.SecretAllow{until("2027-01-31", byRule)}, nil, scan.OutcomePass, "revoked", nil},
		"the day after": {
			[]config.SecretAllow{until("2027-01-30", byRule)}, nil, scan.OutcomeBlock, "",
			[]string{".scan-build.yaml:0: accepted secret (rule private-key, path app/test/**) expired on 2027-01-30"},
		},
		"another entry still holds": {
			[]config.SecretAllow{until("2027-01-30", byRule), until("2027-02-01", config.SecretAllow{Fingerprint: "4711", Reason: "second"})},
			nil, scan.OutcomeWarn, "second",
			[]string{".scan-build.yaml:0: accepted secret (rule private-key, path app/test/**) expired on 2027-01-30"},
		},
		"another secret":             {[]config.SecretAllow{until("2027-02-01", config.SecretAllow{Fingerprint: "4712"})}, nil, scan.OutcomeBlock, "", nil},
		"gitleaks ignores it":        {nil, []config.IgnoredSecret{{Path: "test/key.pem", Rule: "private-key", Line: 3}}, scan.OutcomePass, ".gitleaksignore", nil},
		"gitleaks ignores another":   {nil, []config.IgnoredSecret{{Path: "test/key.pem", Rule: "private-key", Line: 4}}, scan.OutcomeBlock, "", nil},
		"a reason is worth more":     {[]config.SecretAllow{until("2027-02-01", byRule)}, []config.IgnoredSecret{{Path: "test/key.pem", Rule: "private-key", Line: 3}}, scan.OutcomePass, "revoked", nil},
		"an empty entry accepts nil": {[]config.SecretAllow{until("2027-02-01", config.SecretAllow{})}, nil, scan.OutcomeBlock, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := judgingSecrets(config.SecretsBlock, tc.allow...)
			o.Secrets.Ignore = tc.ignore
			r := evaluated(t, withSecrets([]scan.Secret{secret}), o)
			if r.Verdict.Outcome != tc.outcome {
				t.Errorf("outcome is %s", r.Verdict.Outcome)
			}
			if got := r.Platforms[0].Stages[1].Secrets[0].Allowed; got != tc.allowed {
				t.Errorf("allowed for %q", got)
			}
			if diff := cmp.Diff(tc.expired, r.Verdict.Expired); diff != "" {
				t.Error(diff)
			}
			if tc.outcome == scan.OutcomeWarn && len(Warnings(r)) == 0 {
				t.Error("no warning")
			}
		})
	}
}

func TestReportWithoutADateHasNoExceptions(t *testing.T) {
	r := withSecrets([]scan.Secret{fileSecret("a", "1", "x", 1, 0)})
	r.Finished = time.Time{}
	if v := evaluated(t, r, judgingSecrets(config.SecretsBlock, until("2027-01-31", config.SecretAllow{Rule: "a"}))).Verdict; v.Outcome != scan.OutcomeBlock {
		t.Errorf("outcome is %s", v.Outcome)
	}
}

func TestSecretsAreJudgedAgainByOtherOptions(t *testing.T) {
	r := withSecrets([]scan.Secret{fileSecret("a", "1", "x", 1, 0)})
	if v := evaluated(t, r, judgingSecrets(config.SecretsBlock, until("2027-02-01", config.SecretAllow{Rule: "a"}))).Verdict; v.Outcome != scan.OutcomePass {
		t.Errorf("outcome is %s", v.Outcome)
	}
	if v := evaluated(t, r, judgingSecrets(config.SecretsBlock)).Verdict; v.Outcome != scan.OutcomeBlock {
		t.Errorf("an exception outlives the options that made it: %s", v.Outcome)
	}
}

func TestFailOnDoesNotApplyToSecrets(t *testing.T) {
	r := evaluated(t, withSecrets([]scan.Secret{fileSecret("a", "1", "x", 1, 0)}), judgingSecrets(config.SecretsBlock))
	if r.Verdict.FailOn != "none" || r.Verdict.Outcome != scan.OutcomeBlock {
		t.Errorf("%s with fail-on %s", r.Verdict.Outcome, r.Verdict.FailOn)
	}
}

func TestSecretsOfAPlatformAreItsOwn(t *testing.T) {
	r := withSecrets([]scan.Secret{fileSecret("a", "1", "x", 1, 0)})
	r.Platforms = append(r.Platforms, scan.Platform{ID: "linux/arm64", Stages: []scan.Stage{{Name: "final", Final: true}}})
	evaluated(t, r, judgingSecrets(config.SecretsBlock))
	if a, b := r.Platforms[0].Verdict, r.Platforms[1].Verdict; a.Outcome != scan.OutcomeBlock || b.Outcome != scan.OutcomePass {
		t.Errorf("%s and %s", a.Outcome, b.Outcome)
	}
	if m := BlockMessage(r); !strings.Contains(m, "x:1  only linux/amd64") {
		t.Error(m)
	}
}

func TestSecretCountIsOfDifferentValuesInTheImage(t *testing.T) {
	r := evaluated(t, sample.Report(), judgingSecrets(config.SecretsWarn))
	if n := SecretCount(r); n != 3 {
		t.Errorf("%d secrets", n)
	}
	if n := SecretCount(evaluated(t, r, judgingSecrets(config.SecretsOff))); n != 0 {
		t.Errorf("%d secrets although none were searched for", n)
	}
}

func TestHelpPointsToTheProvider(t *testing.T) {
	for rule, want := range map[string]string{
		"github-pat":       "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens",
		"github-app-token": "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/token-expiration-and-revocation",
		"aws-access-token": "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",
		"npmrc-auth-token": "https://docs.npmjs.com/revoking-access-tokens",
		"private-key":      generalURL, // what to do depends on what it opens
		"our-own-rule":     generalURL,
		"":                 generalURL,
	} {
		if got := Help(rule); got != want {
			t.Errorf("%s: %s", rule, got)
		}
	}
}
