package main

import (
	"io"
	"os"
	"path/filepath"

	"github.com/pkg/errors"
	"golang.org/x/sys/unix"

	"github.com/scan-build/scan-build/scan/secret"
)

const (
	maxRuleSet  = 4 << 20
	maxRuleSets = 64
)

// readRules compiles the sets of rules in a folder, or the default one if there
// is none, and those for files that hold credentials by their name.
func readRules(dir string) (*secret.Rules, error) {
	sets := []secret.Set{secret.Default()}
	if dir != "" {
		var err error
		if sets, err = readSets(dir); err != nil {
			return nil, errors.Wrap(err, "failed to read rules")
		}
	}
	rules, err := secret.Compile(append(sets, secret.Files())...)
	return rules, errors.Wrap(err, "failed to compile rules")
}

// readSets reads a folder's *.toml in the order of their names.
func readSets(dir string) ([]secret.Set, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var sets []secret.Set
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".toml" {
			continue
		}
		toml, err := readSet(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		sets = append(sets, secret.Set{Name: e.Name(), TOML: toml})
	}
	if len(sets) == 0 || len(sets) > maxRuleSets {
		return nil, errors.Errorf("%s has %d files *.toml, not 1 to %d", dir, len(sets), maxRuleSets)
	}
	return sets, nil
}

// readSet reads one regular file: the folder is a user's build context.
func readSet(name string) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, errors.Errorf("%s is not a file", name)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxRuleSet+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxRuleSet {
		return nil, errors.Errorf("%s is larger than %d bytes", name, maxRuleSet)
	}
	return b, nil
}
