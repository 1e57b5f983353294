package attest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
)

// clockSkew is how far in the future a scan may have finished.
const clockSkew = 5 * time.Minute

// policy is what [VerifyOptions] ask for, checked.
type policy struct {
	keys      []PublicKey
	failOn    scan.Severity
	gate      bool
	onlyFixed bool
	strict    bool
	policies  []string
	maxAge    time.Duration
	maxDBAge  time.Duration
	now       time.Time
}

func (o VerifyOptions) policy() (*policy, error) {
	p := &policy{keys: o.Keys, onlyFixed: o.OnlyFixed, strict: o.Strict, policies: o.Policies, maxAge: o.MaxAge, maxDBAge: o.MaxDBAge, now: o.Now}
	if len(o.Keys) == 0 {
		return nil, usagef("no key to verify with")
	}
	if o.MaxAge < 0 || o.MaxDBAge < 0 {
		return nil, usagef("an age limit cannot be negative")
	}
	if o.FailOn != "" && !strings.EqualFold(o.FailOn, "none") {
		severity, err := scan.ParseSeverity(o.FailOn)
		if err != nil {
			return nil, usagef("%v", err)
		}
		p.failOn, p.gate = severity, true
	}
	if p.now.IsZero() {
		p.now = time.Now()
	}
	return p, nil
}

// verify checks one subject. An error means that it could not be checked.
func (p *policy) verify(ctx context.Context, repo *repository, s subject) (*SubjectResult, error) {
	res := &SubjectResult{Platform: s.platform, Digest: s.digest.String()}
	good, bad, err := p.open(ctx, repo, s)
	if err != nil {
		return nil, err
	}
	if len(good) == 0 {
		res.distrust(s, bad)
		return res, nil
	}
	for _, b := range bad {
		res.Notes = append(res.Notes, fmt.Sprintf("another attestation was passed over (%s): %s", b.cause.reason, b.cause.message))
	}
	if n := len(good) - 1; n > 0 {
		res.Notes = append(res.Notes, fmt.Sprintf("the newest of %d trusted scan attestations was used", n+1))
	}
	res.pass("signature", "signed with a trusted key (attestation "+good[0].digest.String()+")")
	res.pass("subject", "attestation is for "+s.digest.String())
	p.judge(res, good[0].report)
	return res, nil
}

// distrust records why nothing can be believed: for the most telling of the
// attestations that were found.
func (res *SubjectResult) distrust(s subject, bad []distrusted) {
	if len(bad) == 0 {
		res.fail("signature", ReasonUnsigned, fmt.Sprintf("no signed scan attestation found for %s", s.digest))
		return
	}
	telling := []Reason{ReasonTampered, ReasonRetagged, ReasonMalformed, ReasonForeignSigned}
	slices.SortStableFunc(bad, func(a, b distrusted) int {
		return slices.Index(telling, a.cause.reason) - slices.Index(telling, b.cause.reason)
	})
	res.fail(bad[0].check, bad[0].cause.reason, bad[0].cause.message)
	for _, b := range bad[1:] {
		res.Notes = append(res.Notes, fmt.Sprintf("another attestation cannot be trusted either (%s): %s", b.cause.reason, b.cause.message))
	}
}

// judge checks what a trusted report says.
func (p *policy) judge(res *SubjectResult, r scan.Report) {
	res.pass("predicate", fmt.Sprintf("scan report by %s %s", printable(r.Scanner.Name, 100), printable(r.Scanner.Version, 100)))
	res.Scan = &ScanSummary{
		Finished:      r.Finished.UTC(),
		Scanner:       strings.TrimSpace(r.Scanner.Name + " " + r.Scanner.Version + " " + r.Scanner.Digest),
		Database:      strings.TrimSpace(r.Database.Schema + " " + r.Database.Digest),
		DatabaseBuilt: r.Database.Built.UTC(),
		Outcome:       r.Verdict.Outcome,
		PolicyDigest:  r.Verdict.PolicyDigest,
		Counts:        r.Verdict.Counts,
	}
	p.checkAge(res, r)
	p.checkDatabase(res, r)
	checkVerdict(res, r)
	p.checkPolicies(res, r)
	p.checkFindings(res, r)
	for _, platform := range r.Platforms {
		for _, s := range platform.Stages {
			for _, u := range s.Unknown {
				if note := platform.ID + ": " + u; !slices.Contains(res.Notes, note) && len(res.Notes) < 20 {
					res.Notes = append(res.Notes, printable(note, 300))
				}
			}
		}
	}
}

