package secret

import (
	"bytes"
	"regexp/syntax"
	"slices"

	"github.com/zricethezav/gitleaks/v8/config"
)

// allowComment on a line accepts what is found there.
const allowComment = "gitleaks:allow"

// lineBlock is how far a long line is seen, beyond the block of this size that a
// match begins in, on either side.
const lineBlock = 64 << 10

// lineText is the text of the lines that a match is on, and what allow lists made
// of it. Matches in one block of a long line share it.
type lineText struct {
	from, to int64
	text     string
	comment  bool
	lists    map[*config.Allowlist]bool
}

// line returns the lines of a match, buf[start:end]. Behind the first line of a
// file they begin with the newline before, as gitleaks' do, which expressions of
// allow lists may see.
func (s *Scanner) line(start, end int) *lineText {
	block := (s.base + int64(start)) / lineBlock * lineBlock
	first := max(int(block-lineBlock-s.base), 0)
	last := min(int(block+2*lineBlock-s.base), len(s.buf))
	from := max(bytes.LastIndexByte(s.buf[first:min(start+1, len(s.buf))], '\n'), 0) + first
	to := max(last, end)
	if n := bytes.IndexByte(s.buf[end:to], '\n'); n >= 0 {
		to = end + n
	}
	at := lineText{from: s.base + int64(from), to: s.base + int64(to)}
	if l := s.lastLine; l == nil || l.from != at.from || l.to != at.to {
		at.text = string(s.buf[from:to])
		at.comment = bytes.Contains(s.buf[from:to], []byte(allowComment))
		s.lastLine = &at
	}
	return s.lastLine
}

// acceptsLine says whether a list that looks at lines accepts this one.
func (s *Scanner) acceptsLine(a *config.Allowlist, l *lineText) bool {
	yes, ok := l.lists[a]
	if ok {
		return yes
	}
	t, ok := s.testers[a]
	if !ok {
		t = newTester(a)
		s.testers[a] = t
	}
	if l.lists == nil {
		l.lists = map[*config.Allowlist]bool{}
	}
	l.lists[a] = t.matches(l.text)
	return l.lists[a]
}

// tester says whether an allow list's expressions match somewhere in a text: an
// automaton passes over what they cannot match.
type tester struct {
	list *config.Allowlist
	// scan is nil for expressions that are tied to the text's beginning or end.
	scan *automaton
}

func newTester(a *config.Allowlist) *tester {
	t := &tester{list: a}
	var exprs []string
	for _, re := range a.Regexes {
		exprs = append(exprs, re.String())
	}
	tree, err := syntax.Parse(joined(exprs), syntax.Perl)
	if err == nil && !tied(tree) {
		t.scan = newUnanchored(looseProgram([]*syntax.Regexp{tree}), false, maxStates)
	}
	return t
}

func tied(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine:
		return true
	}
	return slices.ContainsFunc(re.Sub, tied)
}

func (t *tester) matches(text string) bool {
	a := t.scan
	if a == nil {
		return t.list.RegexAllowed(text)
	}
	idle := a.join(dead, 0)
	state, begun, accepted := idle, 0, a.accepting[idle]
	for i := range len(text) {
		state = a.step(state, text[i])
		accepted = accepted || a.accepting[state]
		if !a.idle[state] && i+1 < len(text) {
			continue
		}
		if accepted && t.list.RegexAllowed(text[max(begun-edge, 0):min(i+1+edge, len(text))]) {
			return true
		}
		begun, accepted = i+1, false
	}
	return false
}
