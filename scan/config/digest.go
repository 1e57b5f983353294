package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// policyVersion names the rules by which package policy turns these options
// into a verdict. It changes when the same options would decide differently.
const policyVersion = "severity/v2 secrets/v1"

// Digest identifies everything in the options that decides a verdict: scans
// with equal digests decide alike over equal findings. Where the database
// comes from, how old it may be and by which rules secrets were searched for
// is not part of it: these make the findings. Nor are the policies that are
// extended, for what they say is in the options.
func (o Options) Digest() string {
	b, err := json.Marshal(digested{
		Policy:     policyVersion,
		Image:      digestedLevels(o.Thresholds.Image),
		Base:       digestedLevels(o.Thresholds.Base),
		Stages:     digestedLevels(o.Thresholds.Stages),
		OnlyFixed:  o.OnlyFixed,
		Grace:      digestedGrace(o.Grace),
		KEV:        o.KEV.String(),
		EPSS:       o.EPSS,
		HelpURL:    o.HelpURL,
		Licenses:   o.DeniedLicenses,
		Checks:     digestedLevels(o.Checks.Levels),
		Rules:      digestedRules(o.Checks.Rules),
		Approved:   o.Base.Approved,
		MaxAge:     o.Base.MaxAge,
		Secrets:    o.Secrets.Mode.String(),
		Allow:      digestedAllow(o.Secrets.Allow),
		Ignore:     o.Secrets.Ignore,
		Exceptions: digestedExceptions(o.Exceptions),
		Rego:       digestedFiles(o.RegoFiles),
		VEX:        digestedFiles(o.VEXFiles),
	})
	if err != nil {
		panic(err) // strings, bools and numbers always marshal
	}
	return sha256Of(b)
}

// digested is what of the options decides, in a shape that is the same for
// options that decide the same.
type digested struct {
	Policy              string
	Image, Base, Stages [3]string
	OnlyFixed           bool
	Grace               map[string]int `json:",omitempty"` // marshalled in the order of its keys
	KEV                 string
	EPSS                float64
	HelpURL             string
	Licenses            []string `json:",omitempty"`
	Checks              [3]string
	Rules               map[string]string `json:",omitempty"`
	Approved            [][]string        `json:",omitempty"`
	MaxAge              time.Duration
	Secrets             string
	Allow               [][4]string     `json:",omitempty"`
	Ignore              []IgnoredSecret `json:",omitempty"`
	Exceptions          [][7]string     `json:",omitempty"`
	Rego, VEX           []string        `json:",omitempty"`
}

func digestedLevels(l Levels) [3]string {
	return [3]string{l.Block.String(), l.Warn.String(), l.Log.String()}
}

func digestedGrace(g Grace) map[string]int {
	out := map[string]int{}
	for s, days := range g.Days {
		if days > 0 {
			out[s.String()] = days
		}
	}
	if len(out) > 0 && g.SincePublished { // without days it means nothing
		out[sincePublished] = 1
	}
	return out
}

func digestedRules(rules map[string]Effect) map[string]string {
	out := map[string]string{}
	for id, e := range rules {
		out[id] = e.String()
	}
	return out
}

// digestedAllow and digestedExceptions leave out what does not decide: reasons
// and where an entry stands.
func digestedAllow(list []SecretAllow) (out [][4]string) {
	for _, a := range list {
		out = append(out, [4]string{a.Rule, a.Path, a.Fingerprint, a.Expires.Format(time.DateOnly)})
	}
	return out
}

func digestedExceptions(list []Exception) (out [][7]string) {
	for _, e := range list {
		out = append(out, [7]string{
			strings.ToUpper(e.Vulnerability), e.Package, e.Path, e.Layer, e.Rule, e.PURL, e.Expires.Format(time.DateOnly),
		})
	}
	return out
}

// digestedFiles are the files' digests and what they may do. Their order and
// names decide nothing.
func digestedFiles(files []File) (out []string) {
	for _, f := range files {
		d := sha256Of(f.Data)
		if f.MayIgnore {
			d += " ignore"
		}
		out = append(out, d)
	}
	slices.Sort(out)
	return out
}

func sha256Of(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
