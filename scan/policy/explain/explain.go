package explain

import (
	"cmp"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// The kinds of [Item].
const (
	KindVulnerability    = "vulnerability"
	KindSecret           = "secret"
	KindMisconfiguration = "misconfiguration"
	KindViolation        = "violation"
)

// Explanation is what a policy made of a report.
type Explanation struct {
	Outcome scan.Outcome `json:"outcome"`
	// Counts of items by action.
	Counts map[scan.Action]int `json:"counts"`
	// Groups in the order deny, warn, info, ignore, undecided; those without items
	// are left out.
	Groups []Group `json:"groups"`
	// Policies took part.
	Policies []scan.PolicyRef `json:"policies,omitempty"`
	// Unused and Expired are entries of the options that did nothing.
	Unused  []string `json:"unused,omitempty"`
	Expired []string `json:"expired,omitempty"`

	// multi says that there are several platforms, which have to be told apart.
	multi bool
}

// Group is all that got the same action.
type Group struct {
	// Action is empty for what nothing was decided about.
	Action scan.Action `json:"action"`
	Items  []Item      `json:"items"`
}

// Item is one thing that was decided about.
type Item struct {
	Kind string `json:"kind"`
	// ID is a vulnerability's id, a secret's rule or a check's id; of a violation it
	// is the rule that made it.
	ID       string   `json:"id"`
	Aliases  []string `json:"aliases,omitempty"`
	Severity string   `json:"severity,omitempty"`
	// Package and Version, or the Path, that it is about.
	Package string `json:"package,omitempty"`
	Version string `json:"version,omitempty"`
	Path    string `json:"path,omitempty"`
	// Platforms on which it is so, in the report's order.
	Platforms []string `json:"platforms,omitempty"`
	Stage     string   `json:"stage,omitempty"`
	// Location is the instruction in the Dockerfile, "Dockerfile:7-8", if known.
	Location string         `json:"location,omitempty"`
	Decision *scan.Decision `json:"decision,omitempty"`

	severity scan.Severity
}

var actions = []scan.Action{scan.ActionDeny, scan.ActionWarn, scan.ActionInfo, scan.ActionIgnore, ""}

// Explain lists everything in a report under what was decided about it. What is
// the same on several platforms is listed once.
func Explain(r *scan.Report) *Explanation {
	c := &collector{at: map[identity]int{}}
	for i := range r.Platforms {
		p := &r.Platforms[i]
		for j := range p.Stages {
			c.stage(p.ID, &p.Stages[j])
		}
		for _, v := range p.Verdict.Violations {
			c.violation(p.ID, v)
		}
	}
	for _, v := range r.Verdict.Violations {
		c.violation(v.Platform, v)
	}
	out := &Explanation{
		Outcome: r.Verdict.Outcome, Counts: map[scan.Action]int{}, Groups: []Group{},
		Policies: r.Verdict.Policies, Unused: r.Verdict.Unused, Expired: r.Verdict.Expired,
		multi: len(r.Platforms) > 1,
	}
	for _, a := range actions {
		var items []Item
		for _, it := range c.items {
			if it.action() == a {
				items = append(items, it)
			}
		}
		if len(items) == 0 {
			continue
		}
		sortItems(items)
		out.Counts[a] = len(items)
		out.Groups = append(out.Groups, Group{a, items})
	}
	return out
}

func (it Item) action() scan.Action {
	if it.Decision == nil || !slices.Contains(actions, it.Decision.Action) {
		return ""
	}
	return it.Decision.Action
}

// sortItems puts what one rule decided together, the worst first.
func sortItems(items []Item) {
	slices.SortStableFunc(items, func(a, b Item) int {
		return cmp.Or(
			strings.Compare(ruleOf(a), ruleOf(b)),
			cmp.Compare(b.severity, a.severity),
			strings.Compare(a.Package, b.Package),
			strings.Compare(a.ID, b.ID),
			strings.Compare(a.Path, b.Path),
		)
	})
}

// ruleOf is the rule that decided, and where it stands.
func ruleOf(it Item) string {
	if it.Decision == nil {
		return ""
	}
	return it.Decision.Rule + "\x00" + it.Decision.Policy
}

// identity tells items apart that differ in more than their platform.
type identity struct {
	kind, id, pkg, version, path, stage, location string
	decision                                      scan.Decision
}

type collector struct {
	items []Item
	at    map[identity]int
}

func (c *collector) add(platform string, it Item) {
	key := identity{it.Kind, it.ID, it.Package, it.Version, it.Path, it.Stage, it.Location, scan.Decision{}}
	if it.Decision != nil {
		key.decision = *it.Decision
	}
	i, ok := c.at[key]
	if !ok {
		i = len(c.items)
		c.at[key] = i
		c.items = append(c.items, it)
	}
	if at := &c.items[i]; platform != "" && !slices.Contains(at.Platforms, platform) {
		at.Platforms = append(at.Platforms, platform)
	}
}

func (c *collector) stage(platform string, s *scan.Stage) {
	for _, f := range s.Findings {
		c.add(platform, Item{
			Kind: KindVulnerability, ID: f.ID, Aliases: f.Aliases, Severity: f.Severity.String(), Package: f.Package, Version: f.Version, Path: f.Path,
			Stage: s.Name, Location: location(s, f.Last, nil), Decision: f.Decision, severity: f.Severity,
		})
	}
	for _, x := range s.Secrets {
		c.add(platform, Item{
			Kind: KindSecret, ID: x.Rule, Path: x.Path, Stage: s.Name, Location: location(s, x.Layer, x.Instruction), Decision: x.Decision,
		})
	}
	for _, m := range s.Misconfigurations {
		it := Item{
			Kind: KindMisconfiguration, ID: m.Check, Severity: m.Severity.String(),
			Stage: s.Name, Location: location(s, m.Layer, m.Instruction), Decision: m.Decision, severity: m.Severity,
		}
		if len(m.Paths) > 0 {
			it.Path = m.Paths[0]
		}
		c.add(platform, it)
	}
}

func (c *collector) violation(platform string, v scan.Violation) {
	d := v.Decision
	it := Item{Kind: KindViolation, ID: d.Rule, Package: v.Package, Version: v.Version, Path: v.Path, Stage: v.Stage, Decision: &d}
	if v.Layer != nil {
		it.Location = plain.Location(v.Layer.File, v.Layer.StartLine, v.Layer.EndLine)
	}
	c.add(platform, it)
}

// location is where in the Dockerfile something came from: a layer of the stage,
// or an instruction that made none.
func location(s *scan.Stage, layer int, in *scan.Layer) string {
	if layer >= 0 && layer < len(s.Layers) {
		in = &s.Layers[layer]
	}
	if in == nil {
		return ""
	}
	return plain.Location(in.File, in.StartLine, in.EndLine)
}
