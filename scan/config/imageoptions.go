package config

import (
	"regexp"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// imageOptions are about the images that a build starts from.
func imageOptions() []Option {
	return []Option{
		{
			Name: "base.approved", Roads: RoadFile, Why: inFileOnly, Repeatable: true, across: unites, schema: imageSchema(),
			Help: "Base images to build on, as patterns such as docker.io/library/*; others block",
			set:  setApproved,
		},
		{
			Name: "base.max-age", Default: "0", Roads: RoadFile, Why: inFileOnly, schema: ageSchema(),
			Help:  "Block at a base image older than this, e.g. 90d; 0 accepts any",
			set:   one(func(o *Options, s string, _ Road) (err error) { o.Base.MaxAge, err = parseAge(s); return err }),
			loose: func(o Options) float64 { return looseAge(o.Base.MaxAge) },
		},
	}
}

// setApproved adds a list: a base image must be in every one.
func setApproved(o *Options, s setting) error {
	var list []string
	err := eachValue(s, "patterns", func(text string) error {
		glob, err := parseImageGlob(text)
		list = appendNew(list, glob)
		return err
	})
	if err == nil {
		o.Base.Approved = append(o.Base.Approved, list)
	}
	return err
}

// checkOptions are about configuration findings.
func checkOptions() []Option {
	levels := func(o *Options) *Levels { return &o.Checks.Levels }
	block := blockOption(levels, "Block the build at configuration findings of this severity and above, or none")
	block.Name, block.Key, block.Value, block.Default, block.Roads, block.Why = "fail-on-check", "checks.fail-on", "SEVERITY", thresholdNone, everyRoad, ""
	warn := warnOption(levels, "Warn at configuration findings of this severity and above that do not block")
	warn.Name, warn.Default = "checks.warn", "high"
	log := logOption(levels, "Count configuration findings of this severity and above")
	log.Name, log.Default = "checks.log", "low"
	return []Option{block, warn, log, {
		Name: "checks.rules", Roads: RoadFile, Why: inFileOnly, Map: true, schema: effectSchema(),
		Help:  "Checks, by id, that block, warn or are off whatever their severity; in an id * stands for anything",
		set:   setCheckRule,
		loose: func(o Options) float64 { return looseRule(o.Checks.Rules) },
	}}
}

// checkID is what ids of checks are made of, and *.
var checkID = regexp.MustCompile(`^[A-Za-z0-9._/*-]{1,64}$`)

func setCheckRule(o *Options, s setting) error {
	if !checkID.MatchString(s.key) {
		return errors.New("is no id of a check, want e.g. root-user or dockerfile/*")
	}
	return one(func(o *Options, text string, _ Road) error {
		e, err := ParseEffect(text)
		if err != nil {
			return err
		}
		if o.Checks.Rules == nil {
			o.Checks.Rules = map[string]Effect{}
		}
		o.Checks.Rules[s.key] = e
		return nil
	})(o, s)
}

// looseRule measures the only rule of a mapping.
func looseRule(rules map[string]Effect) float64 {
	for _, e := range rules {
		return e.loose()
	}
	return 0
}

// ParseEffect reads an effect's name, in any case.
func ParseEffect(s string) (Effect, error) {
	return parseWord("effect", s, EffectBlock, EffectWarn, EffectOff)
}

// loose measures an effect: one that does less lets more pass.
func (e Effect) loose() float64 {
	switch e {
	case EffectOff:
		return 2
	case EffectWarn:
		return 1
	default:
		return 0
	}
}

// BlocksLint says whether a lint rule of BuildKit's, none of which is above medium
// severity, can block.
func (c Checks) BlocksLint() bool {
	for pattern, e := range c.Rules {
		if e == EffectBlock && starsMeet(pattern, scan.LintPrefix+"*") {
			return true
		}
	}
	return c.Levels.Block.Reached(scan.SeverityMedium)
}

// Rule returns what a check does that does not do what its severity says. A rule
// for just its id is before one with a pattern, a longer pattern before a
// shorter one, and of two that are as long the stricter one counts.
func (c Checks) Rule(id string) (Effect, bool) {
	if e, ok := c.Rules[id]; ok {
		return e, true
	}
	var best string
	for pattern, e := range c.Rules {
		if !MatchStar(pattern, id) || len(pattern) < len(best) {
			continue
		}
		if len(pattern) > len(best) || e.loose() < c.Rules[best].loose() {
			best = pattern
		}
	}
	e, ok := c.Rules[best]
	return e, ok
}
