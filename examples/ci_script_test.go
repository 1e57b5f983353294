package examples_test

import (
	"encoding/xml"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// jenkinsScripts are the steps' scripts, as Groovy hands them to the shell: it joins
// lines at a backslash itself.
func jenkinsScripts(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, m := range regexp.MustCompile(`(?s)sh '''\n(.*?)'''`).FindAllStringSubmatch(read(t, "ci/Jenkinsfile"), -1) {
		out = append(out, strings.ReplaceAll(m[1], "\\\n", ""))
	}
	if len(out) != 2 {
		t.Fatalf("the Jenkinsfile has %d scripts, want 2", len(out))
	}
	return out
}

// TestJenkinsfileScripts runs what the stages do; the pipeline around it needs a
// Jenkins.
func TestJenkinsfileScripts(t *testing.T) {
	scripts := jenkinsScripts(t)
	s := newShop(t)
	r := newRunner(t, s)
	r.install(t)
	image := s.repository()
	r.env["IMAGE"], r.env["BRANCH_NAME"], r.env["GIT_COMMIT"] = image, "main", "0123456789abcdef"
	r.env["COSIGN_KEY"], r.env["COSIGN_PASSWORD"] = r.keys(t), "test"
	shell := []string{"sh", "-xe"}
	junit := filepath.Join(r.checkout, "reports", "junit.xml")

	r.file(t, "Dockerfile", vulnerableDockerfile)
	r.sh(t, shell, scripts[0], nil).Exits(t, 2)
	holds(t, junit, vulnerableID, "<failure")
	var suites struct{ XMLName xml.Name }
	if err := xml.Unmarshal([]byte(read(t, junit)), &suites); err != nil || !strings.HasPrefix(suites.XMLName.Local, "testsuite") {
		t.Errorf("%s is not for Jenkins: %v, %v", junit, suites, err)
	}
	r.sh(t, shell, scripts[1], nil).Exits(t, 2)
	if s.pushed(t, image+":main") {
		t.Error("what is blocked was pushed")
	}
	r.file(t, "Dockerfile", cleanDockerfile)
	r.sh(t, shell, scripts[0], nil).OK(t)
	if s.pushed(t, image+":main") {
		t.Error("a change was pushed")
	}
	r.sh(t, shell, scripts[1], nil).OK(t)
	s.run(t, ".", "verify", "--key", filepath.Join(r.checkout, "cosign.pub"), image+":main").OK(t)
	if strings.Contains(read(t, junit), "<failure") {
		t.Error("the report of a clean image has failures")
	}
}

func TestShellScriptPassesTheExitCodeOn(t *testing.T) {
	s := newShop(t)
	for name, c := range map[string]struct {
		dockerfile string
		args       []string
		code       int
		says       string
		reports    bool
	}{
		"passes":      {cleanDockerfile, nil, 0, "is pushed", true},
		"fails":       {failingDockerfile, nil, 1, "could not be built", false},
		"is blocked":  {vulnerableDockerfile, []string{"."}, 2, "is blocked: see out/scan.md", true},
		"not scanned": {cleanDockerfile, []string{"--db=/nothing-here", "."}, 3, "could not be scanned", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRunner(t, s)
			r.install(t)
			image := s.repository() + ":1"
			r.env["IMAGE"], r.env["REPORTS"] = image, "out"
			r.env["COSIGN_KEY"], r.env["COSIGN_PASSWORD"] = r.keys(t), "test"
			r.file(t, "Dockerfile", c.dockerfile)
			script := read(t, "ci/shell.sh")
			// the arguments that a user would give
			res := r.sh(t, []string{"sh"}, "set -- "+strings.Join(c.args, " ")+"\n"+script, nil).Exits(t, c.code)
			if !strings.Contains(res.Stdout+res.Stderr, c.says) {
				t.Errorf("it does not say %q:\n%s", c.says, res.Stderr)
			}
			if got := s.pushed(t, image); got != (c.code == 0) {
				t.Errorf("pushed: %v", got)
			}
			for _, file := range []string{"scan.json", "scan.sarif", "scan.md"} {
				found, _ := filepath.Glob(filepath.Join(r.checkout, "out", file))
				if got := len(found) == 1; got != c.reports {
					t.Errorf("%s is written: %v", file, got)
				}
			}
		})
	}
	t.Run("asks for a name", func(t *testing.T) {
		r := newRunner(t, s)
		if res := r.sh(t, []string{"sh"}, read(t, "ci/shell.sh"), nil); res.Code == 0 || !strings.Contains(res.Stderr, "the image to push") {
			t.Errorf("exit code %d, %s", res.Code, res.Stderr)
		}
	})
}
