package policy

import (
	"slices"
	"strings"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
)

// Evaluate decides over a report: it sets the verdict of every platform and of
// the report. Verdicts that are there already are replaced.
//
//   - block: the final stage has a finding at or above opts.Thresholds.Image.Block (with
//     opts.OnlyFixed: one that has a fix). A finding whose severity is unknown
//     is counted but never blocks, as in grype. Or, unless opts.Secrets.Mode says
//     otherwise, it has a secret: in any of its layers, also in a file that a
//     later one removes, in the image's configuration or in its Dockerfile.
//   - warn: nothing blocks, but some stage has a finding, a secret, a file that
//     could not be read, packages that could not be matched, or a distribution
//     release that is no longer maintained; or an entry of the list of accepted
//     secrets has expired.
//   - pass: none of that.
//
// It also sets Allowed of every secret, by opts.Secrets at the report's time. A
// secret that was dismissed or is allowed does nothing.
//
// A report from which no verdict can be made gives an [*IncompleteError], and
// its verdicts are left empty.
func Evaluate(r *scan.Report, opts config.Options) error {
	r.Verdict = scan.Verdict{}
	for i := range r.Platforms {
		r.Platforms[i].Verdict = scan.Verdict{}
	}
	if err := complete(r); err != nil {
		return err
	}
	acceptSecrets(r, opts.Secrets)
	all := newVerdict(opts, r.Finished)
	seen := map[identity]bool{}
	for i := range r.Platforms {
		p := &r.Platforms[i]
		p.Verdict = platformVerdict(p, opts, r.Finished)
		all.Outcome = worse(all.Outcome, p.Verdict.Outcome)
		all.Blocking = append(all.Blocking, p.Verdict.Blocking...)
		all.Secrets = append(all.Secrets, p.Verdict.Secrets...)
		count(all.Counts, p.FinalStage().Findings, seen)
	}
	sortBlocking(all.Blocking)
	sortSecrets(all.Secrets)
	r.Verdict = all
	return nil
}

func newVerdict(opts config.Options, at time.Time) scan.Verdict {
	return scan.Verdict{
		Outcome:      scan.OutcomePass,
		FailOn:       opts.Thresholds.Image.Block.String(),
		OnlyFixed:    opts.OnlyFixed,
		SecretMode:   opts.Secrets.Mode.String(),
		PolicyDigest: opts.Digest(),
		Expired:      expiredEntries(opts.Secrets, at),
		Counts:       map[string]int{},
	}
}

func platformVerdict(p *scan.Platform, opts config.Options, at time.Time) scan.Verdict {
	v := newVerdict(opts, at)
	final := p.FinalStage()
	seen := map[identity]bool{}
	for _, f := range final.Findings {
		if seen[identify(f)] || !blocks(f, opts) {
			continue
		}
		seen[identify(f)] = true
		v.Blocking = append(v.Blocking, scan.Blocking{Platform: p.ID, Stage: final.Name, Finding: f, Layer: layerOf(final, f)})
	}
	sortBlocking(v.Blocking)
	if opts.Secrets.Mode.String() == string(config.SecretsBlock) {
		v.Secrets = countedSecrets(p.ID, final)
	}
	count(v.Counts, final.Findings, map[identity]bool{})
	searched := opts.Secrets.Mode != config.SecretsOff
	switch {
	case len(v.Blocking)+len(v.Secrets) > 0:
		v.Outcome = scan.OutcomeBlock
	case len(v.Expired) > 0, slices.ContainsFunc(p.Stages, func(s scan.Stage) bool { return noteworthy(&s, at, searched) }):
		v.Outcome = scan.OutcomeWarn
	}
	return v
}

// blocks says whether a finding of a final stage blocks.
func blocks(f scan.Finding, opts config.Options) bool {
	return opts.Thresholds.Image.Block.Reached(f.Severity) && (!opts.OnlyFixed || fixed(f))
}

// fixed says whether a fixed version has been published.
func fixed(f scan.Finding) bool { return f.Fix.State == "fixed" }

// noteworthy says whether a stage is worth a warning; secrets are where they
// were searched for.
func noteworthy(s *scan.Stage, at time.Time, searched bool) bool {
	return len(s.Findings)+len(s.Problems)+len(s.Unknown) > 0 || unmaintained(s, at) ||
		searched && slices.ContainsFunc(s.Secrets, scan.Secret.Counts)
}

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
		if k := identify(f); !seen[k] {
			seen[k] = true
			counts[f.Severity.String()]++
		}
	}
}

// layerOf is the layer that gave the package the version that was found: where
// a developer has to change something.
func layerOf(s *scan.Stage, f scan.Finding) scan.Layer {
	if f.Last >= 0 && f.Last < len(s.Layers) {
		return s.Layers[f.Last]
	}
	return scan.Layer{Stage: s.Name}
}

// sortBlocking puts the worst first, then follows the Dockerfile.
func sortBlocking(b []scan.Blocking) {
	slices.SortStableFunc(b, func(x, y scan.Blocking) int {
		return firstOf(
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

// firstOf returns the first comparison that is not zero.
func firstOf(comparisons ...int) int {
	for _, c := range comparisons {
		if c != 0 {
			return c
		}
	}
	return 0
}

func worse(a, b scan.Outcome) scan.Outcome {
	rank := []scan.Outcome{scan.OutcomePass, scan.OutcomeWarn, scan.OutcomeBlock}
	if slices.Index(rank, b) > slices.Index(rank, a) {
		return b
	}
	return a
}
