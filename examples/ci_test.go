package examples_test

import (
	"crypto/rand"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/scan-build/scan-build/hack/testenv"
)

// The Dockerfiles of the jobs' projects, on a base image without findings.
const (
	cleanDockerfile      = "FROM $BASE\nRUN echo clean > /app\n"
	vulnerableDockerfile = "FROM $BASE\nWORKDIR /app/node_modules/minimist\nCOPY <<EOF package.json\n" +
		`{"name": "minimist", "version": "1.2.0"}` + "\nEOF\n"
	failingDockerfile = "FROM $BASE\nRUN exit 7\n"
)

// vulnerableID is what blocks the vulnerable Dockerfile's image.
const vulnerableID = "GHSA-xvch-5gv4-984h"

// runner is a machine of a CI system: a checkout, an environment, and programs that
// are only there, which write down how they were called.
type runner struct {
	*shop
	// checkout is the working folder, temp one beside it, bin the runner's programs.
	checkout, temp, bin string
	env                 map[string]string
}

func newRunner(t *testing.T, s *shop) *runner {
	t.Helper()
	r := &runner{shop: s, checkout: t.TempDir(), temp: t.TempDir(), bin: t.TempDir(), env: map[string]string{}}
	cache := filepath.Join(r.temp, "cache")
	r.env["XDG_CACHE_HOME"] = cache
	r.env["HOME"] = r.temp
	// Builds that name no database take the one that was fetched.
	testenv.Run(t, testenv.Command{Args: []string{s.program, "db", "update", "--from", s.db}, Env: append(slices.Clone(s.Env), "XDG_CACHE_HOME="+cache)}).OK(t)
	return r
}

// file writes a file of the checkout; $BASE stands for the base image.
func (r *runner) file(t *testing.T, name, content string) {
	t.Helper()
	put(t, filepath.Join(r.checkout, name), strings.ReplaceAll(content, "$BASE", r.base), 0o644)
}

// keys makes a key pair, its public half in the checkout, and returns the private one.
func (r *runner) keys(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	testenv.Run(t, testenv.Command{Args: []string{"cosign", "generate-key-pair"}, Dir: dir, Env: append(slices.Clone(r.Env), "COSIGN_PASSWORD=test")}).OK(t)
	put(t, filepath.Join(r.checkout, "cosign.pub"), read(t, filepath.Join(dir, "cosign.pub")), 0o644)
	return filepath.Join(dir, "cosign.key")
}

// stub puts a program on the runner's PATH that does not exist here.
func (r *runner) stub(t *testing.T, name, script string) {
	t.Helper()
	put(t, filepath.Join(r.bin, name), "#!/bin/sh\nprintf '%s\\n' \"$*\" >>'"+r.record(name)+"'\n"+script, 0o755)
}

func (r *runner) record(name string) string { return filepath.Join(r.temp, name+".calls") }

// calls are the arguments with which a stub was called.
func (r *runner) calls(t *testing.T, name string) []string {
	t.Helper()
	dt, err := os.ReadFile(r.record(name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(dt), "\n"), "\n")
}

// install puts docker-scan-build on the runner's PATH.
func (r *runner) install(t *testing.T) {
	t.Helper()
	if err := os.Symlink(r.program, filepath.Join(r.bin, "docker-scan-build")); err != nil {
		t.Fatal(err)
	}
}

// sh runs a script in the checkout as the CI system's shell does.
func (r *runner) sh(t *testing.T, shell []string, script string, env map[string]string) testenv.Result {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script")
	put(t, file, script, 0o644)
	all := map[string]string{}
	for _, kv := range r.Env {
		k, v, _ := strings.Cut(kv, "=")
		all[k] = v
	}
	path := r.bin + ":" + all["PATH"]
	maps.Copy(all, r.env)
	maps.Copy(all, env)
	if extra := r.env["PATH"]; extra != "" {
		path = extra + ":" + path
	}
	all["PATH"] = path
	var list []string
	for k, v := range all {
		list = append(list, k+"="+v)
	}
	return testenv.Run(t, testenv.Command{Args: append(slices.Clone(shell), file), Dir: r.checkout, Env: list})
}

// repository is one in the registry that nothing has been pushed to.
func (s *shop) repository() string {
	return s.Registry + "/ci-" + strings.ToLower(rand.Text())
}

// holds fails the test unless a file that a job left has every part.
func holds(t *testing.T, file string, parts ...string) {
	t.Helper()
	text := read(t, file)
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q:\n%s", filepath.Base(file), part, text)
		}
	}
}

func put(t *testing.T, file, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}
