package policy

import (
	"fmt"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/base"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// shownBases is how many other base images a message names.
const shownBases = 3

// baseNotes says what is known of other images to build on, those of several
// platforms once.
func baseNotes(r *scan.Report) []string {
	var out []string
	for i := range r.Platforms {
		if s := r.Platforms[i].FinalStage(); s != nil {
			for _, n := range base.News(s.Base) {
				out = addTo(out, plain.Line(n, 0))
			}
		}
	}
	return out
}

// BaseWarnings says what other base images would change, one warning for each
// FROM. They tell of no weakness, so they are none of [Warnings].
func BaseWarnings(r *scan.Report) []Warning {
	var out []Warning
	index := map[instruction]int{}
	for i := range r.Platforms {
		s := r.Platforms[i].FinalStage()
		if s == nil {
			continue
		}
		notes := base.News(s.Base)
		if len(notes) == 0 {
			continue
		}
		in := instructionOf(baseLayer(s))
		at, ok := index[in]
		if !ok {
			at = len(out)
			index[in] = at
			out = append(out, Warning{Stage: s.Name, Layer: baseLayer(s), Short: plain.Line(notes[0], 0)})
		}
		for _, n := range notes {
			out[at].Detail = addTo(out[at].Detail, plain.Line(n, 0))
		}
	}
	return out
}

// newerBase says what to build on in place of a group's base image: of the images
// that were compared the one that is better, else just a newer one.
func newerBase(r *scan.Report, g *group) string {
	if b, a := betterBase(r, g); a != nil {
		return fmt.Sprintf("FROM %s%s (%s)", imageName(a.Ref), shortDigest(b, a), base.Change(*a))
	}
	return "use a newer " + imageName(g.layer.Base)
}

// shortDigest is the beginning of the digest that a pinned base would have.
func shortDigest(b *scan.Base, a *scan.BaseAdvice) string {
	if !b.Pinned || a.Digest == "" {
		return ""
	}
	return plain.Line("@"+a.Digest[:min(len(a.Digest), len("sha256:")+12)], 0)
}

// betterBase is the base image of a group's stage and what would be better than
// it; nil if nothing is known to be.
func betterBase(r *scan.Report, g *group) (*scan.Base, *scan.BaseAdvice) {
	b := baseOf(r, g)
	return b, base.Best(b)
}

// baseOf is the base image whose findings a group has, nil if it is not the base
// of what becomes the image.
func baseOf(r *scan.Report, g *group) *scan.Base {
	var out *scan.Base
	for i := range r.Platforms {
		s := r.Platforms[i].FinalStage()
		if g.layer.Base == "" || s == nil || s.Name != g.stage || baseLayer(s).Base != g.layer.Base || s.Base == nil {
			continue
		}
		if out == nil || base.Best(out) == nil {
			out = s.Base
		}
	}
	return out
}
