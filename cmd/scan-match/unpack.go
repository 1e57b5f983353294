package main

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/match/unpack"
)

// statusFile is what unpack writes beside the database.
const statusFile = "status.json"

// runUnpack writes the database and status.json into out.
func runUnpack(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("unpack", flag.ContinueOnError)
	in := flags.String("in", "", "`folder` with the database as it was distributed")
	out := flags.String("out", "", "`folder` to write the database and status.json to")
	sum := flags.String("sha256", "", "`checksum` that the archive must have")
	source := flags.String("source", "", "where the database came from, for the record")
	if err := parse(flags, args, "in", "out"); err != nil {
		return err
	}
	status := scan.DatabaseStatus{SchemaVersion: scan.SchemaVersion}
	db, err := unpack.Unpack(ctx, *in, *out, unpack.Options{SHA256: *sum, Source: *source})
	var output *unpack.OutputError
	switch {
	case errors.As(err, &output):
		return err
	case err != nil:
		status.Error = err.Error()
	default:
		status.Database = db
	}
	return writeJSON(filepath.Join(*out, statusFile), status)
}

// parse parses a role's flags; those required must be given.
func parse(flags *flag.FlagSet, args []string, required ...string) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return errors.Errorf("unexpected argument %q", flags.Arg(0))
	}
	var missing []string
	for _, name := range required {
		if flags.Lookup(name).Value.String() == "" {
			missing = append(missing, "--"+name)
		}
	}
	if len(missing) > 0 {
		return errors.Errorf("%s is missing", strings.Join(missing, ", "))
	}
	return nil
}

func writeJSON(file string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return errors.Wrapf(err, "failed to encode %s", filepath.Base(file))
	}
	return errors.Wrapf(os.WriteFile(file, append(b, '\n'), 0o644), "failed to write %s", filepath.Base(file))
}
