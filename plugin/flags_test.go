package plugin

import (
	"io"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/docker/buildx/commands"
	"github.com/docker/buildx/util/buildflags"
	"github.com/docker/cli/cli/command"
	dockeropts "github.com/docker/cli/opts"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagFacts are what users and scripts see of a flag.
type flagFacts struct {
	Name, Shorthand, Type, Default, NoOptDefault, Usage, Deprecated string
	Hidden                                                          bool
}

func factsOf(fs *pflag.FlagSet) map[string]flagFacts {
	out := map[string]flagFacts{}
	fs.VisitAll(func(f *pflag.Flag) {
		out[f.Name] = flagFacts{
			Name: f.Name, Shorthand: f.Shorthand, Type: f.Value.Type(), Default: f.DefValue,
			NoOptDefault: f.NoOptDefVal, Usage: f.Usage, Deprecated: f.Deprecated, Hidden: f.Hidden,
		}
	})
	return out
}

func newDockerCli(t *testing.T) *command.DockerCli {
	t.Helper()
	dockerCli, err := command.NewDockerCli(command.WithOutputStream(io.Discard), command.WithErrorStream(io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	return dockerCli
}

// newRoot makes the program's commands, and buildx's own root beside them.
func newRoot(t *testing.T) (root, buildx *cobra.Command) {
	t.Helper()
	env := Environment{Version: "test", Executable: os.Args[0], CacheDir: t.TempDir(), LookupEnv: os.LookupEnv}
	root, _ = newCommand(newDockerCli(t), env, false)
	return root, commands.NewRootCmd("buildx", true, newDockerCli(t))
}

func TestEveryFlagOfBuildxIsTheSameHere(t *testing.T) {
	root, buildx := newRoot(t)
	for name, ours := range map[string]*cobra.Command{"build": root, "bake": subcommand(t, root, "bake")} {
		t.Run(name, func(t *testing.T) {
			theirs := buildxCommand(buildx, name)
			got, want := factsOf(ours.Flags()), factsOf(theirs.Flags())
			if len(want) < 15 {
				t.Fatalf("buildx shows %d flags only: are they read right?", len(want))
			}
			for flag, facts := range want {
				if diff := cmp.Diff(facts, got[flag]); diff != "" {
					t.Errorf("--%s differs from buildx's (-buildx +ours):\n%s", flag, diff)
				}
			}
			inherited := factsOf(ours.InheritedFlags())
			for n, f := range factsOf(ours.PersistentFlags()) {
				inherited[n] = f
			}
			if diff := cmp.Diff(factsOf(buildx.PersistentFlags())["builder"], inherited["builder"]); diff != "" {
				t.Errorf("--builder differs from buildx's (-buildx +ours):\n%s", diff)
			}
		})
	}
}

func subcommand(t *testing.T, root *cobra.Command, name string) *cobra.Command {
	t.Helper()
	cmd, _, err := root.Find([]string{name})
	if err != nil || cmd == root {
		t.Fatalf("no command %s: %v", name, err)
	}
	return cmd
}

func TestScanFlagsTakeNoNameOfBuildx(t *testing.T) {
	_, buildx := newRoot(t)
	fs := pflag.NewFlagSet("scan", pflag.ContinueOnError)
	addScanFlags(fs)
	for _, name := range []string{"build", "bake"} {
		theirs := buildxCommand(buildx, name).Flags()
		fs.VisitAll(func(f *pflag.Flag) {
			if theirs.Lookup(f.Name) != nil {
				t.Errorf("--%s is a flag of buildx %s", f.Name, name)
			}
		})
	}
}

// parseBuild returns the build options that these arguments mean.
func parseBuild(t *testing.T, args ...string) *commands.BuildOptions {
	t.Helper()
	buildx := commands.NewRootCmd("buildx", true, newDockerCli(t))
	cmd := &cobra.Command{Use: "build"}
	f := adoptBuildFlags(cmd, buildxCommand(buildx, "build"))
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	opts, err := f.options("context", "a-builder")
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return opts
}

func TestEveryFlagReachesTheBuild(t *testing.T) {
	clearBuildEnv(t)
	logrus.SetOutput(io.Discard)
	t.Cleanup(func() { logrus.SetOutput(os.Stderr) })
	cases := buildFlagCases(t.TempDir())
	_, buildx := newRoot(t)
	buildxCommand(buildx, "build").Flags().VisitAll(func(f *pflag.Flag) {
		if slices.Contains(readElsewhere(), f.Name) || slices.Contains(withoutEffect(), f.Name) {
			return
		}
		c, ok := cases[f.Name]
		if !ok {
			t.Errorf("buildx has --%s, which no build here takes notice of", f.Name)
			return
		}
		want := parseBuild(t)
		c.want(want)
		if cmp.Equal(parseBuild(t), want, compareOptions()) {
			t.Errorf("--%s: the case changes nothing", f.Name)
		}
		args := []string{"--" + f.Name}
		if c.args != nil {
			args = append(args, c.args...)
		}
		if diff := cmp.Diff(want, parseBuild(t, args...), compareOptions()); diff != "" {
			t.Errorf("--%s (-want +got):\n%s", f.Name, diff)
		}
		delete(cases, f.Name)
	})
	for name := range cases {
		t.Errorf("buildx has no --%s any more", name)
	}
}

// TestEveryOptionOfABuildHasAFlag holds the table to the other end: an option
// that buildx gains must come from somewhere.
func TestEveryOptionOfABuildHasAFlag(t *testing.T) {
	clearBuildEnv(t)
	changed := map[string]bool{}
	for _, c := range buildFlagCases(t.TempDir()) {
		base, opts := parseBuild(t), parseBuild(t)
		c.want(opts)
		a, b := reflect.ValueOf(*base), reflect.ValueOf(*opts)
		for i := range a.NumField() {
			if !cmp.Equal(a.Field(i).Interface(), b.Field(i).Interface(), compareOptions()) {
				changed[a.Type().Field(i).Name] = true
			}
		}
	}
	// Arguments, the environment, what buildx sets by itself, and requests that
	// are handed to buildx whole.
	for _, name := range []string{"ContextPath", "Builder", "SourcePolicy", "Ref", "GroupRef", "CallFunc"} {
		changed[name] = true
	}
	for f := range reflect.TypeFor[commands.BuildOptions]().Fields() {
		if !changed[f.Name] {
			t.Errorf("no flag sets %s of a build's options", f.Name)
		}
	}
	if opts := parseBuild(t); opts.ContextPath != "context" || opts.Builder != "a-builder" {
		t.Errorf("context %q, builder %q", opts.ContextPath, opts.Builder)
	}
}

func compareOptions() cmp.Options {
	return cmp.Options{
		cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b *dockeropts.UlimitOpt) bool { return a.String() == b.String() }),
		cmpopts.IgnoreUnexported(buildflags.PolicyConfig{}),
	}
}

// clearBuildEnv removes what buildx reads besides flags.
func clearBuildEnv(t *testing.T) {
	t.Helper()
	for _, name := range []string{"SOURCE_DATE_EPOCH", "DOCKER_DEFAULT_PLATFORM", "BUILDX_METADATA_PROVENANCE", "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY"} {
		t.Setenv(name, "")
		_ = os.Unsetenv(name)
	}
}

func TestBuildArgumentsTakeValuesFromTheEnvironment(t *testing.T) {
	clearBuildEnv(t)
	t.Setenv("FROM_ENV", "value")
	t.Setenv("SOURCE_DATE_EPOCH", "12")
	want := map[string]string{"FROM_ENV": "value", "EMPTY": "", "SOURCE_DATE_EPOCH": "12"}
	if diff := cmp.Diff(want, parseBuild(t, "--build-arg=FROM_ENV", "--build-arg=NOT_SET", "--build-arg=EMPTY=").BuildArgs); diff != "" {
		t.Errorf("build arguments (-want +got):\n%s", diff)
	}
	if got := parseBuild(t, "--build-arg=SOURCE_DATE_EPOCH=7").BuildArgs["SOURCE_DATE_EPOCH"]; got != "7" {
		t.Errorf("SOURCE_DATE_EPOCH %q: the environment's wins over the flag's", got)
	}
}

func TestLegacyAndNewResourceLimitsAddUp(t *testing.T) {
	clearBuildEnv(t)
	got := parseBuild(t, "--resource", "cpu-shares=3", "-m", "1g", "-c", "2").Resources
	if diff := cmp.Diff([]string{"memory=1g", "cpu-shares=2", "cpu-shares=3"}, got); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
}

func TestMalformedFlagValuesAreRefused(t *testing.T) {
	clearBuildEnv(t)
	for _, args := range [][]string{
		{"--build-arg", "=x"},
		{"--label", "=x"},
		{"--build-context", "x"},
		{"--secret", "src"},
		{"--attest", "generator=x"},
		{"--policy", "nonsense=1"},
		{"--iidfile", "id", "--output", "type=local,dest=x"},
		{"--iidfile", "id", "--output", "type=tar,dest=x"},
	} {
		buildx := commands.NewRootCmd("buildx", true, newDockerCli(t))
		cmd := &cobra.Command{Use: "build"}
		f := adoptBuildFlags(cmd, buildxCommand(buildx, "build"))
		if err := cmd.ParseFlags(args); err != nil {
			t.Fatal(err)
		}
		if _, err := f.options(".", ""); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}
