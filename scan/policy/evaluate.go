package policy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/check"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// Evaluate decides over a report: it sets the decision of every finding, secret
// and misconfiguration, and the verdict of every platform and of the report.
// Decisions and verdicts that are there already are replaced.
//
// All of them are made by rules in Rego: those that come with the program (folder
// rules), which read the options, and the user's own files. An outcome is
//
//   - block: some rule denies something;
//   - warn: nothing blocks, but some rule warns;
//   - pass: none of that.
//
// It also sets Allowed of every secret, by opts.Secrets at the report's time.
//
// A report from which no verdict can be made gives an [*IncompleteError]; rules
// that do not compile, fail or take too long give another error. Either way
// verdicts are left empty.
func Evaluate(r *scan.Report, opts config.Options) error {
	r.Verdict = scan.Verdict{}
	for i := range r.Platforms {
		r.Platforms[i].Verdict = scan.Verdict{}
	}
	if err := complete(r); err != nil {
		return err
	}
	if err := knownChecks(opts.Checks); err != nil {
		return err
	}
	rules, err := compile(opts.RegoFiles)
	if err != nil {
		return errors.Wrap(err, "failed to read the policy")
	}
	acceptSecrets(r, opts.Secrets)
	facts, err := newFacts(r, opts)
	if err != nil {
		return err
	}
	e := &evaluation{rules: rules, opts: opts, facts: facts}
	verdicts := make([]scan.Verdict, len(r.Platforms))
	for i := range r.Platforms {
		if verdicts[i], err = e.platform(&r.Platforms[i]); err != nil {
			return err
		}
	}
	for i := range r.Platforms {
		r.Platforms[i].Verdict = verdicts[i]
	}
	r.Verdict = e.join(r.Platforms)
	return nil
}

// knownChecks refuses options about a check that does not exist: a slip would
// leave open what somebody meant to close. The names of BuildKit's lint rules are
// not known here.
func knownChecks(o config.Checks) error {
	for _, id := range slices.Sorted(maps.Keys(o.Rules)) {
		literal, _, star := strings.Cut(id, "*")
		switch {
		case strings.HasPrefix(literal, scan.LintPrefix), star && strings.HasPrefix(scan.LintPrefix, literal):
		case star && !slices.ContainsFunc(checkIDs(), func(known string) bool { return config.MatchStar(id, known) }):
			return errors.Errorf("checks.rules: %q stands for no check", plain.Line(id, nameWidth))
		case !star && !slices.Contains(checkIDs(), id):
			return errors.Errorf("checks.rules: there is no check %q%s", plain.Line(id, nameWidth), config.DidYouMean(id, checkIDs()))
		}
	}
	return nil
}

func checkIDs() []string {
	var ids []string
	for _, c := range check.All() {
		ids = append(ids, c.ID)
	}
	return ids
}

// evaluation of a report.
type evaluation struct {
	rules *rules
	opts  config.Options
	facts *facts
}

func (e *evaluation) newVerdict() scan.Verdict {
	return scan.Verdict{
		Outcome:      scan.OutcomePass,
		FailOn:       e.opts.Thresholds.Image.Block.String(),
		OnlyFixed:    e.opts.OnlyFixed,
		SecretMode:   e.opts.Secrets.Mode.String(),
		PolicyDigest: Digest(e.opts),
		Policies:     policies(e.opts),
		Expired:      e.facts.exceptions.expired,
		Counts:       map[string]int{},
	}
}

// platform has the rules decide over one platform.
func (e *evaluation) platform(p *scan.Platform) (scan.Verdict, error) {
	in, subjects := e.facts.input(p)
	decisions, violations, err := e.rules.decide(in)
	if err != nil {
		return scan.Verdict{}, err
	}
	v := e.newVerdict()
	for key, d := range decisions {
		d.HelpURL = e.help(*d)
		*subjects[key].decision = d
		e.count(&v, *d)
	}
	for _, violation := range violations {
		violation.Platform = p.ID
		violation.HelpURL = e.help(violation.Decision)
		e.except(&violation)
		e.count(&v, violation.Decision)
		v.Violations = append(v.Violations, violation)
	}
	slices.SortFunc(v.Violations, compareViolations)
	for i := range p.Stages {
		blocking(&v, p.ID, &p.Stages[i])
		blockingExternal(&v, p.ID, &p.Stages[i])
	}
	sortBlocking(v.Blocking)
	sortSecrets(v.Secrets)
	sortMisconfigurations(v.Misconfigurations)
	count(v.Counts, p.FinalStage().Findings, map[identity]bool{})
	makePortable(&v)
	return v, nil
}

