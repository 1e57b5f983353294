package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

// definition marshals operations that no client library would make; the last
// one is the result.
func definition(t *testing.T, ops ...*pb.Op) *pb.Definition {
	t.Helper()
	def := &pb.Definition{Metadata: map[string]*pb.OpMetadata{}, Source: &pb.Source{}}
	add := func(op *pb.Op) digest.Digest {
		dt, err := op.MarshalVT()
		if err != nil {
			t.Fatal(err)
		}
		def.Def = append(def.Def, dt)
		dgst := digest.FromBytes(dt)
		def.Metadata[string(dgst)] = &pb.OpMetadata{}
		return dgst
	}
	var head digest.Digest
	for _, op := range ops {
		for _, in := range op.Inputs {
			if in.Digest == previous {
				in.Digest = string(head)
			}
		}
		head = add(op)
	}
	add(&pb.Op{Inputs: []*pb.Input{{Digest: string(head)}}})
	return def
}

// previous stands for the digest of the operation before.
const previous = "previous"

func onPrevious(op *pb.Op) *pb.Op {
	op.Inputs = []*pb.Input{{Digest: previous}}
	return op
}

// readsOutput reads an output of the operation before that it does not have.
func readsOutput(index int64) *pb.Op {
	op := onPrevious(exec(&pb.Mount{Dest: "/"}))
	op.Inputs[0].Index = index
	return op
}

func source() *pb.Op {
	return &pb.Op{Op: &pb.Op_Source{Source: &pb.SourceOp{Identifier: "docker-image://docker.io/library/debian:12"}}}
}

func exec(mounts ...*pb.Mount) *pb.Op {
	return &pb.Op{Op: &pb.Op_Exec{Exec: &pb.ExecOp{Meta: &pb.Meta{Args: []string{"a"}}, Mounts: mounts}}}
}

func file(actions ...*pb.FileAction) *pb.Op {
	return &pb.Op{Op: &pb.Op_File{File: &pb.FileOp{Actions: actions}}}
}

func merge(inputs ...*pb.MergeInput) *pb.Op {
	return &pb.Op{Op: &pb.Op_Merge{Merge: &pb.MergeOp{Inputs: inputs}}}
}

func mkdir(input, output int64) *pb.FileAction {
	return &pb.FileAction{Input: input, SecondaryInput: -1, Output: output, Action: &pb.FileAction_Mkdir{Mkdir: &pb.FileActionMkDir{Path: "/a"}}}
}

func TestHostileDefinitionsAreRefusedOrHarmless(t *testing.T) {
	for _, test := range []struct {
		name string
		def  *pb.Definition
		// fails is part of the error; empty where stages must come back.
		fails string
	}{
		{name: "operation that is not there", def: definition(t, &pb.Op{
			Inputs: []*pb.Input{{Digest: string(digest.FromString("none"))}},
			Op:     exec(&pb.Mount{Dest: "/"}).Op,
		}), fails: "unknown op"},
		{name: "operation of no kind", def: definition(t, source(), onPrevious(&pb.Op{}))},
		{name: "source with an identifier of no form", def: definition(t, &pb.Op{Op: &pb.Op_Source{Source: &pb.SourceOp{Identifier: "://"}}})},
		{name: "source without identifier", def: definition(t, &pb.Op{Op: &pb.Op_Source{Source: &pb.SourceOp{}}})},
		{name: "exec without mounts", def: definition(t, source(), onPrevious(exec()))},
		{name: "output far out", def: definition(t, source(), readsOutput(1<<40)), fails: "reads output"},
		{name: "negative output", def: definition(t, source(), readsOutput(-1)), fails: "reads output"},
		{name: "mount of an input that is not there", def: definition(t, source(), onPrevious(exec(&pb.Mount{Input: 99, Output: 0})))},
		{name: "mount of a negative input", def: definition(t, source(), onPrevious(exec(&pb.Mount{Input: -7, Output: 0})))},
		{name: "file operation on its own outcome", def: definition(t, source(), onPrevious(file(mkdir(1, 0)))), fails: "depends on itself"},
		{name: "file operations on each other's outcome", def: definition(t, source(), onPrevious(file(mkdir(2, -1), mkdir(1, 0)))), fails: "depends on itself"},
		{name: "file operation on a far input", def: definition(t, source(), onPrevious(file(mkdir(1<<40, 0)))), fails: "depends on itself"},
		{name: "file operation on a negative input", def: definition(t, source(), onPrevious(file(mkdir(-1<<40, 0))))},
		{name: "file operation without actions", def: definition(t, source(), onPrevious(file()))},
		{name: "merge of nothing", def: definition(t, merge())},
		{name: "merge of nothing below a copy", def: definition(t, merge(), onPrevious(file(mkdir(0, 0))))},
		{name: "merge of inputs that are not there", def: definition(t, source(), onPrevious(merge(&pb.MergeInput{Input: 5}, &pb.MergeInput{Input: -5})))},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := stagesOf(t, received(t, test.def))
			switch {
			case test.fails == "" && err != nil:
				t.Errorf("failed: %v", err)
			case test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)):
				t.Errorf("got %v, want an error with %q", err, test.fails)
			}
		})
	}
}

