package frontend

import (
	"context"
	"fmt"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/util/grpcerrors"
	digest "github.com/opencontainers/go-digest"
	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/external"
)

// externals are the runs of all analyzers that the user brought.
type externals struct {
	analyzers []config.Analyzer
	placed    []placedRun
	byOp      map[digest.Digest]*externalRun
	notices   []string
}

// placedRun is a run and what it is about: a layer of a stage, the stage (layer
// -1), or the build context. Those of one analyzer and stage follow each other.
type placedRun struct {
	*externalRun
	platform, stage, layer int
}

// externalRun is one operation and, once it has run, its outcome.
type externalRun struct {
	analyzer *config.Analyzer
	name     string
	def      *llb.Definition
	// after are the analyses of the layers that it looks at.
	after  []*analysis
	ref    gwclient.Reference
	output external.Output
}

// runExternal plans the runs of the user's analyzers and runs them.
func (p *planner) runExternal(ctx context.Context, bc *dockerui.Client, analyzers []config.Analyzer) (*externals, error) {
	x := &externals{analyzers: analyzers, byOp: map[digest.Digest]*externalRun{}}
	if len(analyzers) == 0 {
		return x, nil
	}
	images, err := p.analyzerImages(ctx, bc, analyzers)
	if err != nil {
		return nil, err
	}
	in := &inputs{planner: p, bc: bc}
	for i := range analyzers {
		if err := x.plan(ctx, in, images[i]); err != nil {
			return nil, errors.Wrapf(err, "failed to prepare analyzer %s", analyzers[i].Name)
		}
		if n := images[i].notice; n != "" {
			x.notices = append(x.notices, n)
		}
	}
	return x, x.run(ctx, p.solver)
}

// plan makes the runs of one analyzer.
func (x *externals) plan(ctx context.Context, in *inputs, img *analyzerImage) error {
	a := img.analyzer
	for i := range in.plan.platforms {
		pp := &in.plan.platforms[i]
		for j := range pp.stages {
			ps := &pp.stages[j]
			if !ps.Final && (!a.AllStages || a.Scope == config.ScopeContext) {
				continue
			}
			of, err := in.of(ctx, a.Scope, ps)
			if err != nil {
				return err
			}
			for _, one := range of {
				name := fmt.Sprintf("[%sscan %s %s%s", in.prefix(pp.id), a.Name, ps.Name, one.name)
				if a.Scope == config.ScopeContext { // it is the same for all platforms
					name = fmt.Sprintf("[scan %s context%s", a.Name, one.name)
				}
				run, err := x.operation(ctx, in.planner, img, one, name)
				if err != nil {
					return err
				}
				x.placed = append(x.placed, placedRun{externalRun: run, platform: i, stage: j, layer: one.layer})
			}
		}
	}
	return nil
}

// operation returns the run on an input, the same one for the same input.
func (x *externals) operation(ctx context.Context, p *planner, img *analyzerImage, in input, name string) (*externalRun, error) {
	opts := []llb.RunOption{llb.Platform(p.native)}
	if in.ignoreCache {
		opts = append(opts, llb.IgnoreCache)
	}
	def, head, err := p.marshal(ctx, img.run(in.state, name, opts...))
	if err != nil {
		return nil, err
	}
	if run := x.byOp[head]; run != nil {
		return run, nil
	}
	run := &externalRun{analyzer: img.analyzer, name: name, def: def, after: in.after}
	x.byOp[head] = run
	p.plan.external = append(p.plan.external, run)
	return run, nil
}

// maxAnalyzers bounds the runs at once, so that the time that each may take is
// not spent on waiting for the others.
const maxAnalyzers = 4

func (x *externals) run(ctx context.Context, s *solver) error {
	eg, ctx := errgroup.WithContext(ctx)
	turns := make(chan struct{}, maxAnalyzers)
	started := map[*externalRun]bool{}
	for _, p := range x.placed {
		if started[p.externalRun] {
			continue
		}
		started[p.externalRun] = true
		eg.Go(func() error {
			if err := p.wait(ctx); err != nil {
				return err
			}
			select {
			case turns <- struct{}{}:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			defer func() { <-turns }()
			return p.run(ctx, s)
		})
	}
	return eg.Wait()
}

// wait waits until the layers have been built, or found in a cache: what that
// takes is not the analyzer's time.
func (r *externalRun) wait(ctx context.Context) error {
	for _, a := range r.after {
		select {
		case <-a.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

var errTimeout = errors.New("timeout")

func (r *externalRun) run(ctx context.Context, s *solver) error {
	ctx, cancel := context.WithTimeoutCause(ctx, r.analyzer.Timeout, errTimeout)
	defer cancel()
	err := r.solve(ctx, s)
	switch {
	case err == nil:
		return nil
	case errors.Is(context.Cause(ctx), errTimeout), grpcerrors.Code(err) == codes.DeadlineExceeded: // the engine's clock may be first
		return errors.Errorf("analyzer %s took longer than %s in %s: allow it more with timeout, or give it less to look at", r.analyzer.Name, r.analyzer.Timeout, r.name)
	default:
		return err
	}
}

func (r *externalRun) solve(ctx context.Context, s *solver) error {
	ref, err := s.solve(ctx, r.def)
	if err == nil {
		err = ref.Evaluate(ctx)
	}
	if err != nil {
		return &layerError{errors.Wrapf(err, "analyzer %s failed in %s", r.analyzer.Name, r.name)}
	}
	r.ref = ref
	files, err := readResults(ctx, ref)
	if err == nil {
		r.output, err = external.Read(external.Analyzer{Name: r.analyzer.Name, Context: r.analyzer.Scope == config.ScopeContext}, files)
	}
	return errors.Wrapf(err, "analyzer %s failed in %s", r.analyzer.Name, r.name)
}

// add puts what was found into the stages of a report.
func (x *externals) add(r *scan.Report, p *plan) {
	for start := 0; start < len(x.placed); {
		first := x.placed[start]
		end := start
		var runs []external.Run
		for ; end < len(x.placed) && x.placed[end].sameStage(first); end++ {
			runs = append(runs, external.Run{Layer: x.placed[end].layer, Output: x.placed[end].output})
		}
		start = end
		var layers []scan.LayerInventory
		for _, l := range p.platforms[first.platform].stages[first.stage].layers {
			layers = append(layers, l.inventory)
		}
		external.Add(&r.Platforms[first.platform].Stages[first.stage], layers, runs)
	}
	for i := range x.analyzers {
		r.Notices = append(r.Notices, leftOut(&x.analyzers[i], p.external)...)
	}
}

func (p placedRun) sameStage(o placedRun) bool {
	return p.analyzer == o.analyzer && p.platform == o.platform && p.stage == o.stage
}

// leftOut says what of an analyzer's results is not in the report.
func leftOut(a *config.Analyzer, runs []*externalRun) []string {
	suppressed, elsewhere := 0, 0
	for _, r := range runs {
		if r.analyzer == a {
			suppressed += r.output.Suppressed
			elsewhere += r.output.Elsewhere
		}
	}
	var out []string
	if suppressed > 0 {
		out = append(out, fmt.Sprintf("analyzer %s suppresses findings itself, they are left out: %d", a.Name, suppressed))
	}
	if elsewhere > 0 {
		out = append(out, fmt.Sprintf("analyzer %s names packages of the build context, they are left out: %d", a.Name, elsewhere))
	}
	return out
}
