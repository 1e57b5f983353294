package policy

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

var (
	curl    = "CVE-2023-38545" // critical, fixed, known exploited, EPSS 0.61, by RUN apt-get
	mocha   = "GHSA-moch-moch-moch"
	libc    = "CVE-2023-4911"
	scanned = time.Date(2026, 2, 3, 10, 0, 2, 0, time.UTC)
)

// team is a policy file of a team's.
func team(rego string) []config.File {
	return []config.File{{Name: "policy/team.rego", Data: []byte("package team\n\n" + rego), MayIgnore: true}}
}

func exceptFor(days int, e config.Exception) []config.Exception {
	e.Reason, e.File, e.Line = "not reachable", ".scan-build.yaml", 12
	e.Expires = scanned.Truncate(day).AddDate(0, 0, days)
	return []config.Exception{e}
}

// Which rule decides what about a finding of the sample's first platform.
func TestRuleThatDecides(t *testing.T) {
	for name, tc := range map[string]struct {
		change  func(*config.Options)
		prepare func(*scan.Finding)
		id      string
		want    scan.Decision
	}{
		"severity": {nil, nil, libc, scan.Decision{Action: "deny", Rule: "severity", Message: "high is at or above high"}},
		"only-fixed": {func(o *config.Options) { o.OnlyFixed = true }, nil, "CVE-2025-0001", scan.Decision{
			Action: "warn", Rule: "severity",
		}},
		"a build stage": {nil, nil, mocha, scan.Decision{Action: "warn", Rule: "severity"}},
		"a build stage that blocks": {func(o *config.Options) { o.Thresholds.Stages.Block = config.Threshold{Severity: scan.SeverityHigh} }, nil, mocha, scan.Decision{
			Action: "deny", Rule: "severity", Message: "high is at or above high",
		}},
		"the base's own threshold": {func(o *config.Options) { o.Thresholds.Base.Block = config.Threshold{Severity: scan.SeverityCritical} }, nil, libc, scan.Decision{
			Action: "warn", Rule: "severity",
		}},
		"known exploited": {func(o *config.Options) { o.Thresholds.Image.Block.Never, o.KEV = true, config.EffectBlock }, nil, curl, scan.Decision{
			Action: "deny", Rule: "known-exploited", Message: "it is known to be exploited (CISA)",
		}},
		"known exploited, with a day": {func(o *config.Options) { o.KEV = config.EffectBlock }, func(f *scan.Finding) { f.KEV.DueDate = "2026-02-10" }, curl, scan.Decision{
			Action: "deny", Rule: "known-exploited", Message: "it is known to be exploited, to be mended by 2026-02-10 (CISA)",
		}},
		"known exploited warns": {func(o *config.Options) { o.Thresholds.Image.Block.Never, o.KEV = true, config.EffectWarn }, nil, curl, scan.Decision{
			Action: "warn", Rule: "known-exploited", Message: "it is known to be exploited (CISA)",
		}},
		"EPSS": {func(o *config.Options) { o.Thresholds.Image.Block.Never, o.EPSS = true, 0.61 }, nil, curl, scan.Decision{
			Action: "deny", Rule: "epss", Message: "it is exploited within 30 days with a probability of 61 %, the limit is 61 %",
		}},
		"EPSS below": {func(o *config.Options) { o.Thresholds.Image.Block.Never, o.EPSS = true, 0.62 }, nil, curl, scan.Decision{Action: "warn", Rule: "severity"}},
		"grace since the fix": {grace(14, false), dated("2026-01-01", "2026-01-25"), libc, scan.Decision{
			Action: "warn", Rule: "grace", Message: "it blocks after 2026-02-07, the grace period of 14 days", Expires: "2026-02-07",
		}},
		"grace is over":              {grace(14, false), dated("2026-01-30", "2026-01-20"), libc, scan.Decision{Action: "deny", Rule: "severity", Message: "high is at or above high"}},
		"grace ends today":           {grace(14, false), dated("", "2026-01-20"), libc, scan.Decision{Action: "deny", Rule: "severity", Message: "high is at or above high"}},
		"grace without a fix's day":  {grace(14, false), dated("2026-02-02", ""), libc, scan.Decision{Action: "warn", Rule: "grace", Message: "it blocks after 2026-02-15, the grace period of 14 days", Expires: "2026-02-15"}},
		"grace since the advisory":   {grace(14, true), dated("2026-01-01", "2026-02-02"), libc, scan.Decision{Action: "deny", Rule: "severity", Message: "high is at or above high"}},
		"no day, no grace":           {grace(14, false), nil, libc, scan.Decision{Action: "deny", Rule: "severity", Message: "high is at or above high"}},
		"a day that is none":         {grace(14, false), dated("soon", "soon"), libc, scan.Decision{Action: "deny", Rule: "severity", Message: "high is at or above high"}},
		"exploited while in grace":   {func(o *config.Options) { grace(99, false)(o); o.KEV = config.EffectBlock }, dated("2026-02-01", "2026-02-01"), curl, scan.Decision{Action: "deny", Rule: "known-exploited", Message: "it is known to be exploited (CISA)"}},
		"an exception":               {func(o *config.Options) { o.Exceptions = exceptFor(0, config.Exception{Vulnerability: libc}) }, nil, libc, scan.Decision{Action: "ignore", Rule: "exception", Message: "not reachable", Policy: ".scan-build.yaml:12", Expires: "2026-02-03"}},
		"an exception, 7 days after": {func(o *config.Options) { o.Exceptions = exceptFor(-7, config.Exception{Vulnerability: libc}) }, nil, libc, scan.Decision{Action: "ignore", Rule: "exception", Message: "not reachable", Policy: ".scan-build.yaml:12", Expires: "2026-01-27"}},
		"an exception, 8 days after": {func(o *config.Options) { o.Exceptions = exceptFor(-8, config.Exception{Vulnerability: libc}) }, nil, libc, scan.Decision{Action: "deny", Rule: "severity", Message: "high is at or above high"}},
		"an exception for what is exploited": {func(o *config.Options) {
			o.KEV, o.Exceptions = config.EffectBlock, exceptFor(1, config.Exception{Package: "curl"})
		}, nil, curl, scan.Decision{Action: "ignore", Rule: "exception", Message: "not reachable", Policy: ".scan-build.yaml:12", Expires: "2026-02-04"}},
		"below what is logged": {func(o *config.Options) {
			o.Thresholds.Stages = config.Levels{Block: config.Threshold{Never: true}, Warn: config.Threshold{Never: true}, Log: config.Threshold{Severity: scan.SeverityCritical}}
		}, nil, mocha, scan.Decision{Action: "info", Rule: "none", Message: "no rule says anything of it"}},
		"a team's rule": {func(o *config.Options) {
			o.RegoFiles = team("deny contains {\"rule\": \"no-mocha\", \"message\": \"tests stay out\", \"helpURL\": \"https://team.example/tests\", \"finding\": f.key} if {\n\tsome f in input.findings\n\tf.package == \"mocha\"\n}\n")
		}, nil, mocha, scan.Decision{Action: "deny", Rule: "team.no-mocha", Message: "tests stay out", HelpURL: "https://team.example/tests", Policy: "policy/team.rego"}},
		"a team that ignores": {func(o *config.Options) {
			o.RegoFiles = team("ignore contains {\"message\": \"ours\", \"finding\": f} if some f in input.findings\n")
		}, nil, libc, scan.Decision{Action: "ignore", Rule: "team.ignore", Message: "ours", Policy: "policy/team.rego"}},
		"a team that may not ignore": {func(o *config.Options) {
			o.RegoFiles = team("ignore contains {\"message\": \"ours\", \"finding\": f} if some f in input.findings\n")
			o.RegoFiles[0].MayIgnore = false
		}, nil, libc, scan.Decision{Action: "deny", Rule: "severity", Message: "high is at or above high"}},
		"help": {func(o *config.Options) { o.HelpURL = "https://help.example" }, nil, libc, scan.Decision{
			Action: "deny", Rule: "severity", Message: "high is at or above high", HelpURL: "https://help.example",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			opts := options("high", false)
			if tc.change != nil {
				tc.change(&opts)
			}
			r := sample.Report()
			for _, s := range r.AllStages() {
				for i := range s.Findings {
					if f := &s.Findings[i]; tc.prepare != nil && f.ID == tc.id {
						tc.prepare(f)
					}
				}
			}
			evaluated(t, r, opts)
			if diff := cmp.Diff(tc.want, *decisionOf(t, r, tc.id)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func decisionOf(t *testing.T, r *scan.Report, id string) *scan.Decision {
	t.Helper()
	for _, s := range r.AllStages() {
		for _, f := range s.Findings {
			if f.ID == id {
				return f.Decision
			}
		}
	}
	t.Fatalf("no finding %s", id)
	return nil
}

func grace(days int, published bool) func(*config.Options) {
	return func(o *config.Options) {
		o.Grace = config.Grace{Days: map[scan.Severity]int{scan.SeverityHigh: days, scan.SeverityCritical: days}, SincePublished: published}
	}
}

func dated(published, fixed string) func(*scan.Finding) {
	return func(f *scan.Finding) { f.Published, f.Fix.Available = published, fixed }
}

func violations(v scan.Verdict) []string {
	var out []string
	for _, x := range v.Violations {
		out = append(out, strings.Join(slices.DeleteFunc([]string{string(x.Action), x.Rule, x.Stage, x.Package, x.Message}, func(s string) bool { return s == "" }), " "))
	}
	return out
}

func TestViolationsOfNoFinding(t *testing.T) {
	created := scanned.AddDate(0, 0, -100)
	image := func() *scan.Report {
		base := &scan.Base{Ref: "debian:12", Name: "docker.io/library/debian", Tag: "12", Digest: "sha256:1", Created: &created}
		return &scan.Report{Finished: scanned, Platforms: []scan.Platform{{ID: "linux/amd64", Stages: []scan.Stage{{
			Name: "final", Final: true, Base: base, Layers: []scan.Layer{{Instruction: "FROM debian:12", Base: "docker.io/library/debian:12", StartLine: 1}},
			Packages: []scan.Package{
				{Name: "a", Version: "1", Type: "npm", Licenses: []string{"AGPL-3.0-only"}}, {Name: "b", Version: "1", Type: "npm", Licenses: []string{"MIT OR AGPL-3.0-only"}},
			},
		}}}}}
	}
	for name, tc := range map[string]struct {
		change func(*config.Options, *scan.Report)
		out    scan.Outcome
		want   []string
	}{
		"none":          {func(*config.Options, *scan.Report) {}, scan.OutcomePass, nil},
		"approved base": {func(o *config.Options, _ *scan.Report) { o.Base.Approved = [][]string{{"docker.io/library/*"}} }, scan.OutcomePass, nil},
		"base approved by one of two lists": {func(o *config.Options, _ *scan.Report) {
			o.Base.Approved = [][]string{{"docker.io/library/*"}, {"registry.example.com/**"}}
		}, scan.OutcomeBlock, []string{"deny base-not-approved final debian:12 is no approved base image"}},
		"base too old": {func(o *config.Options, _ *scan.Report) { o.Base.MaxAge = 99 * day }, scan.OutcomeBlock, []string{
			"deny base-too-old final debian:12 is 100 days old, at most 99 are allowed",
		}},
		"base old enough": {func(o *config.Options, _ *scan.Report) { o.Base.MaxAge = 100 * day }, scan.OutcomePass, nil},
		"reproducible base": {func(o *config.Options, r *scan.Report) {
			o.Base.MaxAge, r.Platforms[0].Stages[0].Base.Created = 99*day, nil
		}, scan.OutcomeWarn, []string{"warn base-of-unknown-age final debian:12 does not say when it was made: base.max-age cannot be checked"}},
		"licence": {func(o *config.Options, _ *scan.Report) { o.DeniedLicenses = []string{"AGPL-*"} }, scan.OutcomeBlock, []string{
			"deny license final a a 1 is under AGPL-3.0-only",
		}},
		"accepted licence": {func(o *config.Options, _ *scan.Report) {
			o.DeniedLicenses, o.Exceptions = []string{"AGPL-*"}, exceptFor(1, config.Exception{Rule: "license", Package: "a"})
		}, scan.OutcomePass, []string{"ignore license final a a 1 is under AGPL-3.0-only: accepted, not reachable"}},
		"a team's": {func(o *config.Options, _ *scan.Report) {
			o.RegoFiles = team("warn contains \"no owner\" if not input.image.labels.owner\n\ndeny contains {\"rule\": \"age\", \"stage\": s.name, \"message\": \"too old\"} if {\n\tsome s in input.stages\n\ts.base.days > 90\n}\n")
		}, scan.OutcomeBlock, []string{"deny team.age final too old", "warn team.warn no owner"}},
		"not fully checked": {func(_ *config.Options, r *scan.Report) { r.Platforms[0].Stages[0].Unknown = []string{"no data for x"} }, scan.OutcomeWarn, []string{
			"warn not-fully-checked final no data for x",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			opts, r := options("high", false), image()
			tc.change(&opts, r)
			v := evaluated(t, r, opts).Verdict
			if v.Outcome != tc.out {
				t.Errorf("outcome is %s", v.Outcome)
			}
			if diff := cmp.Diff(tc.want, violations(v)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnusedAndExpiredExceptionsAreReported(t *testing.T) {
	opts := options("none", false)
	opts.Exceptions = slices.Concat(
		exceptFor(1, config.Exception{Vulnerability: libc}), exceptFor(1, config.Exception{Vulnerability: "CVE-1999-1"}),
		exceptFor(-3, config.Exception{Package: "curl"}), exceptFor(-30, config.Exception{Path: "srv/**"}),
	)
	v := evaluated(t, sample.Report(), opts).Verdict
	if diff := cmp.Diff([]string{".scan-build.yaml:12: exception (vulnerability CVE-1999-1) accepts nothing"}, v.Unused); diff != "" {
		t.Error(diff)
	}
	want := []string{
		".scan-build.yaml:12: exception (package curl) expired on 2026-01-31, and is accepted until 2026-02-07 all the same",
		".scan-build.yaml:12: exception (path srv/**) expired on 2026-01-04",
	}
	if diff := cmp.Diff(want, v.Expired); diff != "" {
		t.Error(diff)
	}
	if v.Ignored["exception"] == 0 || v.Counts["high"] != 3 {
		t.Errorf("ignored %v, counts %v", v.Ignored, v.Counts)
	}
}

func TestRulesThatFailStopTheScan(t *testing.T) {
	for name, tc := range map[string]struct{ rego, want string }{
		"no result":          {"deny contains 7", "neither a message nor an object"},
		"unknown finding":    {"deny contains {\"finding\": 99999}", "neither one of input.findings nor its key"},
		"message as list":    {"deny contains {\"message\": [1]}", "message is no string"},
		"deny is a number":   {"deny := 1", "it must be a set or an array"},
		"deny is a mapping":  {"deny[msg] if msg := \"a\"", "policy/team.rego:3: deny is no set of results, write deny contains RESULT if …"},
		"deny is a function": {"deny(x) := x", "policy/team.rego:3: deny is no set of results"},
		"deny has a key":     {"deny.a := true", "policy/team.rego:3: deny is no set of results"},
		"no set at all":      {"violation contains \"no\"", "policy/team.rego:1: package team has none of the sets ignore, deny, warn, info, and no other package reads it"},
		"failing function":   {"deny contains x if x := to_number(input.platform)", "policy/team.rego:3"},
		"conflict":           {"deny contains f.x if f := {\"x\": y}\ny := 1 if input.platform\ny := 2 if input.platform", "policy/team.rego:"},
	} {
		t.Run(name, func(t *testing.T) {
			opts := options("high", false)
			opts.RegoFiles = team(tc.rego + "\n")
			r := sample.Report()
			err := Evaluate(r, opts)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v", err)
			}
			if r.Verdict.Outcome != "" || r.Platforms[0].Verdict.Outcome != "" {
				t.Error("there is a verdict all the same")
			}
		})
	}
}

func TestPoliciesKeepTheirPackagesApart(t *testing.T) {
	mine := config.File{Name: "policy/a.rego", Data: []byte("package team\n\ndeny contains \"x\" if not exempt\n\ndefault exempt := false\n")}
	theirs := config.File{Name: "oci://registry/policy!b.rego", Data: []byte("package team\n\nallowed := true\n")}
	inside := config.File{Name: "oci://registry/policy!b.rego", Data: []byte("package team.more\n\nallowed := true\n")}
	other := config.File{Name: "oci://registry/policy!b.rego", Data: []byte("package teams\n\nwarn contains \"x\"\n")}
	if err := Compile([]config.File{mine, other}); err != nil {
		t.Error(err)
	}
	for _, f := range []config.File{theirs, inside} {
		if err := Compile([]config.File{mine, f}); err == nil || !strings.Contains(err.Error(), "choose another name") {
			t.Errorf("error is %v", err)
		}
	}
}

// The same report and policy give the same verdict, byte for byte.
func TestVerdictIsTheSameEveryTime(t *testing.T) {
	opts := everyOption()
	opts.Grace.Days = nil
	var first []byte
	for range 5 {
		r := evaluated(t, sample.Report(), opts)
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b
		}
		if string(first) != string(b) {
			t.Fatal(cmp.Diff(string(first), string(b)))
		}
	}
	// Decisions of an earlier policy are no part of the next one's input.
	r := evaluated(t, evaluated(t, sample.Report(), options("none", true)), opts)
	if b, _ := json.Marshal(r); string(b) != string(first) {
		t.Error("a report that was judged before is judged differently")
	}
}

func TestCheckThatDoesNotExistIsRefused(t *testing.T) {
	opts := options("high", false)
	opts.Checks.Rules = map[string]config.Effect{"rot-user": config.EffectBlock, "dockerfile/StageNameCasing": config.EffectBlock, "no-*": config.EffectWarn, "*Casing": config.EffectBlock, "docker*": config.EffectBlock}
	err := Evaluate(sample.Report(), opts)
	if err == nil || !strings.Contains(err.Error(), `checks.rules: there is no check "rot-user", did you mean root-user?`) {
		t.Errorf("error is %v", err)
	}
	opts.Checks.Rules = map[string]config.Effect{"rot-*": config.EffectBlock}
	if err := Evaluate(sample.Report(), opts); err == nil || !strings.Contains(err.Error(), `checks.rules: "rot-*" stands for no check`) {
		t.Errorf("error is %v", err)
	}
}
