package plugin

import (
	"encoding/json"

	"github.com/docker/cli/cli"
	"github.com/docker/cli/cli/command"
	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/scan-build/scan-build/scan/policy/explain"
)

type policyExplain struct {
	cli    command.Cli
	flags  policyFlags
	format string
}

func newPolicyExplain(dockerCli command.Cli) *cobra.Command {
	e := &policyExplain{cli: dockerCli}
	cmd := &cobra.Command{
		Use:   "explain [OPTIONS] REPORT",
		Short: "Say of each finding in a report which rule decided what",
		Long: `Say of each finding, secret and misconfiguration in a report, as "--report json=FILE"
writes it, which rule decided what and why.

Without --policy, what was decided in the build is explained. With it, the report
is judged by that policy instead. Documents that came with a base image are not
there outside of a build.`,
		Args:                  cli.ExactArgs(1),
		RunE:                  e.run,
		DisableFlagsInUseLine: true,
	}
	e.flags.register(cmd.Flags(), "Options file or folder of the policy to judge by")
	cmd.Flags().StringVar(&e.format, "format", "text", "Output `FORMAT`: text or json")
	return cmd
}

func (e *policyExplain) run(cmd *cobra.Command, args []string) error {
	switch {
	case e.format != "text" && e.format != "json":
		return errors.Errorf("--format: unknown format %q, want text or json", e.format)
	case e.flags.policy == "" && (e.flags.profile != "" || e.flags.date != ""):
		return errors.New("--profile and --date judge anew: add --policy")
	}
	r, err := readReport(args[0], e.cli.In())
	if err != nil {
		return withCode(exitScanFailed, err)
	}
	if e.flags.policy != "" {
		opts, err := e.flags.options(cmd)
		if err != nil {
			return err
		}
		if err := e.flags.judge(r, opts); err != nil {
			return withCode(exitScanFailed, errors.Wrapf(err, "failed to judge %s", args[0]))
		}
	}
	x := explain.Explain(r)
	if e.format == "json" {
		enc := json.NewEncoder(e.cli.Out())
		enc.SetIndent("", "  ")
		return enc.Encode(x)
	}
	return explain.Text(e.cli.Out(), x)
}
