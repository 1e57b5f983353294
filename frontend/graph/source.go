package graph

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// Instruction is where a layer comes from.
type Instruction struct {
	// Text of the instruction on one line, e.g. "RUN apt-get update && …".
	Text string
	// Stage is the name of the Dockerfile stage that the instruction stands in.
	Stage string
	// Source and the 1-based, inclusive lines; nil and zero if unknown. Its text is
	// the concealed one, see [Read].
	Source             *pb.SourceInfo
	StartLine, EndLine int

	stage int // index of the stage in its file, -1 if unknown
	named bool
}

// StageIndex is the index of the instruction's stage in its file, -1 if unknown.
func (i Instruction) StageIndex() int { return i.stage }

// Named reports whether the instruction's stage has a name of its own.
func (i Instruction) Named() bool { return i.named }

// Known reports whether the instruction's place in a source file is known.
func (i Instruction) Known() bool { return i.Source != nil && i.StartLine > 0 }

// sources finds instructions by the source locations of operations.
type sources struct {
	pb    *pb.Source
	files []*File // parsed on first use, by index into pb.Infos
	// conceal is applied to every text before it is cut to length.
	conceal func(string) string
}

func newSources(src *pb.Source, conceal func(string) string) *sources {
	return &sources{pb: src, files: make([]*File, len(src.Infos)), conceal: conceal}
}

// trace finds the instruction of each step of a chain. An operation that
// several stages share has several places: going from the top of the chain
// down, the last place before the one above is its own.
func (s *sources) trace(d *definition, steps []step) []Instruction {
	out := make([]Instruction, len(steps))
	above := Instruction{stage: -1}
	for i := len(steps) - 1; i >= 0; i-- {
		out[i] = s.pick(s.candidates(steps[i].at.op), above)
		name := s.conceal(d.meta(steps[i].at.op).GetDescription()["llb.customname"])
		if !out[i].Known() {
			out[i].stage = -1
			out[i].Stage, out[i].Text = splitCustomName(name)
		}
		if out[i].Text == "" {
			out[i].Text = s.describe(d.ops[steps[i].at.op], name)
		}
		if out[i].Known() {
			above = out[i]
		}
	}
	return out
}

// places reports whether any of a chain's steps has a place in a source file. A
// definition that names no places at all is taken to stand in one throughout.
func (s *sources) places(steps []step) bool {
	return len(s.pb.Locations) == 0 || slices.ContainsFunc(steps, func(st step) bool {
		return len(s.candidates(st.at.op)) > 0
	})
}

func (s *sources) pick(cands []Instruction, above Instruction) Instruction {
	best := Instruction{stage: -1}
	for _, c := range cands {
		before := above.StartLine == 0 || c.Source == above.Source && c.StartLine <= above.StartLine
		bestBefore := best.Known() && (above.StartLine == 0 || best.StartLine <= above.StartLine)
		switch {
		case !best.Known(),
			before && !bestBefore,
			before && c.StartLine > best.StartLine:
			best = c
		}
	}
	return best
}

// candidates lists the places of an operation.
func (s *sources) candidates(op digest.Digest) []Instruction {
	locs := s.pb.Locations[string(op)]
	if locs == nil {
		return nil
	}
	var out []Instruction
	for _, l := range locs.Locations {
		f := s.file(int(l.SourceIndex))
		if f == nil || len(l.Ranges) == 0 {
			continue
		}
		start, end := lineRange(l.Ranges)
		out = append(out, f.instruction(start, end))
	}
	return out
}

func lineRange(rr []*pb.Range) (start, end int) {
	for _, r := range rr {
		from, to := int(r.GetStart().GetLine()), int(r.GetEnd().GetLine())
		if start == 0 || from < start {
			start = from
		}
		end = max(end, to, from)
	}
	return start, end
}

func (s *sources) file(i int) *File {
	if i < 0 || i >= len(s.files) || s.pb.Infos[i] == nil {
		return nil
	}
	if s.files[i] == nil {
		s.files[i] = parseFile(s.pb.Infos[i], s.conceal)
	}
	return s.files[i]
}

// stageName names a chain after the Dockerfile stage that its top stands in.
func (s *sources) stageName(where []Instruction, st Stage) string {
	for i := len(where) - 1; i >= 0; i-- {
		w := where[i]
		// FROM alone is not this chain's own stage: an image read by
		// COPY --from=image has no line of its own.
		if w.Known() && w.stage >= 0 {
			if st.Final && !w.named {
				return "final"
			}
			return w.Stage
		}
		if w.Stage != "" {
			return w.Stage
		}
	}
	if len(st.Layers) > 0 && st.Layers[0].Base != nil {
		return st.Layers[0].Base.Ref
	}
	return "final"
}

var customName = regexp.MustCompile(`^\[(?:[a-z0-9]+/[^ \]]+ )?([^\] ]+)(?: +\d+/\d+)?\] (.*)$`)

// splitCustomName reads the Dockerfile frontend's names, "[build 2/6] RUN make"
// or "[linux/arm64 build 2/6] RUN make".
func splitCustomName(name string) (stage, text string) {
	m := customName.FindStringSubmatch(oneLine(name))
	if m == nil || m[1] == "internal" || m[1] == "context" {
		return "", oneLine(name)
	}
	return m[1], m[2]
}

func (s *sources) describe(op *pb.Op, name string) string {
	if name != "" {
		return oneLine(name)
	}
	switch x := op.GetOp().(type) {
	case *pb.Op_Exec:
		return oneLine(s.conceal("RUN " + strings.Join(x.Exec.GetMeta().GetArgs(), " ")))
	case *pb.Op_Source:
		_, ref := splitScheme(x.Source.Identifier)
		return "FROM " + ref
	case *pb.Op_File:
		return "COPY"
	case *pb.Op_Merge:
		return "COPY --link"
	default:
		return "layer"
	}
}

// maxText bounds an instruction's text in names and reports.
const maxText = 400

// oneLine joins continued lines and bounds the length.
func oneLine(s string) string {
	s = strings.ReplaceAll(s, "\\\n", " ")
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return s
}

// FileName is the name of the instruction's source file, as the build named it.
func (i Instruction) FileName() string {
	if i.Source == nil {
		return ""
	}
	return path.Clean(i.Source.Filename)
}
