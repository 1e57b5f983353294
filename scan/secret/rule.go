package secret

import (
	"cmp"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"

	"github.com/pkg/errors"
	"github.com/zricethezav/gitleaks/v8/config"
)

// rule is a gitleaks rule and what the search for it needs.
type rule struct {
	set             *set
	id, description string
	// pattern and path are its expressions, empty for none.
	pattern, path string
	skip          bool
	required      []*config.Required
	rank          int
	// allowPaths are expressions of its allow lists that decide by the path alone.
	allowPaths []string

	tree *syntax.Regexp
	// branches say where the expression can match; a rule without any is tried
	// everywhere.
	branches []branch
	// back is the most bytes that a match holds before its literal's end.
	back int
	// words are its keywords, keywords the numbers of those that must be seen
	// somewhere in the file: none for a rule whose literals hold one anyway.
	words    []string
	keywords []int

	translate func() config.Rule
	once      sync.Once
	*matching
}

// Rules ranked by how much they know of what they find: gitleaks' generic ones,
// those that go by a file's name, those for one kind of credential.
const (
	rankGeneric = iota
	rankFile
	rankSpecific
)

// matching is made when a rule's literal is first seen: most never are.
type matching struct {
	config.Rule
	// ahead runs on from behind the literal, behind runs back from before it; one
	// expression for each branch. behind is nil if some branch has no bound there.
	ahead, behind *program
	// short is the rule's expression for texts of at most shortText bytes.
	short *regexp.Regexp
	// secrets is what all of the rule's secrets have in common.
	secrets shape
}

// set is what the rules of a set share.
type set struct {
	name       string
	allow      []*config.Allowlist
	allowPaths []string
}

func newSet(name string, cfg *config.Config) *set {
	return &set{name: name, allow: cfg.Allowlists, allowPaths: allowPaths(cfg.Allowlists)}
}

// Rules are compiled sets of rules. They can be used by any number of scanners
// at once.
type Rules struct {
	rules []*rule
	paths *pathIndex
	// everywhere are the rules whose expression has no literals.
	everywhere []int
	// finder finds literals and keywords.
	finder *finder
	// words says for each of the finder's strings what it stands for.
	words []word
	// keywords is the number of keywords whose presence in a file matters.
	keywords int
	// mostBack is the most that a match holds before its literal's end.
	mostBack int
}

// Compile reads and combines sets of rules. Allow lists of a set apply to the
// rules of that set.
func Compile(sets ...Set) (*Rules, error) {
	r := &Rules{}
	for _, s := range sets {
		rules, err := load(s)
		if err != nil {
			return nil, err
		}
		for _, one := range rules {
			if err := one.analyse(); err != nil {
				return nil, errors.Wrapf(err, "%s: rule %s", s.Name, one.id)
			}
		}
		r.rules = append(r.rules, rules...)
	}
	slices.SortStableFunc(r.rules, func(a, b *rule) int {
		return cmp.Or(strings.Compare(a.id, b.id), strings.Compare(a.set.name, b.set.name))
	})
	r.index()
	r.paths = newPathIndex(r.rules)
	return r, nil
}

func newRule(s *set, id string, keywords []string) *rule {
	r := &rule{set: s, id: id, rank: rankSpecific}
	for _, k := range keywords {
		r.words = append(r.words, strings.ToLower(k))
	}
	switch {
	case strings.Contains(strings.ToLower(id), "generic"):
		r.rank = rankGeneric
	case s.name == filesName:
		r.rank = rankFile
	}
	return r
}

// analyse finds out where the expression can match.
func (r *rule) analyse() (err error) {
	if r.pattern == "" {
		return nil
	}
	if r.tree, err = syntax.Parse(r.pattern, syntax.Perl); err != nil {
		return err
	}
	r.branches = branches(r.tree)
	for _, b := range r.branches {
		if b.prefix == unbounded {
			r.back = maxMatch
			continue
		}
		for _, l := range b.literals {
			r.back = min(max(r.back, b.prefix+len(l.text)), maxMatch)
		}
	}
	return nil
}

// prepare makes what finds the rule's secrets from a literal on.
func (r *rule) prepare() { r.once.Do(func() { r.matching = newMatching(r) }) }

func newMatching(r *rule) *matching {
	m := &matching{Rule: r.translate(), short: shortExpr(r.tree)}
	m.secrets = newShape(&m.Rule, r.tree)
	if r.branches == nil {
		m.ahead = looseProgram([]*syntax.Regexp{r.tree})
		return m
	}
	var rest, before []*syntax.Regexp
	bounded := true
	for _, b := range r.branches {
		rest, before = append(rest, b.rest), append(before, reverse(b.before))
		bounded = bounded && b.prefix != unbounded
	}
	m.ahead = looseProgram(rest)
	if bounded {
		m.behind = looseProgram(before)
	}
	return m
}

// shortText is the length of texts for which an expression has a smaller form.
// Go's fast matcher takes programs of up to 500 instructions.
const shortText = 150

func shortExpr(re *syntax.Regexp) *regexp.Regexp {
	x, err := regexp.Compile(unlimited(re, shortText).String())
	if err != nil { // as it is, it was compiled before
		return nil
	}
	return x
}

// expr is the rule's expression for a text of n bytes.
func (r *rule) expr(n int) *regexp.Regexp {
	if n <= shortText && r.short != nil {
		return r.short
	}
	return r.Regex
}
