// Package testenv gives integration tests the engine that hack/engine runs: a
// real BuildKit, a real registry and, if it was started, a Docker Engine.
//
// It owns how a test finds or starts an engine, runs a program and gets a base
// image that was made by code. It must not know what the product does.
package testenv

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Instance is one engine that runs.
type Instance struct {
	// Name of the instance, as in hack/engine --name.
	Name string
	// Builder is the name of the buildx builder: the value for --builder.
	Builder string
	// Registry is host:port of the registry on loopback, plain HTTP.
	Registry string
	// Buildkit is the address of BuildKit, "unix:///…"; empty when the engine is a
	// builder that the user brought.
	Buildkit string
	// Docker is the address of the Docker Engine, for DOCKER_HOST; empty without
	// one. Its builder is named "default". It has no bridge network: a build with
	// RUN steps needs --network=host.
	Docker string
	// DockerStore is the Docker Engine's image store, "containerd" or "graphdriver".
	DockerStore string
	// Env is the environment in which programs find the engine and the built tools.
	Env []string
}

// Engine returns the engine that the environment names, which
//
//	eval "$(hack/engine env)"
//
// sets and `make test` provides. Without one the test is skipped; it fails
// instead if CI is set or SCAN_BUILD_TEST_ENGINE is "required".
func Engine(t testing.TB) *Instance {
	t.Helper()
	env := os.Environ()
	if lookup(env, "SCAN_BUILD_REGISTRY") == "" {
		const message = `no engine in the environment: run hack/engine up && eval "$(hack/engine env)"`
		if os.Getenv("CI") != "" || os.Getenv("SCAN_BUILD_TEST_ENGINE") == "required" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	return instance(env)
}

// Options of an engine that a test starts for itself.
type Options struct {
	// Snapshotter of BuildKit, "overlayfs" or "native"; overlayfs if empty.
	Snapshotter string
	// Docker adds a Docker Engine with this image store, "containerd" or
	// "graphdriver"; none if empty.
	Docker string
}

// Start brings up a second, empty engine and removes it with all its state when
// the test ends. The name must be unique among tests that may run at the same
// time, in any package. It skips or fails as [Engine] does.
func Start(t testing.TB, name string, opts Options) *Instance {
	t.Helper()
	Engine(t)
	name = "test-" + name
	remove := []string{engineScript(t), "down", "--purge", "--name", name}
	Run(t, Command{Args: remove}).OK(t)
	t.Cleanup(func() {
		// The test's own context has ended by now.
		if r := run(t, Command{Args: remove, Detached: true}); r.Code != 0 {
			t.Errorf("failed to take engine %s down: %s", name, r.Stderr)
		}
	})
	up(t, name, opts)
	return environmentOf(t, name)
}

// Restart takes down an engine that [Start] made and brings it up again with the
// state that it had: caches and images are kept, and so is the registry's address.
func (i *Instance) Restart(t testing.TB) {
	t.Helper()
	if !strings.HasPrefix(i.Name, "test-") {
		t.Fatalf("engine %s was not started by this test", i.Name)
	}
	Run(t, Command{Args: []string{engineScript(t), "down", "--name", i.Name}}).OK(t)
	up(t, i.Name, Options{Docker: i.DockerStore})
	*i = *environmentOf(t, i.Name)
}

func up(t testing.TB, name string, opts Options) {
	t.Helper()
	args := []string{engineScript(t), "up", "--name", name}
	if opts.Snapshotter != "" {
		args = append(args, "--snapshotter", opts.Snapshotter)
	}
	if opts.Docker != "" {
		args = append(args, "--docker="+opts.Docker)
	}
	Run(t, Command{Args: args, Env: ownBuildkit(os.Environ())}).OK(t)
}

// environmentOf reads the environment of a running engine by letting a shell
// evaluate what a user would evaluate.
func environmentOf(t testing.TB, name string) *Instance {
	t.Helper()
	out := Run(t, Command{
		Args: []string{"bash", "-c", `exports=$("$1" env --name "$2") && eval "$exports" && env -0`, "bash", engineScript(t), name},
		Env:  ownBuildkit(os.Environ()),
	}).OK(t).Stdout
	return instance(strings.Split(strings.TrimSuffix(out, "\x00"), "\x00"))
}

// ownBuildkit drops what names another engine, so that an engine of this test's
// own does not inherit it.
func ownBuildkit(env []string) []string {
	var own []string
	for _, kv := range env {
		switch key, _, _ := strings.Cut(kv, "="); key {
		case "SCAN_BUILD_BUILDER", "SCAN_BUILD_BUILDKIT", "SCAN_BUILD_DOCKER_STORE", "DOCKER_HOST", "DOCKER_CONTEXT":
		default:
			own = append(own, kv)
		}
	}
	return own
}

func instance(env []string) *Instance {
	i := &Instance{
		Name:        lookup(env, "SCAN_BUILD_ENGINE"),
		Builder:     lookup(env, "BUILDX_BUILDER"),
		Registry:    lookup(env, "SCAN_BUILD_REGISTRY"),
		Buildkit:    lookup(env, "SCAN_BUILD_BUILDKIT"),
		DockerStore: lookup(env, "SCAN_BUILD_DOCKER_STORE"),
		Env:         env,
	}
	if i.DockerStore != "" {
		i.Docker = lookup(env, "DOCKER_HOST")
	}
	return i
}

// lookup returns the last value of a variable, the one that programs see.
func lookup(env []string, key string) string {
	var value string
	for _, kv := range env {
		if v, ok := strings.CutPrefix(kv, key+"="); ok {
			value = v
		}
	}
	return value
}

// Root returns the repository's top folder.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "hack", "engine")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("the test does not run inside the repository")
		}
		dir = parent
	}
}

// Binary returns the path of a program that `make build` built, e.g.
// "docker-scan-build". The test fails if it is not there.
func Binary(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(Root(t), "bin", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is not built: run make build", path)
	}
	return path
}

func engineScript(t testing.TB) string {
	t.Helper()
	return filepath.Join(Root(t), "hack", "engine")
}
