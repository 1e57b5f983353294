package secret

import (
	"bytes"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"

	"github.com/pkg/errors"
	"github.com/rs/zerolog"
	"github.com/spf13/viper"
	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/logging"
)

// MaxSetSize is the most that a set of rules may hold, in bytes. gitleaks' own
// has 110 kB.
const MaxSetSize = 1 << 20

// Set is a named set of rules in gitleaks' TOML format.
type Set struct {
	// Name for messages: a file's name, or "default".
	Name string
	TOML []byte
	// tested sets need no check before a rule is used.
	tested bool
}

// Default is gitleaks' own set of rules.
func Default() Set { return Set{Name: "default", TOML: []byte(config.DefaultConfig), tested: true} }

// filesName is the name of the set for files that are known by their name.
const filesName = "files"

// Files is our set for files that hold credentials by their name.
func Files() Set { return Set{Name: filesName, TOML: filesTOML, tested: true} }

// quiet keeps gitleaks from writing to standard error: what matters it returns.
var quiet = sync.OnceFunc(func() { logging.Logger = zerolog.Nop() })

// load reads a set with gitleaks' own library. Of what a set can extend only the
// default set is there: a set must mean the same wherever it is read.
func load(s Set) (rules []*rule, err error) {
	quiet()
	defer func() { // the library compiles expressions with MustCompile
		if p := recover(); p != nil {
			err = errors.Errorf("%s: %v", s.Name, p)
		}
	}()
	vc, err := decode(s)
	if err != nil {
		return nil, err
	}
	if vc.Extend.Path != "" || vc.Extend.URL != "" {
		return nil, errors.Errorf("%s: extend.path and extend.url are not supported: name each file as a rule set of its own", s.Name)
	}
	if vc.Extend.UseDefault {
		base, err := decode(Default())
		if err != nil {
			return nil, err
		}
		if vc, err = extend(base, vc); err != nil {
			return nil, errors.Wrap(err, s.Name)
		}
	}
	if s.tested {
		return loadLazily(s.Name, vc)
	}
	if err := bounded(vc); err != nil {
		return nil, errors.Wrap(err, s.Name)
	}
	cfg, err := vc.Translate()
	if err != nil {
		return nil, errors.Wrap(err, s.Name)
	}
	shared := newSet(s.Name, &cfg)
	for _, c := range cfg.Rules {
		r := newRule(shared, c.RuleID, c.Keywords)
		r.description, r.skip, r.required = c.Description, c.SkipReport, c.RequiredRules
		if c.Regex != nil {
			r.pattern = c.Regex.String()
		}
		if c.Path != nil {
			r.path = c.Path.String()
		}
		r.allowPaths = allowPaths(c.Allowlists)
		r.translate = func() config.Rule { return c }
		rules = append(rules, r)
	}
	return rules, nil
}

// maxInstructions bounds what a set's expressions are compiled to. gitleaks' own
// set has 43,000; a kilobyte of repetitions can make millions, of 40 bytes each.
const maxInstructions = 1_000_000

// bounded refuses sets whose expressions would fill the memory.
func bounded(vc *config.ViperConfig) error {
	left := maxInstructions
	take := func(exprs ...string) error {
		for _, e := range exprs {
			tree, err := syntax.Parse(e, syntax.Perl)
			if err != nil {
				return err
			}
			if left -= instructions(tree, left); left <= 0 {
				return errors.Errorf("the expressions are too large: more than %d instructions in all, at %.60q", maxInstructions, e)
			}
		}
		return nil
	}
	for _, r := range vc.Rules {
		if err := take(r.Regex, r.Path); err != nil {
			return errors.Wrapf(err, "rule %s", r.ID)
		}
		for _, a := range r.Allowlists {
			if err := take(slices.Concat(a.Regexes, a.Paths)...); err != nil {
				return errors.Wrapf(err, "allow list of rule %s", r.ID)
			}
		}
	}
	for _, a := range vc.Allowlists {
		if err := take(slices.Concat(a.Regexes, a.Paths)...); err != nil {
			return errors.Wrap(err, "allow list")
		}
	}
	return nil
}

