package plugin

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/docker/cli/cli"
	"github.com/docker/cli/cli/command"
	"github.com/pkg/errors"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/policy"
	"github.com/scan-build/scan-build/scan/policy/bundle"
)

func newPolicyCommand(dockerCli command.Cli, env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:                   "policy COMMAND",
		Short:                 "Write, test, explain and share policies",
		Args:                  cli.NoArgs,
		RunE:                  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		DisableFlagsInUseLine: true,
	}
	cmd.AddCommand(newPolicyInit(dockerCli), newPolicyExplain(dockerCli), newPolicyTest(dockerCli), newPolicyPush(dockerCli, env))
	return cmd
}

func newPolicyInit(dockerCli command.Cli) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "init [--force] [FILE]",
		Short: "Write a commented options file to start from",
		Args:  cli.RequiresMaxArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			file := config.FileName
			if len(args) > 0 {
				file = args[0]
			}
			if err := writeNew(file, config.Starter(), force); err != nil {
				return err
			}
			fmt.Fprintf(dockerCli.Out(), "Wrote %s\n", file)
			return nil
		},
		DisableFlagsInUseLine: true,
	}
	cmd.Flags().BoolVar(&force, "force", false, "Overwrite the file if it is there")
	return cmd
}

// writeNew writes a file that is not there yet.
func writeNew(file string, data []byte, force bool) error {
	mode := os.O_CREATE | os.O_WRONLY | os.O_EXCL
	if force {
		mode = os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	}
	f, err := os.OpenFile(file, mode, 0o644)
	if errors.Is(err, os.ErrExist) {
		return errors.Errorf("%s is there already: --force overwrites it", file)
	}
	if err != nil {
		return errors.Wrap(err, "failed to write the options file")
	}
	if _, err := f.Write(data); err != nil {
		_ = f.Close()
		return errors.Wrap(err, "failed to write the options file")
	}
	return errors.Wrap(f.Close(), "failed to write the options file")
}

// policyFlags say by which policy a report is judged outside of a build.
type policyFlags struct {
	policy, profile, date string
}

func (f *policyFlags) register(fs *pflag.FlagSet, help string) {
	fs.StringVar(&f.policy, "policy", "", help)
	fs.StringVar(&f.profile, "profile", "", "`NAME` of a profile of the policy")
	fs.StringVar(&f.date, "date", "", "Judge as on this `DAY` (YYYY-MM-DD) instead of the one of the scan")
}

// options reads the policy, a folder or an options file; with neither, only what
// the flags say holds.
func (f *policyFlags) options(cmd *cobra.Command) (config.Options, error) {
	later, err := f.values()
	if err != nil {
		return config.Options{}, err
	}
	src, file, err := openPolicy(f.policy)
	if err != nil {
		return config.Options{}, withCode(exitScanFailed, err)
	}
	defer src.Close()
	opts, err := bundle.Load(cmd.Context(), src, file, later)
	if err == nil {
		err = policy.Compile(opts.RegoFiles)
	}
	return opts, withCode(exitScanFailed, errors.Wrap(err, "failed to read the policy"))
}

// values are flags that mean the same to a build.
func (f *policyFlags) values() (config.Values, error) {
	if f.profile == "" {
		return config.Values{}, nil
	}
	fs := pflag.NewFlagSet("policy", pflag.ContinueOnError)
	read := config.RegisterFlags(fs)
	if err := fs.Parse([]string{"--profile=" + f.profile}); err != nil {
		return config.Values{}, err
	}
	return read()
}

// judge evaluates a report on the day of its scan, or on the one asked for.
func (f *policyFlags) judge(r *scan.Report, opts config.Options) error {
	if f.date == "" {
		return policy.Evaluate(r, opts)
	}
	day, err := f.day()
	if err != nil {
		return err
	}
	finished := r.Finished
	r.Finished = day
	defer func() { r.Finished = finished }()
	return policy.Evaluate(r, opts)
}

func (f *policyFlags) day() (time.Time, error) {
	day, err := time.Parse(time.DateOnly, strings.TrimSpace(f.date))
	return day, errors.Wrapf(err, "--date: %q is no day, want YYYY-MM-DD", f.date)
}
