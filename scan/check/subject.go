package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// What a message shows of a text at most.
const (
	pathWidth        = 80
	instructionWidth = 60
	nameWidth        = 80
	shownNames       = 3
)

// subject is a stage that is looked at, and what else is known of its image.
type subject struct {
	platform *scan.Platform
	stage    *scan.Stage
	at       time.Time
	target   string
}

// image is the image's configuration; an empty one where it is not known, of
// which no check finds anything because it needs a known one.
func (s *subject) image() *scan.ImageConfig { return s.platform.Image }

// files are the stage's facts of some kinds that no package of the distribution
// owns, in order.
func (s *subject) files(kinds ...string) []scan.FileFact {
	var out []scan.FileFact
	for _, f := range s.stage.Files {
		if slices.Contains(kinds, f.Kind) && f.Package == "" {
			out = append(out, f)
		}
	}
	return out
}

// isBase says whether a layer came with the base image.
func (s *subject) isBase(layer int) bool {
	return layer >= 0 && layer < len(s.stage.Layers) && s.stage.Layers[layer].Base != ""
}

// baseLayer is the first layer of the base image, -1 if there is none.
func (s *subject) baseLayer() int {
	return slices.IndexFunc(s.stage.Layers, func(l scan.Layer) bool { return l.Base != "" })
}

// origin names what brought a layer in: the instruction, or the base image.
func (s *subject) origin(layer int) string {
	if layer < 0 || layer >= len(s.stage.Layers) {
		return ""
	}
	l := s.stage.Layers[layer]
	if l.Base != "" {
		return "base image " + plain.Line(l.Base, nameWidth)
	}
	return plain.Line(l.Instruction, instructionWidth)
}

// group is the files of one instruction; all layers of a base image are one.
type group struct {
	layer int
	files []scan.FileFact
}

// byInstruction groups facts, in the order of the layers.
func (s *subject) byInstruction(facts []scan.FileFact) []group {
	var out []group
	for _, f := range facts {
		layer := f.Layer
		if s.isBase(layer) {
			layer = s.baseLayer()
		}
		i := slices.IndexFunc(out, func(g group) bool { return g.layer == layer })
		if i < 0 {
			out = append(out, group{layer: layer})
			i = len(out) - 1
		}
		out[i].files = append(out[i].files, f)
	}
	slices.SortStableFunc(out, func(a, b group) int { return cmp.Compare(a.layer, b.layer) })
	return out
}

// found makes a finding of a group: "/a (2 kB) and /b WHAT: INSTRUCTION".
func (s *subject) found(g group, is, are string) found {
	f := found{layer: g.layer, count: len(g.files)}
	var names []string
	removed := true
	for _, file := range g.files {
		f.paths = append(f.paths, file.Path)
		removed = removed && file.Removed > 0
		names = append(names, describe(file))
	}
	verb := are
	if len(names) == 1 {
		verb = is
	}
	f.message = enumerate(names) + " " + verb
	if removed {
		f.message += ", deleted by a later layer but still in this one"
	}
	if o := s.origin(g.layer); o != "" {
		f.message += ": " + o
	}
	return f
}

func describe(f scan.FileFact) string {
	name := "/" + plain.Tail(f.Path, pathWidth)
	var notes []string
	switch f.Kind {
	case scan.FileSetuid, scan.FileSetgid, scan.FileWorldWritable:
		if f.Mode != "" {
			notes = append(notes, "mode "+plain.Line(f.Mode, 8))
		}
	default:
		if f.Size > 0 {
			notes = append(notes, size(f.Size))
		}
	}
	if len(notes) == 0 {
		return name
	}
	return name + " (" + strings.Join(notes, ", ") + ")"
}

// enumerate lists the first names and counts the rest: "a, b, c and 2 more".
func enumerate(names []string) string {
	if more := len(names) - shownNames; more > 0 {
		return strings.Join(names[:shownNames], ", ") + fmt.Sprintf(" and %d more", more)
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

// size is a number of bytes for people, in powers of 1000 as docker shows them.
func size(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	v, i := float64(n), 0
	for v >= 999.95 && i < len(units)-1 {
		v /= 1000
		i++
	}
	if i == 0 || v >= 99.95 {
		return fmt.Sprintf("%.0f %s", v, units[i])
	}
	return strings.Replace(fmt.Sprintf("%.1f %s", v, units[i]), ".0 ", " ", 1)
}
