package plugin

import (
	"strings"
	"time"

	"github.com/scan-build/scan-build/scan"
)

// scanned tells a scan that has its verdict: its layers, what is to be told of
// what was found, and the outcome.
func (l *runLog) scanned(target string, r *scan.Report, started time.Time) {
	if l == nil {
		return
	}
	for _, n := range r.Notices {
		l.emit(noticeEvent{Target: target, Message: n})
	}
	for _, n := range r.Verdict.Unused {
		l.emit(noticeEvent{Target: target, Message: n})
	}
	for i := range r.Platforms {
		p := &r.Platforms[i]
		l.layers(target, p)
		l.findings(target, p)
	}
	for _, v := range r.Verdict.Violations {
		if told(&v.Decision) {
			l.emit(violationOf(target, v))
		}
	}
	e := scanFinished{
		Target: target, Outcome: string(r.Verdict.Outcome), Counts: r.Verdict.Counts, Ignored: r.Verdict.Ignored,
		Policy: r.Verdict.PolicyDigest, Duration: time.Since(started).Milliseconds(),
	}
	if !r.Database.Built.IsZero() {
		e.Database = r.Database.Built.UTC().Format(time.RFC3339)
	}
	for _, p := range r.Platforms {
		e.Platforms = append(e.Platforms, p.ID)
	}
	l.emit(e)
}

// layers tells each layer once: stages repeat those of the stage they are built on.
func (l *runLog) layers(target string, p *scan.Platform) {
	seen := map[string]bool{}
	for _, s := range p.Stages {
		for _, layer := range s.Layers {
			if layer.Digest == "" || seen[layer.Digest] {
				continue
			}
			seen[layer.Digest] = true
			l.emit(scanLayer{
				Target: target, Platform: p.ID, Stage: s.Name, Digest: layer.Digest, Instruction: layer.Instruction, Base: layer.Base,
				File: layer.File, Line: layer.StartLine, Changed: layer.Stats.Changed, Visited: layer.Stats.Visited,
			})
		}
	}
}

// findings tells what denies or warns, the final stage first: what it has too is
// not repeated for a stage that it is made from.
func (l *runLog) findings(target string, p *scan.Platform) {
	seen := map[findingEvent]bool{}
	tell := func(s *scan.Stage) {
		for _, e := range findingsOf(s) {
			same := e
			same.Stage, same.File, same.Line = "", "", 0
			if seen[same] {
				continue
			}
			seen[same] = true
			e.Target, e.Platform = target, p.ID
			l.emit(e)
		}
	}
	if final := p.FinalStage(); final != nil {
		tell(final)
	}
	for i := range p.Stages {
		if !p.Stages[i].Final {
			tell(&p.Stages[i])
		}
	}
}

// told says whether a decision is for more than the report.
func told(d *scan.Decision) bool {
	return d != nil && (d.Action == scan.ActionDeny || d.Action == scan.ActionWarn)
}

func findingsOf(s *scan.Stage) []findingEvent {
	var out []findingEvent
	add := func(d *scan.Decision, layer int, in *scan.Layer, e findingEvent) {
		if !told(d) {
			return
		}
		if in == nil && layer >= 0 && layer < len(s.Layers) {
			in = &s.Layers[layer]
		}
		if in != nil {
			e.File, e.Line = in.File, in.StartLine
		}
		e.Stage, e.Action, e.Rule = s.Name, string(d.Action), d.Rule
		if e.Message == "" {
			e.Message = d.Message
		}
		out = append(out, e)
	}
	for _, f := range s.Findings {
		add(f.Decision, f.Last, nil, findingEvent{
			Type: kindVulnerability, ID: f.ID, Severity: f.Severity.String(), Package: f.Package, Version: f.Version,
			Fixed: strings.Join(f.Fix.Versions, ","), Path: f.Path,
		})
	}
	for _, f := range s.Secrets {
		add(f.Decision, f.Layer, f.Instruction, findingEvent{Type: kindSecret, ID: f.Rule, Path: f.Path, Message: f.Description})
	}
	for _, m := range s.Misconfigurations {
		e := findingEvent{Type: kindMisconfiguration, ID: m.Check, Severity: m.Severity.String(), Message: m.Message}
		if len(m.Paths) > 0 {
			e.Path = m.Paths[0]
		}
		add(m.Decision, m.Layer, m.Instruction, e)
	}
	for _, x := range s.External {
		add(x.Decision, x.Layer, nil, findingEvent{
			Type: kindExternal, ID: x.Analyzer + "/" + x.Rule, Severity: x.Severity.String(), Path: x.Path, Message: x.Message,
		})
	}
	return out
}

func violationOf(target string, v scan.Violation) findingEvent {
	e := findingEvent{
		Target: target, Platform: v.Platform, Stage: v.Stage, Type: kindViolation, Action: string(v.Action), Rule: v.Rule, ID: v.Rule,
		Package: v.Package, Version: v.Version, Path: v.Path, Message: v.Message,
	}
	if v.Layer != nil {
		e.File, e.Line = v.Layer.File, v.Layer.StartLine
	}
	return e
}

// pushed tells what a run's exporters pushed. A response that names none is the
// signer's to complain about.
func (l *runLog) pushed(responses map[string]map[string]string) {
	if l == nil {
		return
	}
	refs, err := pushedReferences(responses)
	if err != nil {
		l.emit(warningEvent{Message: err.Error()})
		return
	}
	for _, r := range refs {
		l.emit(imagePushed{Target: r.Target, Image: r.Name, Digest: r.Digest.String()})
	}
}
