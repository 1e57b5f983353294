package frontend

import (
	"context"

	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/policy"
	"github.com/scan-build/scan-build/scan/policy/bundle"
)

// maxExcerpts bounds the Dockerfile excerpts that an error shows: its message
// names all places.
const maxExcerpts = 1

// Judge sets the report's verdicts. A scan that cannot be judged is a
// *[ScanError].
func (o *Outcome) Judge(opt Options) error {
	if err := policy.Evaluate(o.Report, bundle.WithVEX(opt.Options, o.documents)); err != nil {
		return &ScanError{Err: err}
	}
	return nil
}

// Gate judges the report and acts on the verdict: a *[BlockedError] with the
// Dockerfile's lines if it blocks, BuildKit warnings at theirs for the rest.
func Gate(ctx context.Context, c gwclient.Client, o *Outcome, opt Options) error {
	if err := o.Judge(opt); err != nil {
		return err
	}
	if err := o.Blocked(); err != nil {
		return err
	}
	return o.warn(ctx, c)
}

// Blocked returns the error of a blocked build, nil if the verdict lets it pass.
func (o *Outcome) Blocked() error {
	if o.Report.Verdict.Outcome != scan.OutcomeBlock {
		return nil
	}
	var err error = &BlockedError{Report: o.Report, Message: policy.BlockMessage(o.Report)}
	for _, src := range o.excerpts(o.Report.Verdict) { // the client prints the innermost first
		err = errdefs.WithSource(err, src)
	}
	return err
}

// excerpts are the Dockerfile's lines that a verdict blocks for.
func (o *Outcome) excerpts(v scan.Verdict) []*errdefs.Source {
	seen := map[int]bool{}
	var out []*errdefs.Source
	add := func(platform, stage string, l scan.Layer) {
		src := o.source(platform, stage, l)
		if src == nil || len(out) == maxExcerpts {
			return
		}
		if start := int(src.Ranges[0].Start.Line); !seen[start] {
			seen[start] = true
			out = append(out, src)
		}
	}
	for _, b := range v.Secrets {
		add(b.Platform, b.Stage, b.Layer)
	}
	for _, b := range v.Blocking {
		add(b.Platform, b.Stage, b.Layer)
	}
	for _, b := range v.Misconfigurations {
		add(b.Platform, b.Stage, b.Layer)
	}
	for _, b := range v.External {
		add(b.Platform, b.Stage, b.Layer)
	}
	for _, b := range v.Violations {
		if b.Action == scan.ActionDeny && b.Layer != nil {
			add(b.Platform, b.Stage, *b.Layer)
		}
	}
	return out
}

// warn sends what does not block as BuildKit warnings.
func (o *Outcome) warn(ctx context.Context, c gwclient.Client) error {
	warnings := append(policy.Warnings(o.Report), policy.BaseWarnings(o.Report)...)
	if len(warnings) == 0 {
		return nil
	}
	_, head, err := o.solver.marshal(ctx, o.plan.platforms[0].state)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		opts := gwclient.WarnOpts{Level: 1, URL: w.URL}
		for _, d := range w.Detail {
			opts.Detail = append(opts.Detail, []byte(d))
		}
		if src := o.source("", w.Stage, w.Layer); src != nil {
			opts.SourceInfo, opts.Range = src.Info, src.Ranges
		}
		if err := c.Warn(ctx, head, w.Short, opts); err != nil {
			return err
		}
	}
	return nil
}

// source finds where a layer of a report comes from, on the given platform or on
// any; nil if that is not known. A layer of a verdict may have no digest: it is
// found by its lines. An instruction that made no layer is found by its file.
func (o *Outcome) source(platform, stage string, layer scan.Layer) *errdefs.Source {
	for _, p := range o.plan.platforms {
		if platform != "" && p.id != platform {
			continue
		}
		for _, s := range p.stages {
			for _, l := range s.layers {
				if s.Name == stage && sameLayer(l.Layer, layer) {
					return excerpt(l.from.Source, l.StartLine, l.EndLine)
				}
			}
		}
		if layer.Digest == "" {
			return excerpt(p.file(layer.File), layer.StartLine, layer.EndLine)
		}
	}
	return nil
}

func sameLayer(l, wanted scan.Layer) bool {
	if wanted.Digest != "" {
		return l.Digest == wanted.Digest
	}
	return wanted.StartLine > 0 && l.File == wanted.File && l.StartLine == wanted.StartLine && l.Instruction == wanted.Instruction
}

func excerpt(file *pb.SourceInfo, start, end int) *errdefs.Source {
	if file == nil || start == 0 {
		return nil
	}
	return &errdefs.Source{Info: file, Ranges: []*pb.Range{{
		Start: &pb.Position{Line: int32(start)},
		End:   &pb.Position{Line: int32(end)},
	}}}
}
