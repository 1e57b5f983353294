package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

func file(t *testing.T, name, yaml string) Values {
	t.Helper()
	v, err := ParseYAML(name, []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func chained(t *testing.T, parents []Values, child ...Values) Values {
	t.Helper()
	v, err := Chain(parents, child...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// policyName is how the policy of a test is called.
const policyName = "oci://r.io/policy@sha256:aa"

// TestChildIsLooserOnlyWhereThePolicySaysSo holds each option to what looser
// means of it: the policy on the left, a file that is stricter or alike, and one
// that is looser.
func TestChildIsLooserOnlyWhereThePolicySaysSo(t *testing.T) {
	const until = "reason: r, expires: 2027-01-31"
	for name, tc := range map[string]struct{ policy, open, strict, loose, want string }{
		"fail-on": {"fail-on: high", "fail-on", "fail-on: low", "fail-on: critical",
			"1: fail-on: critical is looser than high of policy " + policyName + " (line 1), which does not allow it with overridable: [fail-on]"},
		"fail-on in full": {"thresholds: {image: {block: high}}", "fail-on", "fail-on: high", "thresholds: {image: {block: none}}",
			"1: thresholds.image.block: none is looser than high of policy " + policyName + " (line 1), which does not allow it with overridable: [fail-on]"},
		"warn":                   {"thresholds: {image: {warn: low}}", "thresholds.image.warn", "thresholds: {image: {warn: unknown}}", "thresholds: {image: {warn: medium}}", "looser than low"},
		"base":                   {"thresholds: {base: {block: high}}", "thresholds", "thresholds: {base: {block: medium}}", "thresholds: {base: {block: none}}", "none is looser than high"},
		"base follows the image": {"fail-on: high", "fail-on", "thresholds: {base: {block: low}}", "thresholds: {base: {block: critical}}", "thresholds.base.block: critical is looser than high"},
		"stages":                 {"thresholds: {stages: {block: high}}", "thresholds.stages", "thresholds: {stages: {block: low}}", "thresholds: {stages: {block: critical}}", "critical is looser"},
		"only-fixed":             {"only-fixed: false", "only-fixed", "only-fixed: 'false'", "only-fixed: true", "true is looser than false"},
		"only-fixed follows":     {"fail-on: high", "only-fixed", "only-fixed: false", "only-fixed: true", "only-fixed: true is looser than false of policy " + policyName + " (line 1)"},
		"grace":                  {"grace: {high: 14}\nfail-on: high", "grace", "grace: {high: 7}", "grace: {high: 15}", "grace.high: 15 is looser than 14"},
		"grace follows":          {"fail-on: high", "grace.critical", "grace: {critical: 0}", "grace: {critical: 1}", "grace.critical: 1 is looser than 0"},
		"since":                  {"grace: {since: published}", "grace.since", "grace: {since: published}", "grace: {since: fix}", "fix is looser than published"},
		"kev":                    {"kev: warn", "kev", "kev: block", "kev: off", "off is looser than warn"},
		"epss":                   {"epss: 0.5", "epss", "epss: 0.1", "epss: 0.6", "0.6 is looser than 0.5"},
		"no epss":                {"epss: 0.5", "epss", "epss: 0.5", "epss: off", "off is looser than 0.5"},
		"database's age":         {"max-db-age: 5d", "max-db-age", "max-db-age: 1h", "max-db-age: 0", "0 is looser than 5d"},
		"database":               {"db: https://db.io/a", "db", "db: https://db.io/a", "db: https://db.io/empty", "db: https://db.io/empty is not the https://db.io/a of policy"},
		"base's age":             {"base: {max-age: 90d}", "base", "base: {max-age: 30d}", "base: {max-age: 91d}", "91d is looser than 90d"},
		"secrets":                {"secrets: warn", "secrets", "secrets: block", "secrets: {mode: off}", "secrets.mode: off is looser than warn"},
		"checks":                 {"checks: {fail-on: high}", "fail-on-check", "fail-on-check: low", "checks: {fail-on: critical}", "checks.fail-on: critical is looser than high"},
		"rule":                   {"checks: {rules: {root-user: block}}", "checks.rules.root-user", "checks: {rules: {other: off}}", "checks: {rules: {root-user: warn}}", "checks.rules.root-user: warn is looser than block"},
		"pattern of rules":       {"checks: {rules: {'root-*': block}}", "checks.rules", "checks: {rules: {'*': off}}", "checks: {rules: {root-user: off}}", "off is looser than block for root-*"},
		"patterns of rules":      {"checks: {rules: {'root-*': block}}", "checks.rules", "checks: {rules: {'a-root*': off}}", "checks: {rules: {'*-user*': off}}", "off is looser than block for root-*"},
		"rule under severities":  {"checks: {fail-on: medium}", "checks.rules", "checks: {rules: {root-user: block}}", "checks: {rules: {root-user: warn}}", "warn is looser than checks.fail-on medium"},
		"rule under a warning":   {"checks: {warn: low}", "checks", "checks: {rules: {root-user: warn}}", "checks: {rules: {root-user: off}}", "off is looser than checks.warn low"},
		"exceptions": {"fail-on: high", "exceptions", "exceptions: []", "exceptions: [{rule: a, " + until + "}]",
			"exceptions: makes policy " + policyName + " looser, which does not allow it with overridable: [exceptions]"},
		"allowed secrets": {"secrets: block", "secrets.allow", "secrets: {allow: []}", "secrets: {allow: [{rule: a, " + until + "}]}", "overridable: [secrets.allow]"},
		"vex":             {"version: 1\nkev: block", "vex", "vex: []", "vex: [a.json]", "overridable: [vex]"},
	} {
		t.Run(name, func(t *testing.T) {
			closed := file(t, policyName, tc.policy)
			open := file(t, policyName, tc.policy+"\noverridable: ["+tc.open+"]")
			if _, err := chained(t, []Values{closed}, file(t, FileName, tc.strict)).Options(); err != nil {
				t.Errorf("stricter: %v", err)
			}
			if _, err := chained(t, []Values{open}, file(t, FileName, tc.loose)).Options(); err != nil {
				t.Errorf("allowed: %v", err)
			}
			_, err := chained(t, []Values{closed}, file(t, FileName, tc.loose)).Options()
			if err == nil {
				t.Fatal("looser: no error")
			}
			if !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), FileName+":") {
				t.Errorf("looser: %v, want %s", err, tc.want)
			}
		})
	}
}

func TestWhatAPolicyLeavesOutIsFree(t *testing.T) {
	parent := file(t, policyName, "secrets: block")
	got, err := chained(t, []Values{parent}, file(t, FileName, "fail-on: none\nkev: off\nonly-fixed: true\nchecks: {rules: {a: off}}\nhelp-url: https://h/")).Options()
	if err != nil {
		t.Fatal(err)
	}
	if !got.Secrets.Closed {
		t.Error("a list of ignored secrets is let count")
	}
	if !got.Thresholds.Image.Block.Never || got.KEV != EffectOff || got.HelpURL != "https://h/" {
		t.Errorf("%+v", got)
	}
}

func TestFlagsAndBuildArgumentsAreHeldAgainstPolicies(t *testing.T) {
	args, err := FromBuildArgs(map[string]string{"SCAN_KEV": "warn"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		policy string
		flags  []string
		want   string
	}{
		{"# ours\n\nfail-on: high", []string{"--fail-on=low"}, ""},
		{"# ours\n\nfail-on: high", []string{"--fail-on=critical"}, "--fail-on: critical is looser than high of policy " + policyName + " (line 3), which does not allow it with overridable: [fail-on]"},
		{"kev: block", nil, "--build-arg SCAN_KEV: warn is looser than block of policy " + policyName + " (line 1), which does not allow it with overridable: [kev]"},
		{"fail-on: high", []string{"--profile=quick"}, "built-in profile quick: fail-on: critical is looser than high of policy " + policyName + " (line 1), which does not allow it with overridable: [fail-on]"},
		{"fail-on: high\noverridable: [fail-on, only-fixed]", []string{"--profile=quick"}, ""},
	} {
		parent := file(t, policyName, tc.policy)
		_, err := chained(t, []Values{parent}, file(t, FileName, ""), args, parseFlags(t, tc.flags...)).Options()
		got := ""
		if err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestListsOfAllFilesAreJoinedParentsFirst(t *testing.T) {
	const until = "reason: r, expires: 2027-01-31"
	open := "\noverridable: [exceptions, vex, rego, secrets.allow]"
	far := file(t, "far", "exceptions: [{rule: far, "+until+"}]\nlicenses: {deny: [A]}\nbase: {approved: [a.io/**]}\nvex: [f.json]\nrego: [f.rego]\nsecrets: {rules: [default, f.toml]}"+open)
	near := chained(t, []Values{far}, file(t, "near", "exceptions: [{rule: near, "+until+"}]\nlicenses: {deny: [B, A]}\nrego: [n.rego]"+open))
	beside := chained(t, []Values{far}, file(t, "beside", "vex: [b.json]"+open))
	got, err := chained(t, []Values{near, beside}, file(t, FileName,
		"exceptions: [{rule: own, "+until+"}]\nlicenses: {deny: C}\nbase: {approved: [a.io/b/*, c.io/*]}\nvex: o.json\nrego: [policy/*.rego]\nsecrets: {rules: [o.toml], allow: [{rule: own, "+until+"}]}")).Options()
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Exceptions = []Exception{
		{Rule: "far", Reason: "r", Expires: day("2027-01-31"), File: "far", Line: 1},
		{Rule: "near", Reason: "r", Expires: day("2027-01-31"), File: "near", Line: 1},
		{Rule: "own", Reason: "r", Expires: day("2027-01-31"), File: FileName, Line: 1},
	}
	want.DeniedLicenses = []string{"A", "B", "C"}
	want.Base.Approved = [][]string{{"a.io/**"}, {"a.io/b/*", "c.io/*"}}
	want.VEX = []string{"far!f.json", "beside!b.json", "o.json"}
	want.Rego = []string{"far!f.rego", "near!n.rego", "policy/*.rego"}
	want.Secrets.Rules = []string{"default", "far!f.toml", "o.toml"}
	want.Secrets.Allow = []SecretAllow{{Rule: "own", Reason: "r", Expires: day("2027-01-31"), File: FileName, Line: 6}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if policy, name := SplitName(got.Rego[0]); policy != "far" || name != "f.rego" {
		t.Errorf("%s, %s", policy, name)
	}
	if policy, name := SplitName(got.Rego[2]); policy != "" || name != "policy/*.rego" {
		t.Errorf("%s, %s", policy, name)
	}
}

func TestRegoIgnoresOnlyWhereEveryPolicyAllowsIt(t *testing.T) {
	far := file(t, "far", "rego: [f.rego]\noverridable: [rego]")
	near := chained(t, []Values{far}, file(t, "near", "rego: [n.rego]"))
	got, err := chained(t, []Values{near}, file(t, FileName, "rego: [o.rego]")).Options()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"far!f.rego": true, "near!n.rego": true, "o.rego": false} {
		if got.MayIgnore(name) != want {
			t.Errorf("%s may ignore: %t", name, !want)
		}
	}
	if diff := cmp.Diff([]string{"o.rego"}, got.Bound); diff != "" {
		t.Error(diff)
	}
}

func TestStrictestOfSeveralPoliciesCounts(t *testing.T) {
	a := file(t, "a", "fail-on: high\ngrace: {high: 3}\nkev: warn\nchecks: {rules: {x: warn, y: block}}")
	b := file(t, "b", "thresholds: {base: {block: none}}\nonly-fixed: true\ngrace: {high: 9}\nepss: 0.5\nkev: block\nchecks: {rules: {x: block, z: off}}\nhelp-url: https://b/")
	for name, parents := range map[string][]Values{"a, b": {a, b}, "b, a": {b, a}} {
		got, err := chained(t, parents, file(t, FileName, "")).Options()
		if err != nil {
			t.Fatal(err)
		}
		want := Default()
		want.Secrets.Closed = true
		want.Grace.Days = map[scan.Severity]int{scan.SeverityHigh: 3}
		want.EPSS = 0.5
		want.HelpURL = "https://b/"
		want.Checks.Rules = map[string]Effect{"x": EffectBlock, "y": EffectBlock, "z": EffectOff}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestRulesForSecretsDoNotTakeThePlaceOfWhatAPolicySearchesBy(t *testing.T) {
	for _, tc := range []struct {
		policy, rules string
		want          []string
	}{
		{"secrets: block", "[own.toml]", []string{"default", "own.toml"}},
		{"secrets: block", "[own.toml, default]", []string{"default", "own.toml"}},
		{"secrets: {rules: [org.toml]}", "[own.toml]", []string{policyName + "!org.toml", "own.toml"}},
		{"secrets: block\noverridable: [secrets.allow]", "[own.toml]", []string{"own.toml"}},
	} {
		got, err := chained(t, []Values{file(t, policyName, tc.policy)}, file(t, FileName, "secrets: {rules: "+tc.rules+"}")).Options()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, got.Secrets.Rules); diff != "" {
			t.Errorf("%s: %s", tc.policy, diff)
		}
	}
}

// TestPolicyBesideAnotherMakesItNoLooser has the file extend, beside somebody's
// policy, one of its own: what the file itself may not say it may not say so.
func TestPolicyBesideAnotherMakesItNoLooser(t *testing.T) {
	const until = "reason: r, expires: 2027-01-31"
	for own, tc := range map[string]struct{ policy, open, want string }{
		"exceptions: [{package: '*', " + until + "}]":     {"fail-on: high", "exceptions", "own:1: exceptions: makes policy " + policyName + " looser"},
		"secrets: {allow: [{path: '**', " + until + "}]}": {"fail-on: high", "secrets", "own:1: secrets.allow: makes policy " + policyName + " looser"},
		"vex: [a.json]":                       {"fail-on: high", "vex", "own:1: vex: makes policy " + policyName + " looser"},
		"checks: {rules: {root-user: off}}":   {"checks: {rules: {'root-*': block}}", "checks.rules", "own:1: checks.rules.root-user: off is looser than block"},
		"checks: {rules: {'*': warn}}":        {"checks: {fail-on: high}", "checks", "own:1: checks.rules.*: warn is looser than checks.fail-on high"},
		"checks: {rules: {root-user: block}}": {"checks: {rules: {'root-*': warn}}", "", ""},
	} {
		for _, turn := range []bool{false, true} {
			parents := func(text string) []Values {
				out := []Values{file(t, policyName, text), file(t, "own", own)}
				if turn {
					slices.Reverse(out)
				}
				return out
			}
			_, err := chained(t, parents(tc.policy), file(t, FileName, "")).Options()
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.want)) {
				t.Errorf("%s: %v, want %s", own, err, tc.want)
			}
			if tc.open == "" {
				continue
			}
			open := parents(tc.policy + "\noverridable: [" + tc.open + "]")
			if _, err := chained(t, open, file(t, FileName, "")).Options(); err != nil {
				t.Errorf("%s: allowed: %v", own, err)
			}
		}
	}
	databases := []Values{file(t, policyName, "db: https://db.io/a"), file(t, "own", "db: https://db.io/empty")}
	if _, err := chained(t, databases, file(t, FileName, "")).Options(); err == nil || !strings.Contains(err.Error(), "is not the") {
		t.Errorf("two databases: %v", err)
	}
	for _, open := range []string{"", "\noverridable: [rego]"} {
		parents := []Values{file(t, policyName, "fail-on: high"+open), file(t, "own", "rego: [a.rego]\noverridable: [rego]")}
		got, err := chained(t, parents, file(t, FileName, "")).Options()
		if err != nil {
			t.Fatal(err)
		}
		if got.MayIgnore("own!a.rego") != (open != "") {
			t.Errorf("with%s, Rego may ignore: %t", open, got.MayIgnore("own!a.rego"))
		}
	}
}

func TestPolicyThatTwoExtendMayAcceptWhatItWants(t *testing.T) {
	far := file(t, "far", "exceptions: [{rule: a, reason: r, expires: 2027-01-31}]\nrego: [f.rego]")
	near := chained(t, []Values{far}, file(t, "near", "fail-on: high"))
	beside := chained(t, []Values{far}, file(t, "beside", "kev: block"))
	got, err := chained(t, []Values{near, beside, far}, file(t, FileName, "")).Options()
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Exceptions) != 1 || !got.MayIgnore("far!f.rego") {
		t.Errorf("%+v", got)
	}
}

func TestPolicyBetweenCannotOpenWhatAnotherCloses(t *testing.T) {
	far := file(t, "far", "fail-on: high")
	near := chained(t, []Values{far}, file(t, "near", "fail-on: medium\noverridable: [fail-on]"))
	if _, err := chained(t, []Values{near}, file(t, FileName, "fail-on: high")).Options(); err != nil {
		t.Errorf("as strict as the far one: %v", err)
	}
	_, err := chained(t, []Values{near}, file(t, FileName, "fail-on: critical")).Options()
	if err == nil || !strings.Contains(err.Error(), "looser than high of policy far (line 1)") {
		t.Errorf("looser than the far one: %v", err)
	}
	_, err = chained(t, []Values{chained(t, []Values{far}, file(t, "near", "fail-on: critical"))}, file(t, FileName, "")).Options()
	if err == nil || !strings.HasPrefix(err.Error(), "near:1: fail-on: critical is looser than high of policy far") {
		t.Errorf("a policy looser than its own: %v", err)
	}
}

func TestPoliciesAreNotStackedWithoutEnd(t *testing.T) {
	v := file(t, "p", "fail-on: high")
	for range MaxDepth {
		v = chained(t, []Values{v}, v)
	}
	if _, err := Chain([]Values{v}, file(t, FileName, "")); err == nil {
		t.Error("no error")
	}
	var many []Values
	for range MaxPolicies + 1 {
		many = append(many, file(t, "p", ""))
	}
	if _, err := Chain(many, file(t, FileName, "")); err == nil {
		t.Error("no error")
	}
}

func TestLargestPoliciesAreHeldAgainstEachOtherInTime(t *testing.T) {
	rules := func(last, effect string) string {
		var b strings.Builder
		b.WriteString("checks:\n  rules:\n")
		for i := range maxRules {
			fmt.Fprintf(&b, "    '*%03d%s%s': %s\n", i, strings.Repeat("a*", 29), last, effect)
		}
		return b.String()
	}
	v := file(t, "p", rules("a", "block"))
	for i := range MaxDepth {
		v = chained(t, []Values{v}, file(t, fmt.Sprint(i), rules("b", "off")))
	}
	start := time.Now()
	if _, err := v.Options(); err != nil {
		t.Error(err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %s", d)
	}
}

func TestExtendsAreKnownBeforeTheyAreRead(t *testing.T) {
	got := file(t, FileName, "extends:\n  - ./policy/base.yaml\n  - {policy: https://h/p.yaml, digest: "+exampleDigest+", key: keys/p.pub}\n  - oci://r.io/p@"+exampleDigest).Extends()
	want := []Extend{
		{Policy: "./policy/base.yaml", File: FileName, Line: 2},
		{Policy: "https://h/p.yaml", Digest: exampleDigest, Key: "keys/p.pub", File: FileName, Line: 3},
		{Policy: "oci://r.io/p@" + exampleDigest, File: FileName, Line: 4},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := file(t, FileName, "").Extends(); got != nil {
		t.Error(got)
	}
}

func TestExtendErrorsNameLineAndKey(t *testing.T) {
	for text, want := range map[string]string{
		"extends: ../a": `1: extends.policy: "../a" is no path inside the build context`,
		"extends:\n  - policy: https://h/x\n    key: a":                       `2: extends.policy: a URL needs digest: sha256:… of what it leads to`,
		"extends:\n  - policy: https://u:p@h/x\n    digest: " + exampleDigest: `2: extends.policy: carries a user or password, which everybody would see`,
		"extends: oci://r.io/a:v1":                                            `1: extends.policy: "oci://r.io/a:v1" is not pinned, want oci://REGISTRY/REPOSITORY@sha256:…`,
		"extends: http://h/x":                                                 `1: extends.policy: unknown scheme "http://", want https://, oci:// or a path inside the build context`,
		"extends:\n  - digest: " + exampleDigest:                              `2: extends: an entry needs policy`,
		"extends:\n  - policy: a\n    digest: sha256:abc":                     `3: extends.digest: "sha256:abc" is no digest, want sha256: and 64 hexadecimal digits`,
		"extends:\n  - policy: a\n    pubkey: b":                              `3: extends.pubkey: unknown key, want policy, digest or key`,
		"extends: [" + strings.Repeat("a,", MaxExtends+1) + "]":               `1: extends: has 17 policies, more than 16`,
		"overridable: [fail_on]":                                              `1: overridable: "fail_on" is no key that can be made looser, did you mean fail-on?`,
		"overridable:\n  - grace\n  - licenses":                               `3: overridable: "licenses" is no key that can be made looser, want e.g. fail-on or exceptions`,
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

func TestApprovedBasesAreInEveryList(t *testing.T) {
	b := BaseImages{Approved: [][]string{{"docker.io/library/*", "r.io/base/**"}, {"docker.io/library/debian:12*", "r.io/**@sha256:a*"}}}
	for _, tc := range []struct {
		base scan.Base
		want bool
	}{
		{scan.Base{Name: "docker.io/library/debian", Tag: "12-slim"}, true},
		{scan.Base{Name: "docker.io/library/debian", Tag: "11"}, false},
		{scan.Base{Name: "docker.io/library/alpine", Tag: "3.20"}, false},
		{scan.Base{Name: "r.io/base/a/b", Digest: "sha256:ab"}, true},
		{scan.Base{Name: "r.io/base/a/b", Digest: "sha256:ba"}, false},
		{scan.Base{Name: "r.io/other", Digest: "sha256:ab"}, false},
		{scan.Base{Ref: "docker.io/library/debian:12"}, false},
	} {
		if got := b.Approves(tc.base); got != tc.want {
			t.Errorf("%+v: %t", tc.base, got)
		}
	}
	if !(BaseImages{MaxAge: time.Hour}).Approves(scan.Base{}) {
		t.Error("without a list a base is not approved")
	}
}
