package frontend

import (
	"slices"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/check"
)

// placeSettings says which instruction is to be changed for each finding about an
// image's configuration. The base images' configurations are read once more for
// it: what an image inherits is the FROM's.
func (p *plan) placeSettings(r *scan.Report, f *finder) error {
	for i := range p.platforms {
		pp := &p.platforms[i]
		if len(pp.stages) == 0 {
			continue
		}
		base, err := f.imageFacts(pp.baseConfig)
		if err != nil {
			return err
		}
		s := settings{texts: pp.texts, final: &pp.stages[len(pp.stages)-1], image: pp.image, base: base}
		s.chains = pp.texts.chains(s.final)
		found := r.Platforms[i].FinalStage().Misconfigurations
		for j := range found {
			if m := &found[j]; m.Instruction == nil && m.Layer < 0 {
				m.Instruction = s.of(*m)
			}
		}
	}
	return nil
}

// settings finds the instructions that made an image's configuration.
type settings struct {
	texts       *texts
	final       *planStage
	chains      [][]int
	image, base *scan.ImageConfig
}

// of is the instruction to change for a finding: the last one that gives its
// subject; the FROM that brought the base image if that has it already; for what
// is missing, the FROM of the final stage. It is nil if that is not known.
func (s *settings) of(m scan.Misconfiguration) *scan.Layer {
	c, ok := check.Find(m.Check)
	if !ok || len(c.Keywords) == 0 {
		return nil
	}
	for _, keyword := range c.Keywords {
		if s.inherited(keyword, m.Subject) {
			return s.baseFrom()
		}
	}
	for _, keyword := range c.Keywords {
		name := m.Subject
		if keyword == "user" { // the last one holds, whatever it is
			name = ""
		}
		for i, chain := range s.chains {
			if in, ok := s.texts.build.File(i).Setting(chain, keyword, name); ok {
				return instruction(in, chain, s.final)
			}
		}
	}
	if m.Subject != "" { // none of the Dockerfile's instructions gives it
		return s.baseFrom()
	}
	return s.ownFrom()
}

// inherited says whether the base image has a thing that no instruction can take
// away again, or that none has changed. A user and a health check are not: the
// last instruction decides.
func (s *settings) inherited(keyword, subject string) bool {
	if s.base == nil || subject == "" {
		return false
	}
	switch keyword {
	case "expose":
		return slices.Contains(s.base.ExposedPorts, subject)
	case "volume":
		return slices.Contains(s.base.Volumes, subject)
	case "env":
		return slices.Contains(s.base.EnvNames, subject)
	case "label":
		value, ok := s.base.Labels[subject]
		return ok && value == s.image.Labels[subject]
	}
	return false
}

// baseFrom is the FROM that brought the base image in.
func (s *settings) baseFrom() *scan.Layer {
	if len(s.final.layers) == 0 || s.final.layers[0].Base == "" {
		return nil
	}
	l := place(s.final.layers[0].from.Instruction)
	l.Base = s.final.layers[0].Base
	return &l
}

// ownFrom is the FROM of the stage that becomes the image.
func (s *settings) ownFrom() *scan.Layer {
	for i, chain := range s.chains {
		if len(chain) == 0 {
			continue
		}
		if in, ok := s.texts.build.File(i).Setting(chain[:1], "from", ""); ok {
			return instruction(in, chain, s.final)
		}
	}
	return nil
}