func TestSourceMapsOfNoUseAreHarmless(t *testing.T) {
	for _, test := range []struct {
		name   string
		source *pb.Source
	}{
		{"none", nil},
		{"lines beyond the file", located("FROM debian\n", 900, 901)},
		{"negative lines", located("FROM debian\n", -5, -1)},
		{"lines the wrong way round", located("FROM debian\nRUN a\nRUN b\n", 3, 1)},
		{"no Dockerfile", located("\x00\xff{not a Dockerfile", 1, 1)},
		{"empty file", located("", 1, 1)},
		{"no lines", located("FROM debian\n")},
	} {
		t.Run(test.name, func(t *testing.T) {
			def := definition(t, source())
			if test.source != nil {
				def.Source = test.source
				def.Source.Locations[string(digest.FromBytes(def.Def[0]))] = def.Source.Locations[""]
				delete(def.Source.Locations, "")
			}
			stages, err := stagesOf(t, received(t, def))
			if err != nil {
				t.Fatal(err)
			}
			if len(stages) != 1 || len(stages[0].Layers) != 1 || stages[0].Layers[0].Text == "" || stages[0].Name == "" {
				t.Errorf("got %s, want one stage of one layer that has a text", describe(stages))
			}
		})
	}
}

// located is a source map that places an operation at lines of a file.
func located(content string, lines ...int32) *pb.Source {
	loc := &pb.Location{}
	for i := 0; i+1 < len(lines); i += 2 {
		loc.Ranges = append(loc.Ranges, &pb.Range{Start: &pb.Position{Line: lines[i]}, End: &pb.Position{Line: lines[i+1]}})
	}
	return &pb.Source{
		Infos:     []*pb.SourceInfo{{Filename: "Dockerfile", Data: []byte(content)}},
		Locations: map[string]*pb.Locations{"": {Locations: []*pb.Location{loc}}},
	}
}

// What a build is big in must not cost more than in proportion.
func TestBigDefinitionsAreReadInTime(t *testing.T) {
	const layers, limit = 3000, 10 * time.Second
	st := llb.Image("debian")
	for i := range layers {
		st = st.Run(llb.Shlexf("echo %d", i)).Root()
	}
	start := time.Now()
	stages, err := stagesOf(t, remote(t, st))
	if err != nil {
		t.Fatal(err)
	}
	if got := len(stages[0].Layers); got != layers+1 {
		t.Errorf("got %d layers, want %d", got, layers+1)
	}
	if took := time.Since(start); took > limit {
		t.Errorf("took %s, want at most %s", took, limit)
	}
}

func TestTooManyOperationsAreRefused(t *testing.T) {
	def := &pb.Definition{Metadata: map[string]*pb.OpMetadata{}}
	var inputs []*pb.Input
	for i := range 50_001 {
		dt, err := (&pb.Op{Op: &pb.Op_Source{Source: &pb.SourceOp{Identifier: fmt.Sprintf("local://%d", i)}}}).MarshalVT()
		if err != nil {
			t.Fatal(err)
		}
		dgst := string(digest.FromBytes(dt))
		def.Def, def.Metadata[dgst] = append(def.Def, dt), &pb.OpMetadata{}
		inputs = append(inputs, &pb.Input{Digest: dgst})
	}
	for _, last := range []*pb.Op{{Inputs: inputs, Op: exec().Op}, {}} {
		if last.Op == nil {
			last.Inputs = []*pb.Input{{Digest: string(digest.FromBytes(def.Def[len(def.Def)-1]))}}
		}
		dt, err := last.MarshalVT()
		if err != nil {
			t.Fatal(err)
		}
		def.Metadata[string(digest.FromBytes(dt))] = &pb.OpMetadata{}
		def.Def = append(def.Def, dt)
	}
	if _, err := stagesOf(t, received(t, def)); err == nil || !strings.Contains(err.Error(), "more than 50000") {
		t.Errorf("got %v, want an error that names the limit", err)
	}
}

func TestDeeplyNestedStagesAreRefused(t *testing.T) {
	st := llb.Image("debian")
	for i := range 1100 {
		st = llb.Image("debian").Run(llb.Shlexf("echo %d", i), llb.AddMount("/m", st)).Root()
	}
	if _, err := stagesOf(t, remote(t, st)); err == nil || !strings.Contains(err.Error(), "nests more than") {
		t.Errorf("got %v, want an error that names the limit", err)
	}
}

func TestIgnoredCacheReachesWhatIsBuiltOnTop(t *testing.T) {
	below := llb.Image("debian").Run(llb.Shlex("below")).Root()
	ignoring := below.Run(llb.Shlex("ignoring"), llb.IgnoreCache).Root()
	top := ignoring.Run(llb.Shlex("above")).Root()
	reading := llb.Image("alpine").Run(llb.Shlex("reads"), llb.AddMount("/m", top, llb.Readonly)).Root()

	stages, err := stagesOf(t, remote(t, reading))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"RUN below": false, "RUN ignoring": true, "RUN above": true, "RUN reads": true}
	for _, s := range stages {
		for _, l := range s.Layers {
			if l.Base != nil && l.IgnoreCache {
				t.Errorf("%s: IgnoreCache is set", l.Text)
			}
			if ignore, ok := want[l.Text]; ok && l.IgnoreCache != ignore {
				t.Errorf("%s: IgnoreCache is %v, want %v", l.Text, l.IgnoreCache, ignore)
			}
			delete(want, l.Text)
		}
	}
	if len(want) > 0 {
		t.Errorf("layers missing: %v", want)
	}
}

func TestScratchIsAStageWithoutLayers(t *testing.T) {
	stages, err := stagesOf(t, llb.Scratch())
	if err != nil {
		t.Fatal(err)
	}
	if len(stages) != 1 || !stages[0].Final || len(stages[0].Layers) != 0 {
		t.Errorf("got %+v, want the final stage alone", stages)
	}
}
