package frontend

import (
	"context"

	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"

	"github.com/scan-build/scan-build/frontend/graph"
	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/policy"
)

// maxExcerpts bounds the Dockerfile excerpts that an error shows.
const maxExcerpts = 3

// Judge sets the report's verdicts. A scan that cannot be judged is a
// *[ScanError].
func (o *Outcome) Judge(opt Options) error {
	if err := policy.Evaluate(o.Report, opt.Options); err != nil {
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
	seen := map[int]bool{}
	var sources []*errdefs.Source
	for _, b := range o.Report.Verdict.Blocking {
		in := o.instruction(b.Platform, b.Stage, b.Layer.Digest)
		if in == nil || !in.Known() || seen[in.StartLine] || len(sources) == maxExcerpts {
			continue
		}
		seen[in.StartLine] = true
		sources = append(sources, &errdefs.Source{Info: in.Source, Ranges: []*pb.Range{lineRange(in)}})
	}
	for _, src := range sources { // the client prints the innermost first
		err = errdefs.WithSource(err, src)
	}
	return err
}

// warn sends what does not block as BuildKit warnings.
func (o *Outcome) warn(ctx context.Context, c gwclient.Client) error {
	warnings := policy.Warnings(o.Report)
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
		if in := o.instruction("", w.Stage, w.Layer.Digest); in != nil && in.Known() {
			opts.SourceInfo, opts.Range = in.Source, []*pb.Range{lineRange(in)}
		}
		if err := c.Warn(ctx, head, w.Short, opts); err != nil {
			return err
		}
	}
	return nil
}

// instruction finds where a layer of a report comes from, on the given platform
// or on any.
func (o *Outcome) instruction(platform, stage, layer string) *graph.Instruction {
	for _, p := range o.plan.platforms {
		for _, s := range p.stages {
			for _, l := range s.layers {
				if (platform == "" || p.id == platform) && s.Name == stage && l.Digest == layer {
					return &l.from.Instruction
				}
			}
		}
	}
	return nil
}

func lineRange(in *graph.Instruction) *pb.Range {
	return &pb.Range{
		Start: &pb.Position{Line: int32(in.StartLine)},
		End:   &pb.Position{Line: int32(in.EndLine)},
	}
}
