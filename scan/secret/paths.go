package secret

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/zricethezav/gitleaks/v8/config"
)

// pathIndex answers in one pass what a path means for every rule.
type pathIndex struct {
	rules []*rule
	// program knows the first ones of exprs.
	program *program
	known   int
	exprs   []string
	number  map[string]int
	// slow are all of them, compiled when a path is not ASCII, or the program does
	// not know them.
	once sync.Once
	slow []*regexp.Regexp
	// own and allow are the numbers of each rule's path expression and of its
	// allow lists' (the set's lists first), -1 for none.
	own   []int
	allow [][]int
}

func newPathIndex(rules []*rule) *pathIndex {
	x := &pathIndex{rules: rules, number: map[string]int{}}
	var exprs []string
	learn := func(list ...string) {
		for _, e := range list {
			if _, ok := x.number[e]; !ok && e != "" {
				x.number[e] = 0
				exprs = append(exprs, e)
			}
		}
	}
	for _, r := range rules {
		learn(r.path)
		learn(r.set.allowPaths...)
		learn(r.allowPaths...)
	}
	x.compile(exprs)
	x.number[""] = -1
	for _, r := range rules {
		x.own = append(x.own, x.number[r.path])
		var numbers []int
		for _, e := range slices.Concat(r.set.allowPaths, r.allowPaths) {
			numbers = append(numbers, x.number[e])
		}
		x.allow = append(x.allow, numbers)
	}
	return x
}

// compile numbers the expressions, those that the program knows first.
func (x *pathIndex) compile(exprs []string) {
	var trees []*syntax.Regexp
	for _, e := range exprs {
		tree, err := syntax.Parse(e, syntax.Perl)
		if err != nil {
			tree = &syntax.Regexp{Op: syntax.OpNoMatch} // was compiled by gitleaks
		}
		trees = append(trees, tree)
	}
	program, known := newProgram(false, trees)
	x.program = program
	var rest []string
	for i, e := range exprs {
		if known[i] {
			x.number[e] = len(x.exprs)
			x.exprs = append(x.exprs, e)
		} else {
			rest = append(rest, e)
		}
	}
	x.known = len(x.exprs)
	for _, e := range rest {
		x.number[e] = len(x.exprs)
		x.exprs = append(x.exprs, e)
	}
}

// allowPaths are the expressions of those lists that decide by the path alone.
func allowPaths(lists []*config.Allowlist) (out []string) {
	for _, a := range lists {
		if len(a.Paths) == 0 || a.MatchCondition == config.AllowlistMatchAnd && len(a.Regexes)+len(a.StopWords)+len(a.Commits) > 0 {
			continue
		}
		var paths []string
		for _, p := range a.Paths {
			paths = append(paths, p.String())
		}
		out = append(out, joined(paths))
	}
	return out
}

// joined joins expressions as gitleaks does: a flag reaches those after it.
func joined(paths []string) string { return "(?:" + strings.Join(paths, "|") + ")" }

// plan is what a file's path means for the rules.
type plan struct {
	// active rules look into the file.
	active []bool
	search bool
	// named are rules that find the file by its path alone.
	named []int
}

// pathMatcher makes plans. It belongs to one goroutine.
type pathMatcher struct {
	*pathIndex
	automaton *automaton
	matched   []bool
	// plans by the automaton's last state, and its first one. They hold until it
	// has been reset more often than resets.
	plans  map[stateID]*plan
	first  stateID
	resets int
}

func (x *pathIndex) matcher() *pathMatcher {
	return &pathMatcher{pathIndex: x, automaton: newUnanchored(x.program, true, maxStates), matched: make([]bool, len(x.exprs)), plans: map[stateID]*plan{}}
}

func (m *pathMatcher) plan(path string) *plan {
	if path == "" || m.known < len(m.exprs) || !isASCII(path) {
		m.once.Do(func() {
			for _, e := range m.exprs {
				m.slow = append(m.slow, regexp.MustCompile(e)) // was compiled by gitleaks
			}
		})
		for i, re := range m.slow {
			m.matched[i] = path != "" && re.MatchString(path)
		}
		return m.decide()
	}
	a := m.automaton
	if m.resets != a.resets {
		m.first = dead
		for e := range a.starts {
			m.first = a.join(m.first, e)
		}
		clear(m.plans)
		m.resets = a.resets
	}
	s := m.first
	for i := range len(path) {
		s = a.step(s, path[i])
	}
	if m.resets != a.resets { // on the way: s has no place among the plans
		m.finish(s)
		return m.decide()
	}
	p, ok := m.plans[s]
	if !ok {
		m.finish(s)
		p = m.decide()
		m.plans[s] = p
	}
	return p
}

// finish says which expressions match at the end of a path.
func (m *pathMatcher) finish(s stateID) {
	clear(m.matched)
	a := m.automaton
	a.fresh()
	var end []uint32
	for _, pc := range a.sets[s] {
		end = a.follow(end, pc, false, true)
	}
	for _, pc := range end {
		if in := &a.insts[pc]; in.kind == instMatch {
			m.matched[in.arg] = true
		}
	}
}

func (m *pathMatcher) decide() *plan {
	p := &plan{active: make([]bool, len(m.rules))}
rules:
	for i := range m.rules {
		for _, n := range m.allow[i] {
			if m.matched[n] {
				continue rules
			}
		}
		own := m.own[i] < 0 || m.matched[m.own[i]]
		switch {
		case m.rules[i].tree == nil:
			if own && !m.rules[i].skip {
				p.named = append(p.named, i)
			}
		case own:
			p.active[i], p.search = true, true
		}
	}
	return p
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
