package policy

import (
	"fmt"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// shownSecretWarnings is how many instructions are warned about for their
// secrets before the rest is counted.
const shownSecretWarnings = 5

// secretWarnings says which secrets do not block, and which entries of the list
// of accepted ones have expired.
func secretWarnings(r *scan.Report) []Warning {
	var out []Warning
	for i, e := range r.Verdict.Expired {
		if i == shownSecretWarnings {
			out = append(out, Warning{Short: plain.Count(len(r.Verdict.Expired)-i, "more exception", "more exceptions") + " expired"})
			break
		}
		out = append(out, Warning{Short: plain.Line(e, 0) + ": renew or remove the entry"})
	}
	var secrets []*foundSecret
	if len(r.Verdict.Secrets) == 0 {
		secrets = groupSecrets(imageSecrets(r))
	}
	secrets = append(secrets, groupSecrets(stageSecrets(r))...)
	origins := byOrigin(secrets)
	for i, g := range origins {
		if i == shownSecretWarnings {
			return append(out, restOfSecrets(origins[i:]))
		}
		out = append(out, g.warning(r))
	}
	return out
}

func (g *instructionSecrets) warning(r *scan.Report) Warning {
	n := len(g.secrets)
	where := "in the image"
	if !isFinal(r, g.stage) {
		where = "in build stage " + plain.Line(g.stage, nameWidth)
	}
	w := Warning{
		Stage: g.stage,
		Layer: g.layer,
		Short: fmt.Sprintf("%s: %s %s: %s in %s%s", g.origin(), plain.Count(n, "secret", "secrets"), where,
			plain.Line(g.secrets[0].Rule, nameWidth), whereText(g.secrets[0].Secret), andMore(n-1)),
		URL: Help(g.secrets[0].Rule),
	}
	for _, f := range g.secrets[:min(n, shownSecrets)] {
		cells, lines := f.text(r, nil)
		w.Detail = append(w.Detail, strings.Join(cells, "  "))
		if f.Description != "" {
			w.Detail = append(w.Detail, "  "+plain.Line(f.Description, sentenceWidth))
		}
		for _, l := range lines {
			w.Detail = append(w.Detail, "  "+l)
		}
		if f.Fingerprint != "" {
			w.Detail = append(w.Detail, "  fingerprint: "+plain.Line(f.Fingerprint, 0))
		}
	}
	if n > shownSecrets {
		w.Detail = append(w.Detail, fmt.Sprintf("… and %d more", n-shownSecrets))
	}
	w.Detail = append(w.Detail, "fix: "+g.remedy())
	return w
}

func restOfSecrets(origins []instructionSecrets) Warning {
	n := 0
	for _, g := range origins {
		n += len(g.secrets)
	}
	return Warning{Short: fmt.Sprintf("%s in %s", plain.Count(n, "more secret", "more secrets"),
		plain.Count(len(origins), "other instruction", "other instructions"))}
}
