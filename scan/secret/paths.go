package secret

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/zricethezav/gitleaks/v8/config"
)

// pathIndex answers in one pass what a path means for every rule.
type pathIndex struct {
	rules []*rule
	// program knows the first exprs, regexps are all of them.
	program *program
	known   int
	regexps []*regexp.Regexp
	number  map[string]int
	// own and allow are the numbers of each rule's path expression and of its
	// allow lists' (the set's lists first), -1 for none.
	own   []int
	allow [][]int
}

func newPathIndex(rules []*rule) *pathIndex {
	x := &pathIndex{rules: rules, number: map[string]int{}}
	var trees []*syntax.Regexp
	var known, rest []string
	learn := func(expr string) {
		if expr == "" {
			return
		}
		if _, ok := x.number[expr]; ok {
			return
		}
		x.number[expr] = 0
		if tree, err := syntax.Parse(expr, syntax.Perl); err == nil {
			if _, ok := newProgram(false, []*syntax.Regexp{tree}); ok {
				trees, known = append(trees, tree), append(known, expr)
				return
			}
		}
		rest = append(rest, expr)
	}
	for i := range rules {
		own, allow := pathExprs(rules[i])
		learn(own)
		for _, e := range allow {
			learn(e)
		}
	}
	x.known = len(known)
	for i, e := range append(known, rest...) {
		x.number[e] = i
		x.regexps = append(x.regexps, regexp.MustCompile(e)) // compiled by gitleaks before
	}
	x.program, _ = newProgram(false, trees) // each compiled by itself before
	x.number[""] = -1
	for i := range rules {
		own, allow := pathExprs(rules[i])
		x.own = append(x.own, x.number[own])
		var numbers []int
		for _, e := range allow {
			numbers = append(numbers, x.number[e])
		}
		x.allow = append(x.allow, numbers)
	}
	return x
}

// pathExprs are the expressions on paths of a rule: its own, and for each allow
// list that decides by the path alone that of the list.
func pathExprs(r *rule) (own string, allow []string) {
	if r.Path != nil {
		own = r.Path.String()
	}
	for _, lists := range [][]*config.Allowlist{r.set.allow, r.Allowlists} {
		for _, a := range lists {
			if len(a.Paths) == 0 || a.MatchCondition == config.AllowlistMatchAnd && len(a.Regexes)+len(a.StopWords)+len(a.Commits) > 0 {
				continue
			}
			// Joined as gitleaks joins them: a flag reaches the alternatives after it.
			var parts []string
			for _, p := range a.Paths {
				parts = append(parts, p.String())
			}
			allow = append(allow, "(?:"+strings.Join(parts, "|")+")")
		}
	}
	return own, allow
}

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
	// plans by the automaton's last state.
	plans map[stateID]*plan
}

func (x *pathIndex) matcher() *pathMatcher {
	a := &automaton{program: x.program, unanchored: true, mark: make([]uint32, len(x.program.insts))}
	a.reset()
	return &pathMatcher{pathIndex: x, automaton: a, matched: make([]bool, len(x.regexps)), plans: map[stateID]*plan{}}
}

func (m *pathMatcher) plan(path string) *plan {
	if path == "" || m.known < len(m.regexps) || !isASCII(path) {
		for i, re := range m.regexps {
			m.matched[i] = path != "" && re.MatchString(path)
		}
		return m.decide()
	}
	a := m.automaton
	if len(a.sets) > maxStates/2 {
		a.reset()
		clear(m.plans)
	}
	s := dead
	for e := range a.starts {
		s = a.join(s, e)
	}
	for i := range len(path) {
		s = a.step(s, path[i])
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
		case m.rules[i].Regex == nil:
			if own && !m.rules[i].SkipReport {
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
