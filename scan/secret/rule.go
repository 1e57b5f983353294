package secret

import (
	"cmp"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"github.com/zricethezav/gitleaks/v8/config"
)

// rule is a gitleaks rule and what the search for it needs.
type rule struct {
	config.Rule
	set *set
	// literals says how the expression is found; a rule without is tried
	// everywhere.
	branches []branch
	// program begins behind the literal, one expression for each branch.
	program *program
	// back is the most bytes that a match holds before its literal's end.
	back int
	// keywords to be seen somewhere in the file. None for a rule whose literals
	// hold one anyway.
	keywords []int
	// must is a set of bytes of which a secret has at least one; nil for any.
	// fewest is how many different characters it has at least.
	must   *[256]bool
	fewest int
}

// set is what the rules of a set share.
type set struct {
	name  string
	allow []*config.Allowlist
}

// Rules are compiled sets of rules. They can be used by any number of scanners
// at once.
type Rules struct {
	rules []rule
	paths *pathIndex
	// finder finds literals first, then keywords.
	finder *finder
	// hits says for each of the finder's strings what it stands for.
	words []word
	// keywords is the number of keywords whose presence in a file matters.
	keywords int
}

// word is a string that the finder looks for.
type word struct {
	text string
	// uses are the branches of rules that begin with it.
	uses []use
	// keyword is its number among the keywords, -1 for none.
	keyword int
}

type use struct {
	rule   *rule
	index  int // of the rule
	branch int
	// exact says that the case must be as in spelling.
	exact      bool
	spelling   string
	wordBefore bool
}

// Compile reads and combines sets of rules. Allow lists of a set apply to the
// rules of that set.
func Compile(sets ...Set) (*Rules, error) {
	r := &Rules{}
	for _, s := range sets {
		cfg, err := load(s)
		if err != nil {
			return nil, err
		}
		shared := &set{name: s.Name, allow: cfg.Allowlists}
		for _, c := range cfg.Rules {
			one, err := newRule(c, shared)
			if err != nil {
				return nil, errors.Wrapf(err, "%s: rule %s", s.Name, c.RuleID)
			}
			r.rules = append(r.rules, one)
		}
	}
	slices.SortStableFunc(r.rules, func(a, b rule) int {
		return cmp.Or(strings.Compare(a.RuleID, b.RuleID), strings.Compare(a.set.name, b.set.name))
	})
	r.index()
	r.paths = newPathIndex(r.rules)
	return r, nil
}

func newRule(c config.Rule, s *set) (rule, error) {
	out := rule{Rule: c, set: s}
	if c.Regex == nil {
		return out, nil
	}
	re, err := syntax.Parse(c.Regex.String(), syntax.Perl)
	if err != nil {
		return out, err
	}
	out.branches = branches(re)
	if out.branches == nil {
		return out, nil
	}
	var rests []*syntax.Regexp
	for _, b := range out.branches {
		rests = append(rests, b.rest)
		if b.prefix == unbounded {
			out.back = maxMatch
			continue
		}
		for _, l := range b.literals {
			out.back = min(max(out.back, b.prefix+len(l.text)), maxMatch)
		}
	}
	if out.program, _, err = newProgram(true, rests...); err != nil {
		return out, err
	}
	out.must = mustHold(&c)
	if c.Entropy > 0 {
		out.fewest = int(math.Ceil(math.Exp2(c.Entropy) - 1e-6))
	}
	return out, nil
}

// index makes the finder.
func (r *Rules) index() {
	byText := map[string]int{}
	at := func(text string) *word {
		i, ok := byText[text]
		if !ok {
			i = len(r.words)
			byText[text] = i
			r.words = append(r.words, word{text: text, keyword: -1})
		}
		return &r.words[i]
	}
	for i := range r.rules {
		one := &r.rules[i]
		for k, b := range one.branches {
			for _, l := range b.literals {
				w := at(asciiLower(l.text))
				w.uses = append(w.uses, use{rule: one, index: i, branch: k, exact: !l.fold, spelling: l.text, wordBefore: b.wordBefore})
			}
		}
		if impliesKeyword(one) {
			continue
		}
		for _, k := range one.Keywords {
			if len(k) < 2 {
				one.keywords = nil // too short to be worth anything
				break
			}
			w := at(asciiLower(k[:min(len(k), maxLiteralLen)]))
			if w.keyword < 0 {
				w.keyword = r.keywords
				r.keywords++
			}
			one.keywords = append(one.keywords, w.keyword)
		}
	}
	texts := make([]string, len(r.words))
	for i, w := range r.words {
		texts[i] = w.text
	}
	r.finder = newFinder(texts)
}

// impliesKeyword says whether whatever the rule finds holds one of its keywords.
func impliesKeyword(r *rule) bool {
	if len(r.Keywords) == 0 {
		return true
	}
	if r.branches == nil {
		return false
	}
	for _, b := range r.branches {
		for _, l := range b.literals {
			if !slices.ContainsFunc(r.Keywords, func(k string) bool { return strings.Contains(asciiLower(l.text), asciiLower(k)) }) {
				return false
			}
		}
	}
	return true
}

func asciiLower(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = lower(b[i])
	}
	return string(b)
}

// mustHold finds bytes of which a secret of the rule has one: those that its
// group can hold and that an allow list for plain words leaves. nil if every
// secret may do without.
func mustHold(c *config.Rule) *[256]bool {
	var plain [256]bool
	found := false
	for _, a := range c.Allowlists {
		if a.MatchCondition != config.AllowlistMatchOr || a.RegexTarget != "" {
			continue
		}
		for _, x := range a.Regexes {
			if class := wholeClass(x); class != nil {
				found = true
				for i := 0; i < len(class); i += 2 {
					for b := class[i]; b <= min(class[i+1], 0x7f); b++ {
						plain[b] = true
					}
				}
			}
		}
	}
	if !found {
		return nil
	}
	var must [256]bool
	for b := range must {
		must[b] = !plain[b]
	}
	return &must
}

// wholeClass returns the class of an expression ^[class]+$, nil for any other.
func wholeClass(x *regexp.Regexp) []rune {
	re, err := syntax.Parse(x.String(), syntax.Perl)
	if err != nil || re.Op != syntax.OpConcat || len(re.Sub) != 3 ||
		re.Sub[0].Op != syntax.OpBeginText || re.Sub[1].Op != syntax.OpPlus || re.Sub[2].Op != syntax.OpEndText ||
		re.Sub[1].Sub[0].Op != syntax.OpCharClass {
		return nil
	}
	return re.Sub[1].Sub[0].Rune
}
