package plugin

import (
	"io"
	"slices"
	"strings"

	"github.com/docker/cli/cli"
	"github.com/docker/cli/cli/command"
	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/report"
)

type reportCommand struct {
	cli    command.Cli
	flags  reportFlags
	format string
}

func newReportCommand(dockerCli command.Cli) *cobra.Command {
	c := &reportCommand{cli: dockerCli}
	cmd := &cobra.Command{
		Use:   "report [OPTIONS] IMAGE|FILE",
		Short: "Show the scan report of a pushed image or a saved one, in any format",
		Long: `Show the scan report of a pushed image or a saved one, in any format.

Of an image, the newest report signed with a trusted key is read from its registry;
no layer is pulled, and nothing is judged: "verify" does that. A FILE is what
"--report json=FILE" wrote; - reads it from standard input.`,
		Args:                  cli.ExactArgs(1),
		RunE:                  c.run,
		DisableFlagsInUseLine: true,
	}
	cmd.Flags().StringVar(&c.format, "format", "table", "Output `FORMAT`: "+formatNames())
	c.flags.register(cmd.Flags())
	return cmd
}

func formatNames() string {
	var names []string
	for _, f := range report.Formats() {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

func (c *reportCommand) run(cmd *cobra.Command, args []string) error {
	format, err := report.Lookup(c.format)
	if err != nil {
		return errors.Wrap(err, "--format")
	}
	if isReportFile(args[0]) && (len(c.flags.keys) > 0 || c.flags.unsigned) {
		return errors.Errorf("--key and --unsigned are about images: %s is a file, which carries no signature", args[0])
	}
	src, err := c.flags.read(cmd.Context(), args[0], c.cli.In(), c.cli.Err())
	if err != nil {
		return err
	}
	r := src.report
	if src.reference != "" && format.Name != "json" { // json is what was signed
		r = withImage(r, src.reference)
	}
	return withCode(exitScanFailed, render(c.cli.Out(), format, r))
}

// render writes a report in a format.
func render(w io.Writer, format report.Format, r *scan.Report) error {
	return errors.Wrapf(format.Write(w, r), "failed to write the %s report", format.Name)
}

// withImage is the report with the digest that its image was given when it was
// pushed, by which SBOMs and VEX documents name it for good.
func withImage(r *scan.Report, reference string) *scan.Report {
	out, build := *r, scan.Build{}
	if r.Build != nil {
		build = *r.Build
	}
	build.Images = append([]string{reference}, slices.Clone(build.Images)...)
	out.Build = &build
	return &out
}
