package graph

import (
	"context"
	"slices"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	"github.com/pkg/errors"
	"google.golang.org/protobuf/proto"
)

// Bounds of one definition, which is untrusted input. maxOutputs is what one
// operation can have: an exec has one for each mount.
const (
	maxOps     = 50_000
	maxOutputs = 4096
)

// output names one output of one operation: a snapshot.
type output struct {
	op    digest.Digest
	index int64
}

// definition is a build's definition with its operations decoded.
type definition struct {
	ops   map[digest.Digest]*pb.Op
	metas map[digest.Digest]*pb.OpMetadata
	// order lists the operations, each after its inputs.
	order []digest.Digest
	// outputs by which other operations, and states, refer to snapshots.
	outputs map[output]llb.Output
	// upper are the snapshots that a merge puts on top of its first input.
	upper  map[output]bool
	source *pb.Source
	files  map[*llb.SourceMap]int32 // index in source.Infos
	head   output                   // zero for scratch
}

// read takes a state apart. Operations are decoded and checked before BuildKit's
// client library follows their inputs, which it does without looking.
func read(ctx context.Context, st llb.State) (*definition, error) {
	d := &definition{
		ops:     map[digest.Digest]*pb.Op{},
		metas:   map[digest.Digest]*pb.OpMetadata{},
		outputs: map[output]llb.Output{},
		upper:   map[output]bool{},
		source:  &pb.Source{Locations: map[string]*pb.Locations{}},
		files:   map[*llb.SourceMap]int32{},
	}
	out := st.Output()
	if out == nil {
		return d, nil
	}
	var err error
	d.head, err = d.visit(ctx, out, llb.NewConstraints())
	return d, err
}

// visit decodes what an output depends on, inputs first.
func (d *definition) visit(ctx context.Context, out llb.Output, c *llb.Constraints) (output, error) {
	in, err := out.ToInput(ctx, c)
	if err != nil {
		return output{}, errors.Wrap(err, "failed to read build definition")
	}
	o := toOutput(in)
	if _, ok := d.outputs[o]; !ok {
		d.outputs[o] = out
	}
	if _, ok := d.ops[o.op]; ok {
		return o, nil
	}
	v := out.Vertex(ctx, c)
	_, dt, meta, places, err := v.Marshal(ctx, c)
	if err != nil {
		return output{}, errors.Wrap(err, "failed to read build definition")
	}
	op, err := decode(dt)
	if err != nil {
		return output{}, err
	}
	if d.ops[o.op] = op; len(d.ops) > maxOps {
		return output{}, errors.Errorf("build definition has more than %d operations", maxOps)
	}
	d.metas[o.op] = meta
	d.locate(o.op, places)
	for _, in := range v.Inputs() {
		if _, err := d.visit(ctx, in, c); err != nil {
			return output{}, err
		}
	}
	if op.GetMerge() != nil {
		for i, in := range op.Inputs {
			if i > 0 {
				d.upper[toOutput(in)] = true
			}
		}
	}
	d.order = append(d.order, o.op)
	return o, nil
}

func decode(dt []byte) (*pb.Op, error) {
	op := new(pb.Op)
	if err := proto.Unmarshal(dt, op); err != nil {
		return nil, errors.Wrap(err, "failed to parse build definition")
	}
	for _, in := range op.Inputs {
		if in.Index < 0 || in.Index >= maxOutputs {
			return nil, errors.Errorf("build definition reads output %d of an operation", in.Index)
		}
	}
	return op, nil
}

// locate keeps an operation's places in source files.
func (d *definition) locate(op digest.Digest, places []*llb.SourceLocation) {
	for _, p := range places {
		i, ok := d.files[p.SourceMap]
		if !ok {
			i = int32(len(d.source.Infos))
			d.files[p.SourceMap] = i
			d.source.Infos = append(d.source.Infos, &pb.SourceInfo{
				Filename: p.SourceMap.Filename,
				Language: p.SourceMap.Language,
				Data:     p.SourceMap.Data,
			})
		}
		at := d.source.Locations[string(op)]
		if at == nil {
			at = &pb.Locations{}
			d.source.Locations[string(op)] = at
		}
		at.Locations = append(at.Locations, &pb.Location{SourceIndex: i, Ranges: p.Ranges})
	}
}

