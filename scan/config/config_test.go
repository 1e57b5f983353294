package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pkg/errors"
	"github.com/spf13/pflag"

	"github.com/scan-build/scan-build/scan"
)

func TestDefaults(t *testing.T) {
	all, none := Threshold{Unknown: true}, Threshold{Never: true}
	high := Threshold{Severity: scan.SeverityHigh}
	want := Options{
		Thresholds: Thresholds{Image: Levels{high, all, all}, Base: Levels{high, all, all}, Stages: Levels{none, all, all}},
		KEV:        EffectBlock,
		Checks:     Checks{Levels: Levels{none, Threshold{Severity: scan.SeverityHigh}, Threshold{Severity: scan.SeverityLow}}},
		DB:         Ref{RefURL, DefaultDB},
		MaxDBAge:   120 * time.Hour,
		Secrets:    Secrets{Mode: SecretsBlock},
	}
	if diff := cmp.Diff(want, Default()); diff != "" {
		t.Error(diff)
	}
}

func TestEveryRoadReachesTheSameOptions(t *testing.T) {
	file, err := ParseYAML(FileName, []byte("version: 1\nfail-on: Medium\nonly-fixed: true\ndb: docker-image://reg/db:1\nmax-db-age: 5d\nsecrets:\n  mode: Warn\nkev: WARN\nepss: 0.5\nchecks: {fail-on: critical}\n"))
	if err != nil {
		t.Fatal(err)
	}
	args, err := FromBuildArgs(map[string]string{
		"SCAN_FAIL_ON": "medium", "SCAN_ONLY_FIXED": "1", "SCAN_DB": "docker-image://reg/db:1", "SCAN_MAX_DB_AGE": "120h", "SCAN_SECRETS": "warn", "SCAN_KEV": "warn", "SCAN_EPSS": ".5", "SCAN_FAIL_ON_CHECK": "critical",
		"SCAN_TEAM": "the Dockerfile's own", "NODE_VERSION": "20",
	})
	if err != nil {
		t.Fatal(err)
	}
	flags := parseFlags(t, "--fail-on=medium", "--only-fixed", "--db=docker-image://reg/db:1", "--max-db-age=120h", "--secrets=warn", "--kev=warn", "--epss=0.50", "--fail-on-check=critical")

	medium := Threshold{Severity: scan.SeverityMedium}
	want := Default()
	want.Thresholds.Image.Block, want.Thresholds.Base.Block = medium, medium
	want.OnlyFixed = true
	want.DB = Ref{RefImage, "reg/db:1"}
	want.Secrets.Mode = SecretsWarn
	want.KEV, want.EPSS = EffectWarn, 0.5
	want.Checks.Levels.Block = Threshold{Severity: scan.SeverityCritical}
	for road, v := range map[string]Values{"file": file, "build args": args, "flags": flags} {
		got, err := v.Options()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", road, diff)
		}
	}
}

func TestLaterRoadWins(t *testing.T) {
	file, err := ParseYAML(FileName, []byte("fail-on: low\nonly-fixed: true\nmax-db-age: 1h"))
	if err != nil {
		t.Fatal(err)
	}
	args, err := FromBuildArgs(map[string]string{"SCAN_FAIL_ON": "critical", "SCAN_MAX_DB_AGE": "2h", "SCAN_ONLY_FIXED": ""})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Merge(file, args, parseFlags(t, "--fail-on", "none")).Options()
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Thresholds.Image.Block, want.Thresholds.Base.Block = Threshold{Never: true}, Threshold{Never: true}
	want.OnlyFixed = true
	want.MaxDBAge = 2 * time.Hour
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFlagsTravelDownAsBuildArgs(t *testing.T) {
	flags := parseFlags(t, "--fail-on=low", "--only-fixed=false", "--report=json=out.json", "--db=./db", "--scanner=oci-layout:///s:1", "--secrets=off")
	want := map[string]string{
		"SCAN_FAIL_ON": "low", "SCAN_ONLY_FIXED": "false", "SCAN_DB": "./db", "SCAN_SCANNER": "oci-layout:///s:1", "SCAN_SECRETS": "off",
	}
	if diff := cmp.Diff(want, flags.BuildArgs()); diff != "" {
		t.Fatal(diff)
	}
	again, err := FromBuildArgs(flags.BuildArgs())
	if err != nil {
		t.Fatal(err)
	}
	a, _ := flags.Options()
	b, _ := again.Options()
	a.Reports = nil // written by the plugin alone
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
}

func TestRepeatedReportsAreKeptInOrder(t *testing.T) {
	got, err := parseFlags(t, "--report", "json=a", "--report", "table=-").Options()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"json=a", "table=-"}, got.Reports); diff != "" {
		t.Error(diff)
	}
}

