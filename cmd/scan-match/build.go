package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/dbbuild"
)

// runBuild writes a database in the layout in which databases are distributed.
func runBuild(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	in := flags.String("in", "", "`folder` of OSV advisories")
	out := flags.String("out", "", "`folder` to write v6/latest.json and the archive to")
	built := flags.String("built", "", "the build `time`, RFC 3339")
	if err := parse(flags, args, "in", "out", "built"); err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, *built)
	if err != nil {
		return errors.Wrap(err, "--built is not a time")
	}
	res, err := dbbuild.Build(ctx, *in, *out, dbbuild.Options{Built: at})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "%d advisories (%d withdrawn left out), schema %s: %s\n",
		res.Advisories, res.Withdrawn, res.Database.Schema, res.Listing)
	return errors.Wrap(err, "failed to report the result")
}
