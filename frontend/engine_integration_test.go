package frontend_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/scan-build/scan-build/hack/testenv"
	"github.com/scan-build/scan-build/scan"
)

// These tests use what people use, the built programs against a real BuildKit
// and a real registry, and read from the engine's own status what ran.

// workshop is what the tests of one run share.
type workshop struct {
	*testenv.Instance
	// dir lives as long as the run.
	dir string
	// image is the frontend image, for # syntax.
	image string
	// base has three layers of a Debian system, see testenv.BaseImage.
	base string
	// database and otherDatabase are folders for --db; the other one has no
	// advisory of any package that the tests use.
	database, otherDatabase string

	once  sync.Once
	ready bool
}

var shared workshop

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "scan-build-frontend-")
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
		shared.furnish(t)
		shared.ready = true
	})
	if !shared.ready {
		t.Fatal("an earlier test failed to prepare what this one needs")
	}
	return &shared
}

func (w *workshop) furnish(t *testing.T) {
	t.Helper()
	root := testenv.Root(t)
	w.base = testenv.BaseImage(t, w.Instance)
	w.database = w.buildDatabase(t, "db", filepath.Join(root, "examples", "advisories"))
	w.otherDatabase = w.buildDatabase(t, "other-db", filepath.Join(root, "examples", "advisories", "private"))
	w.image = w.Registry + "/frontend-test/scan-frontend:test"
	testenv.Binary(t, filepath.Join("linux_"+runtime.GOARCH, "scan-frontend"))
	w.Run(t, root, "docker-buildx", "build", "--target", "frontend-local", "--provenance=false",
		"--output", "type=image,push=true,compression=uncompressed,name="+w.image, ".").OK(t)
}

func (w *workshop) buildDatabase(t *testing.T, name, advisories string) string {
	t.Helper()
	out := filepath.Join(w.dir, name)
	w.Run(t, w.dir, testenv.Binary(t, "docker-scan-build"), "db", "build", "--output", out, advisories).OK(t)
	return out
}

// nonce makes content that no build has seen, so that nothing of it is cached.
func nonce() string { return rand.Text() }

// newBase pushes the base image with further layers on top, one that no engine
// has seen if none are given.
func (w *workshop) newBase(t *testing.T, top ...testenv.Layer) string {
	t.Helper()
	return w.push(t, true, top...)
}

// push makes such an image. The registry gives out the manifest as a blob if it
// has Docker's media types; else a scan has to compare snapshots of the image.
func (w *workshop) push(t *testing.T, dockerTypes bool, top ...testenv.Layer) string {
	t.Helper()
	name := strings.ToLower(nonce())
	if len(top) == 0 {
		top = []testenv.Layer{{"etc/nonce": testenv.Text(name)}}
	}
	return w.Push(t, "frontend-test/base:"+name, testenv.Image{
		Config:      testenv.BaseConfig(),
		Layers:      append(testenv.BaseLayers(t, runtime.GOARCH), top...),
		DockerTypes: dockerTypes,
	})
}

// project is a folder with a Dockerfile.
type project struct {
	*workshop
	dir string
	// context of its builds; the folder itself if empty.
	context string
	// builder is the engine that builds; the workshop's unless changed.
	builder *testenv.Instance
}

// project makes a folder of these files. In a Dockerfile, $BASE and $FRONTEND
// stand for the base image and the frontend image.
func (w *workshop) project(t *testing.T, files map[string]string) *project {
	t.Helper()
	p := &project{workshop: w, dir: t.TempDir(), builder: w.Instance}
	for name, content := range files {
		p.write(t, name, content)
	}
	return p
}

func (p *project) write(t *testing.T, name, content string) {
	t.Helper()
	if strings.HasSuffix(name, "Dockerfile") {
		content = strings.NewReplacer("$BASE", p.base, "$FRONTEND", p.image).Replace(content)
	}
	name = filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (p *project) read(t *testing.T, name string) string {
	t.Helper()
	dt, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(dt)
}

// scanBuild runs the plugin in the project's folder, with the database unless
// the arguments name one.
func (p *project) scanBuild(t *testing.T, args ...string) *build {
	t.Helper()
	args = append([]string{testenv.Binary(t, "docker-scan-build"), "--progress=rawjson"}, args...)
	if !has(args, "--db") {
		args = append(args, "--db", p.database)
	}
	return p.run(t, args)
}

// buildx runs plain docker buildx with the frontend image, likewise.
func (p *project) buildx(t *testing.T, args ...string) *build {
	t.Helper()
	args = append([]string{"docker-buildx", "build", "--progress=rawjson", "--build-arg", "BUILDKIT_SYNTAX=" + p.image}, args...)
	if !has(args, "scan-db=") {
		args = append(args, "--build-context", "scan-db="+p.database)
	}
	return p.run(t, args)
}

// roads are the two ways to a scan: the plugin, and plain buildx with the
// frontend image.
func roads() map[string]func(*project, *testing.T, ...string) *build {
	return map[string]func(*project, *testing.T, ...string) *build{
		"plugin":   (*project).scanBuild,
		"frontend": (*project).buildx,
	}
}

func has(args []string, prefix string) bool {
	return slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, prefix) })
}

func (p *project) run(t *testing.T, args []string) *build {
	t.Helper()
	context := p.context
	if context == "" {
		context = "."
	}
	return newBuild(t, p.builder.Run(t, p.dir, append(args, context)...))
}

// layers describes the layers of a report, one to a line:
//
//	linux/amd64 final Dockerfile:3-4 RUN make
func layers(r *scan.Report) []string {
	var out []string
	for _, p := range r.Platforms {
		for _, s := range p.Stages {
			for _, l := range s.Layers {
				out = append(out, fmt.Sprintf("%s %s %s %s", p.ID, s.Name, place(l), l.Instruction))
			}
		}
	}
	return out
}

func place(l scan.Layer) string {
	if l.StartLine == l.EndLine {
		return fmt.Sprintf("%s:%d", l.File, l.StartLine)
	}
	return fmt.Sprintf("%s:%d-%d", l.File, l.StartLine, l.EndLine)
}

func readReport(t *testing.T, file string) *scan.Report {
	t.Helper()
	dt, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return parseReport(t, dt)
}

func parseReport(t *testing.T, dt []byte) *scan.Report {
	t.Helper()
	r := new(scan.Report)
	if err := json.Unmarshal(dt, r); err != nil {
		t.Fatalf("failed to read the report: %v\n%s", err, dt)
	}
	return r
}

// native is the platform of this machine.
func native() string { return "linux/" + runtime.GOARCH }
