package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// issueKind says what an issue is about, in the order issues are shown in.
type issueKind int

const (
	issueSecret issueKind = iota
	issueVulnerability
	issueCheck
	issueExternal
	issueViolation
)

func (k issueKind) String() string {
	return [...]string{"secret", "vulnerability", "check", "analyzer", "policy"}[k]
}

// issue is one thing that somebody may have to do something about, wherever in a
// report it stands: the same thing on several platforms, or in a build stage and
// in the image that took it over, is one issue. All its texts are strangers'.
type issue struct {
	kind issueKind
	// rule is the id of what was found: a vulnerability, a rule for secrets, a check,
	// an analyzer's rule, a rule of the policy.
	rule     string
	severity scan.Severity
	// decision is the worst on any platform; nil before the policy has decided.
	decision  *scan.Decision
	platforms []string
	// stage is the one whose result has it; final says that the image has it.
	stage string
	final bool
	// layer is the instruction that brought it; nil if none is known.
	layer *scan.Layer
	// pkg, version, path and message as far as the kind has them.
	pkg, version, path, message string
	// fingerprint stays the same from build to build; see [fingerprints].
	fingerprint string

	// What it was made from: the one of its kind.
	finding          *scan.Finding
	misconfiguration *scan.Misconfiguration
	external         *scan.ExternalFinding
	violation        *scan.Violation
	// secrets are all the places of one secret, those of the image first.
	secrets []*scan.Secret
}

func (i *issue) action() scan.Action {
	if i.decision == nil {
		return ""
	}
	return i.decision.Action
}

func (i *issue) ignored() bool { return i.action() == scan.ActionIgnore }

// instructionKey identifies a Dockerfile instruction. All layers of a base image
// belong to the FROM that brought them in.
type instructionKey struct {
	file, base, stage, text string
	start                   int
}

func keyOfInstruction(l *scan.Layer) instructionKey {
	switch {
	case l == nil:
		return instructionKey{}
	case l.StartLine > 0:
		return instructionKey{file: l.File, start: l.StartLine, base: l.Base}
	case l.Base != "":
		return instructionKey{stage: l.Stage, base: l.Base}
	default:
		return instructionKey{stage: l.Stage, text: l.Instruction}
	}
}

// issueKey is what issues that are one have in common.
type issueKey struct {
	kind                                      issueKind
	rule, typ, pkg, version, path, text, more string
	line                                      int
	in                                        instructionKey
	ignored                                   bool
}

// key identifies the issue across platforms and stages. A secret is one wherever
// it is found.
func (i *issue) key() issueKey {
	k := issueKey{kind: i.kind, rule: i.rule, pkg: i.pkg, version: i.version, path: i.path, text: i.message, ignored: i.ignored(), in: keyOfInstruction(i.layer)}
	switch i.kind {
	case issueVulnerability:
		k.typ = i.finding.Type
	case issueSecret:
		v := valueOf(*i.secrets[0])
		return issueKey{kind: i.kind, rule: v.rule, more: v.fingerprint, path: v.path, ignored: i.ignored()}
	case issueExternal:
		k.typ, k.more, k.line = i.external.Analyzer, i.external.Fingerprint, i.external.Line
	case issueViolation:
		k.more = i.stage
	}
	return k
}

// actionRank orders actions: what blocks comes first, what is ignored last.
func actionRank(a scan.Action) int {
	switch a {
	case scan.ActionDeny:
		return 0
	case scan.ActionWarn:
		return 1
	case scan.ActionIgnore:
		return 3
	default:
		return 2
	}
}

// compareIssues puts what blocks first, then the worst, then follows the
// Dockerfile.
func compareIssues(a, b *issue) int {
	return cmp.Or(
		actionRank(a.action())-actionRank(b.action()),
		int(a.kind)-int(b.kind),
		int(b.severity)-int(a.severity),
		a.line()-b.line(),
		strings.Compare(a.rule, b.rule), strings.Compare(a.pkg, b.pkg), strings.Compare(a.version, b.version),
		strings.Compare(a.path, b.path), strings.Compare(a.message, b.message), strings.Compare(a.stage, b.stage),
		strings.Compare(a.fingerprint, b.fingerprint),
	)
}

// line is the instruction's first line; zero if it is not known.
func (i *issue) line() int {
	if i.layer == nil {
		return 0
	}
	return i.layer.StartLine
}

// addOnce appends what is not there yet.
func addOnce[T comparable](list []T, x T) []T {
	if slices.Contains(list, x) {
		return list
	}
	return append(list, x)
}
