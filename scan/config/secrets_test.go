package config

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

const secretsFile = `# what the team accepts
fail-on: critical
secrets:
  mode: warn
  rules: [default, ./ci/secrets.toml]
  allow:
    - rule: private-key
      path: /app/test/
      reason: made for the tests
      expires: 2027-01-31
    - fingerprint: "4711"
      reason: revoked
      expires: "2026-12-01"
`

func TestSecretsAreReadFromTheFile(t *testing.T) {
	v, err := ParseYAML(FileName, []byte(secretsFile))
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Options()
	if err != nil {
		t.Fatal(err)
	}
	want := Secrets{
		Mode:  SecretsWarn,
		Rules: []string{"default", "ci/secrets.toml"},
		Allow: []SecretAllow{
			{Rule: "private-key", Path: "app/test/**", Reason: "made for the tests", Expires: day("2027-01-31"), File: FileName, Line: 7},
			{Fingerprint: "4711", Reason: "revoked", Expires: day("2026-12-01"), File: FileName, Line: 11},
		},
	}
	if diff := cmp.Diff(want, got.Secrets); diff != "" {
		t.Error(diff)
	}
}

func TestModeCanBeSaidInShort(t *testing.T) {
	for text, want := range map[string]SecretMode{
		"secrets: off":             SecretsOff,
		"secrets: BLOCK":           SecretsBlock,
		"secrets: {mode: off}":     SecretsOff,
		"secrets: {rules: a.toml}": SecretsBlock,
		"secrets: {}":              SecretsBlock,
	} {
		v, err := ParseYAML(FileName, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := v.Options(); err != nil || got.Secrets.Mode != want {
			t.Errorf("%s: %s, %v", text, got.Secrets.Mode, err)
		}
	}
}

func TestFlagLeavesTheFilesListAlone(t *testing.T) {
	file, err := ParseYAML(FileName, []byte(secretsFile))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Merge(file, parseFlags(t, "--secrets", "block")).Options()
	if err != nil {
		t.Fatal(err)
	}
	if got.Secrets.Mode != SecretsBlock || len(got.Secrets.Allow) != 2 || len(got.Secrets.Rules) != 2 {
		t.Errorf("%+v", got.Secrets)
	}
}

func TestSecretErrorsNameLineAndKey(t *testing.T) {
	allow := func(entry string) string { return "secrets:\n  allow:\n    - " + entry }
	tests := map[string]struct{ yaml, want string }{
		"mode":            {"secrets:\n  mode: loud", `2: secrets.mode: unknown mode "loud", want block, warn or off`},
		"mode in short":   {"secrets: on", `1: secrets.mode: unknown mode "on", want block, warn or off`},
		"list":            {"secrets: [off]", `1: secrets.mode: want a single value, not a list`},
		"nothing":         {"secrets:", `1: secrets.mode: has no value`},
		"slip":            {"secrets:\n  rule: x", `2: secrets.rule: unknown key, did you mean rules?`},
		"unknown key":     {"secrets:\n  verify: x", `2: secrets.verify: unknown key, want mode, rules or allow`},
		"twice":           {"secrets:\n  mode: off\n  mode: warn", `3: secrets.mode: is already set in line 2`},
		"dotted key":      {"secrets.mode: off", `1: secrets.mode: unknown key, want version, extends, overridable, fail-on, thresholds, only-fixed, grace, kev, epss, help-url, licenses, base, fail-on-check, checks, secrets, rego, vex, exceptions, analyzers, db, max-db-age or profiles`},
		"group is no key": {"fail-on: {mode: off}", `1: fail-on: want a single value, not keys and values`},
		"merge key":       {"x: &x {mode: off}\nsecrets: {<<: *x}", `1: x: unknown key, want version, extends, overridable, fail-on, thresholds, only-fixed, grace, kev, epss, help-url, licenses, base, fail-on-check, checks, secrets, rego, vex, exceptions, analyzers, db, max-db-age or profiles`},

		"rules outside":  {"secrets:\n  rules:\n    - default\n    - ../x.toml", `4: secrets.rules: "../x.toml" is neither default nor a path inside the build context`},
		"absolute rules": {"secrets:\n  rules: /etc/x.toml", `2: secrets.rules: "/etc/x.toml" is neither default nor a path inside the build context`},
		"rules sneak":    {"secrets:\n  rules: a/../../x", `2: secrets.rules: "a/../../x" is neither default nor a path inside the build context`},
		"no rules":       {"secrets:\n  rules: []", `2: secrets.rules: names no set of rules, want default or files`},
		"rules twice":    {"secrets:\n  rules:\n    - a.toml\n    - ./a.toml", `4: secrets.rules: "a.toml" is listed twice`},
		"rule is a map":  {"secrets:\n  rules:\n    - {a: b}", `3: secrets.rules: want a single value, not keys and values`},

		"no list":        {"secrets:\n  allow: private-key", `2: secrets.allow: want a list of entries with rule, path, fingerprint, reason or expires`},
		"no entry":       {allow("private-key"), `3: secrets.allow: want an entry with rule, path, fingerprint, reason or expires`},
		"no reason":      {allow("rule: a\n      expires: 2027-01-31"), `3: secrets.allow: an entry needs reason`},
		"empty reason":   {allow("rule: a\n      reason: ' '\n      expires: 2027-01-31"), `4: secrets.allow.reason: is empty`},
		"no expiry":      {allow("rule: a\n      reason: b"), `3: secrets.allow: an entry needs expires`},
		"no such day":    {allow("rule: a\n      reason: b\n      expires: 2027-02-29"), `5: secrets.allow.expires: "2027-02-29" is no day, want YYYY-MM-DD`},
		"no day":         {allow("rule: a\n      reason: b\n      expires: never"), `5: secrets.allow.expires: "never" is no day, want YYYY-MM-DD`},
		"for everything": {allow("reason: b\n      expires: 2027-01-31"), `3: secrets.allow: an entry needs at least one of rule, path and fingerprint`},
		"entry's slip":   {allow("rules: a"), `3: secrets.allow.rules: unknown key, did you mean rule?`},
		"expiry's slip":  {allow("rule: a\n      expiry: 2027-01-31"), `4: secrets.allow.expiry: unknown key, did you mean expires?`},
		"key twice":      {allow("rule: a\n      rule: b"), `4: secrets.allow.rule: is already set in line 3`},
		"open bracket":   {allow("path: 'a/[b'\n      reason: b\n      expires: 2027-01-31"), `3: secrets.allow.path: "a/[b" is no pattern: a bracket is left open or empty`},
		"outside":        {allow("path: ../a\n      reason: b\n      expires: 2027-01-31"), `3: secrets.allow.path: "../a" can match no path, want one relative to the image's root`},
		"dot":            {allow("path: ./a\n      reason: b\n      expires: 2027-01-31"), `3: secrets.allow.path: "./a" can match no path, want one relative to the image's root`},
		"root":           {allow("path: /\n      reason: b\n      expires: 2027-01-31"), `3: secrets.allow.path: "/" is no pattern, want e.g. app/test/**`},
		"too many":       {"secrets:\n  allow: [" + strings.Repeat("{},", maxEntries+1) + "]", `2: secrets.allow: has 1001 entries, more than 1000`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ParseYAML(FileName, []byte(tc.yaml))
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(FileName+":"+tc.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEntryAppliesUntilTheEndOfItsDay(t *testing.T) {
	a := SecretAllow{Expires: day("2027-01-31")}
	for at, want := range map[string]bool{
		"2026-12-24T00:00:00Z":      false,
		"2027-01-31T00:00:00Z":      false,
		"2027-01-31T23:59:59Z":      false,
		"2027-02-01T00:00:00Z":      true,
		"2027-02-01T00:30:00+01:00": false, // still January in UTC
		"2027-01-31T23:30:00-01:00": true,
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Expired(when); got != want {
			t.Errorf("expired at %s: %t", at, got)
		}
	}
}

func TestEntryMatchesByAllThatItNames(t *testing.T) {
	s := scan.Secret{Rule: "private-key", Path: "app/test/tls/key.pem", Fingerprint: "4711"}
	for _, tc := range []struct {
		allow SecretAllow
		want  bool
	}{
		{SecretAllow{}, false},
		{SecretAllow{Rule: "private-key"}, true},
		{SecretAllow{Rule: "private"}, false},
		{SecretAllow{Fingerprint: "4711"}, true},
		{SecretAllow{Fingerprint: "471"}, false},
		{SecretAllow{Rule: "private-key", Path: "app/test/**", Fingerprint: "4711"}, true},
		{SecretAllow{Rule: "private-key", Path: "app/test/**", Fingerprint: "4712"}, false},
		{SecretAllow{Rule: "github-pat", Path: "app/test/**"}, false},
		{SecretAllow{Rule: "private-key", Path: "srv/**"}, false},
	} {
		if got := tc.allow.Matches(s); got != tc.want {
			t.Errorf("%+v matches: %t", tc.allow, got)
		}
	}
}

func TestPathsAreMatchedAsGlobs(t *testing.T) {
	for _, tc := range []struct {
		glob, path string
		want       bool
	}{
		{"app/key.pem", "app/key.pem", true},
		{"/app/key.pem", "app/key.pem", true},
		{"key.pem", "app/key.pem", false},
		{"**/key.pem", "app/key.pem", true},
		{"**/key.pem", "key.pem", true},
		{"app/*.pem", "app/key.pem", true},
		{"app/*.pem", "app/tls/key.pem", false},
		{"app/**", "app/tls/key.pem", true},
		{"app/**", "app2/key.pem", false},
		{"app/", "app/tls/key.pem", true},
		{"app", "app/tls/key.pem", false},
		{"app/**/*.pem", "app/key.pem", true},
		{"{app,srv}/*.pem", "srv/key.pem", true},
		{"app/[a-k]ey.pem", "app/key.pem", true},
		{"app/[!k]ey.pem", "app/key.pem", false},
		{"app/?ey.pem", "app/key.pem", true},
		{"app/KEY.pem", "app/key.pem", false},
		{"**/.env", "app/.env", true},
		{"app/*", "app/.env", true},
		{"app/x.zip", "app/x.zip!in/key.pem", true},
		{"app/*.zip", "app/x.zip!in/key.pem", true},
		{"app/**", "app/x.zip!in/key.pem", true},
		{"app/x.zip!in/*", "app/x.zip!in/key.pem", true},
		{"app/x.zip!out/*", "app/x.zip!in/key.pem", false},
		{"Env", "Env", true},
	} {
		glob, err := parseGlob(tc.glob)
		if err != nil {
			t.Errorf("%s: %v", tc.glob, err)
		}
		if got := (SecretAllow{Path: glob}).Matches(scan.Secret{Path: tc.path}); got != tc.want {
			t.Errorf("%s matches %s: %t", tc.glob, tc.path, got)
		}
	}
}

func TestHostilePatternIsMatchedInTime(t *testing.T) {
	glob, err := parseGlob(strings.Repeat("**/*a*", 80) + "b")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	SecretAllow{Path: glob}.Matches(scan.Secret{Path: strings.Repeat("aaaaaaaa/", 200)})
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %s", d)
	}
}

func TestGitleaksIgnoreIsRead(t *testing.T) {
	const commit = "cd5226711335c68be1e720b318b7bc3135a30eb2"
	got, err := ParseGitleaksIgnore(IgnoreFileName, []byte("\ufeff# accepted\n\n  api/key.go:github-pat:3  \r\n"+
		commit+":cmd/main.go:aws-access-token:12\n"+
		`win\dir\a.txt:generic-api-key:1`+"\n"+
		"odd:name.txt:private-key:7\n"+
		"./a.zip!in/b.p12:pkcs12-file:0"))
	if err != nil {
		t.Fatal(err)
	}
	want := []IgnoredSecret{
		{"api/key.go", "github-pat", 3},
		{"cmd/main.go", "aws-access-token", 12},
		{"win/dir/a.txt", "generic-api-key", 1},
		{"odd:name.txt", "private-key", 7},
		{"a.zip!in/b.p12", "pkcs12-file", 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestGitleaksIgnoreErrorsNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"\na.go:rule":                      `.gitleaksignore:2: "a.go:rule" is neither path:rule:line nor commit:path:rule:line`,
		"a.go:rule:x":                      `.gitleaksignore:1: "a.go:rule:x" is neither path:rule:line nor commit:path:rule:line`,
		"a.go:rule:3 # why":                `.gitleaksignore:1: "a.go:rule:3 # why" is neither path:rule:line nor commit:path:rule:line`,
		":rule:3":                          `.gitleaksignore:1: ":rule:3" is neither path:rule:line nor commit:path:rule:line`,
		"a.go:b rule:3":                    `.gitleaksignore:1: "a.go:b rule:3" is neither path:rule:line nor commit:path:rule:line`,
		"a.go:rule:99999999999":            `.gitleaksignore:1: "a.go:rule:99999999999" is neither path:rule:line nor commit:path:rule:line`,
		strings.Repeat("#", MaxFileSize+1): fmt.Sprintf(`.gitleaksignore: is larger than %d bytes`, MaxFileSize),
	} {
		_, err := ParseGitleaksIgnore(IgnoreFileName, []byte(text))
		if err == nil {
			t.Errorf("%q: no error", shorten(text))
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestIgnoredSecretsAreThoseOfTheRepository(t *testing.T) {
	entry := IgnoredSecret{Path: "api/key.go", Rule: "github-pat", Line: 3}
	secret := func(path, rule string, line int) scan.Secret {
		return scan.Secret{Source: scan.SecretInFile, Path: path, Rule: rule, Line: line}
	}
	for _, tc := range []struct {
		secret scan.Secret
		want   bool
	}{
		{secret("api/key.go", "github-pat", 3), true},
		{secret("usr/src/app/api/key.go", "github-pat", 3), true},
		{secret("usr/src/myapi/key.go", "github-pat", 3), false},
		{secret("key.go", "github-pat", 3), false},
		{secret("api/key.go", "github-pat", 4), false},
		{secret("api/key.go", "aws-access-token", 3), false},
		{scan.Secret{Source: scan.SecretInDockerfile, Path: "api/key.go", Rule: "github-pat", Line: 3}, true},
		{scan.Secret{Source: scan.SecretInConfig, Path: "api/key.go", Rule: "github-pat", Line: 3}, false},
	} {
		if got := entry.Matches(tc.secret); got != tc.want {
			t.Errorf("%+v matches: %t", tc.secret, got)
		}
	}
}
