package frontend

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/scan-build/scan-build/frontend/graph"
	"github.com/scan-build/scan-build/scan"
)

// contextPrefix begins the frontend options that name build contexts.
const contextPrefix = "context:"

// bottom is the layer that a stage stands on, if that is an image.
func (ps *planStage) bottom() *graph.Layer {
	if len(ps.Layers) == 0 || ps.Layers[0].Base == nil {
		return nil
	}
	return &ps.Layers[0]
}

// builtOn says which image a stage is built on, as far as the definition and the
// Dockerfile tell; nil for a stage on scratch.
func (t *texts) builtOn(ps *planStage) *scan.Base {
	l := ps.bottom()
	if l == nil {
		return nil
	}
	used, err := reference.ParseNormalizedNamed(l.Base.Ref)
	if err != nil {
		return &scan.Base{Ref: l.Base.Ref}
	}
	written := t.written(l)
	if l.Base.Scheme != graph.DockerImage { // a layout's reference names nothing outside of the build
		return &scan.Base{Ref: cmp.Or(written, t.layoutName(used)), Digest: digestOf(used)}
	}
	named, err := reference.ParseNormalizedNamed(written)
	if err != nil || named.Name() != used.Name() {
		written, named = t.replaced(used)
	}
	out := &scan.Base{Ref: written, Name: used.Name(), Digest: digestOf(used), Pinned: digestOf(named) != ""}
	if tagged, ok := named.(reference.Tagged); ok {
		out.Tag = tagged.Tag()
	}
	if out.Untagged = reference.IsNameOnly(named); out.Untagged {
		out.Tag = "latest"
	}
	return out
}

func digestOf(named reference.Named) string {
	if d, ok := named.(reference.Digested); ok {
		return d.Digest().String()
	}
	return ""
}

// fromOption finds the image that COPY --from=IMAGE or RUN --mount=from=IMAGE reads.
var fromOption = regexp.MustCompile(`\bfrom=["']?([^\s,"']+)`)

// written is the reference that the Dockerfile has at a layer; empty if none is
// found there.
func (t *texts) written(l *graph.Layer) string {
	if !l.Known() {
		return ""
	}
	if word, _, _ := strings.Cut(l.Text, " "); !strings.EqualFold(word, "FROM") {
		for _, m := range fromOption.FindAllStringSubmatch(l.Text, -1) {
			if named, err := reference.ParseNormalizedNamed(m[1]); err == nil && strings.HasPrefix(l.Base.Ref, named.Name()) {
				return m[1]
			}
		}
		return ""
	}
	for i := range t.build.Files() {
		if file := t.build.File(i); file.Info == l.Source {
			ref, _ := file.Base(l.StageIndex(), t.args)
			return ref
		}
	}
	return ""
}

// replaced is the reference of an image that stands in for what the Dockerfile
// names: that of a build context, else what the definition says, whose digest
// the frontend added.
func (t *texts) replaced(used reference.Named) (string, reference.Named) {
	for _, name := range slices.Sorted(maps.Keys(t.contexts)) {
		ref, ok := strings.CutPrefix(t.contexts[name], graph.DockerImage+"://")
		if named, err := reference.ParseNormalizedNamed(ref); ok && err == nil && named.Name() == used.Name() {
			return ref, named
		}
	}
	named := reference.TrimNamed(used)
	if tagged, ok := used.(reference.Tagged); ok {
		if with, err := reference.WithTag(named, tagged.Tag()); err == nil {
			named = with
		}
	}
	return reference.FamiliarString(named), named
}

// layoutName is the name of the build context that brings a layout's image.
func (t *texts) layoutName(used reference.Named) string {
	for _, name := range slices.Sorted(maps.Keys(t.contexts)) {
		named, err := reference.ParseNormalizedNamed(name)
		if err == nil && named.Name() == used.Name() && strings.HasPrefix(t.contexts[name], graph.OCILayout+"://") {
			return name
		}
	}
	return reference.FamiliarString(reference.TrimNamed(used))
}

// namedContexts are the build contexts by the names that they stand in for,
// those of single platforms (NAME::PLATFORM) among them.
func namedContexts(opts map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range opts {
		if name, ok := strings.CutPrefix(k, contextPrefix); ok {
			name, _, _ = strings.Cut(name, "::")
			out[name] = v
		}
	}
	return out
}
