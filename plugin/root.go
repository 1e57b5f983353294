package plugin

import (
	"os"
	"path/filepath"

	"github.com/docker/buildx/commands"
	"github.com/docker/cli/cli"
	"github.com/docker/cli/cli-plugins/metadata"
	cliplugin "github.com/docker/cli/cli-plugins/plugin"
	"github.com/docker/cli/cli/command"
	"github.com/docker/cli/cli/debug"
	cliflags "github.com/docker/cli/cli/flags"
	"github.com/moby/buildkit/util/appcontext"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/scan-build/scan-build/frontend"
	"github.com/scan-build/scan-build/scan/vulndb"
)

// The names of the program. The docker CLI takes no plugin whose name has a
// hyphen (cli-plugins/manager: ^[a-z][a-z0-9]*$), so it knows this one, linked
// as docker-scanbuild, as "docker scanbuild".
const (
	Name       = "docker-scan-build"
	pluginName = "scanbuild"
)

// Environment is what the commands take from the process they run in.
type Environment struct {
	// Version of the program.
	Version string
	// Executable is the program's own path, beside which a development build
	// has the scanner's binaries.
	Executable string
	// CacheDir holds the vulnerability database that `db update` fetches.
	CacheDir  string
	LookupEnv func(string) (string, bool)
}

type environment struct {
	version string
	exe     string
	lookup  func(string) (string, bool)
	store   *vulndb.Store
}

func (e environment) getenv(name string) string {
	v, _ := e.lookup(name)
	return v
}

// siblings is the folder of the program, links resolved.
func (e environment) siblings() string {
	exe, err := filepath.EvalSymlinks(e.exe)
	if err != nil {
		return ""
	}
	return filepath.Dir(exe)
}

// Run runs the program: as the docker CLI's plugin, or by itself.
func Run(e Environment) error {
	frontend.RegisterErrors()
	setUpTracing()
	dockerCli, err := command.NewDockerCli()
	if err != nil {
		return err
	}
	if cliplugin.RunningStandalone() {
		root, logs := newCommand(dockerCli, e, false)
		return logs.end(root.Execute())
	}
	root, logs := newCommand(dockerCli, e, true)
	return logs.end(cliplugin.RunPlugin(dockerCli, root, metadata.Metadata{
		SchemaVersion:    "0.1.0",
		Vendor:           "scan-build",
		Version:          e.Version,
		ShortDescription: "Build images, scanned inside the build",
		URL:              "https://github.com/scan-build/scan-build",
	}))
}

// newCommand makes the plugin's command tree, and the log that its flag chooses.
func newCommand(dockerCli *command.DockerCli, e Environment, isPlugin bool) (*cobra.Command, *logging) {
	env := environment{version: e.Version, exe: e.Executable, lookup: e.LookupEnv, store: &vulndb.Store{Dir: filepath.Join(e.CacheDir, "db")}}
	buildx := commands.NewRootCmd("buildx", true, dockerCli)
	builder := buildx.PersistentFlags().Lookup("builder")

	name := Name
	if isPlugin {
		name = pluginName
	}
	root := &cobra.Command{
		Use:   name + " [OPTIONS] PATH | URL | -",
		Short: "Build an image, scanned inside the build",
		Long: `Build an image and scan every layer of it inside the build.

Nothing is exported, loaded or pushed when a finding blocks. All options of
"docker buildx build" work as there.`,
		Args:                  cli.ExactArgs(1),
		DisableFlagsInUseLine: true,
		PersistentPreRunE:     initialize(dockerCli, isPlugin),
	}
	root.PersistentFlags().AddFlag(builder)
	if isPlugin { // the docker CLI's would leave out PATH, as it does for what has commands
		root.SetUsageTemplate((&cobra.Command{}).UsageTemplate())
	} else {
		root.SilenceUsage, root.SilenceErrors = true, true
		root.PersistentFlags().BoolP("debug", "D", env.getenv("DEBUG") != "", "Enable debug logging")
	}
	build := &buildCommand{wrap(root, buildxCommand(buildx, "build"), dockerCli, env, builder)}
	root.RunE = build.run

	root.AddCommand(
		newBakeCommand(dockerCli, env, buildx, builder),
		newAttestCommand(dockerCli, env),
		newVerifyCommand(dockerCli, env),
		newDBCommand(dockerCli, env, builder),
		newPolicyCommand(dockerCli, env),
		newReportCommand(dockerCli),
		newDiffCommand(dockerCli),
	)
	return root, addLogging(root, dockerCli, env)
}

func newBakeCommand(dockerCli command.Cli, env environment, buildx *cobra.Command, builder *pflag.Flag) *cobra.Command {
	cmd := &cobra.Command{
		Use:                   "bake [OPTIONS] [TARGET...]",
		Short:                 "Build from a file, every target scanned",
		DisableFlagsInUseLine: true,
	}
	bake := &bakeCommand{wrap(cmd, buildxCommand(buildx, "bake"), dockerCli, env, builder)}
	cmd.RunE = bake.run
	return cmd
}

// flagValue points at the value of a flag that buildx owns.
func flagValue(f *pflag.Flag) func() string { return f.Value.String }

// initialize prepares the docker CLI's client before a command runs.
func initialize(dockerCli *command.DockerCli, isPlugin bool) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		cmd.SetContext(appcontext.Context())
		if isPlugin {
			return cliplugin.PersistentPreRunE(cmd, args)
		}
		if on, err := cmd.Flags().GetBool("debug"); err == nil && on {
			debug.Enable()
		}
		// A flag set of its own, for the client's defaults from the environment.
		flags := pflag.NewFlagSet(cmd.DisplayName(), pflag.ContinueOnError)
		options := cliflags.NewClientOptions()
		options.InstallFlags(flags)
		options.SetDefaultOptions(flags)
		options.Debug = debug.IsEnabled()
		return dockerCli.Initialize(options)
	}
}

// CacheDir is where the plugin keeps databases by default.
func CacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "scan-build")
}