func TestFileErrorsNameFileLineAndKey(t *testing.T) {
	tests := map[string]struct{ yaml, want string }{
		"unknown severity":    {"# gate\n\nfail-on: hi", `.scan-build.yaml:3: fail-on: unknown severity "hi", want critical, high, medium, low, negligible or none`},
		"severity unknown":    {"fail-on: unknown", `.scan-build.yaml:1: fail-on: unknown severity "unknown", want critical, high, medium, low, negligible or none`},
		"no value":            {"fail-on:", `.scan-build.yaml:1: fail-on: has no value`},
		"unknown key":         {"only-fixed: true\nfoo: 1", `.scan-build.yaml:2: foo: unknown key, want version, extends, overridable, fail-on, thresholds, only-fixed, grace, kev, epss, help-url, licenses, base, fail-on-check, checks, secrets, rego, vex, exceptions, analyzers, db, max-db-age or profiles`},
		"slip":                {"failon: high", `.scan-build.yaml:1: failon: unknown key, did you mean fail-on?`},
		"snake case":          {"max_db_age: 1h", `.scan-build.yaml:1: max_db_age: unknown key, did you mean max-db-age?`},
		"twice":               {"fail-on: low\nfail-on: high", `.scan-build.yaml:2: fail-on: is already set in line 1`},
		"list":                {"fail-on: [low]", `.scan-build.yaml:1: fail-on: want a single value, not a list`},
		"map":                 {"fail-on:\n  base: low", `.scan-build.yaml:1: fail-on: want a single value, not keys and values`},
		"not a bool":          {"only-fixed: maybe", `.scan-build.yaml:1: only-fixed: "maybe" is neither true nor false`},
		"not a duration":      {"max-db-age: 5", `.scan-build.yaml:1: max-db-age: "5" is not a duration, want e.g. 120h, 5d, or 0 for any age`},
		"newer version":       {"version: 2", `.scan-build.yaml:1: version: "2" is not a version that is understood here, want 1`},
		"not a mapping":       {"- fail-on", `.scan-build.yaml:1: want keys and values, such as fail-on: high`},
		"two documents":       {"fail-on: low\n---\nfail-on: none", `.scan-build.yaml:2: want a single document`},
		"local database":      {"db: ./db", `.scan-build.yaml:1: db: "./db" cannot be used here, want https://… or docker-image://…`},
		"report":              {"report: json=x", `.scan-build.yaml:1: report: cannot be set here (only the plugin writes files, and only where its user says), use --report`},
		"scanner":             {"scanner: docker-image://x", `.scan-build.yaml:1: scanner: cannot be set here (what is scanned does not choose its scanner), use --build-arg SCAN_SCANNER or --scanner`},
		"credentials are cut": {"db: https://u:secret@h ost/", `.scan-build.yaml:1: db: the given URL is not a URL with a host`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ParseYAML(FileName, []byte(tc.yaml))
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSyntaxErrorsNameTheLine(t *testing.T) {
	for name, yaml := range map[string]string{
		"tab":          "only-fixed: true\n\tfail-on: low",
		"open quote":   "fail-on: \"low",
		"two mappings": "only-fixed: true\nfail-on: a: b",
		"binary":       "fail-on: \x00\x01",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseYAML(FileName, []byte(yaml))
			if err == nil {
				t.Fatal("no error")
			}
			var e *Error
			if !errors.As(err, &e) || e.File != FileName {
				t.Errorf("%v is no *Error of the file", err)
			}
			if strings.Contains(e.Err.Error(), "yaml") {
				t.Errorf("%v carries the parser's prefix", err)
			}
			t.Log(err)
		})
	}
}

func TestFilesThatSetNothing(t *testing.T) {
	for _, yaml := range []string{"", "\n", "# only a comment\n", "---\n", "version: 1", "{}", "\xef\xbb\xbf"} {
		v, err := ParseYAML(FileName, []byte(yaml))
		if err != nil {
			t.Errorf("%q: %v", yaml, err)
		}
		if len(v.settings) != 0 {
			t.Errorf("%q set %v", yaml, v.settings)
		}
	}
}

func TestHugeAndExplosiveFilesAreRefused(t *testing.T) {
	if _, err := ParseYAML(FileName, make([]byte, MaxFileSize+1)); err == nil {
		t.Error("a huge file was read")
	}
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'l'; c++ {
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+",", 9) + "]\n"
	}
	start := time.Now()
	if _, err := ParseYAML(FileName, []byte(bomb)); err == nil {
		t.Error("an alias bomb was read")
	}
	if _, err := ParseYAML(FileName, []byte("fail-on: "+strings.Repeat("[", 500_000))); err == nil {
		t.Error("deep nesting was read")
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %s", d)
	}
}

