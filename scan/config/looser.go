package config

import (
	"strings"

	"github.com/pkg/errors"
)

// saysOf returns what settings say of an option: its own setting, or what
// follows from another's. One that follows from a key that may be made looser
// itself does not count.
func saysOf(o Option, id string, said map[string]setting, free func(key string) bool) (setting, bool) {
	if s, ok := said[id]; ok {
		return s, true
	}
	if s, ok := said[o.Like]; ok && o.Like != "" && !freeOption(o.Like, free) {
		return s, true
	}
	for _, name := range o.weakens {
		s, ok := said[name]
		if !ok || freeOption(name, free) {
			continue
		}
		if of, ok := optionNamed(name); !ok || blocksNothing(of, s) {
			continue
		}
		return setting{values: []value{{text: o.Default}}, at: s.at}, true
	}
	return setting{}, false
}

func freeOption(name string, free func(key string) bool) bool {
	o, _ := optionNamed(name)
	return free(o.Name) || free(o.FileKey())
}

// blocksNothing says whether a threshold is none: nothing can weaken it.
func blocksNothing(o Option, s setting) bool {
	return o.looseness(s) == Threshold{Never: true}.loose()
}

// covers says whether a key that overridable lists stands for another: for
// itself, in short or in full, or for all below it.
func covers(open, key string) bool {
	if open == key || strings.HasPrefix(key, open+".") {
		return true
	}
	for _, o := range declared() {
		if o.Key != "" && (open == o.Name && key == o.Key || open == o.Key && key == o.Name) {
			return true
		}
		if o.Key != "" && key == o.Name && strings.HasPrefix(o.Key, open+".") {
			return true
		}
	}
	return false
}

// permitRule holds a rule for checks against the policy's: it is looser if some
// check would do less by it than by a rule of the policy, or, being weaker than
// block, if the policy says from which severity on checks block or, being off,
// warn.
func (p policyLayer) permitRule(o Option, s setting) error {
	if p.allows(o.FileKey() + "." + s.key) {
		return nil
	}
	loose := o.looseness(s)
	for _, t := range p.rules {
		if loose > o.looseness(t) && takesPlaceOf(s.key, t.key) {
			return looserThan(o, s, t)
		}
	}
	for _, level := range []struct {
		name string
		from Effect
	}{{"fail-on-check", EffectWarn}, {"checks.warn", EffectOff}} {
		t, ok := p.said[level.name]
		if !ok || loose < level.from.loose() || freeOption(level.name, p.allows) {
			continue
		}
		if of, _ := optionNamed(level.name); !blocksNothing(of, t) && !p.covered(o, s.key, loose) {
			return errors.Errorf("%s is looser than %s %s of %s, which does not allow it with overridable: [%s]",
				s.text(), of.FileKey(), t.text(), t.at.where(), o.openKey(s))
		}
	}
	return nil
}

// covered says whether the policy itself has a rule for just this key that lets
// as much pass.
func (p policyLayer) covered(o Option, key string, loose float64) bool {
	t, ok := p.said[o.id(key)]
	return ok && o.looseness(t) >= loose
}

// takesPlaceOf says whether a rule under the one key can decide about a check
// about which a rule under the other would have, see [Checks.Rule].
func takesPlaceOf(key, other string) bool {
	switch {
	case !strings.Contains(other, "*"):
		return key == other
	case !strings.Contains(key, "*"):
		return MatchStar(other, key)
	default:
		return len(key) >= len(other) && starsMeet(key, other) && (key == other || len(key) > len(other))
	}
}
