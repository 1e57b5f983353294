package plugin_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/hack/testenv"
	"github.com/scan-build/scan-build/scan"
)

// The tests of this package run the program as its users do, against a real
// BuildKit and a real registry.

// workshop is what the tests of one run share.
type workshop struct {
	*testenv.Instance
	// dir lives as long as the run.
	dir string
	// base is testenv's base image.
	base string
	// database is made of examples/advisories: a folder for --db.
	database string

	once  sync.Once
	ready bool
}

var shared workshop

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "scan-build-plugin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	shared.dir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// engine returns the workshop, furnished by the first test that asks.
func engine(t *testing.T) *workshop {
	t.Helper()
	e := testenv.Engine(t)
	shared.once.Do(func() {
		shared.Instance = e
		// The database of whoever runs the tests stays out of them.
		shared.Env = append(shared.Env[:len(shared.Env):len(shared.Env)],
			"XDG_CACHE_HOME="+filepath.Join(shared.dir, "cache"), "COSIGN_PASSWORD="+keyPassword)
		shared.base = testenv.BaseImage(t, e)
		shared.database = filepath.Join(shared.dir, "db")
		testenv.Run(t, testenv.Command{
			Args: []string{program(t), "db", "build", "--output", shared.database, filepath.Join(testenv.Root(t), "examples", "advisories")},
			Env:  shared.Env,
		}).OK(t)
		shared.ready = true
	})
	if !shared.ready {
		t.Fatal("an earlier test failed to prepare what this one needs")
	}
	return &shared
}

func program(t *testing.T) string {
	t.Helper()
	return testenv.Binary(t, "docker-scan-build")
}

// image is a reference in the registry that nothing has been pushed to.
func (w *workshop) image() string {
	return w.Registry + "/plugin-test/" + strings.ToLower(rand.Text()) + ":1"
}

// pushed reports whether the registry has an image.
func (w *workshop) pushed(t *testing.T, image string) bool {
	t.Helper()
	_, err := remote.Head(reference(t, image), remote.WithContext(t.Context()))
	var failed *transport.Error
	if errors.As(err, &failed) && failed.StatusCode == http.StatusNotFound {
		return false
	}
	if err != nil {
		t.Fatalf("failed to look for %s: %v", image, err)
	}
	return true
}

func (w *workshop) mustBePushed(t *testing.T, images ...string) {
	t.Helper()
	for _, image := range images {
		if !w.pushed(t, image) {
			t.Errorf("%s has not been pushed", image)
		}
	}
}

func (w *workshop) mustNotBePushed(t *testing.T, images ...string) {
	t.Helper()
	for _, image := range images {
		if w.pushed(t, image) {
			t.Errorf("%s has been pushed", image)
		}
	}
}

func reference(t *testing.T, image string) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(image, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// project is a folder to build from.
type project struct {
	*workshop
	dir string
	// env is the environment of the program; the workshop's if nil.
	env []string
	// stdin of the program.
	stdin string
}

// project makes a folder of these files. In them, $BASE stands for the base
// image.
func (w *workshop) project(t *testing.T, files map[string]string) *project {
	t.Helper()
	p := &project{workshop: w, dir: t.TempDir()}
	for name, content := range files {
		p.write(t, name, content)
	}
	return p
}

func (p *project) write(t *testing.T, name, content string) {
	t.Helper()
	name = p.path(name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(p.fill(content)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (p *project) fill(content string) string { return strings.ReplaceAll(content, "$BASE", p.base) }

func (p *project) path(name string) string { return filepath.Join(p.dir, name) }

func (p *project) read(t *testing.T, name string) string {
	t.Helper()
	dt, err := os.ReadFile(p.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(dt)
}

// run runs the program in the project's folder.
func (p *project) run(t *testing.T, args ...string) testenv.Result {
	t.Helper()
	return p.exec(t, append([]string{program(t)}, args...)...)
}

func (p *project) exec(t *testing.T, args ...string) testenv.Result {
	t.Helper()
	env := p.env
	if env == nil {
		env = p.Env
	}
	return testenv.Run(t, testenv.Command{Args: args, Dir: p.dir, Env: env, Stdin: p.stdin})
}

// build runs the program with the workshop's database.
func (p *project) build(t *testing.T, args ...string) testenv.Result {
	t.Helper()
	return p.run(t, append([]string{"--db", p.database}, args...)...)
}

func (p *project) bake(t *testing.T, args ...string) testenv.Result {
	t.Helper()
	return p.run(t, append([]string{"bake", "--db", p.database}, args...)...)
}

// with returns the project with further variables in the program's environment.
func (p *project) with(env ...string) *project {
	out := *p
	if out.env == nil {
		out.env = p.Env
	}
	out.env = append(out.env[:len(out.env):len(out.env)], env...)
	return &out
}

// input returns the project with this on the program's standard input.
func (p *project) input(stdin string) *project {
	out := *p
	out.stdin = stdin
	return &out
}

// The Dockerfiles of most tests: one whose image has nothing to complain
// about, one with a critical finding, one whose build fails.
const (
	cleanDockerfile      = "FROM $BASE\nRUN echo clean > /app\n"
	vulnerableDockerfile = "FROM $BASE\nWORKDIR /app/node_modules/minimist\nCOPY <<EOF package.json\n" +
		`{"name": "minimist", "version": "1.2.0"}` + "\nEOF\n"
	failingDockerfile = "FROM $BASE\nRUN echo this goes wrong && exit 7\n"
)

// vulnerableID is what is found in the vulnerable Dockerfile's image.
const vulnerableID = "GHSA-xvch-5gv4-984h"

// vulnerableIDs are all of that, the one that blocks first.
func vulnerableIDs() []string { return []string{vulnerableID, "GHSA-vh95-rmgr-6w4m"} }

func (w *workshop) dockerfile(t *testing.T, content string) *project {
	t.Helper()
	return w.project(t, map[string]string{"Dockerfile": content})
}

// says fails the test unless the text has every part.
func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in:\n%s", part, text)
		}
	}
}

func saysNot(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("%q is in:\n%s", part, text)
		}
	}
}

func readJSON[T any](t *testing.T, content string) T {
	t.Helper()
	var out T
	if err := json.Unmarshal([]byte(content), &out); err != nil {
		t.Fatalf("failed to read JSON: %v\n%s", err, content)
	}
	return out
}

// ids are the findings of a report's final stages.
func ids(r scan.Report) []string {
	var out []string
	for i := range r.Platforms {
		if final := r.Platforms[i].FinalStage(); final != nil {
			for _, f := range final.Findings {
				out = append(out, f.ID)
			}
		}
	}
	return out
}

// serve serves a handler on loopback, where the engine, too, can reach it.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