func (p *policy) checkAge(res *SubjectResult, r scan.Report) {
	age := p.now.Sub(r.Finished)
	switch {
	case age < -clockSkew:
		res.fail("age", ReasonStale, fmt.Sprintf("scan claims to have finished in the future, at %s", r.Finished.UTC().Format(time.RFC3339)))
	case p.maxAge > 0 && age > p.maxAge:
		res.fail("age", ReasonStale, fmt.Sprintf("scan finished %s ago, limit %s", approx(age), approx(p.maxAge)))
	default:
		res.pass("age", fmt.Sprintf("scan finished %s ago%s", approx(max(age, 0)), limit(p.maxAge)))
	}
}

// checkDatabase measures the database's age at the time of verification: it is
// what the answer "no known vulnerability" is worth now.
func (p *policy) checkDatabase(res *SubjectResult, r scan.Report) {
	built := r.Database.Built
	age := p.now.Sub(built)
	switch {
	case built.IsZero() && p.maxDBAge > 0:
		res.fail("database", ReasonStaleDatabase, "the report does not say how old its vulnerability database was")
	case built.IsZero():
		res.pass("database", "vulnerability database of unknown age")
	case age < -clockSkew:
		res.fail("database", ReasonStaleDatabase, fmt.Sprintf("vulnerability database claims to be from the future, %s", built.UTC().Format(time.RFC3339)))
	case p.maxDBAge > 0 && age > p.maxDBAge:
		res.fail("database", ReasonStaleDatabase, fmt.Sprintf("vulnerability database was built %s ago, limit %s", approx(age), approx(p.maxDBAge)))
	default:
		res.pass("database", fmt.Sprintf("vulnerability database was built %s ago%s", approx(max(age, 0)), limit(p.maxDBAge)))
	}
}

// acceptable says whether an outcome lets an image through. One that this version
// does not know does not.
func acceptable(o scan.Outcome) bool {
	return o == scan.OutcomePass || o == scan.OutcomeWarn
}

// checkVerdict believes neither the report's verdict nor a platform's alone: the
// worst counts.
func checkVerdict(res *SubjectResult, r scan.Report) {
	for _, platform := range r.Platforms {
		if !acceptable(platform.Verdict.Outcome) {
			res.fail("verdict", ReasonBlocked, fmt.Sprintf("the signed verdict for %s is %q", printable(platform.ID, 100), printable(string(platform.Verdict.Outcome), 20)))
			return
		}
	}
	if !acceptable(r.Verdict.Outcome) {
		res.fail("verdict", ReasonBlocked, fmt.Sprintf("the signed verdict is %q", printable(string(r.Verdict.Outcome), 20)))
		return
	}
	res.pass("verdict", fmt.Sprintf("the signed verdict is %q (fail on %s)", r.Verdict.Outcome, printable(r.Verdict.FailOn, 20)))
}

// checkPolicies asks for policies that must have taken part in every verdict.
func (p *policy) checkPolicies(res *SubjectResult, r scan.Report) {
	for _, want := range p.policies {
		verdicts := []scan.Verdict{r.Verdict}
		for _, platform := range r.Platforms {
			verdicts = append(verdicts, platform.Verdict)
		}
		missing := slices.ContainsFunc(verdicts, func(v scan.Verdict) bool { return !tookPart(v, want) })
		if missing {
			res.fail("policy", ReasonPolicy, fmt.Sprintf("policy %s took no part in the verdict", printable(want, 100)))
		} else {
			res.pass("policy", fmt.Sprintf("policy %s took part in the verdict", printable(want, 100)))
		}
	}
}

