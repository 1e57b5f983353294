package main

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"
)

// searchInput is a folder that is searched for secrets.
type searchInput struct {
	name, path string
	files      int
	size       int64 // bytes
	analyze    bool  // a layer could be like that
}

// bundleSize of the minified file, in bytes.
const bundleSize = 200 << 20

// secretInputs makes the folders, from the cache where they are there, and reads
// them once: what is measured afterwards is not the disk.
func secretInputs(ctx context.Context, opt secretsOptions) ([]searchInput, error) {
	npm := filepath.Join(opt.workload, "npm")
	if _, err := os.Stat(npm); os.IsNotExist(err) {
		if err := install(ctx, npm); err != nil {
			return nil, err
		}
	}
	debian, err := unpackDebian(ctx, opt)
	if err != nil {
		return nil, err
	}
	bundle, err := makeBundle(npm, filepath.Join(opt.workload, "bundle"))
	if err != nil {
		return nil, errors.Wrap(err, "failed to make the minified file")
	}
	inputs := []searchInput{
		{name: "Debian root file system", path: debian, analyze: true},
		{name: "npm tree", path: npm, analyze: true},
		{name: "one minified file", path: bundle},
	}
	for i := range inputs {
		in := &inputs[i]
		if in.files, in.size, err = measureTree(in.path); err != nil {
			return nil, errors.Wrapf(err, "failed to measure the %s", in.name)
		}
		if err := readTree(in.path); err != nil {
			return nil, errors.Wrapf(err, "failed to read the %s", in.name)
		}
	}
	return inputs, nil
}

// readTree reads every file, so that the page cache has it.
func readTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(io.Discard, f)
		return err
	})
}

// unpackDebian unpacks the archive that hack/debian-base keeps.
func unpackDebian(ctx context.Context, opt secretsOptions) (string, error) {
	archive, dir := filepath.Join(opt.cache, "debian", "bookworm.tar"), filepath.Join(opt.workload, "debian")
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if _, err := os.Stat(archive); err != nil {
		return "", errors.Wrap(err, "no Debian root file system: run hack/debian-base with an engine once")
	}
	work := dir + ".new"
	if err := os.RemoveAll(work); err != nil {
		return "", err
	}
	if err := os.MkdirAll(work, 0o755); err != nil {
		return "", err
	}
	if _, err := output(ctx, nil, "tar", "-C", work, "--no-same-owner", "-xf", archive); err != nil {
		return "", err
	}
	return dir, os.Rename(work, dir)
}

// makeBundle joins the tree's minified scripts, again and again, to one line.
func makeBundle(tree, dir string) (string, error) {
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	work := dir + ".new"
	if err := os.MkdirAll(work, 0o755); err != nil {
		return "", err
	}
	f, err := os.Create(filepath.Join(work, "app.js"))
	if err != nil {
		return "", err
	}
	defer f.Close()
	for written := 0; written < bundleSize; {
		before := written
		err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || !strings.HasSuffix(path, ".js") || written >= bundleSize {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil || bytes.Count(b, []byte("\n"))*500 > len(b) {
				return err // written by people
			}
			n, err := f.Write(bytes.ReplaceAll(b, []byte("\n"), []byte(" ")))
			written += n
			return err
		})
		if err != nil {
			return "", err
		}
		if written == before {
			return "", errors.New("no minified script in the npm tree")
		}
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	return dir, os.Rename(work, dir)
}
