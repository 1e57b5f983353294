package policy

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
)

// acceptSecrets sets Allowed of every secret that the user's lists accept at
// the report's time, and clears it of all others.
func acceptSecrets(r *scan.Report, opts config.Secrets) {
	ignored := ignoredByRule(opts.Ignore)
	for _, s := range r.AllStages() {
		for i := range s.Secrets {
			secret := &s.Secrets[i]
			secret.Allowed = reasonFor(*secret, opts.Allow, r.Finished)
			if secret.Allowed == "" && slices.ContainsFunc(ignored[secret.Rule], func(e config.IgnoredSecret) bool { return e.Matches(*secret) }) {
				secret.Allowed = config.IgnoreFileName
			}
		}
	}
}

func ignoredByRule(list []config.IgnoredSecret) map[string][]config.IgnoredSecret {
	out := map[string][]config.IgnoredSecret{}
	for _, e := range list {
		out[e.Rule] = append(out[e.Rule], e)
	}
	return out
}

// reasonFor is the reason of the first entry that applies to a secret, empty if
// none does.
func reasonFor(s scan.Secret, list []config.SecretAllow, at time.Time) string {
	for _, e := range list {
		if !over(e, at) && e.Matches(s) {
			return e.Reason
		}
	}
	return ""
}

// over says whether an entry's time is over. It is for a report that does not
// say when it was made: an exception needs a date to hold.
func over(e config.SecretAllow, at time.Time) bool { return at.IsZero() || e.Expired(at) }

// expiredEntries describes the entries that do not apply any more. Nobody needs
// to hear of them where no secrets are searched for.
func expiredEntries(opts config.Secrets, at time.Time) []string {
	var out []string
	for _, e := range opts.Allow {
		if opts.Mode == config.SecretsOff || !over(e, at) {
			continue
		}
		text := describeEntry("accepted secret", e.File, e.Line, [][2]string{{"rule", e.Rule}, {"path", e.Path}, {"fingerprint", e.Fingerprint}})
		text += " expired on " + e.Expires.Format(time.DateOnly)
		out = append(out, text)
	}
	return out
}

// countedSecrets lists the secrets of one stage that count, each once for every
// place and layer, in the order they are shown.
func countedSecrets(platform string, s *scan.Stage) []scan.BlockingSecret {
	type key struct {
		place             placeKey
		layer             int
		rule, fingerprint string
	}
	var out []scan.BlockingSecret
	seen := map[key]bool{}
	for _, secret := range s.Secrets {
		b := scan.BlockingSecret{Platform: platform, Stage: s.Name, Secret: secret, Layer: writerOf(s, secret)}
		k := key{placeOf(b), secret.Layer, secret.Rule, secret.Fingerprint}
		if !secret.Counts() || seen[k] {
			continue
		}
		seen[k] = true
		out = append(out, b)
	}
	sortSecrets(out)
	return out
}

// writerOf is the instruction that wrote a secret.
func writerOf(s *scan.Stage, secret scan.Secret) scan.Layer {
	switch {
	case secret.Instruction != nil:
		return *secret.Instruction
	case secret.Layer >= 0 && secret.Layer < len(s.Layers) && secret.Source == scan.SecretInFile:
		return s.Layers[secret.Layer]
	default:
		return scan.Layer{Stage: s.Name}
	}
}

// sortSecrets orders secrets by how near to their origin they are: the
// Dockerfile itself, files in the order of their instructions, configuration.
func sortSecrets(secrets []scan.BlockingSecret) {
	slices.SortStableFunc(secrets, func(x, y scan.BlockingSecret) int {
		a, b := x.Secret, y.Secret
		return cmp.Or(
			nearness(a.Source)-nearness(b.Source),
			x.Layer.StartLine-y.Layer.StartLine,
			a.Layer-b.Layer,
			strings.Compare(a.Path, b.Path),
			a.Line-b.Line,
			strings.Compare(a.Rule, b.Rule),
			strings.Compare(a.Fingerprint, b.Fingerprint),
			strings.Compare(x.Platform, y.Platform),
		)
	})
}

func nearness(s scan.SecretSource) int {
	switch s {
	case scan.SecretInDockerfile:
		return 0
	case scan.SecretInFile:
		return 1
	default:
		return 2
	}
}

// imageSecrets are the secrets of all final stages that count, stageSecrets
// those of the others of which no final stage has the value.
func imageSecrets(r *scan.Report) []scan.BlockingSecret {
	return secretsOf(r, func(s *scan.Stage) bool { return s.Final })
}

func stageSecrets(r *scan.Report) []scan.BlockingSecret {
	inImage := map[valueKey]bool{}
	for _, b := range imageSecrets(r) {
		inImage[valueOf(b.Secret)] = true
	}
	out := secretsOf(r, func(s *scan.Stage) bool { return !s.Final })
	return slices.DeleteFunc(out, func(b scan.BlockingSecret) bool { return inImage[valueOf(b.Secret)] })
}

func secretsOf(r *scan.Report, from func(*scan.Stage) bool) []scan.BlockingSecret {
	if r.Verdict.SecretMode == string(config.SecretsOff) {
		return nil
	}
	var out []scan.BlockingSecret
	for i := range r.Platforms {
		p := &r.Platforms[i]
		for j := range p.Stages {
			if s := &p.Stages[j]; from(s) {
				out = append(out, countedSecrets(p.ID, s)...)
			}
		}
	}
	sortSecrets(out)
	return out
}

// SecretCount is the number of different secrets in a judged report's images:
// accepted and dismissed ones do not count.
func SecretCount(r *scan.Report) int { return len(groupSecrets(imageSecrets(r))) }
