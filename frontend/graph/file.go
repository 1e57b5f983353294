package graph

import (
	"bytes"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/command"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"github.com/moby/buildkit/solver/pb"
)

// File is a Dockerfile as stages of instructions.
type File struct {
	// Info is the file with its text concealed, see [Read].
	Info *pb.SourceInfo

	stages []fileStage
	args   []instructions.ArgCommand // before the first FROM
	nodes  []node
	escape rune
}

type fileStage struct {
	name  string
	named bool
	base  string // as written after FROM
	// instructions in file order, FROM first
	lines []instructionLines
}

type instructionLines struct {
	text       string
	start, end int
	// keyword in lower case, and what the instruction gives: see [names]
	keyword string
	names   []string
}

// parseFile reads a Dockerfile for its stages. A file that does not parse (of
// another frontend's language) has no stages, and its instructions are the text
// at their lines.
func parseFile(info *pb.SourceInfo, conceal func(string) string) *File {
	f := &File{Info: info.CloneVT()}
	f.Info.Data = []byte(conceal(string(info.Data)))
	ast, err := parser.Parse(bytes.NewReader(info.Data))
	if err != nil {
		return f
	}
	stages, args, err := instructions.Parse(ast.AST, nil)
	if err != nil {
		return f
	}
	f.args, f.escape = args, ast.EscapeToken
	f.nodes = nodes(ast.AST, conceal)
	for i, st := range stages {
		fs := fileStage{name: st.Name, named: st.Name != "", base: st.BaseName}
		if !fs.named {
			fs.name = "stage-" + itoa(i)
		}
		fs.add(instructionLines{text: oneLine(conceal(st.SourceCode)), keyword: command.From}, st.Location)
		for _, c := range st.Commands {
			l := instructionLines{text: c.Name(), keyword: strings.ToLower(c.Name()), names: names(c)}
			if s, ok := c.(interface{ String() string }); ok {
				l.text = oneLine(conceal(s.String()))
			}
			fs.add(l, c.Location())
		}
		f.stages = append(f.stages, fs)
	}
	return f
}

func (fs *fileStage) add(l instructionLines, ranges []parser.Range) {
	if len(ranges) == 0 {
		return
	}
	l.start, l.end = ranges[0].Start.Line, ranges[0].End.Line
	for _, r := range ranges {
		l.end = max(l.end, r.End.Line)
	}
	fs.lines = append(fs.lines, l)
}

// names lists what an instruction gives values to, or adds to the configuration:
// variables, labels, ports, volumes, the user; as written, so that they may hold
// variables.
func names(c instructions.Command) []string {
	var out []string
	switch c := c.(type) {
	case *instructions.EnvCommand:
		for _, kv := range c.Env {
			out = append(out, kv.Key)
		}
	case *instructions.LabelCommand:
		for _, kv := range c.Labels {
			out = append(out, kv.Key)
		}
	case *instructions.ArgCommand:
		for _, kv := range c.Args {
			out = append(out, kv.Key)
		}
	case *instructions.ExposeCommand:
		out = c.Ports
	case *instructions.VolumeCommand:
		out = c.Volumes
	case *instructions.UserCommand:
		out = []string{c.User}
	}
	return out
}

// Parsed reports whether the file is a Dockerfile.
func (f *File) Parsed() bool { return len(f.stages) > 0 }

// At returns the instruction that a line (1-based) is part of. Of any other
// line it says the stage, none before the first FROM.
func (f *File) At(line int) Instruction {
	in := f.instruction(line, line)
	if in.stage >= 0 {
		for _, l := range f.stages[in.stage].lines {
			if l.start <= line && line <= l.end {
				in.StartLine = l.start
			}
		}
	}
	return in
}

func (f *File) instruction(start, end int) Instruction {
	in := Instruction{Source: f.Info, StartLine: start, EndLine: end, stage: -1}
	for i, st := range f.stages {
		if len(st.lines) == 0 || st.lines[0].start > start {
			break
		}
		in.stage, in.Stage, in.named = i, st.name, st.named
		for _, l := range st.lines {
			if l.start <= start && start <= l.end {
				in.Text, in.EndLine = l.text, max(end, l.end)
			}
		}
	}
	if in.Text == "" {
		lines := strings.Split(string(f.Info.Data), "\n")
		if start >= 1 && start <= len(lines) {
			in.Text = oneLine(lines[start-1])
		}
	}
	return in
}

// Chain lists the indices of the stages that make an image's configuration and
// bottom layers: the target's (the last one without a name), and those that it
// is FROM. The arguments decide a FROM with variables; where they leave it open,
// it is no stage.
func (f *File) Chain(target string, args map[string]string) []int {
	at := f.stage(target, len(f.stages))
	if target == "" {
		at = len(f.stages) - 1
	}
	return f.Below(at, args)
}

// Below lists a stage and those that it is FROM, by index.
func (f *File) Below(stage int, args map[string]string) []int {
	env := f.environment(args)
	lex := shell.NewLex(f.escape)
	var out []int
	for at := stage; at >= 0 && at < len(f.stages); {
		out = append(out, at)
		base, _, err := lex.ProcessWord(f.stages[at].base, env)
		if err != nil {
			break
		}
		at = f.stage(base, at)
	}
	return out
}

// stage finds the last stage of a name before the given index; -1 if there is none.
func (f *File) stage(name string, before int) int {
	for i := before - 1; i >= 0; i-- {
		if f.stages[i].named && strings.EqualFold(f.stages[i].name, name) {
			return i
		}
	}
	return -1
}

// environment is what a FROM sees: the arguments before the first one.
func (f *File) environment(given map[string]string) shell.EnvGetter {
	var env []string
	for name, value := range given {
		env = append(env, name+"="+value)
	}
	lex := shell.NewLex(f.escape)
	for _, c := range f.args {
		for _, arg := range c.Args {
			if _, ok := given[arg.Key]; ok || arg.Value == nil {
				continue
			}
			if value, _, err := lex.ProcessWord(*arg.Value, shell.EnvsFromSlice(env)); err == nil {
				env = append(env, arg.Key+"="+value)
			}
		}
	}
	return shell.EnvsFromSlice(env)
}

// Setting finds the last instruction of a kind (e.g. "env", "cmd") in these
// stages, with a name the last one that gives that a value. Where none does by
// this name, it is the last one whose own names hold a variable.
func (f *File) Setting(stages []int, keyword, name string) (Instruction, bool) {
	for _, gives := range []func(instructionLines) bool{
		func(l instructionLines) bool { return name == "" || l.gives(name) },
		instructionLines.open,
	} {
		for i, st := range slices.Backward(f.stages) {
			if !slices.Contains(stages, i) {
				continue
			}
			for _, l := range slices.Backward(st.lines) {
				if l.keyword == keyword && gives(l) {
					return f.instruction(l.start, l.end), true
				}
			}
		}
	}
	return Instruction{}, false
}
