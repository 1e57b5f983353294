package plugin

import (
	"strings"

	"github.com/docker/cli/cli"
	"github.com/docker/cli/cli/command"
	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/diff"
)

type diffCommand struct {
	cli       command.Cli
	flags     reportFlags
	format    string
	failOnNew string
}

func newDiffCommand(dockerCli command.Cli) *cobra.Command {
	c := &diffCommand{cli: dockerCli}
	cmd := &cobra.Command{
		Use:   "diff [OPTIONS] IMAGE|FILE IMAGE|FILE",
		Short: "Say what is new, gone and unchanged between two images or reports",
		Long: `Say what is new, gone and unchanged between two images or reports: the first is
before a change, the second after it.

Reports are read as "report" reads them. Images are compared, not build stages, on
the platforms that both have.`,
		Args:                  cli.ExactArgs(2),
		RunE:                  c.run,
		DisableFlagsInUseLine: true,
	}
	fs := cmd.Flags()
	fs.StringVar(&c.format, "format", "text", "Output `FORMAT`: "+strings.Join(diff.Formats(), ", "))
	fs.StringVar(&c.failOnNew, "fail-on-new", "", "Exit with 2 if anything new is of this `SEVERITY` or above, or is a secret; what the policy ignores does not count")
	c.flags.register(fs)
	return cmd
}

func (c *diffCommand) run(cmd *cobra.Command, args []string) error {
	if err := diff.CheckFormat(c.format); err != nil {
		return errors.Wrap(err, "--format")
	}
	threshold := config.Threshold{Never: true}
	if c.failOnNew != "" {
		var err error
		if threshold, err = config.ParseThreshold(c.failOnNew); err != nil {
			return errors.Wrap(err, "--fail-on-new")
		}
	}
	if args[0] == stdinReport && args[1] == stdinReport {
		return errors.New("standard input holds one report: only one of the two can be -")
	}
	var sides [2]diff.Named
	for i, arg := range args {
		src, err := c.flags.read(cmd.Context(), arg, c.cli.In(), c.cli.Err())
		if err != nil {
			return err
		}
		sides[i] = diff.Named{Name: src.name, Report: src.report}
	}
	d := diff.Compare(sides[0], sides[1])
	if err := diff.Write(c.cli.Out(), c.format, d); err != nil {
		return withCode(exitScanFailed, err)
	}
	if threshold.Never {
		return nil
	}
	if n := d.Reaching(threshold.Reached); n > 0 {
		return withCode(exitBlocked, errors.Errorf("%d new at %s or above, secrets included", n, threshold))
	}
	return nil
}
