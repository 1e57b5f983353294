package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// policyVersion names the rules by which package policy turns these options
// into a verdict. It changes when the same options would decide differently.
const policyVersion = "severity/v1 secrets/v1"

// Digest identifies everything in the options that decides a verdict: scans
// with equal digests decide alike over equal findings. Where the database
// comes from, how old it may be and by which rules secrets were searched for
// is not part of it: these make the findings.
func (o Options) Digest() string {
	b, err := json.Marshal(struct {
		Policy    string          `json:"policy"`
		FailOn    string          `json:"failOn"`
		OnlyFixed bool            `json:"onlyFixed"`
		Secrets   string          `json:"secrets"`
		Allow     []digestedAllow `json:"allow,omitempty"`
		Ignore    []IgnoredSecret `json:"ignore,omitempty"`
	}{policyVersion, o.Thresholds.Image.Block.String(), o.OnlyFixed, o.Secrets.Mode.String(), digested(o.Secrets.Allow), o.Secrets.Ignore})
	if err != nil {
		panic(err) // strings, bools and numbers always marshal
	}
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// digestedAllow is what of an entry decides: neither its reason nor where it
// stands.
type digestedAllow struct{ Rule, Path, Fingerprint, Expires string }

func digested(list []SecretAllow) []digestedAllow {
	var out []digestedAllow
	for _, a := range list {
		out = append(out, digestedAllow{a.Rule, a.Path, a.Fingerprint, a.Expires.Format(time.DateOnly)})
	}
	return out
}
