package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// secrets lists a stage's secrets, also accepted ones with the reason. Those
// that were dismissed are only counted: there can be many.
func (t *table) secrets(s *scan.Stage, secrets []scan.Secret) {
	rows := [][]string{{"SECRET", "LOOKS LIKE", "FOUND IN", "FROM", "FINGERPRINT", "NOTE"}}
	dismissed := map[string]int{}
	for _, secret := range secrets {
		if secret.Dismissed != "" {
			dismissed[secret.Dismissed]++
			continue
		}
		rows = append(rows, secretRow(s, secret))
	}
	if len(rows) > 1 {
		t.rows(rows, colSecretPath, colSecretNote)
	}
	for _, why := range slices.Sorted(maps.Keys(dismissed)) {
		t.line("  not counted: %s, %s", plain.Count(dismissed[why], "secret", "secrets"), plain.Line(why, messageWidth))
	}
}

// The columns that may be wrapped.
const (
	colSecretPath = 2
	colSecretNote = 5
)

func secretRow(s *scan.Stage, secret scan.Secret) []string {
	at := plain.Tail(secret.Path, cellWidth)
	if secret.Source == scan.SecretInConfig {
		at = "configuration: " + at
	}
	if secret.Line > 0 {
		at += fmt.Sprintf(":%d", secret.Line)
	}
	var notes []string
	if secret.Allowed != "" {
		notes = append(notes, "accepted: "+plain.Line(secret.Allowed, cellWidth))
	} else if ignored(secret.Decision) {
		notes = append(notes, "ignored: "+plain.Line(secret.Decision.Message, cellWidth))
	}
	if secret.Removed > 0 {
		notes = append(notes, "deleted by "+cmp.Or(layerAt(s, secret.Removed), "a later layer")+", still in the image")
	}
	from := layerAt(s, secret.Layer)
	if in := secret.Instruction; in != nil {
		from = layerText(*in)
	}
	return []string{
		plain.Line(secret.Rule, cellWidth), plain.Line(secret.Redacted, 40), at, from,
		plain.Line(secret.Fingerprint, cellWidth), strings.Join(notes, "; "),
	}
}

// layerAt names the instruction of a layer of the stage, empty if it has none of
// this index.
func layerAt(s *scan.Stage, layer int) string {
	if layer < 0 || layer >= len(s.Layers) {
		return ""
	}
	return layerText(s.Layers[layer])
}

func layerText(l scan.Layer) string {
	return cmp.Or(plain.Location(l.File, l.StartLine, l.EndLine), plain.Line(cmp.Or(l.Base, l.Instruction), 40))
}

// secretValue identifies a secret wherever it was found.
type secretValue struct{ rule, fingerprint, path string }

func valueOf(s scan.Secret) secretValue {
	if s.Fingerprint != "" {
		return secretValue{rule: s.Rule, fingerprint: s.Fingerprint}
	}
	return secretValue{rule: s.Rule, path: s.Path}
}

// secretsMissingIn returns the secrets that the final stage lacks, or has only
// as accepted or dismissed ones.
func secretsMissingIn(final *scan.Stage, secrets []scan.Secret) []scan.Secret {
	inFinal := map[secretValue]bool{} // whether it counts there
	for _, s := range final.Secrets {
		inFinal[valueOf(s)] = inFinal[valueOf(s)] || s.Counts()
	}
	var out []scan.Secret
	for _, s := range secrets {
		if counts, ok := inFinal[valueOf(s)]; !ok || s.Counts() && !counts {
			out = append(out, s)
		}
	}
	return out
}

// countSecrets counts the different ones that count.
func countSecrets(secrets []scan.Secret) int {
	values := map[secretValue]bool{}
	for _, s := range secrets {
		if s.Counts() {
			values[valueOf(s)] = true
		}
	}
	return len(values)
}
