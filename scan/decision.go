package scan

import "slices"

// Action is what a rule of the policy wants done about what it looked at.
type Action string

// The actions. Where several rules decide about the same thing, an exception or
// other ignore wins, then the worst.
const (
	// ActionDeny blocks the build.
	ActionDeny Action = "deny"
	// ActionWarn is said at the end of the build.
	ActionWarn Action = "warn"
	// ActionInfo is in the report alone.
	ActionInfo Action = "info"
	// ActionIgnore takes out of account, with the reason in Decision.Message. It
	// stays in the report.
	ActionIgnore Action = "ignore"
)

// Decision is what the policy made of one thing in a report, and by which rule.
type Decision struct {
	Action Action `json:"action"`
	// Rule is the rule's id, e.g. "severity", "known-exploited", "exception"; of a
	// user's own Rego it begins with the package, e.g. "team.no-telnet".
	Rule string `json:"rule"`
	// Message says why, in one sentence.
	Message string `json:"message,omitempty"`
	// HelpURL explains what to do.
	HelpURL string `json:"helpURL,omitempty"`
	// Policy names where the rule or the exception stands, e.g.
	// ".scan-build.yaml:12"; empty for the rules that come with the program.
	Policy string `json:"policy,omitempty"`
	// Expires is the last day (YYYY-MM-DD) on which the decision holds, if it has
	// one: of an exception or a grace period.
	Expires string `json:"expires,omitempty"`
}

// Violation is a decision that is about no single finding: a package's licence,
// a base image, whatever a user's own rule looks at.
type Violation struct {
	Decision
	Platform string `json:"platform,omitempty"`
	Stage    string `json:"stage,omitempty"`
	// Package and Version are set for a violation by a package, Path by a file.
	Package string `json:"package,omitempty"`
	Version string `json:"version,omitempty"`
	Path    string `json:"path,omitempty"`
	// Layer is the instruction to change; nil if none is known.
	Layer *Layer `json:"layer,omitempty"`
}

// scanRules are the program's own rules about how far the scan and its exceptions
// reach.
var scanRules = []string{"not-fully-checked", "unreadable", "end-of-life", "exception-expired"}

// AboutScan says whether the violation is about how far the scan reached: whoever
// shows a report says that with more detail from its stages and notices.
func (v Violation) AboutScan() bool { return v.Policy == "" && slices.Contains(scanRules, v.Rule) }

// PolicyRef names a policy that took part in a verdict: the built-in rules, an
// options file, one that it extends, a file of Rego or a VEX document.
type PolicyRef struct {
	// Kind is rules, options, extends, rego or vex.
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Digest of its content, "sha256:…".
	Digest string `json:"digest"`
}
