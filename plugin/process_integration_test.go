package plugin_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/docker/cli/cli-plugins/metadata"

	"github.com/scan-build/scan-build/hack/testenv"
	"github.com/scan-build/scan-build/scan"
)

func TestRunsAtOnceKeepToThemselves(t *testing.T) {
	w := engine(t)
	var group sync.WaitGroup
	for n := range 4 {
		image := w.image()
		dockerfile, code, found := cleanDockerfile, 0, 0
		if n%2 == 1 {
			dockerfile, code, found = vulnerableDockerfile, 2, 2
		}
		p := w.dockerfile(t, dockerfile+fmt.Sprintf("RUN echo %s > /image\n", image))
		group.Go(func() {
			r := p.build(t, "--push", "--tag", image, "--report=json=r.json", ".")
			if r.Code != code {
				t.Errorf("run %d: exit code %d, want %d\n%s", n, r.Code, code, r.Stderr)
				return
			}
			if got := len(ids(readJSON[scan.Report](t, p.read(t, "r.json")))); got != found {
				t.Errorf("run %d: %d findings, want %d", n, got, found)
			}
			if got := w.pushed(t, image); got != (code == 0) {
				t.Errorf("run %d: pushed %v", n, got)
			}
		})
	}
	group.Wait()
}

func TestHomeThatCannotBeWrittenIsEnoughToBuild(t *testing.T) {
	w := engine(t)
	image := w.image()
	p := w.dockerfile(t, cleanDockerfile)
	for _, kv := range w.Env {
		if !strings.HasPrefix(kv, "XDG_CACHE_HOME=") && !strings.HasPrefix(kv, "HOME=") {
			p.env = append(p.env, kv)
		}
	}
	p = p.with("HOME=/proc")
	p.build(t, "--push", "--tag", image, ".").OK(t)
	w.mustBePushed(t, image)
	says(t, p.run(t, "db", "status").OK(t).Stdout, "No database on this machine")
	says(t, p.run(t, "db", "update", "--from", w.database).Exits(t, 3).Stderr, "/proc/.cache")
}

func TestProgramTellsTheDockerCLIWhatItIs(t *testing.T) {
	w := engine(t)
	r := testenv.Run(t, testenv.Command{
		Args: []string{testenv.Binary(t, "docker-scanbuild"), metadata.MetadataSubcommandName}, Env: w.Env,
	}).OK(t)
	meta := readJSON[metadata.Metadata](t, r.Stdout)
	if meta.SchemaVersion != "0.1.0" || meta.Vendor == "" || meta.Version == "" || meta.ShortDescription == "" {
		t.Errorf("metadata: %+v", meta)
	}
}

func TestDockerCLIRunsThePlugin(t *testing.T) {
	docker, err := exec.LookPath("docker")
	if err != nil {
		t.Skip("no docker CLI on this machine")
	}
	w := engine(t)
	p := w.dockerfile(t, cleanDockerfile)
	config := t.TempDir()
	if err := os.MkdirAll(filepath.Join(config, "cli-plugins"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program(t), filepath.Join(config, "cli-plugins", "docker-scanbuild")); err != nil {
		t.Fatal(err)
	}
	p = p.with("DOCKER_CONFIG=" + config)
	run := func(args ...string) testenv.Result {
		return p.exec(t, append([]string{docker, "scanbuild"}, args...)...)
	}
	says(t, run("--help").OK(t).Stdout, "docker scanbuild [OPTIONS] PATH | URL | -", "--fail-on", "--platform")
	image := w.image()
	run("--db", w.database, "--push", "--tag", image, ".").OK(t)
	w.mustBePushed(t, image)
	p.write(t, "Dockerfile", vulnerableDockerfile)
	says(t, run("--db", w.database, ".").Exits(t, 2).Stderr, "BLOCKED", vulnerableID)
	p.write(t, "Dockerfile", failingDockerfile)
	run("--db", w.database, ".").Exits(t, 1)
	run("--db=/nothing", ".").Exits(t, 3)
	says(t, run("db", "status").OK(t).Stdout, "No database on this machine")
	run("--nonsense", ".").Exits(t, 1)
}

func TestHelpShowsEveryCommand(t *testing.T) {
	w := engine(t)
	p := w.project(t, nil)
	says(t, p.run(t, "--help").OK(t).Stdout, "bake", "attest", "verify", "db", "--fail-on", "--sign", "--build-arg")
	says(t, p.run(t).Exits(t, 1).Stderr, "requires 1 argument")
	says(t, p.run(t, "a", "b").Exits(t, 1).Stderr, "requires 1 argument")
}
