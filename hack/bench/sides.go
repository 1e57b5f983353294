package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// side is one of the two programs that are compared. Each has an engine and a
// registry of its own, so that neither finds what the other has done.
type side struct {
	name     string
	command  []string
	env      []string
	registry string
	base     string // the Debian image in its registry
}

// Names of the engines; they are purged before and after a run.
const (
	plainName = "bench-plain"
	scanName  = "bench-scan"
)

// startSides brings up both engines, empty but for the base image in their
// registries. stop removes them.
func startSides(ctx context.Context, opt options) (sides [2]*side, stop func(), err error) {
	scan := filepath.Join(opt.bin, "docker-scan-build")
	db := filepath.Join(opt.workload, "db")
	stop = func() {
		if opt.keep {
			return
		}
		for _, name := range []string{plainName, scanName} {
			if err := takeDown(context.WithoutCancel(ctx), opt.repo, name); err != nil {
				logf("%v", err)
			}
		}
	}
	for i, s := range []side{
		{name: plainName, command: []string{"docker-buildx", "build"}},
		{name: scanName, command: []string{scan, "--db", db, "--max-db-age", "0", "--fail-on", "none"}},
	} {
		if err := s.up(ctx, opt.repo); err != nil {
			stop()
			return sides, func() {}, err
		}
		sides[i] = &s
	}
	if err := buildDatabase(ctx, sides[1].env, scan, filepath.Join(opt.repo, "examples", "advisories"), db); err != nil {
		stop()
		return sides, func() {}, err
	}
	return sides, stop, nil
}

func buildDatabase(ctx context.Context, env []string, program, advisories, dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return errors.Wrap(err, "failed to remove the last run's database")
	}
	_, err := output(ctx, env, program, "db", "build", "--output", dir, advisories)
	return err
}

func (s *side) up(ctx context.Context, repo string) error {
	if err := takeDown(ctx, repo, s.name); err != nil {
		return err
	}
	engine := filepath.Join(repo, "hack", "engine")
	if _, err := output(ctx, nil, engine, "up", "--name", s.name); err != nil {
		return err
	}
	// A shell evaluates what a user would evaluate.
	out, err := output(ctx, nil, "bash", "-c", `exports=$("$1" env --name "$2") && eval "$exports" && env -0`, "bash", engine, s.name)
	if err != nil {
		return err
	}
	s.env = strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
	s.registry = lookup(s.env, "SCAN_BUILD_REGISTRY")
	if s.command[0], err = program(s.env, s.command[0]); err != nil {
		return err
	}
	ref, err := output(ctx, s.env, filepath.Join(repo, "hack", "debian-base"))
	s.base = strings.TrimSpace(ref)
	return err
}

func takeDown(ctx context.Context, repo, name string) error {
	_, err := output(ctx, nil, filepath.Join(repo, "hack", "engine"), "down", "--purge", "--name", name)
	return err
}

// prune empties the engine: layers, base images, contexts, and what a scan keeps.
func (s *side) prune(ctx context.Context) error {
	buildx, err := program(s.env, "docker-buildx")
	if err != nil {
		return err
	}
	_, err = output(ctx, s.env, buildx, "prune", "--all", "--force")
	return err
}

// output runs a program to its end; its standard error is in the error.
func output(ctx context.Context, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stderr = env, &stderr
	if env == nil {
		cmd.Env = ownEngine(os.Environ())
	}
	out, err := cmd.Output()
	return string(out), errors.Wrapf(err, "%s: %s", strings.Join(args, " "), strings.TrimSpace(stderr.String()))
}

// ownEngine drops what names another engine.
func ownEngine(env []string) []string {
	return slices.DeleteFunc(env, func(kv string) bool {
		key, _, _ := strings.Cut(kv, "=")
		return slices.Contains([]string{"SCAN_BUILD_BUILDER", "SCAN_BUILD_BUILDKIT", "SCAN_BUILD_DOCKER_STORE", "DOCKER_HOST", "DOCKER_CONTEXT"}, key)
	})
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

// program looks a program up on the PATH that it will see.
func program(env []string, name string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, dir := range filepath.SplitList(lookup(env, "PATH")) {
		if found, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return found, nil
		}
	}
	return "", errors.Errorf("%s is not on PATH", name)
}
