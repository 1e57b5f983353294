package frontend

import (
	"context"
	"fmt"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/frontend/graph"
	"github.com/scan-build/scan-build/scan/config"
)

// inputs are what analyzers are given to look at.
type inputs struct {
	*planner
	bc *dockerui.Client
	// bases are the layers of base images, the build context is loaded once.
	bases   map[string][]baseLayer
	context *llb.State
}

// input is one thing to look at.
type input struct {
	state llb.State
	// name ends the name of the operation.
	name string
	// layer of the stage, -1 for none in particular.
	layer int
	// whole says that the layer is shown with all that is below it.
	whole       bool
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
		return in.layers(ctx, ps)
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

// layers are a stage's layers, each by itself: what it added or changed. What it
// deleted cannot be seen. An engine that cannot show a layer alone shows all that
// is there with it.
func (in *inputs) layers(ctx context.Context, ps *planStage) ([]input, error) {
	caps := in.client.BuildOpts().LLBCaps
	alone := caps.Supports(pb.CapDiffOp) == nil
	var out []input
	for i := 0; i < len(ps.layers); {
		l := ps.layers[i]
		end := i + 1
		for end < len(ps.layers) && ps.layers[end].from == l.from {
			end++
		}
		snapshots, err := in.snapshots(ctx, l.from, end-i)
		if err != nil {
			return nil, err
		}
		for k, s := range snapshots {
			at := end - len(snapshots) + k
			one := input{
				state: *s.child, layer: at, whole: !alone, ignoreCache: l.from.IgnoreCache,
				name: fmt.Sprintf(" %d/%d] %s", at+1, len(ps.layers), l.Instruction),
			}
			if alone && s.parent != nil {
				one.state = llb.Diff(*s.parent, *s.child, llb.WithCustomName(fmt.Sprintf("[scan] take layer %d/%d of %s apart", at+1, len(ps.layers), ps.Name)))
			}
			for _, a := range ps.layers[i:end] {
				one.after = append(one.after, a.analysis)
			}
			out = append(out, one)
		}
		i = end
	}
	return out, nil
}

// snapshots are those of a layer; of a base image those of its n layers or, where
// it cannot be taken apart so, the whole of it.
func (in *inputs) snapshots(ctx context.Context, l *graph.Layer, n int) ([]baseLayer, error) {
	if l.Base == nil || n == 1 {
		return []baseLayer{{child: &l.Child, parent: l.Below()}}, nil
	}
	caps := in.client.BuildOpts().LLBCaps
	if caps.Supports(pb.CapSourceImageLayerLimit) == nil && caps.Supports(pb.CapDiffOp) == nil {
		key := l.Base.Ref + " " + platforms.FormatAll(in.platformOf(l.Base))
		layers, ok := in.bases[key]
		if !ok {
			var err error
			if layers, err = in.limitLayers(ctx, l.Base); err != nil {
				return nil, err
			}
			in.bases[key] = layers
		}
		if len(layers) == n {
			return layers, nil
		}
	}
	return []baseLayer{{child: &l.Child}}, nil
}
