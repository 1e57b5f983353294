package report

import (
	"cmp"
	"slices"

	"github.com/scan-build/scan-build/scan"
)

// silentRules take out of account what nobody has to hear of: whoever wrote the
// search has decided it, or it is switched off.
var silentRules = []string{"dismissed", "secrets-off", "check-off"}

// issues collects what platforms of a report have to say, sorted as it is shown.
// What is silently taken out of account is left out, and what is about the scan
// itself: see [remarks].
func issues(platforms []scan.Platform) []*issue {
	c := &collector{index: map[issueKey]*issue{}}
	for i := range platforms {
		c.platform(&platforms[i])
	}
	for _, i := range c.all {
		slices.Sort(i.platforms)
	}
	setFingerprints(c.all)
	slices.SortStableFunc(c.all, compareIssues)
	return c.all
}

type collector struct {
	all   []*issue
	index map[issueKey]*issue
	// inFinal are the vulnerabilities of the current platform's image, with the rank
	// of what was decided about them.
	inFinal map[vulnerable]int
}

// vulnerable identifies a vulnerability wherever in a stage its package lies: a
// COPY between stages seldom keeps the path.
type vulnerable struct {
	id, kind, name, version string
}

func vulnerableOf(f *scan.Finding) vulnerable {
	return vulnerable{f.ID, f.Type, f.Package, f.Version}
}

func (c *collector) platform(p *scan.Platform) {
	c.inFinal = map[vulnerable]int{}
	final := p.FinalStage()
	if final != nil {
		for i := range final.Findings {
			f := &final.Findings[i]
			rank := rankOf(f.Decision)
			if old, ok := c.inFinal[vulnerableOf(f)]; !ok || rank < old {
				c.inFinal[vulnerableOf(f)] = rank
			}
		}
		c.stage(p, final)
	}
	for i := range p.Stages {
		if !p.Stages[i].Final {
			c.stage(p, &p.Stages[i])
		}
	}
	for i := range p.Verdict.Violations {
		c.violation(p, &p.Verdict.Violations[i])
	}
}

func rankOf(d *scan.Decision) int {
	if d == nil {
		return actionRank("")
	}
	return actionRank(d.Action)
}

func (c *collector) stage(p *scan.Platform, s *scan.Stage) {
	for i := range s.Findings {
		f := &s.Findings[i]
		if rank, ok := c.inFinal[vulnerableOf(f)]; ok && !s.Final && rank <= rankOf(f.Decision) {
			continue // it is said of the image
		}
		c.add(p, &issue{
			kind: issueVulnerability, rule: f.ID, severity: f.Severity, decision: f.Decision, stage: s.Name, final: s.Final,
			layer: layerOf(s, f.Last), pkg: f.Package, version: f.Version, path: f.Path, finding: f,
		})
	}
	for _, x := range nearestFirst(s.Secrets) {
		if x.Dismissed != "" {
			continue
		}
		c.add(p, &issue{
			kind: issueSecret, rule: x.Rule, decision: decisionOf(x), stage: s.Name, final: s.Final,
			layer: cmp.Or(x.Instruction, layerOf(s, x.Layer)), path: x.Path, secrets: []*scan.Secret{x},
		})
	}
	for i := range s.Misconfigurations {
		m := &s.Misconfigurations[i]
		c.add(p, &issue{
			kind: issueCheck, rule: m.Check, severity: m.Severity, decision: m.Decision, stage: s.Name, final: s.Final,
			layer: cmp.Or(m.Instruction, layerOf(s, m.Layer)), path: firstOf(m.Paths), message: m.Message, misconfiguration: m,
		})
	}
	for i := range s.External {
		x := &s.External[i]
		c.add(p, &issue{
			kind: issueExternal, rule: x.Rule, severity: x.Severity, decision: x.Decision, stage: s.Name, final: s.Final,
			layer: layerOf(s, x.Layer), path: x.Path, message: x.Message, external: x,
		})
	}
}

func (c *collector) violation(p *scan.Platform, v *scan.Violation) {
	if v.AboutScan() {
		return
	}
	final := p.FinalStage()
	c.add(p, &issue{
		kind: issueViolation, rule: v.Rule, decision: &v.Decision, stage: v.Stage, final: v.Stage == "" || final != nil && v.Stage == final.Name,
		layer: v.Layer, pkg: v.Package, version: v.Version, path: v.Path, message: v.Message, violation: v,
	})
}

// add takes an issue in, or makes it part of the one that it is.
func (c *collector) add(p *scan.Platform, i *issue) {
	if i.ignored() && slices.Contains(silentRules, i.decision.Rule) {
		return
	}
	k := i.key()
	old := c.index[k]
	if old == nil {
		i.platforms = []string{p.ID}
		c.index[k] = i
		c.all = append(c.all, i)
		return
	}
	old.platforms = addOnce(old.platforms, p.ID)
	old.final = old.final || i.final
	old.severity = max(old.severity, i.severity)
	if rankOf(i.decision) < rankOf(old.decision) {
		old.decision = i.decision
	}
	for _, x := range i.secrets {
		if !slices.ContainsFunc(old.secrets, func(o *scan.Secret) bool { return samePlace(o, x) }) {
			old.secrets = append(old.secrets, x)
		}
	}
}

func samePlace(a, b *scan.Secret) bool {
	return a.Source == b.Source && a.Path == b.Path && a.Line == b.Line
}

// decisionOf is what was decided about a secret. A list of accepted ones counts
// also in a report that no policy has seen.
func decisionOf(s *scan.Secret) *scan.Decision {
	if s.Allowed != "" && (s.Decision == nil || s.Decision.Action != scan.ActionIgnore) {
		return &scan.Decision{Action: scan.ActionIgnore, Rule: "secrets.allow", Message: s.Allowed}
	}
	return s.Decision
}

// nearestFirst orders a stage's secrets by how near to their origin they are: the
// Dockerfile, files, configuration.
func nearestFirst(secrets []scan.Secret) []*scan.Secret {
	out := make([]*scan.Secret, len(secrets))
	for i := range secrets {
		out[i] = &secrets[i]
	}
	order := []scan.SecretSource{scan.SecretInDockerfile, scan.SecretInFile, scan.SecretInConfig}
	slices.SortStableFunc(out, func(a, b *scan.Secret) int {
		return slices.Index(order, a.Source) - slices.Index(order, b.Source)
	})
	return out
}

// layerOf is a layer of the stage, nil if it has none of this index.
func layerOf(s *scan.Stage, i int) *scan.Layer {
	if i < 0 || i >= len(s.Layers) {
		return nil
	}
	return &s.Layers[i]
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
