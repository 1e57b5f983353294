package plugin

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkout makes a repository with one commit on a branch of this name.
func checkout(t *testing.T, branch string) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "init", "--quiet", "--initial-branch", branch)
	return dir
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestBranchIsThatOfTheContext(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is missing")
	}
	onBranch := checkout(t, "release/1.2")
	detached := checkout(t, "main")
	git(t, detached, "commit", "--quiet", "--allow-empty", "--message", "a")
	if err := os.Mkdir(filepath.Join(detached, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	committed := checkout(t, "topic")
	git(t, committed, "commit", "--quiet", "--allow-empty", "--message", "a")
	git(t, detached, "checkout", "--quiet", "--detach")
	github := map[string]string{"GITHUB_REF_NAME": "main", "BRANCH_NAME": "other"}
	for name, test := range map[string]struct {
		context string
		env     map[string]string
		given   map[string]string
		want    string
	}{
		"checked out":              {context: onBranch, want: "release/1.2"},
		"with a commit":            {context: committed, want: "topic"},
		"checked out in CI":        {context: onBranch, env: github, want: "release/1.2"},
		"detached":                 {context: detached},
		"detached, below the root": {context: filepath.Join(detached, "sub"), env: github, want: "main"},
		"detached in CI":           {context: detached, env: github, want: "main"},
		"pull request in CI":       {context: detached, env: map[string]string{"GITHUB_HEAD_REF": "topic", "GITHUB_REF_NAME": "12/merge"}, want: "topic"},
		"empty variable":           {context: detached, env: map[string]string{"GITHUB_HEAD_REF": "", "GITHUB_REF_NAME": "main"}, want: "main"},
		"full reference":           {context: detached, env: map[string]string{"BUILD_SOURCEBRANCH": "refs/heads/a/b"}, want: "a/b"},
		"remote's":                 {context: detached, env: map[string]string{"GIT_BRANCH": "origin/main"}, want: "main"},
		"other reference":          {context: detached, env: map[string]string{"BUILD_SOURCEBRANCH": "refs/tags/v1"}},
		"control characters":       {context: detached, env: map[string]string{"BRANCH_NAME": "a\nb"}},
		"C1 control characters":    {context: detached, env: map[string]string{"BRANCH_NAME": "a\u009b31mb"}},
		"no UTF-8":                 {context: detached, env: map[string]string{"BRANCH_NAME": "a\xe9"}},
		"too long":                 {context: detached, env: map[string]string{"BRANCH_NAME": strings.Repeat("a", 300)}},
		"no repository":            {context: t.TempDir(), env: github},
		"no folder":                {context: "https://example.com/a.git#main", env: github},
		"standard input":           {context: "-", env: github},
		"given by the user":        {context: onBranch, given: map[string]string{"SCAN_BRANCH": "main"}},
	} {
		t.Run(name, func(t *testing.T) {
			env := environment{lookup: func(k string) (string, bool) { v, ok := test.env[k]; return v, ok }}
			if _, got := branchArg(t.Context(), env, test.context, test.given); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
