package main

import (
	"flag"
	"os"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// maxInflated is what BuildKit's exporter takes for one attestation.
const maxInflated = 40 << 20

// runInflate writes a packed file as it was.
func runInflate(args []string) error {
	flags := flag.NewFlagSet("inflate", flag.ContinueOnError)
	in := flags.String("in", "", "the packed `file`")
	out := flags.String("out", "", "the `file` to write")
	if err := parse(flags, args, "in", "out"); err != nil {
		return err
	}
	f, err := os.Open(*in)
	if err != nil {
		return errors.Wrap(err, "failed to open the packed file")
	}
	defer f.Close()
	b, err := scan.Unpack(f, maxInflated)
	if err != nil {
		return errors.Wrapf(err, "failed to inflate %s", *in)
	}
	return errors.Wrap(os.WriteFile(*out, b, 0o644), "failed to write the file")
}