func toOutput(in *pb.Input) output {
	return output{op: digest.Digest(in.Digest), index: in.Index}
}

// state returns the LLB state of one snapshot of the definition.
func (d *definition) state(o output) (llb.State, error) {
	if o.op == "" {
		return llb.Scratch(), nil
	}
	out, ok := d.outputs[o]
	if !ok {
		return llb.State{}, errors.Errorf("build definition lacks output %d of operation %s", o.index, o.op)
	}
	return llb.NewState(out), nil
}

// sourceState returns the state of a source operation of its own, e.g. a copy
// of one of the definition's with other attributes.
func sourceState(op *pb.Op, meta *pb.OpMetadata) (llb.State, error) {
	dt, err := op.MarshalVT()
	if err != nil {
		return llb.State{}, errors.Wrap(err, "failed to marshal source")
	}
	dgst := digest.FromBytes(dt)
	terminal, err := (&pb.Op{Inputs: []*pb.Input{{Digest: string(dgst)}}}).MarshalVT()
	if err != nil {
		return llb.State{}, errors.Wrap(err, "failed to marshal source")
	}
	if meta == nil {
		meta = &pb.OpMetadata{}
	}
	def, err := llb.NewDefinitionOp(&pb.Definition{
		Def:      [][]byte{dt, terminal},
		Metadata: map[string]*pb.OpMetadata{string(dgst): meta},
	})
	if err != nil {
		return llb.State{}, errors.Wrap(err, "failed to read source")
	}
	return llb.NewState(def), nil
}

func (d *definition) meta(dgst digest.Digest) *pb.OpMetadata {
	return d.metas[dgst]
}

// parent returns the snapshot below an operation's output and the other
// snapshots that the operation reads.
func (d *definition) parent(o output) (below output, reads []output, err error) {
	op, ok := d.ops[o.op]
	if !ok {
		return output{}, nil, errors.Errorf("build definition lacks operation %s", o.op)
	}
	primary := -1
	switch x := op.Op.(type) {
	case *pb.Op_Source:
		return output{}, nil, nil
	case *pb.Op_Exec:
		primary = execParent(x.Exec, o.index)
	case *pb.Op_File:
		primary, err = fileParent(x.File, len(op.Inputs), o.index)
	case *pb.Op_Merge:
		if len(x.Merge.Inputs) > 0 {
			primary = int(x.Merge.Inputs[0].Input)
		}
	}
	if err != nil {
		return output{}, nil, err
	}
	for i, in := range op.Inputs {
		if i == primary {
			below = toOutput(in)
		} else {
			reads = append(reads, toOutput(in))
		}
	}
	return below, reads, nil
}

// execParent returns the index of the input that the exec's output stands on:
// the input of the mount that has this output. -1 is scratch.
func execParent(op *pb.ExecOp, index int64) int {
	for _, m := range op.Mounts {
		if m.Output == index {
			return int(m.Input)
		}
	}
	return -1
}

// fileParent follows a file op's actions from the one that makes the output to
// the input of the first of them. An action's input counts the op's inputs
// first, then the results of its actions. -1 is scratch.
func fileParent(op *pb.FileOp, inputs int, index int64) (int, error) {
	at := -1
	for i, a := range op.Actions {
		if a.Output == index {
			at = i
		}
	}
	for at >= 0 {
		in := int(op.Actions[at].Input)
		if in < inputs {
			return in, nil
		}
		if in-inputs >= at {
			return 0, errors.New("build definition has a file operation that depends on itself")
		}
		at = in - inputs
	}
	return -1, nil
}

// ignoresCache reports, for every operation, whether it or anything it is
// built from ignores the cache.
func (d *definition) ignoresCache() map[digest.Digest]bool {
	out := make(map[digest.Digest]bool, len(d.ops))
	for _, dgst := range d.order {
		out[dgst] = d.meta(dgst).GetIgnoreCache() || slices.ContainsFunc(d.ops[dgst].GetInputs(), func(in *pb.Input) bool {
			return out[digest.Digest(in.Digest)]
		})
	}
	return out
}