// help is where a decision sends people: its own page, else the options' for what
// blocks or warns.
func (e *evaluation) help(d scan.Decision) string {
	if d.Action == scan.ActionDeny || d.Action == scan.ActionWarn {
		return cmp.Or(d.HelpURL, e.opts.HelpURL)
	}
	return d.HelpURL
}

// except takes a violation out of account that an exception accepts.
func (e *evaluation) except(v *scan.Violation) {
	if v.Action != scan.ActionDeny && v.Action != scan.ActionWarn {
		return
	}
	if a := e.facts.exceptions.violation(*v); a != nil {
		v.Action, v.Message, v.Policy, v.Expires = scan.ActionIgnore, v.Message+": accepted, "+a.Reason, a.Policy, a.Expires
	}
}

// count makes a decision part of a verdict's outcome.
func (e *evaluation) count(v *scan.Verdict, d scan.Decision) {
	switch d.Action {
	case scan.ActionDeny:
		v.Outcome = scan.OutcomeBlock
	case scan.ActionWarn:
		v.Outcome = worse(v.Outcome, scan.OutcomeWarn)
	case scan.ActionIgnore:
		if v.Ignored == nil {
			v.Ignored = map[string]int{}
		}
		v.Ignored[d.Rule]++
	}
}

// blocking lists what of a stage is denied, the same thing once.
func blocking(v *scan.Verdict, platform string, s *scan.Stage) {
	seen := map[identity]bool{}
	for _, f := range s.Findings {
		if denied(f.Decision) && !seen[identify(f)] {
			seen[identify(f)] = true
			v.Blocking = append(v.Blocking, scan.Blocking{Platform: platform, Stage: s.Name, Finding: f, Layer: layerOf(s, f)})
		}
	}
	for _, b := range countedSecrets(platform, s) {
		if denied(b.Secret.Decision) {
			v.Secrets = append(v.Secrets, b)
		}
	}
	for _, m := range s.Misconfigurations {
		if denied(m.Decision) {
			v.Misconfigurations = append(v.Misconfigurations, scan.BlockingMisconfiguration{
				Platform: platform, Stage: s.Name, Misconfiguration: m, Layer: makerOf(s, m),
			})
		}
	}
}

// blockingExternal lists what of analyzers' findings is denied.
func blockingExternal(v *scan.Verdict, platform string, s *scan.Stage) {
	for _, e := range s.External {
		if denied(e.Decision) {
			v.External = append(v.External, scan.BlockingExternal{Platform: platform, Stage: s.Name, External: e, Layer: layerOrNone(layerAt(s, e.Layer))})
		}
	}
}

func denied(d *scan.Decision) bool { return d != nil && d.Action == scan.ActionDeny }

// ignored says whether something was taken out of account.
func ignored(d *scan.Decision) bool { return d != nil && d.Action == scan.ActionIgnore }

// join is the verdict over all platforms.
func (e *evaluation) join(platforms []scan.Platform) scan.Verdict {
	all := e.newVerdict()
	seen := map[identity]bool{}
	for i := range platforms {
		p := &platforms[i]
		all.Outcome = worse(all.Outcome, p.Verdict.Outcome)
		all.Blocking = append(all.Blocking, p.Verdict.Blocking...)
		all.Secrets = append(all.Secrets, p.Verdict.Secrets...)
		all.Misconfigurations = append(all.Misconfigurations, p.Verdict.Misconfigurations...)
		all.External = append(all.External, p.Verdict.External...)
		all.Violations = append(all.Violations, p.Verdict.Violations...)
		for rule, n := range p.Verdict.Ignored {
			if all.Ignored == nil {
				all.Ignored = map[string]int{}
			}
			all.Ignored[rule] += n
		}
		count(all.Counts, p.FinalStage().Findings, seen)
	}
	sortBlocking(all.Blocking)
	sortSecrets(all.Secrets)
	sortMisconfigurations(all.Misconfigurations)
	slices.SortFunc(all.Violations, compareViolations)
	all.Unused = e.facts.exceptions.unused()
	return all
}

