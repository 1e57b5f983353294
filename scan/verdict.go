package scan

import "slices"

// Outcome of a scan, ordered so that a higher value is worse.
type Outcome string

// The outcomes. An error is not one: a scan that could not be done has no verdict.
const (
	OutcomePass  Outcome = "pass"
	OutcomeWarn  Outcome = "warn"
	OutcomeBlock Outcome = "block"
)

// WorseThan orders outcomes: pass, warn, block, and whatever else is written for
// one, which nobody can vouch for.
func (o Outcome) WorseThan(other Outcome) bool { return o.rank() > other.rank() }

func (o Outcome) rank() int {
	if i := slices.Index(outcomes[:], o); i >= 0 {
		return i
	}
	return len(outcomes)
}

var outcomes = [...]Outcome{OutcomePass, OutcomeWarn, OutcomeBlock}

// Verdict is the policy's decision over a platform or a whole report.
type Verdict struct {
	Outcome Outcome `json:"outcome"`
	// FailOn and OnlyFixed are the thresholds that decided; FailOn is a
	// severity's name or "none".
	FailOn    string `json:"failOn"`
	OnlyFixed bool   `json:"onlyFixed,omitempty"`
	// SecretMode is what a secret does: block, warn, or off if none were searched
	// for.
	SecretMode string `json:"secretMode,omitempty"`
	// PolicyDigest identifies the policy and its options.
	PolicyDigest string `json:"policyDigest,omitempty"`
	// Blocking are the findings that block, in the order they are shown.
	Blocking []Blocking `json:"blocking,omitempty"`
	// Secrets are those that block, in the order they are shown.
	Secrets []BlockingSecret `json:"secrets,omitempty"`
	// Misconfigurations are those that block, in the order they are shown.
	Misconfigurations []BlockingMisconfiguration `json:"misconfigurations,omitempty"`
	// External are those of analyzers that block, in the order they are shown.
	External []BlockingExternal `json:"external,omitempty"`
	// Violations are decisions about no single finding, the blocking ones first.
	Violations []Violation `json:"violations,omitempty"`
	// Ignored counts what was taken out of account, by rule.
	Ignored map[string]int `json:"ignored,omitempty"`
	// Policies are all that took part, in the order of their authority.
	Policies []PolicyRef `json:"policies,omitempty"`
	// Unused describes exceptions that nothing in the report needed.
	Unused []string `json:"unused,omitempty"`
	// Expired are entries of the user's list of accepted secrets whose last day is
	// over: they do not apply.
	Expired []string `json:"expired,omitempty"`
	// Counts of the final stage's findings by severity name.
	Counts map[string]int `json:"counts,omitempty"`
}

// Join is the verdict over what two verdicts are about, by the same policy. Its
// thresholds and policies are those of the worse one, so that the outcome can be
// explained.
func (v Verdict) Join(o Verdict) Verdict {
	out := v
	if o.Outcome.WorseThan(v.Outcome) {
		out = o
	}
	out.Blocking = slices.Concat(v.Blocking, o.Blocking)
	out.Secrets = slices.Concat(v.Secrets, o.Secrets)
	out.Misconfigurations = slices.Concat(v.Misconfigurations, o.Misconfigurations)
	out.External = slices.Concat(v.External, o.External)
	out.Violations = slices.Concat(v.Violations, o.Violations)
	out.Expired = union(v.Expired, o.Expired)
	out.Unused = both(v.Unused, o.Unused)
	out.Counts = sum(v.Counts, o.Counts)
	out.Ignored = sum(v.Ignored, o.Ignored)
	return out
}

func sum(a, b map[string]int) map[string]int {
	out := map[string]int{}
	for _, counts := range []map[string]int{a, b} {
		for k, n := range counts {
			out[k] += n
		}
	}
	return out
}

// both keeps of a what is in b too: an exception that one share of the build
// needed is not unused.
func both(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
}

// union appends to a copy of a what b has beyond it.
func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// BlockingSecret points at one blocking secret.
type BlockingSecret struct {
	Platform string `json:"platform"`
	Stage    string `json:"stage"`
	// Secret and Layer are copies, so that a verdict can be read alone. Layer is
	// the instruction that wrote the secret.
	Secret Secret `json:"secret"`
	Layer  Layer  `json:"layer"`
}

// BlockingMisconfiguration points at one blocking misconfiguration.
type BlockingMisconfiguration struct {
	Platform         string           `json:"platform"`
	Stage            string           `json:"stage"`
	Misconfiguration Misconfiguration `json:"misconfiguration"`
	Layer            Layer            `json:"layer"`
}

// Blocking points at one blocking finding.
type Blocking struct {
	Platform string `json:"platform"`
	Stage    string `json:"stage"`
	// Finding and Layer are copies, so that a verdict can be read alone. Here as in
	// the other lists of a verdict, Layer is without what another machine would have
	// differently: its statistics and, unless it is a base image's, its digest.
	Finding Finding `json:"finding"`
	Layer   Layer   `json:"layer"`
}
