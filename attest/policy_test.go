package attest

import (
	"strings"
	"testing"
	"time"

	"github.com/scan-build/scan-build/scan"
)

// decided is the report of an image with a finding that blocks, of which the
// policy has decided this.
func decided(d *scan.Decision) scan.Report {
	r := testReport("linux/amd64", scan.SeverityHigh)
	r.Platforms[0].Stages[1].Findings[0].Decision = d
	return r
}

// judged is what a policy says of a trusted report, as the reason of a rejection
// or nothing.
func judged(t *testing.T, r scan.Report, opts VerifyOptions) Reason {
	t.Helper()
	opts.Keys = []PublicKey{newPair(t).verifier}
	p, err := opts.policy()
	if err != nil {
		t.Fatal(err)
	}
	var res SubjectResult
	p.judge(&res, r)
	if len(res.rejections) == 0 {
		return ""
	}
	return res.rejections[0].Reason
}

func TestFindingsThatTheSignedPolicyAccepts(t *testing.T) {
	today, yesterday := now.Format(time.DateOnly), now.AddDate(0, 0, -1).Format(time.DateOnly)
	ago := func(days int) string { return now.AddDate(0, 0, -days).Format(time.DateOnly) }
	for name, tc := range map[string]struct {
		decision *scan.Decision
		ok       bool
	}{
		"none":                                 {nil, false},
		"denied":                               {&scan.Decision{Action: scan.ActionDeny, Rule: "severity"}, false},
		"warned of":                            {&scan.Decision{Action: scan.ActionWarn, Rule: "severity"}, false},
		"noted":                                {&scan.Decision{Action: scan.ActionInfo, Rule: "severity"}, false},
		"a VEX statement":                      {&scan.Decision{Action: scan.ActionIgnore, Rule: "vex"}, true},
		"an exception's last day":              {&scan.Decision{Action: scan.ActionIgnore, Rule: "exception", Expires: today}, true},
		"an exception 7 days after":            {&scan.Decision{Action: scan.ActionIgnore, Rule: "exception", Expires: ago(7)}, true},
		"an exception 8 days after":            {&scan.Decision{Action: scan.ActionIgnore, Rule: "exception", Expires: ago(8)}, false},
		"another rule's day that is over":      {&scan.Decision{Action: scan.ActionIgnore, Rule: "team.ignore", Expires: yesterday}, false},
		"a day that is none":                   {&scan.Decision{Action: scan.ActionIgnore, Rule: "exception", Expires: "never"}, false},
		"grace":                                {&scan.Decision{Action: scan.ActionWarn, Rule: "grace", Expires: today}, true},
		"grace that is over":                   {&scan.Decision{Action: scan.ActionWarn, Rule: "grace", Expires: yesterday}, false},
		"grace without an end":                 {&scan.Decision{Action: scan.ActionWarn, Rule: "grace"}, false},
		"a team's rule that is called so":      {&scan.Decision{Action: scan.ActionWarn, Rule: "team.grace", Expires: today}, false},
		"an action that this one doesn't know": {&scan.Decision{Action: "allow", Rule: "exception", Expires: today}, false},
	} {
		t.Run(name, func(t *testing.T) {
			want := Reason("")
			if !tc.ok {
				want = ReasonFindings
			}
			if got := judged(t, decided(tc.decision), VerifyOptions{FailOn: "high", Now: now}); got != want {
				t.Errorf("rejected with %q, want %q", got, want)
			}
			if got := judged(t, decided(tc.decision), VerifyOptions{FailOn: "high", Now: now, Strict: true}); got != ReasonFindings {
				t.Errorf("strictly: rejected with %q", got)
			}
		})
	}
}

func TestPoliciesThatMustHaveTakenPart(t *testing.T) {
	const mine, whole = "sha256:11", "sha256:22"
	refs := func(kinds ...string) scan.Verdict {
		v := scan.Verdict{Outcome: scan.OutcomePass, PolicyDigest: whole}
		for _, k := range kinds {
			v.Policies = append(v.Policies, scan.PolicyRef{Kind: k, Name: "p", Digest: mine})
		}
		return v
	}
	for name, tc := range map[string]struct {
		report, platform scan.Verdict
		ask              []string
		ok               bool
	}{
		"it was extended":              {refs("extends"), refs("options", "extends"), []string{mine}, true},
		"all that decided":             {refs(), refs(), []string{whole}, true},
		"both":                         {refs("extends"), refs("extends"), []string{mine, whole}, true},
		"another one":                  {refs("extends"), refs("extends"), []string{mine, "sha256:33"}, false},
		"none":                         {refs(), refs(), []string{mine}, false},
		"not on one platform":          {refs("extends"), refs(), []string{mine}, false},
		"not in the whole":             {refs(), refs("extends"), []string{mine}, false},
		"as the build's own options":   {refs("options"), refs("options"), []string{mine}, false},
		"as a file of the build's own": {refs("rego", "vex"), refs("rego", "vex"), []string{mine}, false},
		"of a kind that nobody knows":  {refs(""), refs(""), []string{mine}, false},
		"nobody asks":                  {refs(), refs(), nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := testReport("linux/amd64")
			r.Verdict, r.Platforms[0].Verdict = tc.report, tc.platform
			want := Reason("")
			if !tc.ok {
				want = ReasonPolicy
			}
			if got := judged(t, r, VerifyOptions{Policies: tc.ask, Now: now}); got != want {
				t.Errorf("rejected with %q, want %q", got, want)
			}
		})
	}
}

func TestAcceptedFindingsAreCounted(t *testing.T) {
	opts := VerifyOptions{Keys: []PublicKey{newPair(t).verifier}, FailOn: "high", Now: now}
	p, err := opts.policy()
	if err != nil {
		t.Fatal(err)
	}
	var res SubjectResult
	p.judge(&res, decided(&scan.Decision{Action: scan.ActionIgnore, Rule: "vex"}))
	if len(res.Notes) != 1 || !strings.HasPrefix(res.Notes[0], "1 ") {
		t.Errorf("notes %q", res.Notes)
	}
}
