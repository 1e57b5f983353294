package graph

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// Statement is an instruction of a Dockerfile in full.
type Statement struct {
	Instruction
	// Keyword in upper case, e.g. "RUN".
	Keyword string
	// Full is the instruction as it is written, here documents included.
	Full string
	// Flags as written, e.g. "--from=build".
	Flags []string
}

// maxStatement bounds the text of one instruction, which may hold whole files.
const maxStatement = 64 << 10

// Statements lists the file's instructions from the first line to the last,
// those before the first FROM included. There are none if it does not parse.
func (f *File) Statements() []Statement {
	if !f.Parsed() {
		return nil
	}
	lines := strings.Split(string(f.Info.Data), "\n")
	var out []Statement
	for _, n := range f.nodes {
		out = append(out, Statement{
			Instruction: f.At(n.start),
			Keyword:     n.keyword,
			Full:        cut(lines, n.start, n.end),
			Flags:       n.flags,
		})
		out[len(out)-1].EndLine = max(out[len(out)-1].EndLine, n.end)
	}
	return out
}

// cut joins the lines from start to end, as far as there are such.
func cut(lines []string, start, end int) string {
	if start < 1 || start > len(lines) {
		return ""
	}
	text := strings.Join(lines[start-1:min(max(start, end), len(lines))], "\n")
	if len(text) > maxStatement {
		text = strings.ToValidUTF8(text[:maxStatement], "") + "…"
	}
	return text
}

// node is a top-level node of the syntax tree: an instruction.
type node struct {
	keyword    string
	start, end int
	flags      []string
}

func nodes(ast *parser.Node, conceal func(string) string) []node {
	var out []node
	for _, n := range ast.Children {
		flags := make([]string, 0, len(n.Flags))
		for _, flag := range n.Flags {
			flags = append(flags, conceal(flag))
		}
		out = append(out, node{strings.ToUpper(n.Value), n.StartLine, n.EndLine, flags})
	}
	return out
}

// Base is what a stage (by index) is FROM, variables replaced as far as the
// arguments allow. ok is false where another stage of the file has that name, or
// where a variable without a value leaves nothing.
func (f *File) Base(stage int, args map[string]string) (ref string, ok bool) {
	if stage < 0 || stage >= len(f.stages) {
		return "", false
	}
	ref, _, err := shell.NewLex(f.escape).ProcessWord(f.stages[stage].base, f.environment(args))
	if err != nil || ref == "" || f.stage(ref, stage) >= 0 {
		return "", false
	}
	return ref, true
}
