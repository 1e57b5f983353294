package scan

import (
	"encoding/json"
	"testing"
)

func TestOutcomeThatNobodyKnowsIsTheWorst(t *testing.T) {
	order := []Outcome{OutcomePass, OutcomeWarn, OutcomeBlock, "fine"}
	for i, a := range order {
		for j, b := range order {
			if a.WorseThan(b) != (i > j) {
				t.Errorf("%s worse than %s: %t", a, b, a.WorseThan(b))
			}
		}
	}
	if OutcomePass.WorseThan("") {
		t.Error("none at all is better than a pass")
	}
}

// TestJoinedVerdictHasAllOfBoth sets every list and count of a verdict: one that
// is added later has to be joined, too.
func TestJoinedVerdictHasAllOfBoth(t *testing.T) {
	const full = `{"outcome":"warn","failOn":"high","onlyFixed":true,"secretMode":"block","policyDigest":"sha256:a",
		"blocking":[{}],"secrets":[{}],"misconfigurations":[{}],"external":[{}],"violations":[{}],"ignored":{"vex":1},
		"policies":[{}],"unused":["a"],"expired":["a"],"counts":{"high":1}}`
	var v Verdict
	if err := json.Unmarshal([]byte(full), &v); err != nil {
		t.Fatal(err)
	}
	for outcome, want := range map[Outcome]Outcome{OutcomePass: OutcomeWarn, OutcomeBlock: OutcomeBlock} {
		o := v
		o.Outcome, o.Expired = outcome, []string{"b"}
		got := v.Join(o)
		if got.Outcome != want {
			t.Errorf("outcome is %s, want %s", got.Outcome, want)
		}
		for what, n := range map[string]int{
			"blocking": len(got.Blocking), "secrets": len(got.Secrets), "misconfigurations": len(got.Misconfigurations),
			"external": len(got.External), "violations": len(got.Violations), "expired": len(got.Expired),
			"ignored": got.Ignored["vex"], "counts": got.Counts["high"], "unused": len(got.Unused) + 1, "policies": len(got.Policies) + 1,
		} {
			if n != 2 {
				t.Errorf("%s: %d", what, n)
			}
		}
	}
}