// loadLazily leaves most of the work until a rule's literal is seen, which for
// most never happens: translating a whole set takes longer than to analyse a
// small layer.
func loadLazily(name string, vc *config.ViperConfig) (rules []*rule, err error) {
	global := config.ViperConfig{Allowlists: vc.Allowlists}
	cfg, err := global.Translate()
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	shared := newSet(name, &cfg)
	for i, c := range vc.Rules {
		r := newRule(shared, c.ID, c.Keywords)
		r.description, r.skip, r.pattern, r.path = c.Description, c.SkipReport, c.Regex, c.Path
		one := config.ViperConfig{Rules: vc.Rules[i : i+1]}
		r.translate = func() config.Rule {
			cfg, err := one.Translate()
			if err != nil {
				panic(err) // a tested set
			}
			return cfg.Rules[c.ID]
		}
		for _, a := range c.Allowlists {
			and := a.Condition != "" && !strings.EqualFold(a.Condition, "or") && len(a.Regexes)+len(a.StopWords)+len(a.Commits) > 0
			if len(a.Paths) > 0 && !and {
				r.allowPaths = append(r.allowPaths, joined(a.Paths))
			}
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func decode(s Set) (*config.ViperConfig, error) {
	if len(s.TOML) > MaxSetSize {
		return nil, errors.Errorf("%s: more than %d bytes", s.Name, MaxSetSize)
	}
	v := viper.New()
	v.SetConfigType("toml")
	if err := v.ReadConfig(bytes.NewReader(s.TOML)); err != nil {
		return nil, errors.Wrapf(err, "%s is not TOML", s.Name)
	}
	var vc config.ViperConfig
	if err := v.Unmarshal(&vc); err != nil {
		return nil, errors.Wrapf(err, "%s is not a set of gitleaks rules", s.Name)
	}
	// Both spellings of allow lists become one, so that lists can be joined.
	if vc.AllowList != nil { //nolint:staticcheck // gitleaks' own set is written so
		vc.Allowlists, vc.AllowList = append(vc.Allowlists, vc.AllowList), nil //nolint:staticcheck // as above
	}
	for i := range vc.Rules {
		if r := &vc.Rules[i]; r.AllowList != nil {
			r.Allowlists, r.AllowList = append(r.Allowlists, r.AllowList), nil
		}
	}
	return &vc, nil
}

// extend changes and adds to a set as extend.useDefault does. The library's own
// code counts in a global variable how often it has been asked, and stops
// extending after two times.
func extend(base, own *config.ViperConfig) (*config.ViperConfig, error) {
	out := *own
	out.Extend = config.Extend{}
	out.Allowlists = append(slices.Clone(own.Allowlists), base.Allowlists...)
	index := map[string]int{}
	for i, r := range out.Rules {
		index[r.ID] = i
	}
	disabled := map[string]bool{}
	for _, id := range own.Extend.DisabledRules {
		disabled[id] = true
	}
	for _, r := range base.Rules {
		if disabled[r.ID] {
			delete(disabled, r.ID)
			continue
		}
		i, ok := index[r.ID]
		if !ok {
			out.Rules = append(out.Rules, r)
			continue
		}
		c := &out.Rules[i]
		if c.Description == "" {
			c.Description = r.Description
		}
		if c.Entropy == 0 {
			c.Entropy = r.Entropy
		}
		if c.SecretGroup == 0 {
			c.SecretGroup = r.SecretGroup
		}
		if c.Regex == "" {
			c.Regex = r.Regex
		}
		if c.Path == "" {
			c.Path = r.Path
		}
		c.Tags = append(r.Tags, c.Tags...)
		c.Keywords = append(r.Keywords, c.Keywords...)
		c.Allowlists = append(r.Allowlists, c.Allowlists...)
		c.Required, c.SkipReport = r.Required, r.SkipReport
	}
	for id := range disabled {
		return nil, errors.Errorf("extend.disabledRules names %q, which the default set does not have", id)
	}
	return &out, nil
}
