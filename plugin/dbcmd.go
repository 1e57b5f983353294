package plugin

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/docker/buildx/build"
	"github.com/docker/buildx/builder"
	"github.com/docker/buildx/commands"
	"github.com/docker/buildx/util/buildflags"
	"github.com/docker/cli/cli"
	"github.com/docker/cli/cli/command"
	"github.com/pkg/errors"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/scan-build/scan-build/frontend"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/vulndb"
)

func newDBCommand(dockerCli command.Cli, env environment, builderFlag *pflag.Flag) *cobra.Command {
	cmd := &cobra.Command{
		Use:                   "db COMMAND",
		Short:                 "Manage vulnerability databases",
		Args:                  cli.NoArgs,
		RunE:                  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		DisableFlagsInUseLine: true,
	}
	cmd.AddCommand(newDBUpdate(dockerCli, env), newDBStatus(dockerCli, env), newDBBuild(dockerCli, env, builderFlag))
	return cmd
}

func newDBUpdate(dockerCli command.Cli, env environment) *cobra.Command {
	var from, maxAge string
	cmd := &cobra.Command{
		Use:   "update [OPTIONS]",
		Short: "Fetch and check the newest vulnerability database",
		Long: `Fetch the newest vulnerability database, check it, and use it for builds that
name no other with --db. A database that cannot be had or does not check out
leaves the one in use as it is.`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts, err := dbOptions(from, maxAge)
			if err != nil {
				return err
			}
			st, err := env.store.Update(cmd.Context(), vulndb.UpdateOptions{From: from, MaxAge: opts.MaxDBAge})
			if err != nil {
				return withCode(exitScanFailed, errors.Wrap(err, "failed to update the vulnerability database"))
			}
			printStatus(dockerCli.Out(), st)
			return nil
		},
		DisableFlagsInUseLine: true,
	}
	cmd.Flags().StringVar(&from, "from", config.DefaultDB, "`URL`, file or folder of a Grype v6 listing")
	cmd.Flags().StringVar(&maxAge, "max-db-age", "120h", "Refuse a database older than this `DURATION`, 0 accepts any")
	return cmd
}

// dbOptions reads flags of db commands as those of a scan are read.
func dbOptions(from, maxAge string) (config.Options, error) {
	fs := pflag.NewFlagSet("db", pflag.ContinueOnError)
	read := config.RegisterFlags(fs)
	if err := fs.Parse([]string{"--db=" + from, "--max-db-age=" + maxAge}); err != nil {
		return config.Options{}, err
	}
	v, err := read()
	if err != nil {
		return config.Options{}, err
	}
	return v.Options()
}

func newDBStatus(dockerCli command.Cli, env environment) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the vulnerability database in use",
		Args:  cli.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if format != "text" && format != "json" {
				return errors.Errorf("--format: unknown format %q, want text or json", format)
			}
			st, err := env.store.Status()
			var missing *vulndb.MissingError
			switch {
			case errors.As(err, &missing) && format == "text":
				fmt.Fprintf(dockerCli.Out(), "No database on this machine: builds fetch %s themselves.\n`docker-scan-build db update` keeps one here.\n", config.DefaultDB)
				return nil
			case errors.As(err, &missing):
				fmt.Fprintln(dockerCli.Out(), "null")
				return nil
			case err != nil:
				return withCode(exitScanFailed, err)
			case format == "json":
				enc := json.NewEncoder(dockerCli.Out())
				enc.SetIndent("", "  ")
				return enc.Encode(st)
			}
			printStatus(dockerCli.Out(), st)
			return nil
		},
		DisableFlagsInUseLine: true,
	}
	cmd.Flags().StringVar(&format, "format", "text", "Output `FORMAT`: text or json")
	return cmd
}

func printStatus(w io.Writer, st vulndb.Status) {
	age := time.Since(st.Built).Truncate(time.Hour)
	fmt.Fprintf(w, "Database:  %s\nSchema:    %s\nBuilt:     %s (%s ago)\nChecksum:  %s\nFrom:      %s\n",
		st.Archive, st.Schema, st.Built.Format(time.RFC3339), age, st.Checksum, st.Source)
}

// dbBuild makes a database from advisories, inside a build: grype's builder is
// a Linux program, and any engine can run it.
type dbBuild struct {
	cli     command.Cli
	env     environment
	builder func() string
	output  string
	scanner string
}

