package policytest

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"go.yaml.in/yaml/v3"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/policy/explain"
)

// maxExpectation bounds a file of expectations.
const maxExpectation = 1 << 20

// Expectation is what a report's verdict must be. A key that is left out expects
// nothing.
type Expectation struct {
	Outcome scan.Outcome
	// Lists of rules and ids, by action: all that gets the action must be named, by
	// its id or alias or by the rule that decides, and all that is named must get it.
	Lists map[scan.Action][]string
}

var listed = []scan.Action{scan.ActionDeny, scan.ActionWarn, scan.ActionIgnore}

// ParseExpectation reads a file such as
//
//	outcome: block
//	deny: [CVE-2024-0001, team.no-telnet]
//	ignore: []
//
// It must expect something; a key that is not known is an error.
func ParseExpectation(data []byte) (Expectation, error) {
	if len(data) > maxExpectation {
		return Expectation{}, errors.Errorf("is larger than %d bytes", maxExpectation)
	}
	var file struct {
		Outcome string    `yaml:"outcome"`
		Deny    *[]string `yaml:"deny"`
		Warn    *[]string `yaml:"warn"`
		Ignore  *[]string `yaml:"ignore"`
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return Expectation{}, errors.Wrap(err, "want outcome, deny, warn and ignore")
	}
	e := Expectation{Outcome: scan.Outcome(file.Outcome), Lists: map[scan.Action][]string{}}
	switch e.Outcome {
	case "", scan.OutcomePass, scan.OutcomeWarn, scan.OutcomeBlock:
	default:
		return e, errors.Errorf("outcome: %q is none, want pass, warn or block", file.Outcome)
	}
	for i, list := range []*[]string{file.Deny, file.Warn, file.Ignore} {
		if list != nil {
			e.Lists[listed[i]] = *list
		}
	}
	if e.Outcome == "" && len(e.Lists) == 0 {
		return e, errors.New("expects nothing, want outcome, deny, warn or ignore")
	}
	return e, nil
}

// Check says what of an evaluated report is not as expected.
func (e Expectation) Check(r *scan.Report) []string {
	var out []string
	if e.Outcome != "" && r.Verdict.Outcome != e.Outcome {
		out = append(out, fmt.Sprintf("outcome is %s, not %s", r.Verdict.Outcome, e.Outcome))
	}
	decided := map[scan.Action][]explain.Item{}
	for _, g := range explain.Explain(r).Groups {
		decided[g.Action] = g.Items
	}
	for _, a := range listed {
		if list, ok := e.Lists[a]; ok {
			out = append(out, compare(a, list, decided[a])...)
		}
	}
	return out
}

// compare holds what is named against what got the action.
func compare(a scan.Action, named []string, items []explain.Item) []string {
	var out []string
	used := map[string]bool{}
	for _, it := range items {
		found := false
		for _, name := range append([]string{it.ID, it.Decision.Rule}, it.Aliases...) {
			if slices.ContainsFunc(named, func(n string) bool { return strings.EqualFold(n, name) }) {
				used[strings.ToLower(name)] = true
				found = true
			}
		}
		if text := fmt.Sprintf("%s: %s is not expected, by rule %s: %s", a, subject(it), it.Decision.Rule, it.Decision.Message); !found && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	for _, n := range named {
		if !used[strings.ToLower(n)] {
			out = append(out, fmt.Sprintf("%s: nothing is decided so by or about %s", a, n))
		}
	}
	return out
}

func subject(it explain.Item) string {
	return strings.Join(strings.Fields(strings.Join([]string{it.ID, it.Package, it.Version, it.Path}, " ")), " ")
}