// tookPart says whether a verdict was bound by a policy: by one that was extended,
// which nothing in the build can loosen unless it allows that. The same file as
// the build's own options binds nothing, for flags overrule it. Or the digest is
// that of all that decided.
func tookPart(v scan.Verdict, digest string) bool {
	return v.PolicyDigest == digest || slices.ContainsFunc(v.Policies, func(p scan.PolicyRef) bool {
		return p.Kind == "extends" && p.Digest == digest
	})
}

// accepted says whether the signed policy lets a finding pass at this time: by an
// exception, a VEX statement, another rule that ignores, or a grace period. What
// it has let pass for a while it does not any more when that is over, as if the
// image was scanned now.
func (p *policy) accepted(f scan.Finding) bool {
	d := f.Decision
	if d == nil || d.Action != scan.ActionIgnore && (d.Action != scan.ActionWarn || d.Rule != "grace") {
		return false
	}
	if d.Expires == "" {
		return d.Action == scan.ActionIgnore
	}
	last, err := time.Parse(time.DateOnly, d.Expires)
	if d.Rule == "exception" {
		last = last.AddDate(0, 0, config.ExpiryWarning)
	}
	return err == nil && p.now.Before(last.AddDate(0, 0, 1))
}

func (p *policy) checkFindings(res *SubjectResult, r scan.Report) {
	if !p.gate {
		return
	}
	var over []string
	count, passed := 0, 0
	for _, platform := range r.Platforms {
		for _, f := range finalFindings(platform) {
			if f.Severity < p.failOn || p.onlyFixed && f.Fix.State != "fixed" {
				continue
			}
			if p.accepted(f) && !p.strict {
				passed++
				continue
			}
			if count++; len(over) < 5 {
				over = append(over, fmt.Sprintf("%s (%s, %s %s)", printable(f.ID, 60), f.Severity, printable(f.Package, 100), printable(f.Version, 60)))
			}
		}
	}
	if passed > 0 {
		res.Notes = append(res.Notes, fmt.Sprintf("%d findings at %s or above are accepted by the signed policy: exceptions, VEX or grace", passed, p.failOn))
	}
	what := fmt.Sprintf("at %s or above", p.failOn)
	if p.onlyFixed {
		what += " with a fix"
	}
	if count == 0 {
		res.pass("findings", "no findings "+what)
		return
	}
	if count > len(over) {
		over = append(over, "…")
	}
	noun := "findings"
	if count == 1 {
		noun = "finding"
	}
	res.fail("findings", ReasonFindings, fmt.Sprintf("%d %s %s: %s", count, noun, what, strings.Join(over, ", ")))
}

// finalFindings are those of the stages that become the image; of a platform
// without a stage marked so, those of its last.
func finalFindings(p scan.Platform) []scan.Finding {
	var out []scan.Finding
	final := false
	for _, s := range p.Stages {
		if s.Final {
			final = true
			out = append(out, s.Findings...)
		}
	}
	if !final && len(p.Stages) > 0 {
		return p.Stages[len(p.Stages)-1].Findings
	}
	return out
}

func limit(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return ", limit " + approx(d)
}

// approx writes a duration as people say it: in its two largest units, the
// second one left out where it is nothing.
func approx(d time.Duration) string {
	const day = 24 * time.Hour
	units := []struct {
		d    time.Duration
		name string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	if d < 3*day {
		units = units[1:]
	}
	for i, u := range units {
		if d < u.d {
			continue
		}
		out := fmt.Sprintf("%d %s", d/u.d, u.name)
		if i+1 < len(units) {
			if rest := d % u.d / units[i+1].d; rest > 0 {
				out += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return out
	}
	return "0 s"
}