func newDBBuild(dockerCli command.Cli, env environment, builderFlag *pflag.Flag) *cobra.Command {
	b := &dbBuild{cli: dockerCli, env: env, builder: flagValue(builderFlag)}
	cmd := &cobra.Command{
		Use:   "build --output DIR ADVISORIES",
		Short: "Make a vulnerability database from a folder of OSV advisories",
		Long: `Make a vulnerability database from a folder of advisories in OSV format (JSON).

The result is a folder for --db, or to be served over HTTPS.`,
		Args:                  cli.ExactArgs(1),
		RunE:                  b.run,
		DisableFlagsInUseLine: true,
	}
	cmd.Flags().StringVarP(&b.output, "output", "o", "", "`DIR` to write the database to")
	cmd.Flags().StringVar(&b.scanner, "scanner", "", "Scanner whose builder to use, as for a build")
	return cmd
}

// buildDatabase runs the builder of the scanner's image over the advisories.
// Its message goes with the result, so that an advisory's error reaches the user.
const buildDatabase = `FROM ` + frontend.ScannerContext + ` AS scanner
FROM scratch AS build
COPY --from=scanner /scan-match /scan-match
RUN --network=none --mount=type=bind,from=advisories,target=/mnt/in --mount=type=tmpfs,target=/tmp ["/scan-match", "build", "--in", "/mnt/in", "--out", "/mnt/out", "--built", "%s"]
FROM scratch
COPY --from=build /mnt/out /
`

func (b *dbBuild) run(cmd *cobra.Command, args []string) error {
	advisories := args[0]
	if st, err := os.Stat(advisories); err != nil || !st.IsDir() {
		return errors.Errorf("%s is not a folder of advisories", advisories)
	}
	if b.output == "" {
		return errors.New("--output is missing: the folder to write the database to")
	}
	s, err := b.contexts()
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(filepath.Clean(b.output)), ".scan-build-db-")
	if err != nil {
		return errors.Wrap(err, "failed to write the database")
	}
	defer os.RemoveAll(tmp)
	if err := b.build(cmd, advisories, tmp, s); err != nil {
		return withCode(exitScanFailed, errors.Wrap(err, "failed to build the database"))
	}
	if err := replaceFolder(tmp, b.output); err != nil {
		return errors.Wrap(err, "failed to write the database")
	}
	fmt.Fprintf(b.cli.Out(), "Wrote %s: use it with --db %s\n", b.output, b.output)
	return nil
}

func (b *dbBuild) contexts() (*setup, error) {
	s := &setup{contexts: map[string]string{}, cleanup: func() {}}
	var ref config.Ref
	if b.scanner != "" {
		var err error
		if ref, err = config.ParseRef(b.scanner, config.RefImage, config.RefOCILayout, config.RefPath); err != nil {
			return nil, errors.Wrap(err, "--scanner")
		}
	}
	if err := s.scanner(ref, b.env); err != nil {
		return nil, err
	}
	if s.image != "" {
		s.contexts[frontend.ScannerContext] = "docker-image://" + s.image
	}
	return s, nil
}

func (b *dbBuild) build(cmd *cobra.Command, advisories, out string, s *setup) error {
	ctx := cmd.Context()
	bd, err := builder.New(b.cli, builder.WithName(b.builder()))
	if err != nil {
		return err
	}
	printer, err := newPrinter(ctx, "auto", bd.Driver, bd.Name)
	if err != nil {
		return err
	}
	s.contexts["advisories"] = advisories
	_, _, err = commands.RunBuild(ctx, b.cli, &commands.BuildOptions{
		ContextPath:            "-",
		Builder:                b.builder(),
		NamedContexts:          s.contexts,
		Exports:                []*buildflags.ExportEntry{{Type: "local", Destination: out}},
		ProvenanceResponseMode: "disabled",
		Attests:                buildflags.Attests{{Type: "provenance", Disabled: true}},
	}, strings.NewReader(fmt.Sprintf(buildDatabase, time.Now().UTC().Format(time.RFC3339))), printer, &build.Handler{})
	if werr := printer.Wait(); err == nil {
		err = werr
	}
	return err
}

// replaceFolder puts a finished folder in the place of an older one.
func replaceFolder(from, to string) error {
	if err := os.Chmod(from, 0o755); err != nil {
		return err
	}
	old := from + ".old"
	if err := os.Rename(to, old); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		_ = os.Rename(old, to)
		return err
	}
	return os.RemoveAll(old)
}
