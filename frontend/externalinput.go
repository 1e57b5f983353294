package frontend

import (
	"context"
	"fmt"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/config"
)

// inputs are what analyzers are given to look at.
type inputs struct {
	*planner
	bc *dockerui.Client
	// context is loaded once.
	context *llb.State
}

// input is one thing to look at.
type input struct {
	state llb.State
	// name ends the name of the operation.
	name string
	// layer of the stage, -1 for none in particular.
	layer       int
	ignoreCache bool
	after       []*analysis
}

// of returns what an analyzer is given of a stage.
func (in *inputs) of(ctx context.Context, scope config.AnalyzerScope, ps *planStage) ([]input, error) {
	switch {
	case scope == config.ScopeContext:
		st, err := in.buildContext(ctx)
		return []input{{state: st, name: "]", layer: -1}}, err
	case len(ps.layers) == 0: // nothing to look at
		return nil, nil
	case scope == config.ScopeLayer:
		return in.layers(ps), nil
	}
	whole := input{state: ps.Snapshot, name: "]", layer: -1}
	for _, l := range ps.layers {
		whole.after = append(whole.after, l.analysis)
		whole.ignoreCache = whole.ignoreCache || l.from.IgnoreCache
	}
	return []input{whole}, nil
}

// buildContext is the main build context as .dockerignore leaves it. The build
// loads what its Dockerfile copies of it; this, under a key of its own, loads all.
func (in *inputs) buildContext(ctx context.Context) (llb.State, error) {
	if in.context == nil {
		st, err := in.bc.MainContext(ctx, llb.SharedKeyHint("context-analyzers"), llb.WithCustomName("[scan] load build context for analyzers"))
		if err != nil {
			return llb.State{}, errors.Wrap(err, "failed to load the build context")
		}
		in.context = st
	}
	return *in.context, nil
}

// layers are a stage's layers, each by itself: the files that it added or whose
// content it changed.
func (in *inputs) layers(ps *planStage) []input {
	var out []input
	for i, l := range ps.layers {
		one := input{
			name: fmt.Sprintf(" %d/%d] %s", i+1, len(ps.layers), l.Instruction), layer: i,
			ignoreCache: l.from.IgnoreCache, after: []*analysis{l.analysis},
		}
		opts := []llb.RunOption{llb.Platform(in.native)}
		if one.ignoreCache {
			opts = append(opts, llb.IgnoreCache)
		}
		one.state = layerTree(in.tools.match, l.source, fmt.Sprintf("[scan] take layer %d/%d of %s apart", i+1, len(ps.layers), ps.Name), opts...)
		out = append(out, one)
	}
	return out
}
