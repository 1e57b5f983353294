package plugin_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/scan-build/scan-build/scan"
)

func (p *project) git(t *testing.T, args ...string) string {
	t.Helper()
	return strings.TrimSpace(p.exec(t, append([]string{"git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"}, args...)...).OK(t).Stdout)
}

func TestReportSaysWhatWasBuilt(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is missing")
	}
	w := engine(t)
	p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE AS app\nRUN touch /a\n", "docker-bake.hcl": "target \"default\" {\n  target = \"app\"\n}\n"})
	p.git(t, "init", "--quiet", "--initial-branch=topic/a")
	p.git(t, "remote", "add", "origin", "https://me:password@example.com/team/app.git")
	p.git(t, "add", ".")
	p.git(t, "commit", "--quiet", "--message=a")
	revision := p.git(t, "rev-parse", "HEAD")
	for name, test := range map[string]struct {
		args   []string
		branch string
		stage  string
	}{
		"build":            {branch: "topic/a"},
		"build of a stage": {args: []string{"--target=app"}, branch: "topic/a", stage: "app"},
		"flag":             {args: []string{"--branch=main"}, branch: "main"},
		"build argument":   {args: []string{"--build-arg=SCAN_BRANCH=main"}, branch: "main"},
		"bake":             {args: []string{"bake"}, branch: "topic/a", stage: "app"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append(test.args, "--db", p.database, "--report=json=../r.json")
			if name != "bake" {
				args = append(args, ".")
			}
			r := p.run(t, args...).OK(t)
			if strings.Contains(r.Stderr, "SCAN_BRANCH") {
				t.Errorf("the output talks of SCAN_BRANCH:\n%s", r.Stderr)
			}
			got := readJSON[scan.Report](t, p.read(t, "../r.json")).Build
			if got == nil || got.Branch != test.branch || got.Stage != test.stage || got.Dockerfile != "Dockerfile" {
				t.Fatalf("got %+v", got)
			}
			if name != "bake" && (got.Revision != revision || !strings.HasSuffix(got.Source, "@example.com/team/app.git") || strings.Contains(got.Source, "password")) {
				t.Errorf("got %+v, want revision %s", got, revision)
			}
		})
	}
}
