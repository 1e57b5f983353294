package frontend

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/moby/buildkit/client/llb"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/frontend/graph"
	"github.com/scan-build/scan-build/scan"
)

// plan is what has to be analysed of one build: platforms, their stages, the
// stages' layers. Layers that stages or platforms share have one analysis.
type plan struct {
	platforms []planPlatform
	analyses  []*analysis
	// external are the runs of analyzers that the user brought.
	external []*externalRun
	notices  []string

	byOp map[digest.Digest]*analysis
}

type planPlatform struct {
	id     string
	state  llb.State
	stages []planStage
	build  *graph.Build
	// secrets of the Dockerfile and the image's configuration
	secrets []placedSecret
	texts   *texts
	image   *scan.ImageConfig
	// baseConfig is the configuration of the image that the final stage is built on
	baseConfig []byte
}

// file finds a source file by the name that reports have, nil without one.
func (p *planPlatform) file(name string) *pb.SourceInfo {
	for i, info := range p.build.Files() {
		if path.Clean(info.Filename) == name {
			return p.build.File(i).Info
		}
	}
	return nil
}

type planStage struct {
	graph.Stage
	layers []planLayer
	base   *scan.Base // nil on scratch
}

// planLayer is one layer of a stage as it is reported.
type planLayer struct {
	scan.Layer
	from   *graph.Layer
	source layerSource
	*analysis
}

// layerSource is where a layer's files are: in its tar, or in the snapshot that
// it made, with the one below it, if there is one, to tell them apart.
type layerSource struct{ blob, child, parent *llb.State }

// analysis is one analyze operation and, once it has run, its outcome.
type analysis struct {
	def       *llb.Definition
	ref       gwclient.Reference
	inventory scan.LayerInventory
	// done is closed when the layer is there and has been analysed.
	done chan struct{}
}

// planner makes a plan.
type planner struct {
	*solver
	tools  *tools
	plan   *plan
	search *search
	finder *finder
	// multi is set for a build of several platforms, whose names show them.
	multi bool
}

func newPlan() *plan { return &plan{byOp: map[digest.Digest]*analysis{}} }

// add plans the scan of one platform's result. config is its image's
// configuration, base that of the image it is built on; both may be empty.
func (p *planner) add(ctx context.Context, id string, st llb.State, config, base []byte) error {
	b, err := graph.Read(ctx, st, p.finder.conceal)
	if err != nil {
		return err
	}
	texts := newTexts(b, p.client.BuildOpts().Opts, id)
	if err := texts.find(p.finder, config, base); err != nil {
		return err
	}
	stages, err := b.Stages()
	if err != nil {
		return err
	}
	pp := planPlatform{id: id, state: st, build: b, stages: make([]planStage, len(stages)), texts: texts, baseConfig: base}
	if pp.image, err = p.finder.imageFacts(config); err != nil {
		return err
	}
	// The image first: a layer that stages share is called by its place there.
	for i := range slices.Backward(stages) {
		if pp.stages[i], err = p.stage(ctx, id, &stages[i]); err != nil {
			return err
		}
		if b := texts.builtOn(&pp.stages[i]); b != nil {
			b.Ref = p.finder.conceal(b.Ref)
			pp.stages[i].base = b
		}
	}
	if !p.search.off {
		pp.secrets = texts.place(pp.stages)
	}
	p.plan.platforms = append(p.plan.platforms, pp)
	return nil
}

// part is a layer before it has its number.
type part struct {
	planLayer
	text string
}

func (p *planner) stage(ctx context.Context, platform string, s *graph.Stage) (planStage, error) {
	var parts []part
	for i := range s.Layers {
		pp, err := p.parts(ctx, &s.Layers[i])
		if err != nil {
			return planStage{}, err
		}
		parts = append(parts, pp...)
	}
	out := planStage{Stage: *s}
	for i, pt := range parts {
		name := fmt.Sprintf("[%sscan %s %d/%d] %s", p.prefix(platform), s.Name, i+1, len(parts), pt.text)
		a, err := p.analysis(ctx, pt, name)
		if err != nil {
			return planStage{}, err
		}
		pt.analysis = a
		out.layers = append(out.layers, pt.planLayer)
	}
	return out, nil
}

func (p *planner) prefix(platform string) string {
	if !p.multi {
		return ""
	}
	return platform + " "
}

// parts splits a base image into its layers; any other layer is itself.
func (p *planner) parts(ctx context.Context, l *graph.Layer) ([]part, error) {
	if l.Base == nil {
		src := layerSource{child: &l.Child, parent: l.Below()}
		return []part{{planLayer: planLayer{Layer: reported(l, l.Op), from: l, source: src}, text: l.Text}}, nil
	}
	layers, ok, err := p.baseLayers(ctx, l.Base)
	if err != nil {
		return nil, err
	}
	if !ok {
		p.plan.notice("this engine cannot show the layers of a base image apart: %s is analysed as one layer", l.Base.Ref)
		pt := part{planLayer: planLayer{Layer: reported(l, l.Op), from: l, source: layerSource{child: &l.Child}}, text: l.Text}
		pt.Base = l.Base.Ref
		return []part{pt}, nil
	}
	var out []part
	for i, b := range layers {
		src := layerSource{blob: b.blob, child: b.child, parent: b.parent}
		pt := part{planLayer: planLayer{Layer: reported(l, b.digest), from: l, source: src}, text: l.Text}
		pt.Base = l.Base.Ref
		if len(layers) > 1 {
			pt.text = fmt.Sprintf("%s (layer %d/%d)", l.Text, i+1, len(layers))
		}
		out = append(out, pt)
	}
	return out, nil
}

func reported(l *graph.Layer, id digest.Digest) scan.Layer {
	out := place(l.Instruction)
	out.Digest = id.String()
	return out
}

// place is what a report says of an instruction.
func place(in graph.Instruction) scan.Layer {
	return scan.Layer{
		Instruction: in.Text,
		Stage:       in.Stage,
		File:        in.FileName(),
		StartLine:   in.StartLine,
		EndLine:     in.EndLine,
	}
}

// analysis returns the operation for a layer, the same one for the same layer.
func (p *planner) analysis(ctx context.Context, pt part, name string) (*analysis, error) {
	opts := []llb.RunOption{llb.Platform(p.native)}
	if pt.from.IgnoreCache {
		opts = append(opts, llb.IgnoreCache)
	}
	def, head, err := p.marshal(ctx, analyze(p.tools.analyze, pt.source, p.search, name, opts...))
	if err != nil {
		return nil, err
	}
	if a := p.plan.byOp[head]; a != nil {
		return a, nil
	}
	a := &analysis{def: def, done: make(chan struct{})}
	p.plan.byOp[head] = a
	p.plan.analyses = append(p.plan.analyses, a)
	return a, nil
}

func (p *plan) notice(format string, args ...any) {
	n := fmt.Sprintf(format, args...)
	for _, have := range p.notices {
		if have == n {
			return
		}
	}
	p.notices = append(p.notices, n)
}

// run solves an analysis and reads what it found.
func (a *analysis) run(ctx context.Context, s *solver) error {
	ref, err := s.solve(ctx, a.def)
	if err != nil {
		return err
	}
	a.ref = ref
	if err := readJSON(ctx, ref, inventoryFile, &a.inventory); err != nil {
		return err
	}
	if v := a.inventory.SchemaVersion; v != scan.SchemaVersion {
		return errors.Errorf("the scanner writes inventories of version %d, this program reads version %d: use a scanner and a plugin of the same release", v, scan.SchemaVersion)
	}
	close(a.done)
	return nil
}