// Digest identifies all that decides: the program's rules, the options and the
// files that they name. Equal digests decide alike over equal reports.
func Digest(opts config.Options) string {
	sum := sha256.Sum256([]byte(rulesDigest() + "\n" + opts.Digest()))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// rulesDigest identifies the program's own rules.
var rulesDigest = sync.OnceValue(func() string {
	h := sha256.New()
	for _, f := range RuleFiles() {
		sum := sha256.Sum256(f.Data)
		h.Write(append([]byte(f.Name+"\n"), sum[:]...))
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
})

// policies names all that took part, the program's own rules first.
func policies(opts config.Options) []scan.PolicyRef {
	return append([]scan.PolicyRef{{Kind: "rules", Name: "scan-build", Digest: rulesDigest()}}, opts.Policies...)
}

// fixed says whether a fixed version has been published.
func fixed(f scan.Finding) bool { return f.Fix.State == "fixed" }

// unmaintained says whether the stage's distribution release had reached its
// end of life. A date that cannot be read says nothing.
func unmaintained(s *scan.Stage, at time.Time) bool {
	end, err := time.Parse(time.DateOnly, s.EndOfLife)
	return err == nil && at.After(end.AddDate(0, 0, 1))
}

// identity tells findings apart across stages and platforms.
type identity struct{ id, kind, name, version, path string }

func identify(f scan.Finding) identity {
	return identity{f.ID, f.Type, f.Package, f.Version, f.Path}
}

// count adds findings by severity, each identity once.
func count(counts map[string]int, findings []scan.Finding, seen map[identity]bool) {
	for _, f := range findings {
		if k := identify(f); !seen[k] && counted(f) {
			seen[k] = true
			counts[f.Severity.String()]++
		}
	}
}

// layerOf is the layer that gave the package the version that was found: where
// a developer has to change something.
func layerOf(s *scan.Stage, f scan.Finding) scan.Layer {
	if l := layerAt(s, f.Last); l != nil {
		return *l
	}
	return scan.Layer{Stage: s.Name}
}

// sortBlocking puts the worst first, then follows the Dockerfile.
func sortBlocking(b []scan.Blocking) {
	slices.SortStableFunc(b, func(x, y scan.Blocking) int {
		return cmp.Or(
			int(y.Finding.Severity)-int(x.Finding.Severity),
			x.Layer.StartLine-y.Layer.StartLine,
			x.Finding.Last-y.Finding.Last,
			strings.Compare(x.Finding.Package, y.Finding.Package),
			strings.Compare(x.Finding.Version, y.Finding.Version),
			strings.Compare(x.Finding.ID, y.Finding.ID),
			strings.Compare(x.Finding.Path, y.Finding.Path),
			strings.Compare(x.Platform, y.Platform),
		)
	})
}

// sortMisconfigurations puts the worst first, then follows the Dockerfile.
func sortMisconfigurations(list []scan.BlockingMisconfiguration) {
	slices.SortStableFunc(list, func(x, y scan.BlockingMisconfiguration) int {
		return cmp.Or(
			int(y.Misconfiguration.Severity)-int(x.Misconfiguration.Severity),
			x.Layer.StartLine-y.Layer.StartLine,
			strings.Compare(x.Misconfiguration.Check, y.Misconfiguration.Check),
			strings.Compare(x.Misconfiguration.Message, y.Misconfiguration.Message),
			strings.Compare(x.Platform, y.Platform),
		)
	})
}

func worse(a, b scan.Outcome) scan.Outcome {
	if b.WorseThan(a) {
		return b
	}
	return a
}
