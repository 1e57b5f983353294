package policy

import (
	"cmp"
	"time"

	"github.com/containerd/platforms"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/vex"
)

// facts makes the input of a report's platforms.
type facts struct {
	report     *scan.Report
	opts       config.Options
	at         time.Time
	exceptions *exceptions
	licenses   *licenses
	documents  []*vex.Document
}

func newFacts(r *scan.Report, opts config.Options) (*facts, error) {
	f := &facts{
		report: r, opts: opts, at: r.Finished,
		exceptions: newExceptions(opts, r.Finished),
		licenses:   newLicenses(opts.DeniedLicenses),
	}
	for _, file := range opts.VEXFiles {
		doc, err := vex.Parse(file.Name, file.Data)
		if err != nil {
			return nil, err
		}
		doc.Base = file.Base
		f.documents = append(f.documents, doc)
	}
	return f, nil
}

// statements are the VEX statements about one platform's image.
func (f *facts) statements(p *scan.Platform) *vex.Index {
	if len(f.documents) == 0 {
		return nil
	}
	var image vex.Image
	if f.report.Build != nil {
		image.Names = f.report.Build.Images
	}
	if spec, err := platforms.Parse(p.ID); err == nil {
		image.Architecture = spec.Architecture
	}
	for i := range p.Stages {
		if b := p.Stages[i].Base; b != nil {
			image.Bases = append(image.Bases, *b)
		}
	}
	return vex.NewIndex(f.documents, image)
}

// subject is a finding of a platform and where its decision goes.
type subject struct {
	stage    *scan.Stage
	decision **scan.Decision
}

// input makes the document for a platform, and the subjects by their keys.
func (f *facts) input(p *scan.Platform) (*Input, []subject) {
	in := &Input{
		Options: inputOptions(f.opts), Target: f.report.Target, Scanner: f.report.Scanner, Database: f.report.Database,
		Build: f.report.Build, Platform: p.ID, Image: p.Image, Stages: []InputStage{}, Packages: []InputPackage{}, Findings: []any{},
		Expired: f.exceptions.expired,
	}
	if !f.at.IsZero() {
		in.Today = f.at.UTC().Format(time.DateOnly)
	}
	var subjects []subject
	statements := f.statements(p)
	for i := range p.Stages {
		s := &p.Stages[i]
		in.Stages = append(in.Stages, f.stage(s))
		for _, pkg := range s.Packages {
			l := layerAt(s, pkg.Last)
			in.Packages = append(in.Packages, InputPackage{Package: pkg, Place: place(s, l), Layer: l, DeniedLicense: f.licenses.denied(pkg)})
		}
		for j := range s.Findings {
			in.Findings = append(in.Findings, f.vulnerability(s, &s.Findings[j], len(subjects), statements))
			subjects = append(subjects, subject{s, &s.Findings[j].Decision})
		}
		for j := range s.Secrets {
			in.Findings = append(in.Findings, f.secret(s, &s.Secrets[j], len(subjects)))
			subjects = append(subjects, subject{s, &s.Secrets[j].Decision})
		}
		for j := range s.Misconfigurations {
			in.Findings = append(in.Findings, f.misconfiguration(s, &s.Misconfigurations[j], len(subjects)))
			subjects = append(subjects, subject{s, &s.Misconfigurations[j].Decision})
		}
		for j := range s.External {
			in.Findings = append(in.Findings, f.external(s, &s.External[j], len(subjects)))
			subjects = append(subjects, subject{s, &s.External[j].Decision})
		}
	}
	return in, subjects
}

func (f *facts) stage(s *scan.Stage) InputStage {
	layers := s.Layers
	if layers == nil {
		layers = []scan.Layer{}
	}
	return InputStage{
		Name: s.Name, Final: s.Final, OS: s.OS, Base: inputBase(s.Base, f.opts.Base, f.at), Layers: layers, Unknown: s.Unknown,
		Problems: s.Problems, EndOfLife: s.EndOfLife, Unmaintained: unmaintained(s, f.at),
	}
}

