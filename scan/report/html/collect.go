package html

import (
	"cmp"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// collector makes a document. Findings and packages that platforms and stages
// share are one element each.
type collector struct {
	platforms  index[string]
	stages     index[stage]
	layers     index[layer]
	packages   index[pkg]
	advisories index[advisory]
	decisions  index[decision]
	findings   index[finding]

	// Beside the lists, by place: what does not make elements different.
	files      []int
	purls      [][]string
	inPackages []presence
	inFindings []presence
}

func collect(r *scan.Report) *document {
	c := &collector{}
	for i := range r.Platforms {
		p := &r.Platforms[i]
		at, _ := c.platforms.add(name(p.ID))
		// The image first: findings take their order from here.
		stages := slices.SortedStableFunc(slices.Values(pointers(p.Stages)), func(a, b *scan.Stage) int {
			return cmp.Compare(btoi(b.Final), btoi(a.Final))
		})
		for _, s := range stages {
			c.stage(int(at)-1, s)
		}
	}
	c.violations(r)
	return c.document()
}

func pointers[T any](list []T) []*T {
	out := make([]*T, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// scope is the stage of a platform that is being collected.
type scope struct {
	platform, stage int
	layers          []ref
	of              *scan.Stage
}

func (c *collector) stage(platform int, s *scan.Stage) {
	os := ""
	if s.OS != nil {
		os = name(cmp.Or(s.OS.PrettyName, strings.TrimSpace(s.OS.ID+" "+s.OS.VersionID)))
	}
	at, _ := c.stages.add(stage{Name: name(s.Name), Final: s.Final, OS: os})
	in := scope{platform: platform, stage: int(at) - 1, of: s}
	for i := range s.Layers {
		in.layers = append(in.layers, c.layer(&s.Layers[i]))
	}
	packages := map[packageKey]ref{}
	for i := range s.Packages {
		p := &s.Packages[i]
		packages[packageKey{p.Type, p.Name, p.Version, p.Path}] = c.pkg(in, p)
	}
	for i := range s.Findings {
		f := &s.Findings[i]
		c.add(in, c.vulnerability(in, f, packages[packageKey{f.Type, f.Package, f.Version, f.Path}]))
	}
	for i := range s.Secrets {
		c.add(in, c.secret(in, &s.Secrets[i]))
	}
	for i := range s.Misconfigurations {
		m := &s.Misconfigurations[i]
		if d := m.Decision; d == nil || d.Action != scan.ActionIgnore || d.Rule != "check-off" {
			c.add(in, c.misconfiguration(in, m))
		}
	}
	for i := range s.External {
		c.add(in, c.external(in, &s.External[i]))
	}
}

type packageKey struct{ kind, name, version, path string }

// add takes a finding in, or notes that it was found here too.
func (c *collector) add(in scope, f finding) {
	at, added := c.findings.add(f)
	if added {
		c.inFindings = append(c.inFindings, presence{})
	}
	c.inFindings[at-1].add(in.platform, in.stage)
}

func (c *collector) layer(l *scan.Layer) ref {
	at, added := c.layers.add(layer{
		Where: plain.Location(l.File, l.StartLine, l.EndLine), Line: max(l.StartLine, 0),
		Instruction: plain.Line(l.Instruction, sentence), Stage: name(l.Stage), Base: name(l.Base),
	})
	if added {
		c.files = append(c.files, 0)
	}
	c.files[at-1] = max(c.files[at-1], l.Stats.Changed)
	return at
}

func (c *collector) pkg(in scope, p *scan.Package) ref {
	v := pkg{
		Name: name(p.Name), Version: name(p.Version), Type: name(p.Type), Path: path(p.Path), Declared: p.Declared,
		Licenses: strings.Join(names(p.Licenses), ", "), Layer: in.layer(p.Last), First: in.layer(p.First),
	}
	if p.Source != nil {
		v.Source = name(strings.TrimSpace(p.Source.Name + " " + p.Source.Version))
	}
	if v.First == v.Layer {
		v.First = 0
	}
	at, added := c.packages.add(v)
	if added {
		c.inPackages, c.purls = append(c.inPackages, presence{}), append(c.purls, nil)
	}
	c.inPackages[at-1].add(in.platform, in.stage)
	if p.PURL != "" {
		c.purls[at-1] = addTo(c.purls[at-1], plain.Line(p.PURL, sentence))
	}
	return at
}

// layer refers to a layer of the stage by the index that a report has for it.
func (in scope) layer(i int) ref {
	if i < 0 || i >= len(in.layers) {
		return 0
	}
	return in.layers[i]
}

func (c *collector) document() *document {
	d := &document{
		Platforms: c.platforms.all(), Stages: c.stages.all(), Layers: c.layers.all(), Packages: c.packages.all(),
		Advisories: c.advisories.all(), Decisions: c.decisions.all(), Findings: c.findings.all(),
	}
	for i := range d.Layers {
		d.Layers[i].Files = c.files[i]
	}
	for i := range d.Packages {
		d.Packages[i].presence, d.Packages[i].PURLs = c.inPackages[i], c.purls[i]
	}
	for i := range d.Findings {
		d.Findings[i].presence = c.inFindings[i]
	}
	slices.SortStableFunc(d.Findings, d.compare)
	return d
}

// compare orders findings as people should read them: what blocks first, secrets
// before anything else that is as urgent, then the worst.
func (d *document) compare(a, b finding) int {
	return cmp.Or(
		cmp.Compare(d.urgency(a), d.urgency(b)),
		cmp.Compare(btoi(b.Kind == kindSecret), btoi(a.Kind == kindSecret)),
		cmp.Compare(rank(b.Severity), rank(a.Severity)),
	)
}

var actions = []string{string(scan.ActionDeny), string(scan.ActionWarn), string(scan.ActionInfo), "", string(scan.ActionIgnore)}

func (d *document) action(f finding) string {
	if f.Decision == 0 {
		return ""
	}
	return d.Decisions[f.Decision-1].Action
}

func (d *document) urgency(f finding) int { return slices.Index(actions, d.action(f)) }

func rank(severity string) int {
	if severity == "" {
		return -1
	}
	s, err := scan.ParseSeverity(severity)
	if err != nil {
		return -1
	}
	return int(s)
}