func TestBuildArgErrors(t *testing.T) {
	tests := map[string]struct{ name, value, want string }{
		"bad value":         {"SCAN_FAIL_ON", "hi", `--build-arg SCAN_FAIL_ON: unknown severity "hi", want critical, high, medium, low, negligible or none`},
		"no underscore":     {"SCAN_FAILON", "none", `--build-arg SCAN_FAILON: unknown, did you mean SCAN_FAIL_ON?`},
		"lower case":        {"scan_fail_on", "none", `--build-arg scan_fail_on: unknown, did you mean SCAN_FAIL_ON?`},
		"one letter off":    {"SCAN_FAIL_ONE", "none", `--build-arg SCAN_FAIL_ONE: unknown, did you mean SCAN_FAIL_ON?`},
		"two letters off":   {"SCAN_MAX_DBAG", "1h", `--build-arg SCAN_MAX_DBAG: unknown, did you mean SCAN_MAX_DB_AGE?`},
		"secrets, singular": {"SCAN_SECRET", "off", `--build-arg SCAN_SECRET: unknown, did you mean SCAN_SECRETS?`},
		"only in the file":  {"SCAN_SECRETS_ALLOW", "x", `--build-arg SCAN_SECRETS_ALLOW: cannot be set here (what is accepted is written down with a reason), use secrets.allow in .scan-build.yaml`},
		"not by this way":   {"SCAN_REPORT", "json=x", `--build-arg SCAN_REPORT: cannot be set here (only the plugin writes files, and only where its user says), use --report`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := FromBuildArgs(map[string]string{tc.name: tc.value})
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestForeignBuildArgsAreLeftAlone(t *testing.T) {
	for _, name := range []string{"SCAN_TOKEN", "SCAN_D", "SCAN_DBS", "SCAN_", "SCANNERS", "FAIL_ON", "SCAN_DB_URL"} {
		v, err := FromBuildArgs(map[string]string{name: "x"})
		if err != nil || len(v.settings) != 0 {
			t.Errorf("%s: %v, %v", name, v.settings, err)
		}
	}
}

func TestFlagErrorsNameTheFlag(t *testing.T) {
	for args, want := range map[string]string{
		"--fail-on=hi":          `--fail-on: unknown severity "hi", want critical, high, medium, low, negligible or none`,
		"--fail-on=":            `--fail-on: unknown severity "", want critical, high, medium, low, negligible or none`,
		"--max-db-age=-1h":      `--max-db-age: "-1h" is not a duration, want e.g. 120h, 5d, or 0 for any age`,
		"--report=json":         `--report: "json" is not FORMAT=FILE`,
		"--db=s3://b":           `--db: unknown scheme "s3://", want https://, docker-image://, oci-layout:// or a local path`,
		"--secrets=no":          `--secrets: unknown mode "no", want block, warn or off`,
		"--scanner=https://x/y": `--scanner: "https://x/y" cannot be used here, want docker-image://…, oci-layout://… or a local path`,
	} {
		fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
		read := RegisterFlags(fs)
		if err := fs.Parse([]string{args}); err != nil {
			t.Fatal(err)
		}
		_, err := read()
		if err == nil {
			t.Errorf("%s: no error", args)
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestRefs(t *testing.T) {
	every := []RefKind{RefURL, RefImage, RefOCILayout, RefPath}
	for s, want := range map[string]Ref{
		"https://h/latest.json":                 {RefURL, "https://h/latest.json"},
		"HTTP://h:1/x":                          {RefURL, "HTTP://h:1/x"},
		"docker-image://reg:5000/db@sha256:abc": {RefImage, "reg:5000/db@sha256:abc"},
		"oci-layout:///a/b:tag":                 {RefOCILayout, "/a/b:tag"},
		"./db.tar.zst":                          {RefPath, "./db.tar.zst"},
		`C:\db`:                                 {RefPath, `C:\db`},
	} {
		got, err := ParseRef(s, every...)
		if err != nil {
			t.Errorf("%s: %v", s, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if got.String() != s && !strings.HasPrefix(s, "HTTP") {
			t.Errorf("%s is spelled %s", s, got)
		}
	}
	for _, s := range []string{"", " ", "https://", "docker-image://", "oci-layout://", "a\nb", "ftp://x"} {
		if r, err := ParseRef(s, every...); err == nil {
			t.Errorf("%q was read as %v", s, r)
		}
	}
	if s := (Ref{RefURL, "https://u:secret@h/"}).String(); strings.Contains(s, "secret") {
		t.Errorf("%s shows a password", s)
	}
}

func TestDigestIsOfWhatDecides(t *testing.T) {
	base := Default()
	same := base
	same.MaxDBAge, same.DB, same.Reports = 0, Ref{RefPath, "db"}, []string{"json=x"}
	same.Secrets = Secrets{Rules: []string{"rules.toml"}} // and the zero mode is to block
	same.Profile, same.Branch, same.Advise, same.KEV = "quick", "main", true, ""
	same.Extends, same.Policies = []Extend{{Policy: "a"}}, []scan.PolicyRef{{Name: "a"}}
	same.Rego, same.VEX, same.Grace.SincePublished = []string{"a"}, []string{"b"}, true
	if base.Digest() != same.Digest() {
		t.Error("options that decide nothing change the digest")
	}
	seen := map[string]bool{base.Digest(): true}
	for _, change := range []func(*Options){
		func(o *Options) { o.Thresholds.Image.Block.Never = true },
		func(o *Options) { o.Thresholds.Image.Block.Severity = scan.SeverityLow },
		func(o *Options) { o.OnlyFixed = true },
		func(o *Options) { o.Secrets.Mode = SecretsWarn },
		func(o *Options) { o.Secrets.Mode = SecretsOff },
		func(o *Options) { o.Secrets.Allow = []SecretAllow{{Rule: "a"}} },
		func(o *Options) { o.Secrets.Allow = []SecretAllow{{Path: "a"}} },
		func(o *Options) { o.Secrets.Allow = []SecretAllow{{Rule: "a", Expires: day("2027-01-31")}} },
		func(o *Options) { o.Secrets.Ignore = []IgnoredSecret{{Path: "a", Rule: "b", Line: 1}} },
		func(o *Options) { o.Thresholds.Image.Warn.Unknown = false },
		func(o *Options) { o.Thresholds.Image.Log.Never = true },
		func(o *Options) { o.Thresholds.Base.Block.Severity = scan.SeverityLow },
		func(o *Options) { o.Thresholds.Stages.Warn.Never = true },
		func(o *Options) { o.Grace.Days = map[scan.Severity]int{scan.SeverityHigh: 1} },
		func(o *Options) { o.Grace.Days = map[scan.Severity]int{scan.SeverityCritical: 1} },
		func(o *Options) {
			o.Grace = Grace{Days: map[scan.Severity]int{scan.SeverityHigh: 1}, SincePublished: true}
		},
		func(o *Options) { o.KEV = EffectWarn },
		func(o *Options) { o.EPSS = 0.1 },
		func(o *Options) { o.HelpURL = "https://h/" },
		func(o *Options) { o.DeniedLicenses = []string{"A"} },
		func(o *Options) { o.Checks.Levels.Block.Never = false },
		func(o *Options) { o.Checks.Rules = map[string]Effect{"a": EffectBlock} },
		func(o *Options) { o.Checks.Rules = map[string]Effect{"a": EffectOff} },
		func(o *Options) { o.Base.Approved = [][]string{{"a", "b"}} },
		func(o *Options) { o.Base.Approved = [][]string{{"a"}, {"b"}} },
		func(o *Options) { o.Base.MaxAge = time.Hour },
		func(o *Options) { o.Exceptions = []Exception{{Vulnerability: "a"}} },
		func(o *Options) { o.Exceptions = []Exception{{Package: "a"}} },
		func(o *Options) { o.Exceptions = []Exception{{Path: "a"}} },
		func(o *Options) { o.Exceptions = []Exception{{Layer: "a"}} },
		func(o *Options) { o.Exceptions = []Exception{{Rule: "a"}} },
		func(o *Options) { o.Exceptions = []Exception{{PURL: "a"}} },
		func(o *Options) { o.Exceptions = []Exception{{PURL: "a", Expires: day("2027-01-31")}} },
		func(o *Options) { o.RegoFiles = []File{{Data: []byte("a")}} },
		func(o *Options) { o.RegoFiles = []File{{Data: []byte("a"), MayIgnore: true}} },
		func(o *Options) { o.VEXFiles = []File{{Data: []byte("a")}} },
	} {
		o := base
		change(&o)
		if seen[o.Digest()] {
			t.Errorf("%+v has another's digest", o)
		}
		seen[o.Digest()] = true
	}
}

func TestDigestIsOfMeaning(t *testing.T) {
	accepting := func(reason, file string, rules map[string]Effect, files ...File) Options {
		o := Default()
		o.Exceptions = []Exception{{Vulnerability: "cve-1", Reason: reason, File: file}}
		o.Secrets.Allow = []SecretAllow{{Rule: "a", Reason: reason, File: file}}
		o.Checks.Rules = rules
		o.RegoFiles = files
		return o
	}
	a, b := File{Name: "a.rego", Data: []byte("a")}, File{Name: "b.rego", Data: []byte("b")}
	x := accepting("because", "here", map[string]Effect{"a": EffectOff, "b": EffectBlock}, a, b)
	y := accepting("for", "there", map[string]Effect{"b": EffectBlock, "a": EffectOff}, b, a)
	y.Exceptions[0].Vulnerability = "CVE-1"
	if x.Digest() != y.Digest() {
		t.Error("reasons, places or orders that decide nothing change the digest")
	}
}

func TestThreshold(t *testing.T) {
	high := Threshold{Severity: scan.SeverityHigh}
	for s, want := range map[scan.Severity]bool{
		scan.SeverityCritical: true, scan.SeverityHigh: true, scan.SeverityMedium: false, scan.SeverityUnknown: false,
	} {
		if got := high.Reached(s); got != want {
			t.Errorf("high reached by %s: %t", s, got)
		}
	}
	var zero Threshold
	if !zero.Reached(scan.SeverityNegligible) || zero.Reached(scan.SeverityUnknown) {
		t.Error("the zero threshold is not the strictest")
	}
	if (Threshold{Never: true}).Reached(scan.SeverityCritical) {
		t.Error("none blocks")
	}
	all, err := ParseWarnThreshold("Unknown")
	if err != nil || !all.Reached(scan.SeverityUnknown) || !all.Reached(scan.SeverityLow) || all.String() != "unknown" {
		t.Errorf("unknown is not everything: %+v, %v", all, err)
	}
	if _, err := ParseThreshold("unknown"); err == nil {
		t.Error("unknown blocks")
	}
}

func parseFlags(t *testing.T, args ...string) Values {
	t.Helper()
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	read := RegisterFlags(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	v, err := read()
	if err != nil {
		t.Fatal(err)
	}
	return v
}