func layerAt(s *scan.Stage, i int) *scan.Layer {
	if i < 0 || i >= len(s.Layers) {
		return nil
	}
	return &s.Layers[i]
}

func place(s *scan.Stage, l *scan.Layer) Place {
	p := Place{Stage: s.Name, Final: s.Final, Origin: "own", Group: "image"}
	if l != nil && l.Base != "" {
		p.Origin, p.Group = "base", "base"
	}
	if !s.Final {
		p.Group = "stages"
	}
	return p
}

func (f *facts) vulnerability(s *scan.Stage, v *scan.Finding, key int, statements *vex.Index) inputVulnerability {
	v.Decision = nil
	l := layerAt(s, v.Last)
	out := inputVulnerability{
		InputFinding: InputFinding{Key: key, Kind: kindVulnerability, Place: place(s, l)},
		Finding:      v, Layer: l, Since: f.since(v),
	}
	out.Age = daysSince(out.Since, f.at)
	out.Exception = f.exceptions.finding(v, l)
	if statements == nil {
		return out
	}
	if st, ok := statements.For(*v, layerOrNone(l)); ok {
		out.VEX = &Exploitability{Status: string(st.Status), Reason: cmp.Or(st.Justification, st.ImpactStatement, string(st.Status)), Document: st.Document}
	}
	return out
}

// since is the day from which a finding's grace period counts.
func (f *facts) since(v *scan.Finding) string {
	if v.Fix.Available != "" && !f.opts.Grace.SincePublished {
		return v.Fix.Available
	}
	return v.Published
}

func (f *facts) secret(s *scan.Stage, secret *scan.Secret, key int) inputSecret {
	secret.Decision = nil
	w := writerOf(s, *secret)
	out := inputSecret{InputFinding: InputFinding{Key: key, Kind: kindSecret, Place: place(s, &w)}, Secret: secret, Layer: &w}
	out.Exception = f.exceptions.secret(secret, &w)
	return out
}

func (f *facts) misconfiguration(s *scan.Stage, m *scan.Misconfiguration, key int) inputMisconfiguration {
	m.Decision = nil
	l := makerOf(s, *m)
	out := inputMisconfiguration{
		InputFinding:     InputFinding{Key: key, Kind: kindMisconfiguration, Place: place(s, &l)},
		Misconfiguration: m, Layer: &l,
	}
	if effect, ok := f.opts.Checks.Rule(m.Check); ok {
		out.Effect = effect.String()
	}
	out.Exception = f.exceptions.misconfiguration(m, &l)
	return out
}

func (f *facts) external(s *scan.Stage, e *scan.ExternalFinding, key int) inputExternal {
	e.Decision = nil
	l := layerAt(s, e.Layer)
	out := inputExternal{InputFinding: InputFinding{Key: key, Kind: kindExternal, Place: place(s, l)}, ExternalFinding: e, Layer: l}
	out.Exception = f.exceptions.violation(externalAsViolation(s, e, l))
	return out
}

// externalAsViolation is what exceptions are held against: an analyzer's finding
// has a rule, a path and a layer, as a violation has.
func externalAsViolation(s *scan.Stage, e *scan.ExternalFinding, l *scan.Layer) scan.Violation {
	return scan.Violation{Decision: scan.Decision{Rule: e.Analyzer + "/" + e.Rule}, Stage: s.Name, Path: e.Path, Layer: l}
}

// makerOf is the instruction that a misconfiguration comes from.
func makerOf(s *scan.Stage, m scan.Misconfiguration) scan.Layer {
	if m.Instruction != nil {
		return *m.Instruction
	}
	if l := layerAt(s, m.Layer); l != nil {
		return *l
	}
	return scan.Layer{Stage: s.Name}
}

func layerOrNone(l *scan.Layer) scan.Layer {
	if l == nil {
		return scan.Layer{}
	}
	return *l
}
