package graph

import (
	"context"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/pkg/errors"
)

// Stage is one filesystem of a build: a chain of layers from its base up.
type Stage struct {
	// Name as in the Dockerfile; "stage-N" without one, "final" for an unnamed
	// stage that is the result, the reference for an image that is only read.
	Name string
	// Final marks the chain of the build's result.
	Final  bool
	Layers []Layer
	// Snapshot is all of it: what its last layer's Child is, unless that is merged.
	Snapshot llb.State
}

// Layer is one step of a chain.
type Layer struct {
	Instruction
	// Op is the operation that makes the layer; for a base image the operation
	// that pulls it.
	Op digest.Digest
	// Base is set for the bottom of a chain that stands on an image: the layers
	// of that image, which the definition does not tell apart.
	Base *Image
	// Child and Parent are the snapshots with and without the layer. Parent is
	// scratch for the first layer of a chain.
	Child, Parent llb.State
	// HasParent is false where Parent is scratch.
	HasParent bool
	// IgnoreCache is set when the layer, or one below it, is built without
	// looking at the cache (--no-cache): what was known of an earlier result
	// says nothing about this one.
	IgnoreCache bool
}

// Image is a base image as the definition names it.
type Image struct {
	// Ref is the image's reference without scheme, with its digest if the
	// definition pins it.
	Ref string
	// Scheme is docker-image or oci-layout.
	Scheme string
	// Op pulls the image.
	Op   *pb.Op
	meta *pb.OpMetadata
}

// NewImage is an image that no definition names, pinned by its digest.
func NewImage(ref string, platform ocispecs.Platform) *Image {
	return &Image{Ref: ref, Scheme: DockerImage, Op: &pb.Op{
		Op:          &pb.Op_Source{Source: &pb.SourceOp{Identifier: DockerImage + "://" + ref}},
		Platform:    pb.PlatformFromSpec(platform),
		Constraints: &pb.WorkerConstraints{},
	}}
}

// State returns the image's whole state.
func (i *Image) State() (llb.State, error) { return sourceState(i.Op, i.meta) }

// Limit returns the image's state with only its first k layers.
func (i *Image) Limit(k int, attr string) (llb.State, error) {
	op := i.Op.CloneVT()
	src := op.GetSource()
	if src.Attrs == nil {
		src.Attrs = map[string]string{}
	}
	src.Attrs[attr] = itoa(k)
	return sourceState(op, i.meta)
}

// Build is the definition of a build's result, taken apart.
type Build struct {
	def *definition
	src *sources
}

// Read takes the definition of a build's result apart.
//
// conceal replaces what must not be shown in a text and keeps its lines. It is
// applied to the texts of instructions and source files when they are asked for,
// so it may be told by what [Build.Files] holds what that is. Nil leaves texts
// as they are.
func Read(ctx context.Context, st llb.State, conceal func(text string) string) (*Build, error) {
	d, err := read(ctx, st)
	if err != nil {
		return nil, err
	}
	if conceal == nil {
		conceal = func(text string) string { return text }
	}
	return &Build{def: d, src: newSources(d.source, conceal)}, nil
}

// Files are the source files that the definition embeds, as they were written.
func (b *Build) Files() []*pb.SourceInfo { return b.def.source.Infos }

// File reads one of them.
func (b *Build) File(i int) *File { return b.src.file(i) }

// Stages returns the build's stages, those that others read from first, the
// result's own last. Chains that are part of a longer one (FROM build) are not
// listed again: their layers say in which stage of the Dockerfile they stand.
func (b *Build) Stages() ([]Stage, error) {
	w := &walker{def: b.def, src: b.src, done: map[output]bool{}, ignores: b.def.ignoresCache()}
	if err := w.chain(b.def.head, true); err != nil {
		return nil, err
	}
	return w.stages, nil
}

type walker struct {
	def     *definition
	src     *sources
	stages  []Stage
	done    map[output]bool // snapshots that are a layer of a chain already
	open    int
	ignores map[digest.Digest]bool
}

// chain appends the stage that ends in tip, after all that it reads from.
func (w *walker) chain(tip output, final bool) error {
	if w.done[tip] || tip.op == "" && !final {
		return nil
	}
	if w.open++; w.open > 1000 {
		return errors.New("build definition nests more than 1000 stages")
	}
	defer func() { w.open-- }()

	steps, reads, err := w.follow(tip)
	if err != nil {
		return err
	}
	for _, r := range reads {
		if err := w.chain(r, false); err != nil {
			return err
		}
	}
	if !final && !w.isStage(steps) {
		return nil
	}
	s, err := w.stage(steps, final)
	if err != nil {
		return err
	}
	w.stages = append(w.stages, s)
	return nil
}

// step is a layer's snapshot and the one below.
type step struct {
	at, below output
}

// follow walks from tip to its source. It returns the steps bottom first, and
// what they read in the order of the build.
func (w *walker) follow(tip output) (steps []step, reads []output, err error) {
	seen := map[output]bool{}
	var perStep [][]output
	for at := tip; at.op != ""; {
		if seen[at] {
			return nil, nil, errors.New("build definition has a loop")
		}
		seen[at], w.done[at] = true, true
		below, r, err := w.def.parent(at)
		if err != nil {
			return nil, nil, err
		}
		steps = append(steps, step{at: at, below: below})
		perStep = append(perStep, r)
		at = below
	}
	for i := len(perStep) - 1; i >= 0; i-- {
		reads = append(reads, perStep[i]...)
	}
	reverse(steps)
	return steps, reads, nil
}

// isStage tells a stage from a mere input: a local directory, a git checkout, a
// download, or the scratch copy under COPY --link is no stage of the build.
func (w *walker) isStage(steps []step) bool {
	if len(steps) == 0 {
		return false
	}
	for _, s := range steps {
		op := w.def.ops[s.at.op]
		if src := op.GetSource(); src != nil {
			scheme, _ := splitScheme(src.Identifier)
			return scheme == DockerImage || scheme == OCILayout
		}
	}
	// On scratch: a stage if the Dockerfile says so, i.e. anything but the copy
	// that a merge (COPY --link) puts on top of a chain, and what a frontend
	// makes for itself (the documents of a heredoc, an unpacked context).
	return !w.def.upper[steps[len(steps)-1].at] && w.src.places(steps)
}
