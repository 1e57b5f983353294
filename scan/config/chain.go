package config

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pkg/errors"
)

// Chain puts options above the policies that their file extends: parents in the
// file's order, each as ParseYAML read it or, if it extends policies itself, as
// Chain returned it; then the file and the later roads, as for [Merge].
//
// What comes of it is decided by [Values.Options], where the profile is known.
// Of several parents the strictest counts. The file and the roads after it may
// be stricter than every policy above them, and looser only where each policy
// that says something lists the key under overridable:
//
//   - Of a value, the looser one is that by which more gets through: a higher
//     threshold, more days of grace, only-fixed, a weaker effect, a higher or no
//     probability, a greater age.
//   - Lists of what is refused are united, and of approved base images each
//     policy's list must be met, so these cannot be made looser.
//   - Exceptions, secrets.allow and VEX make looser by being there: every policy
//     must allow them. A file's Rego is always taken, but its results "ignore"
//     count only where every policy allows them, see [Options.MayIgnore].
//   - The database must be the same.
//
// The same holds for policies beside each other: whoever extends one chooses
// what stands beside it. There an option of which the strictest counts is no
// error.
//
// A policy binds in what it says, not in the defaults of what it leaves out. But
// one that says from where on findings block also says, if nothing else, that
// there are no days of grace and that findings without a fix block; and what it
// says of the image holds for the base image.
func Chain(parents []Values, child ...Values) (Values, error) {
	v := Merge(child...)
	v.parents = append(slices.Clone(parents), v.parents...)
	if d := v.depth(); d > MaxDepth {
		return Values{}, errors.Errorf("policies extend each other %d deep, more than %d", d, MaxDepth)
	}
	if n := v.policies(); n > MaxPolicies {
		return Values{}, errors.Errorf("%d policies are extended, more than %d", n, MaxPolicies)
	}
	return v, nil
}

// depth is how many policies stand above each other.
func (v Values) depth() int {
	deepest := 0
	for _, p := range v.parents {
		deepest = max(deepest, 1+p.depth())
	}
	return deepest
}

// policies is how many policies stand above the file.
func (v Values) policies() int {
	n := 0
	for _, p := range v.parents {
		n += 1 + p.policies()
	}
	return n
}

// joined is what a file and the policies above it say together.
type joined struct {
	said settings
	// policies are all those that took part, the farthest first.
	policies []policyLayer
}

// policyLayer is what one policy says by itself.
type policyLayer struct {
	name string
	said map[string]setting
	// rules are what it says under options that are a Map.
	rules []setting
	// open are the keys that it lets be made looser.
	open []string
}

// allow says whether every policy lets a key be made looser.
func (j joined) allow(key string) bool {
	return !slices.ContainsFunc(j.policies, func(p policyLayer) bool { return !p.allows(key) })
}

// policySays says whether a policy sets an option.
func (j joined) policySays(name string) bool {
	return slices.ContainsFunc(j.policies, func(p policyLayer) bool {
		_, ok := p.said[name]
		return ok
	})
}

// join joins what a file, the policies above it and the roads below it say under
// a profile.
func (v Values) join(profile string, isPolicy bool) (joined, error) {
	var parents []joined
	for _, p := range v.parents {
		j, err := p.join(profile, true)
		if err != nil {
			return joined{}, err
		}
		parents = append(parents, j)
	}
	if err := permitBeside(parents); err != nil {
		return joined{}, err
	}
	all := beside(parents)
	said := v.layer(profile, isPolicy)
	for _, o := range declared() {
		for _, id := range idsOf(o, said) {
			s := said[id]
			if err := all.permit(o, &s); err != nil {
				return joined{}, o.fail(s, err)
			}
			switch o.across {
			case own:
			case overrides:
				all.said[id] = []setting{s}
			default:
				all.said[id] = appendSetting(all.said[id], s)
			}
		}
	}
	if isPolicy {
		all.policies = append(all.policies, newPolicyLayer(v.file, said))
	}
	return all, nil
}

func newPolicyLayer(name string, said map[string]setting) policyLayer {
	l := policyLayer{name: name, said: said}
	for _, id := range slices.Sorted(maps.Keys(said)) {
		if o, ok := optionOf(id); ok && o.Map {
			l.rules = append(l.rules, said[id])
		}
	}
	for _, v := range said["overridable"].values {
		l.open = append(l.open, v.text)
	}
	return l
}

// idsOf are those of the option's settings, in order.
func idsOf(o Option, said map[string]setting) []string {
	if !o.Map {
		if _, ok := said[o.Name]; !ok {
			return nil
		}
		return []string{o.Name}
	}
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(said)) {
		if of, ok := optionOf(id); ok && of.Name == o.Name {
			ids = append(ids, id)
		}
	}
	return ids
}

