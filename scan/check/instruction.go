package check

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// Instruction is one instruction of a Dockerfile, whatever read it.
type Instruction struct {
	// Keyword in any case, e.g. "RUN".
	Keyword string
	// Text is the whole instruction, with or without its keyword and flags, here
	// documents included. Secrets in it are concealed by whoever makes it: it goes
	// into reports.
	Text string
	// Flags as written, e.g. "--checksum=sha256:…"; those in Text count as well.
	Flags []string
	// Stage is the name of the stage that it stands in.
	Stage string
	// File and the 1-based, inclusive lines; zero if unknown.
	File               string
	StartLine, EndLine int
	// Final says that the instruction's stage becomes the image, or is a parent of
	// the one that does.
	Final bool
}

// instruction is one that has been taken apart.
type instruction struct {
	Instruction
	keyword string
	// rest is the text without keyword and flags.
	rest  string
	flags []string
}

// Instructions looks at the instructions of a Dockerfile, those of all stages
// that take part in the build, and returns what it finds, sorted. The findings
// belong into the final stage's Misconfigurations, where [Evaluate] keeps them.
func Instructions(list []Instruction) []scan.Misconfiguration {
	var out []scan.Misconfiguration
	checks := slices.DeleteFunc(All(), func(c Check) bool { return c.inspect == nil })
	for _, in := range list {
		taken := takeApart(in)
		for _, c := range checks {
			if c.finalOnly && !in.Final {
				continue
			}
			message := c.inspect(&taken)
			if message == "" {
				continue
			}
			m := c.misconfiguration(found{message: message, layer: -1})
			m.Instruction = &scan.Layer{
				Instruction: in.Text, Stage: in.Stage, File: in.File, StartLine: in.StartLine, EndLine: in.EndLine,
			}
			out = append(out, m)
		}
	}
	sortFindings(out)
	return out
}

func takeApart(in Instruction) instruction {
	t := instruction{Instruction: in, keyword: strings.ToUpper(in.Keyword), flags: slices.Clone(in.Flags)}
	rest := strings.TrimSpace(in.Text)
	if n := len(t.keyword); len(rest) > n && strings.EqualFold(rest[:n], t.keyword) && strings.ContainsAny(rest[n:n+1], " \t\\\r\n") {
		rest = trimBlank(rest[n:])
	}
	for strings.HasPrefix(rest, "--") {
		flag := rest
		if i := strings.IndexAny(rest, " \t\r\n"); i >= 0 {
			flag = rest[:i]
		}
		t.flags = append(t.flags, flag)
		rest = trimBlank(rest[len(flag):])
	}
	t.rest = rest
	return t
}

// trimBlank removes leading white space and continuations of lines.
func trimBlank(s string) string {
	for {
		trimmed := strings.TrimLeft(s, " \t\r\n")
		if after, ok := strings.CutPrefix(trimmed, "\\"); ok && strings.HasPrefix(strings.TrimLeft(after, " \t\r"), "\n") {
			s = after
			continue
		}
		return trimmed
	}
}

func (in *instruction) flag(name string) bool {
	return slices.ContainsFunc(in.flags, func(f string) bool { return strings.HasPrefix(f, name+"=") || f == name })
}

// exec returns the arguments of an instruction in JSON form.
func (in *instruction) exec() ([]string, bool) {
	var args []string
	if !strings.HasPrefix(in.rest, "[") || json.Unmarshal([]byte(in.rest), &args) != nil {
		return nil, false
	}
	return args, true
}

// pipelines calls visit for everything that a RUN instruction starts.
func (in *instruction) pipelines(visit func(pipeline)) {
	if in.keyword != "RUN" {
		return
	}
	args, ok := in.exec()
	if !ok {
		walk(in.rest, visit)
		return
	}
	c := command{words: args}
	visit(pipeline{c})
	if script, ok := c.given(); ok {
		walk(script, visit)
	}
}

// commands calls visit for every command that a RUN instruction starts.
func (in *instruction) commands(visit func(c command)) {
	in.pipelines(func(p pipeline) {
		for _, c := range p {
			visit(c)
		}
	})
}
