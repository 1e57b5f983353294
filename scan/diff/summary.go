package diff

import (
	"fmt"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// kinds are the four kinds of findings with their names, in the order people read
// them in.
func (d *Diff) kinds() []kind {
	return []kind{
		{"vulnerability", "vulnerabilities", d.Vulnerabilities},
		{"secret", "secrets", d.Secrets},
		{"misconfiguration", "misconfigurations", d.Misconfigurations},
		{"finding of analyzers", "findings of analyzers", d.External},
	}
}

type kind struct {
	one, many string
	Changes
}

// counting are those that nothing takes out of account.
func counting(list []Finding) []Finding {
	var out []Finding
	for _, f := range list {
		if f.Ignored == "" {
			out = append(out, f)
		}
	}
	return out
}

// Summary is the diff in one sentence, e.g. "This change adds 2 high
// vulnerabilities and 1 secret, removes 1 medium vulnerability."
func (d *Diff) Summary() string {
	var parts []string
	for _, s := range []struct {
		verb string
		of   func(Changes) []Finding
	}{{"adds", func(c Changes) []Finding { return c.New }}, {"removes", func(c Changes) []Finding { return c.Gone }}} {
		var what []string
		for _, k := range d.kinds() {
			what = append(what, k.amounts(counting(s.of(k.Changes)))...)
		}
		if len(what) > 0 {
			parts = append(parts, s.verb+" "+list(what))
		}
	}
	if len(parts) == 0 {
		return "This change adds and removes nothing that counts."
	}
	return "This change " + strings.Join(parts, " and ") + "."
}

// amounts says how many there are, by severity where severities tell.
func (k kind) amounts(found []Finding) []string {
	if len(found) == 0 {
		return nil
	}
	if k.one == "secret" {
		return []string{plain.Count(len(found), k.one, k.many)}
	}
	counts := map[scan.Severity]int{}
	for _, f := range found {
		counts[f.Severity]++
	}
	var by []string
	for _, s := range scan.Severities() {
		if n := counts[s]; n > 0 {
			by = append(by, fmt.Sprintf("%d %s", n, s))
		}
	}
	noun := k.many
	if len(found) == 1 {
		noun = k.one
	}
	return []string{list(by) + " " + noun}
}

// list is "a", "a and b" or "a, b and c".
func list(items []string) string {
	if n := len(items); n > 1 {
		return strings.Join(items[:n-1], ", ") + " and " + items[n-1]
	}
	return strings.Join(items, "")
}

// Reaching counts what is new, counts and reaches a threshold. A new secret always
// does: it has no severity.
func (d *Diff) Reaching(reached func(scan.Severity) bool) int {
	n := len(counting(d.Secrets.New))
	for _, c := range []Changes{d.Vulnerabilities, d.Misconfigurations, d.External} {
		for _, f := range counting(c.New) {
			if reached(f.Severity) {
				n++
			}
		}
	}
	return n
}
