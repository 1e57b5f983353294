package frontend

import (
	"cmp"
	"path"
	"regexp"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/dfgitutil"
	"github.com/moby/buildkit/util/urlutil"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
)

// Options by which buildx tells where a local context comes from, and the one that
// names a remote context.
const (
	keyRevision  = "vcs:revision"
	keyVCSSource = "vcs:source"
	keyContext   = "context"
)

var commit = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// buildFacts are what a build's options say about it. The context is either a
// folder, of whose repository buildx tells, or a repository itself.
func buildFacts(opts map[string]string, opt config.Options) *scan.Build {
	b := &scan.Build{
		Revision:   opts[keyRevision],
		Source:     urlutil.RedactCredentials(opts[keyVCSSource]),
		Branch:     opt.Branch,
		Profile:    opt.Profile,
		Dockerfile: path.Clean(cmp.Or(opts[keyFilename], dockerfileName)),
		Stage:      opts[keyTarget],
	}
	git, isGit, err := dfgitutil.ParseGitRef(opts[keyContext])
	if err != nil || !isGit {
		return b
	}
	b.Source = cmp.Or(b.Source, urlutil.RedactCredentials(git.Remote))
	switch {
	case commit.MatchString(git.Ref):
		b.Revision = cmp.Or(b.Revision, git.Ref)
	case git.Ref != "" && !strings.HasPrefix(git.Ref, "refs/tags/") && !strings.HasPrefix(git.Ref, "refs/pull/"):
		b.Branch = cmp.Or(b.Branch, strings.TrimPrefix(git.Ref, "refs/heads/"))
	}
	b.Revision = cmp.Or(b.Revision, git.Checksum)
	return b
}

// concealed returns the facts without what the finder knows as secret.
func concealed(b *scan.Build, conceal func(string) string) *scan.Build {
	for _, s := range []*string{&b.Revision, &b.Source, &b.Branch, &b.Dockerfile, &b.Stage} {
		*s = conceal(*s)
	}
	return b
}
