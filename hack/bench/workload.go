package main

import (
	"context"
	_ "embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/pkg/errors"
)

//go:embed npm/package.json
var npmManifest []byte

// workload is a build context that is measured.
type workload struct {
	name       string
	title      string
	context    string
	dockerfile string
	contexts   []string // NAME=FOLDER, further build contexts
	source     string   // the file of which a line is changed
	original   []byte
	rounds     int // at most
}

// workloads makes the contexts, from the cache where they are there.
func workloads(ctx context.Context, opt options) ([]*workload, error) {
	makers := []struct {
		name string
		make func(context.Context, options) (*workload, error)
	}{{"app", appWorkload}, {"npm", npmWorkload}}
	var out []*workload
	for _, m := range makers {
		if opt.only != "" && opt.only != m.name {
			continue
		}
		w, err := m.make(ctx, opt)
		if err != nil {
			return nil, errors.Wrapf(err, "failed to make the context %s", m.name)
		}
		w.name = m.name
		if opt.rounds > 0 {
			w.rounds = opt.rounds
		}
		out = append(out, w)
	}
	if len(out) == 0 {
		return nil, errors.Errorf("no build is named %q", opt.only)
	}
	return out, nil
}

// appWorkload is the demo app.
func appWorkload(ctx context.Context, opt options) (*workload, error) {
	app := filepath.Join(opt.repo, "examples", "app")
	dir := filepath.Join(opt.workload, "app")
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.CopyFS(filepath.Join(dir, "context"), os.DirFS(app)); err != nil {
		return nil, err
	}
	env := append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	bin := filepath.Join(dir, "bin")
	if _, err := output(ctx, env, "go", "build", "-C", filepath.Join(app, "api"), "-trimpath", "-buildvcs=false", "-o", bin+"/api", "."); err != nil {
		return nil, err
	}
	w := &workload{
		title:      "demo app (`examples/app`)",
		context:    filepath.Join(dir, "context"),
		dockerfile: filepath.Join(dir, "context", "Dockerfile"),
		contexts:   []string{"bin=" + bin},
		source:     filepath.Join(dir, "context", "web", "server.js"),
		rounds:     5,
	}
	var err error
	w.original, err = os.ReadFile(w.source)
	return w, err
}

// npmWorkload is a large tree of node modules, installed once.
func npmWorkload(ctx context.Context, opt options) (*workload, error) {
	dir := filepath.Join(opt.workload, "npm")
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		if err := install(ctx, dir); err != nil {
			return nil, err
		}
	}
	files, size, err := measureTree(dir)
	if err != nil {
		return nil, err
	}
	return &workload{
		title:      fmt.Sprintf("npm tree (%d files, %d MB)", files, size>>20),
		context:    dir,
		dockerfile: filepath.Join(opt.repo, "hack", "bench", "npm", "Dockerfile"),
		source:     filepath.Join(dir, "server.js"),
		original:   []byte("require('express')().listen(8080);\n"),
		rounds:     3,
	}, nil
}

// install makes the tree beside its place, so that half of one is never used.
func install(ctx context.Context, dir string) error {
	logf("installing node modules into %s (once)", dir)
	work := dir + ".new"
	if err := os.RemoveAll(work); err != nil {
		return err
	}
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, "package.json"), npmManifest, 0o644); err != nil {
		return err
	}
	// No script of a package is run: only its files are wanted.
	cmd := exec.CommandContext(ctx, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps")
	cmd.Dir, cmd.Stdout, cmd.Stderr = work, os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return errors.Wrap(err, "npm install")
	}
	return os.Rename(work, dir)
}

func measureTree(dir string) (files int, size int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		st, err := d.Info()
		if err == nil {
			files, size = files+1, size+st.Size()
		}
		return err
	})
	return files, size, err
}

// edit changes a line of the source, to one that it never had.
func (w *workload) edit() error {
	line := fmt.Sprintf("// changed at %d\n", time.Now().UnixNano())
	return errors.Wrap(os.WriteFile(w.source, append([]byte(line), w.original...), 0o644), "failed to change the source")
}
