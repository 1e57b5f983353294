package main

import (
	"context"
	"flag"
	"os"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/layer"
	"github.com/scan-build/scan-build/scan/layer/tree"
)

// runLayer writes a layer's files as a tree, for analyzers that a user brought.
func runLayer(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("layer", flag.ContinueOnError)
	child := flags.String("child", "", "mounted `folder`: the snapshot that the layer made")
	parent := flags.String("parent", "", "mounted `folder`: the snapshot below it")
	tar := flags.String("tar", "", "the layer's blob, in place of snapshots: a `file`")
	out := flags.String("out", "", "`folder` to write the files to")
	if err := parse(flags, args, "out"); err != nil {
		return err
	}
	// In the output, because /tmp is memory. It is gone when the tree is written.
	temp, err := os.MkdirTemp(*out, ".scan-match-")
	if err != nil {
		return errors.Wrap(err, "failed to use the output folder")
	}
	defer os.RemoveAll(temp)
	l, err := layer.Open(layer.Options{Child: *child, Parent: *parent, Tar: *tar, TempDir: temp})
	if err != nil {
		return err
	}
	defer l.Close()
	return errors.Wrap(tree.Write(ctx, l, *out), "failed to take the layer apart")
}
