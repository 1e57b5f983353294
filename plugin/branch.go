package plugin

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/config"
)

// branchOption is the option that tells a scan which branch is built.
const branchOption = "branch"

// branchVariables are where CI systems, which check out a commit and no branch,
// say what was pushed or is to be merged. The source of a merge request comes
// before its target.
var branchVariables = []string{
	"GITHUB_HEAD_REF", "GITHUB_REF_NAME", // GitHub, Gitea, Forgejo
	"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_BRANCH", // GitLab
	"BITBUCKET_BRANCH",
	"BUILDKITE_BRANCH",
	"CIRCLE_BRANCH",
	"DRONE_SOURCE_BRANCH", "DRONE_BRANCH",
	"SYSTEM_PULLREQUEST_SOURCEBRANCH", "BUILD_SOURCEBRANCH", // Azure Pipelines
	"CHANGE_BRANCH", "BRANCH_NAME", "GIT_BRANCH", // Jenkins
}

// gitPatience bounds the question to git: a build does not wait for a repository
// on a share that hangs.
const gitPatience = 2 * time.Second

// maxBranch is the longest name that is taken for a branch's.
const maxBranch = 255

// branchArg returns the build argument that tells the scan of a context which
// branch it is, unless one of those given does. contextPath may be a folder or
// anything else that buildx takes, of which nothing can be told here.
func branchArg(ctx context.Context, env environment, contextPath string, given map[string]string) (name, value string) {
	o, ok := optionNamed(branchOption)
	if !ok || o.Roads&config.RoadBuildArg == 0 || given[o.BuildArg()] != "" {
		return "", ""
	}
	return o.BuildArg(), branchOf(ctx, env, contextPath)
}

func optionNamed(name string) (config.Option, bool) {
	all := config.All()
	i := slices.IndexFunc(all, func(o config.Option) bool { return o.Name == name })
	if i < 0 {
		return config.Option{}, false
	}
	return all[i], true
}

// branchOf finds the branch that a local context is a checkout of; empty if it
// is none, or nothing says which.
func branchOf(ctx context.Context, env environment, contextPath string) string {
	if st, err := os.Stat(contextPath); err != nil || !st.IsDir() {
		return "" // a git URL names its branch itself
	}
	head, ok := headOf(ctx, env, contextPath)
	if !ok {
		return ""
	}
	if head != "HEAD" { // what git says of a detached one
		return branchName(head)
	}
	for _, name := range branchVariables {
		if v := branchName(env.getenv(name)); v != "" {
			return v
		}
	}
	return ""
}

// headOf asks git, as buildx does for the revision. ok is false outside of a
// repository and without git.
func headOf(ctx context.Context, env environment, dir string) (head string, ok bool) {
	ctx, cancel := context.WithTimeoutCause(ctx, gitPatience, errors.Errorf("git took longer than %s", gitPatience))
	defer cancel()
	bin := "git"
	if v := env.getenv("GIT_PATH"); v != "" {
		bin = v
	}
	// symbolic-ref knows the branch of a repository without a commit, too.
	for _, args := range [][]string{{"symbolic-ref", "--quiet", "--short", "HEAD"}, {"rev-parse", "--abbrev-ref", "HEAD"}} {
		cmd := exec.CommandContext(ctx, bin, append([]string{"-C", dir}, args...)...)
		cmd.WaitDelay = gitPatience
		out, err := cmd.Output()
		if line, _, _ := bytes.Cut(out, []byte("\n")); err == nil && len(line) > 0 {
			return string(line), true
		}
	}
	return "", false
}

// branchName is the name of a branch as people write it; empty for what is none,
// such as GitHub's 12/merge.
func branchName(ref string) string {
	ref = strings.TrimSpace(ref)
	for _, prefix := range []string{"refs/heads/", "refs/remotes/origin/", "origin/"} {
		if name, ok := strings.CutPrefix(ref, prefix); ok {
			ref = name
			break
		}
	}
	if ref == "" || len(ref) > maxBranch || strings.HasPrefix(ref, "refs/") || !utf8.ValidString(ref) || strings.ContainsFunc(ref, unicode.IsControl) {
		return ""
	}
	return ref
}
