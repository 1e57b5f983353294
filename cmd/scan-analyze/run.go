package main

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"

	scalibrlog "github.com/google/osv-scalibr/log"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/analyze"
	"github.com/scan-build/scan-build/scan/layer"
	"github.com/scan-build/scan-build/scan/secret"
)

// inventoryFile is the name of the result in the output folder.
const inventoryFile = "inventory.json"

// memoryLimit is when the garbage collector starts to work harder; it is no
// hard limit.
const memoryLimit = 1 << 30

type options struct {
	child, parent, tar, out string
	secrets                 bool
	rules                   string
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("scan-analyze", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.child, "child", "", "mounted snapshot that the layer made")
	f.StringVar(&o.parent, "parent", "", "mounted snapshot below it")
	f.StringVar(&o.tar, "tar", "", "the layer's blob")
	f.StringVar(&o.out, "out", "", "folder for the inventory")
	f.BoolVar(&o.secrets, "secrets", true, "look for secrets too")
	f.StringVar(&o.rules, "rules", "", "folder of rule sets (*.toml) for secrets in place of the default one")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, errors.Errorf("unexpected argument %q", f.Arg(0))
	case o.out == "":
		return o, errors.New("--out is missing")
	case (o.child == "") == (o.tar == ""):
		return o, errors.New("one of --child and --tar is needed")
	case o.parent != "" && o.child == "":
		return o, errors.New("--parent goes with --child")
	}
	return o, nil
}

func run(ctx context.Context, o options) error {
	scalibrlog.SetLogger(silent{})
	debug.SetMemoryLimit(memoryLimit)
	var rules *secret.Rules
	if o.secrets {
		var err error
		if rules, err = readRules(o.rules); err != nil {
			return err
		}
	}
	temp, err := os.MkdirTemp(o.out, ".scan-analyze-")
	if err != nil {
		return errors.Wrap(err, "failed to use the output folder")
	}
	defer os.RemoveAll(temp)
	l, err := layer.Open(layer.Options{Child: o.child, Parent: o.parent, Tar: o.tar, TempDir: temp})
	if err != nil {
		return err
	}
	defer l.Close()
	inv, err := analyze.Layer(ctx, l, analyze.Options{TempDir: temp, Rules: rules})
	if err != nil {
		return errors.Wrap(err, "failed to analyse the layer")
	}
	return write(o.out, temp, inv)
}

// write puts the inventory in place in one step: whoever sees the file sees all
// of it.
func write(out, temp string, inv *scan.LayerInventory) error {
	b, err := json.Marshal(inv)
	if err != nil {
		return errors.Wrap(err, "failed to encode the inventory")
	}
	name := filepath.Join(temp, inventoryFile)
	if err := os.WriteFile(name, b, 0o644); err != nil {
		return errors.Wrap(err, "failed to write the inventory")
	}
	return errors.Wrap(os.Rename(name, filepath.Join(out, inventoryFile)), "failed to write the inventory")
}

// silent drops what scalibr logs: problems are in the inventory.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Infof(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
func (silent) Error(...any)          {}
func (silent) Warn(...any)           {}
func (silent) Info(...any)           {}
func (silent) Debug(...any)          {}