// beside joins policies that stand beside each other: each of them must be met.
func beside(parents []joined) joined {
	out := joined{said: settings{}}
	for _, p := range parents {
		out.policies = append(out.policies, p.policies...)
		for id, list := range p.said {
			o, _ := optionOf(id)
			switch {
			case o.across != overrides:
				for _, s := range list {
					out.said[id] = appendSetting(out.said[id], s)
				}
			case o.loose == nil:
				out.said[id] = list
			default:
				if _, done := out.said[id]; !done {
					out.said[id] = []setting{strictest(o, id, parents)}
				}
			}
		}
	}
	return out
}

// strictest returns the setting by which the least gets through, of those that
// policies have or that follow from what they have.
func strictest(o Option, id string, parents []joined) setting {
	var best setting
	found := false
	for _, p := range parents {
		single := map[string]setting{}
		for id, list := range p.said {
			single[id] = list[len(list)-1]
		}
		s, ok := saysOf(o, id, single, func(string) bool { return false })
		if ok && (!found || o.looseness(s) < o.looseness(best)) {
			best, found = s, true
		}
	}
	return best
}

// appendSetting appends what is not there already: two policies may extend the
// same third one.
func appendSetting(list []setting, s setting) []setting {
	if slices.ContainsFunc(list, func(t setting) bool { return t.at == s.at }) {
		return list
	}
	return append(list, s)
}

// permitBeside holds what each of some policies says against those that stand
// beside it, unless these say it, too, or [strictest] decides.
func permitBeside(parents []joined) error {
	for i, p := range parents {
		for j, other := range parents {
			if i == j {
				continue
			}
			for _, id := range slices.Sorted(maps.Keys(p.said)) {
				o, _ := optionOf(id)
				if o.across == overrides && (!o.Map && !o.fixed || len(other.said[id]) > 0 && !o.fixed) {
					continue
				}
				for k := range p.said[id] {
					if err := other.permitBeside(o, &p.said[id][k], p.policies); err != nil {
						return o.fail(p.said[id][k], err)
					}
				}
			}
		}
	}
	return nil
}

// permitBeside holds a setting that policies brought against those policies that
// are none of them. One that came by a policy which both extend has been held
// against the others of each already.
func (j joined) permitBeside(o Option, s *setting, by []policyLayer) error {
	if slices.ContainsFunc(j.said[o.id(s.key)], func(t setting) bool { return t.at == s.at }) {
		return nil
	}
	for _, p := range j.policies {
		if slices.ContainsFunc(by, func(q policyLayer) bool { return q.name == p.name }) {
			continue
		}
		if err := p.permit(o, s); err != nil {
			return err
		}
	}
	return nil
}

// permit holds a setting against the policies above it, and marks Rego that may
// only be stricter.
func (j joined) permit(o Option, s *setting) error {
	for _, p := range j.policies {
		if err := p.permit(o, s); err != nil {
			return err
		}
	}
	return nil
}

func (p policyLayer) permit(o Option, s *setting) error {
	switch {
	case p.allows(o.FileKey()) || p.allows(o.Name):
	case o.across == adds && !s.empty():
		return errors.Errorf("makes policy %s looser, which does not allow it with overridable: [%s]", p.name, o.FileKey())
	case o.across == addsWeakly:
		s.weak = true
	case o.fixed:
		if t, ok := p.said[o.Name]; ok && s.text() != t.text() {
			return errors.Errorf("%s is not the %s of %s, which does not allow another one with overridable: [%s]",
				shorten(s.text()), shorten(t.text()), t.at.where(), o.openKey(*s))
		}
	case o.loose == nil:
	case o.Map:
		return p.permitRule(o, *s)
	default:
		if t, ok := saysOf(o, o.Name, p.said, p.allows); ok && o.looseness(*s) > o.looseness(t) {
			return looserThan(o, *s, t)
		}
	}
	return nil
}

func looserThan(o Option, s, t setting) error {
	text := t.text()
	if t.key != s.key {
		text += " for " + t.key
	}
	return errors.Errorf("%s is looser than %s of %s, which does not allow it with overridable: [%s]",
		shorten(s.text()), text, t.at.where(), o.openKey(s))
}

// openKey is how overridable names what a setting is for: in short, if it can be.
func (o Option) openKey(s setting) string {
	switch {
	case o.Map:
		return o.FileKey() + "." + s.key
	case o.Key != "" && o.Roads&RoadFlag != 0:
		return o.Name
	default:
		return o.FileKey()
	}
}

func (s setting) empty() bool { return len(s.values)+len(s.entries) == 0 }

// allows says whether whoever extends the policy may make a key looser: it, or a
// group that it is in, is listed.
func (p policyLayer) allows(key string) bool {
	return slices.ContainsFunc(p.open, func(open string) bool { return covers(open, key) })
}

// looseness measures a single setting of an option.
func (o Option) looseness(s setting) float64 {
	var opts Options
	if err := o.set(&opts, s); err != nil {
		panic(fmt.Sprintf("%s: %v", o.Name, err)) // settings have been checked
	}
	return o.loose(opts)
}
