package graph

import (
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

// The schemes of sources that are images.
const (
	DockerImage = "docker-image"
	OCILayout   = "oci-layout"
)

func splitScheme(identifier string) (scheme, rest string) {
	scheme, rest, _ = strings.Cut(identifier, "://")
	return scheme, rest
}

func itoa(i int) string { return strconv.Itoa(i) }

func reverse[T any](s []T) { slices.Reverse(s) }

// stage makes the layers of a chain, bottom first.
func (w *walker) stage(steps []step, final bool) (Stage, error) {
	s := Stage{Final: final}
	where := w.src.trace(w.def, steps)
	for i, st := range steps {
		meta := w.def.meta(st.at.op)
		op := w.def.ops[st.at.op]
		l := Layer{Instruction: where[i], Op: st.at.op, IgnoreCache: w.ignores[st.at.op]}
		if src := op.GetSource(); src != nil {
			scheme, ref := splitScheme(src.Identifier)
			if scheme == DockerImage || scheme == OCILayout {
				l.Base = &Image{Ref: ref, Scheme: scheme, Op: op, meta: meta}
			}
		}
		if err := w.snapshots(&l, op, st); err != nil {
			return Stage{}, err
		}
		s.Layers = append(s.Layers, l)
		if i == len(steps)-1 {
			var err error
			if s.Snapshot, err = w.def.state(st.at); err != nil {
				return Stage{}, err
			}
		}
	}
	s.Name = w.src.stageName(where, s)
	if l := s.Layers; len(l) == 1 && l[0].Base != nil && l[0].Known() && !isFrom(l[0].Text) {
		// COPY --from=image: its line stands in the stage that reads it.
		s.Name, _, _ = strings.Cut(l[0].Base.Ref, "@")
	}
	if top := len(where) - 1; final && top >= 0 && where[top].Known() && !where[top].named {
		for i := range s.Layers { // an unnamed stage is called by what it is
			if in := &s.Layers[i].Instruction; in.stage == where[top].stage {
				in.Stage = s.Name
			}
		}
	}
	return s, nil
}

func isFrom(text string) bool {
	word, _, _ := strings.Cut(text, " ")
	return strings.EqualFold(word, "FROM")
}

// snapshots sets the layer's Child and Parent. The layer that a merge adds is
// what is merged on top: seen alone it is the same whatever lies below.
func (w *walker) snapshots(l *Layer, op *pb.Op, st step) error {
	var err error
	if m := op.GetMerge(); m != nil && len(op.Inputs) == 2 {
		l.Child, err = w.def.state(toOutput(op.Inputs[1]))
		l.Parent = llb.Scratch()
		return err
	}
	if l.Child, err = w.def.state(st.at); err != nil {
		return err
	}
	l.HasParent = st.below.op != ""
	l.Parent, err = w.def.state(st.below)
	return err
}

// Below returns the snapshot under the layer, nil where that is scratch.
func (l *Layer) Below() *llb.State {
	if !l.HasParent {
		return nil
	}
	return &l.Parent
}
