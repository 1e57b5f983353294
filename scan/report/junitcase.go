package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// junitLines is how many findings of one instruction a test's text lists: CI
// systems keep the texts in memory.
const junitLines = 200

// The names of tests that are about no instruction.
const (
	caseConfiguration = "image configuration"
	casePolicy        = "policy"
)

// junitPlatform are a platform's suites, that of the image first.
func junitPlatform(r *scan.Report, p *scan.Platform) []junitSuite {
	found := junitIssues(p)
	problem := ""
	if p.FinalStage() == nil {
		problem = "the final stage was not scanned"
	}
	seen := map[instructionKey]bool{} // a parent stage's instructions are in its children too
	var out []junitSuite
	for _, s := range finalFirst(p) {
		b := &junitBuilder{class: xmlLine(p.ID + " " + s.Name), found: found[s.Name], names: map[string]int{}, done: map[instructionKey]bool{}}
		b.cases = append(b.cases, scanCase(r, b.class, problem, s))
		for n := range s.Layers {
			k := keyOfInstruction(&s.Layers[n])
			if !seen[k] || len(b.found[k]) > 0 {
				b.instruction(&s.Layers[n])
			}
			seen[k] = true
		}
		b.rest(s)
		name := p.ID + " stage " + s.Name
		if s.Final {
			name = p.ID + " image " + s.Name
		}
		out = append(out, newJUnitSuite(r, name, b.cases))
	}
	return out
}

// junitIssues are a platform's, by stage and instruction.
func junitIssues(p *scan.Platform) map[string]map[instructionKey][]*issue {
	final := ""
	if s := p.FinalStage(); s != nil {
		final = s.Name
	}
	out := map[string]map[instructionKey][]*issue{}
	for _, i := range issues([]scan.Platform{*p}) {
		stage := cmp.Or(i.stage, final)
		if out[stage] == nil {
			out[stage] = map[instructionKey][]*issue{}
		}
		k := keyOfInstruction(i.layer)
		if i.layer == nil && i.kind == issueViolation {
			k = instructionKey{text: casePolicy}
		}
		out[stage][k] = append(out[stage][k], i)
	}
	return out
}

func finalFirst(p *scan.Platform) []*scan.Stage {
	var out, others []*scan.Stage
	for i := range p.Stages {
		if p.Stages[i].Final {
			out = append(out, &p.Stages[i])
		} else {
			others = append(others, &p.Stages[i])
		}
	}
	return append(out, others...)
}

// junitBuilder makes the tests of one stage.
type junitBuilder struct {
	class string
	found map[instructionKey][]*issue
	cases []junitCase
	names map[string]int
	done  map[instructionKey]bool
}

func (b *junitBuilder) instruction(l *scan.Layer) {
	if k := keyOfInstruction(l); !b.done[k] {
		b.done[k] = true
		b.add(cmp.Or(instructionOf(l), "(unknown instruction)"), placeOf(l), b.found[k])
	}
}

// rest adds the tests of what no layer brought: instructions that write no files,
// the configuration, the policy.
func (b *junitBuilder) rest(s *scan.Stage) {
	all := slices.Concat(slices.Collect(maps.Values(b.found))...)
	slices.SortFunc(all, func(x, y *issue) int { return cmp.Or(x.line()-y.line(), compareIssues(x, y)) })
	for _, i := range all {
		if i.layer != nil {
			b.instruction(i.layer)
		}
	}
	if list := b.found[instructionKey{}]; s.Final || len(list) > 0 {
		b.add(caseConfiguration, "", list)
	}
	if list := b.found[instructionKey{text: casePolicy}]; s.Final || len(list) > 0 {
		b.add(casePolicy, "", list)
	}
}

// add makes a test out of what one instruction brought. CI systems recognise a
// test by its name: lines, which move, are not part of it.
func (b *junitBuilder) add(name, place string, found []*issue) {
	name = xmlLine(name)
	if b.names[name]++; b.names[name] > 1 {
		name = fmt.Sprintf("%s (%d)", name, b.names[name])
	}
	c := junitCase{Name: name, Class: b.class}
	var denied, other []*issue
	for _, i := range found {
		if i.action() == scan.ActionDeny {
			denied = append(denied, i)
		} else {
			other = append(other, i)
		}
	}
	c.Output = junitList(other)
	if len(denied) > 0 {
		message := plain.Count(len(denied), "finding blocks", "findings block")
		if place != "" {
			message = place + ": " + message
		}
		c.Failure = &junitProblem{Type: denied[0].kind.String(), Message: xmlLine(message), Text: junitList(denied)}
	}
	b.cases = append(b.cases, c)
}

// junitList has a line for each issue.
func junitList(list []*issue) string {
	var lines []string
	for _, i := range list[:min(len(list), junitLines)] {
		lines = append(lines, junitLine(i))
	}
	if more := len(list) - junitLines; more > 0 {
		lines = append(lines, fmt.Sprintf("… and %d more", more))
	}
	return xmlText(lines)
}

// junitLine is "CRITICAL CVE-2023-38545 in curl 7.88.1 (known exploited). Upgrade …".
func junitLine(i *issue) string {
	line := strings.ToUpper(i.label()) + " " + i.title()
	if notes := i.notes(0); len(notes) > 0 {
		line += " (" + strings.Join(notes, ", ") + ")"
	}
	if fix := i.remedy(); fix != "" && !i.ignored() {
		line += ". " + fix
	}
	switch i.action() {
	case scan.ActionWarn:
		return "warning: " + line
	case scan.ActionIgnore:
		return "ignored: " + line
	default:
		return line
	}
}
