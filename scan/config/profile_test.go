package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

const profilesFile = `fail-on: high
grace: {high: 7}
secrets: warn
checks: {rules: {a: off, b: warn}}
exceptions: [{rule: a, reason: r, expires: 2027-01-31}]
profiles:
  nightly:
    branches: [main, release/*]
    fail-on: low
    grace: {critical: 3}
    checks: {rules: {b: block}}
    exceptions: []
  full:
    kev: warn
`

func TestProfileWinsOverItsFileAndLosesToLaterRoads(t *testing.T) {
	threshold := func(s scan.Severity) Threshold { return Threshold{Severity: s} }
	for name, tc := range map[string]struct {
		args   map[string]string
		flags  []string
		change func(o *Options)
	}{
		"none":                     {nil, nil, func(*Options) {}},
		"another branch":           {nil, []string{"--branch=topic"}, func(o *Options) { o.Branch = "topic" }},
		"a branch's":               {map[string]string{"SCAN_BRANCH": "release/1"}, nil, nightly("release/1")},
		"by name":                  {map[string]string{"SCAN_PROFILE": "nightly"}, nil, nightly("")},
		"name wins over branch":    {map[string]string{"SCAN_PROFILE": "quick"}, []string{"--branch=main", "--profile=nightly"}, nightly("main")},
		"flag wins over profile":   {nil, []string{"--profile=nightly", "--fail-on=critical"}, func(o *Options) { nightly("")(o); o.Thresholds = levels(threshold(scan.SeverityCritical)) }},
		"own wins over a built-in": {nil, []string{"--profile=full"}, func(o *Options) { o.Profile, o.KEV = "full", EffectWarn }},
		"built-in": {nil, []string{"--profile=quick"}, func(o *Options) {
			o.Profile, o.OnlyFixed, o.Thresholds, o.Checks.Levels.Warn = "quick", true, levels(threshold(scan.SeverityCritical)), threshold(scan.SeverityHigh)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			args, err := FromBuildArgs(tc.args)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Merge(file(t, FileName, profilesFile), args, parseFlags(t, tc.flags...)).Options()
			if err != nil {
				t.Fatal(err)
			}
			want := Default()
			want.Grace.Days = map[scan.Severity]int{scan.SeverityHigh: 7}
			want.Secrets.Mode = SecretsWarn
			want.Checks.Rules = map[string]Effect{"a": EffectOff, "b": EffectWarn}
			want.Exceptions = []Exception{{Rule: "a", Reason: "r", Expires: day("2027-01-31"), File: FileName, Line: 5}}
			tc.change(&want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func levels(block Threshold) Thresholds {
	t := Default().Thresholds
	t.Image.Block, t.Base.Block = block, block
	return t
}

func nightly(branch string) func(*Options) {
	return func(o *Options) {
		o.Profile, o.Branch = "nightly", branch
		o.Thresholds = levels(Threshold{Severity: scan.SeverityLow})
		o.Grace.Days[scan.SeverityCritical] = 3
		o.Checks.Rules["b"] = EffectBlock
		o.Exceptions = nil
	}
}

func TestBuiltInProfiles(t *testing.T) {
	for name, want := range map[string]func(*Options){
		"quick": func(o *Options) {
			o.Thresholds = levels(Threshold{Severity: scan.SeverityCritical})
			o.OnlyFixed = true
			o.Checks.Levels.Warn = Threshold{Severity: scan.SeverityHigh}
		},
		"full": func(o *Options) {
			o.Checks.Levels.Block = Threshold{Severity: scan.SeverityCritical}
			o.Checks.Levels.Warn = Threshold{Severity: scan.SeverityLow}
		},
	} {
		opts := Default()
		opts.Profile = name
		want(&opts)
		got, err := Merge(file(t, FileName, ""), parseFlags(t, "--profile", name)).Options()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(opts, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestProfilesOfAPolicyAreItsOwnLayer(t *testing.T) {
	parent := file(t, policyName, "fail-on: high\nkev: block\nprofiles: {laptop: {branches: ['*'], fail-on: none, kev: warn}}")
	got, err := chained(t, []Values{parent}, file(t, FileName, "fail-on: low"), parseFlags(t, "--branch=topic")).Options()
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Secrets.Closed = true
	want.Profile, want.Branch, want.KEV, want.Thresholds = "laptop", "topic", EffectWarn, levels(Threshold{Severity: scan.SeverityLow})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownProfileNamesTheKnown(t *testing.T) {
	for flag, want := range map[string]string{
		"--profile=release": `--profile: unknown profile "release", want nightly, full or quick`,
		"--profile=nigtly":  `--profile: unknown profile "nigtly", did you mean nightly? There are nightly, full and quick`,
	} {
		_, err := Merge(file(t, FileName, profilesFile), parseFlags(t, flag)).Options()
		if err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	// Before the file is read, nobody knows.
	got, err := parseFlags(t, "--profile=release").Options()
	if err != nil || got.Profile != "release" {
		t.Errorf("%s, %v", got.Profile, err)
	}
}

func TestProfileErrorsNameLineAndKey(t *testing.T) {
	in := func(text string) string { return "profiles:\n  a:\n    " + text }
	for text, want := range map[string]string{
		"profiles: [a]":                          `1: profiles: want names, each with the options of a profile`,
		"profiles:\n  a: high":                   `2: profiles.a: want the options of a profile, such as fail-on: high`,
		"profiles:\n  a: {}\n  a: {}":            `3: profiles.a: is already set in line 2`,
		"profiles:\n  'a b': {}":                 `2: profiles.a b: "a b" is no name of a profile, want letters, digits, dots and dashes`,
		in("fail-on: hi"):                        `3: profiles.a.fail-on: unknown severity "hi", want critical, high, medium, low, negligible or none`,
		in("thresholds: {stages: {blok: high}}"): `3: profiles.a.thresholds.stages.blok: unknown key, did you mean block?`,
		in("branchs: x"):                         `3: profiles.a.branchs: unknown key, did you mean branches?`,
		in("branches: ['[']"):                    `3: profiles.a.branches: "[" is no pattern: a bracket is left open or empty`,
		in("version: 1"):                         `3: profiles.a.version: unknown key, want branches, fail-on, thresholds, only-fixed, grace, kev, epss, help-url, licenses, base, fail-on-check, checks, secrets, rego, vex, exceptions, analyzers, db or max-db-age`,
		in("checks: {rules: {x: deny}}"):         `3: profiles.a.checks.rules.x: unknown effect "deny", want block, warn or off`,
		in("fail-on: low\n    thresholds: {image: {block: low}}"): `4: profiles.a.thresholds.image.block: is already set in line 3`,
	} {
		_, err := ParseYAML(FileName, []byte(text))
		if err == nil {
			t.Errorf("%s: no error", text)
			continue
		}
		if diff := cmp.Diff(FileName+":"+want, err.Error()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestGraceThatPostponesNothingIsAnError(t *testing.T) {
	for name, tc := range map[string]struct {
		file  string
		flags []string
		want  string
	}{
		"blocks":               {"grace: {critical: 7, high: 14}", nil, ""},
		"below":                {"grace:\n  medium: 30", nil, `.scan-build.yaml:2: grace.medium: has no effect: findings of severity medium do not block, fail-on is high`},
		"none blocks":          {"fail-on: none\ngrace: {critical: 7}", nil, `.scan-build.yaml:2: grace.critical: has no effect: findings of severity critical do not block, fail-on is none`},
		"no days":              {"grace: {medium: 0}", nil, ""},
		"base blocks":          {"grace: {medium: 30}\nthresholds: {base: {block: medium}}", nil, ""},
		"stages block":         {"grace: {medium: 30}\nthresholds: {stages: {block: low}}", nil, ""},
		"flag lowers":          {"grace: {medium: 30}", []string{"--fail-on=medium"}, ""},
		"flag raises":          {"grace: {high: 30}", []string{"--fail-on=critical"}, ""},
		"profile raises":       {"grace: {high: 30}", []string{"--profile=quick"}, ""},
		"profile's own":        {"profiles: {a: {grace: {medium: 3}}}", []string{"--profile=a"}, `.scan-build.yaml:1: profiles.a.grace.medium: has no effect: findings of severity medium do not block, fail-on is high`},
		"profile's with flag":  {"profiles: {a: {grace: {high: 3}}}", []string{"--profile=a", "--fail-on=critical"}, ""},
		"profile's, not used":  {"profiles: {a: {grace: {medium: 3}}}", nil, ""},
		"profile's and lowers": {"profiles: {a: {fail-on: medium, grace: {medium: 3}}}", []string{"--profile=a"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Merge(file(t, FileName, tc.file), parseFlags(t, tc.flags...)).Options()
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRulesOfChecksAreFoundById(t *testing.T) {
	c := Checks{Rules: map[string]Effect{"*": EffectOff, "root-*": EffectWarn, "root-user": EffectBlock, "dockerfile/*": EffectWarn, "*-abc": EffectOff, "abc-*": EffectBlock}}
	for id, want := range map[string]Effect{
		"root-user": EffectBlock, "root-group": EffectWarn, "dockerfile/StageNameCasing": EffectWarn, "x": EffectOff, "abc-abc": EffectBlock,
	} {
		if got, ok := c.Rule(id); got != want || !ok {
			t.Errorf("%s: %s", id, got)
		}
	}
	if e, ok := (Checks{Rules: map[string]Effect{"a": EffectOff}}).Rule("b"); ok {
		t.Error(e)
	}
}
