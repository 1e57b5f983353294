package bundle

import (
	"context"
	"slices"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/scan-build/scan-build/scan/config"
)

// folder is where the paths in an options file lead: into the project or, for a
// file of a bundle, into that bundle and nowhere else.
type folder interface {
	files(ctx context.Context, patterns ...string) ([]config.File, error)
	// name names a policy that a file in this folder extends.
	name(x config.Extend) string
	// what names the folder in messages.
	what() string
}

type projectFolder struct{ src Source }

func (p projectFolder) files(ctx context.Context, patterns ...string) ([]config.File, error) {
	return p.src.Files(ctx, patterns...)
}

func (projectFolder) name(x config.Extend) string { return x.Policy }
func (projectFolder) what() string                { return "the build context" }

type bundleFolder struct {
	policy string
	bundle *Bundle
}

func (f bundleFolder) files(_ context.Context, patterns ...string) ([]config.File, error) {
	return Matching(f.bundle.Files, patterns...), nil
}

func (f bundleFolder) name(x config.Extend) string {
	if kindOf(x.Policy) != refPath {
		return x.Policy
	}
	return f.policy + nameSeparator + x.Policy
}

func (f bundleFolder) what() string { return "policy " + shortRef(f.policy) }

// Matching returns the files whose names one of the patterns matches.
func Matching(files []config.File, patterns ...string) []config.File {
	var out []config.File
	for _, f := range files {
		if slices.ContainsFunc(patterns, func(p string) bool { return doublestar.MatchUnvalidated(p, f.Name) }) {
			out = append(out, f)
		}
	}
	return out
}
