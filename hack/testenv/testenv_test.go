package testenv_test

import (
	"strings"
	"testing"

	"github.com/scan-build/scan-build/hack/testenv"
)

const dockerfile = `FROM base
RUN echo built > /built && test -s /var/lib/dpkg/status
`

func TestBaseImageRunsOnBothPlatforms(t *testing.T) {
	e := testenv.Engine(t)
	base := testenv.BaseImage(t, e)
	testenv.Run(t, testenv.Command{
		Args: []string{
			"docker-buildx", "build", "--platform", "linux/amd64,linux/arm64", "--build-context", "base=docker-image://" + base,
			"--push", "--tag", e.Registry + "/testenv:multi", "-",
		},
		Env:   e.Env,
		Stdin: dockerfile,
	}).OK(t)
	out := e.Run(t, "", "docker-buildx", "imagetools", "inspect", e.Registry+"/testenv:multi").OK(t).Stdout
	for _, want := range []string{"linux/amd64", "linux/arm64"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in the pushed index:\n%s", want, out)
		}
	}
}

func TestSecondEngineStartsEmptyAndKeepsItsStateOverRestart(t *testing.T) {
	for _, snapshotter := range []string{"overlayfs", "native"} {
		t.Run(snapshotter, func(t *testing.T) {
			e := testenv.Start(t, "state-"+snapshotter, testenv.Options{Snapshotter: snapshotter})
			base := testenv.BaseImage(t, e)
			cached := func() bool {
				t.Helper()
				r := testenv.Run(t, testenv.Command{
					Args:  []string{"docker-buildx", "build", "--progress=plain", "--build-context", "base=docker-image://" + base, "-"},
					Env:   e.Env,
					Stdin: dockerfile,
				}).OK(t)
				return strings.Contains(r.Stderr, "CACHED")
			}
			if cached() {
				t.Error("a new engine has a cache")
			}
			registry := e.Registry
			e.Restart(t)
			if e.Registry != registry {
				t.Errorf("the registry moved from %s to %s", registry, e.Registry)
			}
			if !cached() {
				t.Error("a restarted engine lost its cache")
			}
		})
	}
}

func TestDockerEngineLoadsWhatItBuilds(t *testing.T) {
	for _, store := range []string{"containerd", "graphdriver"} {
		t.Run(store, func(t *testing.T) {
			e := testenv.Start(t, "docker-"+store, testenv.Options{Docker: store})
			base := testenv.BaseImage(t, e)
			testenv.Run(t, testenv.Command{
				Args: []string{
					"docker-buildx", "build", "--builder", "default", "--network", "host", "--load", "--tag", "testenv:local",
					"--build-context", "base=docker-image://" + base, "-",
				},
				Env:   e.Env,
				Stdin: dockerfile,
			}).OK(t)
		})
	}
}

func TestExitCodeAndOutputAreReported(t *testing.T) {
	r := testenv.Run(t, testenv.Command{Args: []string{"sh", "-c", "cat; echo err >&2; exit 3"}, Stdin: "in"})
	r.Exits(t, 3)
	if r.Stdout != "in" || r.Stderr != "err\n" {
		t.Errorf("stdout %q, stderr %q", r.Stdout, r.Stderr)
	}
}
