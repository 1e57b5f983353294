package plugin

import (
	"slices"
	"testing"

	"github.com/docker/buildx/commands"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// parseBake returns a bake run with these arguments and environment.
func parseBake(t *testing.T, env map[string]string, args ...string) *bakeCommand {
	t.Helper()
	buildx := buildxCommand(commands.NewRootCmd("buildx", true, newDockerCli(t)), "bake")
	cmd := &cobra.Command{Use: "bake"}
	b := &bakeCommand{wrapped{
		buildx: buildx,
		flags:  adoptBuildFlags(cmd, buildx),
		env:    environment{lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok }},
	}}
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryBakeFlagIsTakenNoticeOf(t *testing.T) {
	overrides := map[string]struct {
		args, want []string
	}{
		"load":       {[]string{"--load"}, []string{"*.load=true"}},
		"no-cache":   {[]string{"--no-cache=false"}, []string{"*.no-cache=false"}},
		"policy":     {[]string{"--policy", "strict=true"}, []string{"*.policy+=strict=true"}},
		"provenance": {[]string{"--provenance=mode=max"}, []string{"*.attest=type=provenance,mode=max"}},
		"pull":       {[]string{"--pull"}, []string{"*.pull=true"}},
		"push":       {[]string{"--push"}, []string{"*.push=true"}},
		"sbom":       {[]string{"--sbom=true"}, []string{"*.attest=type=sbom,disabled=false"}},
		"set":        {[]string{"--set", "a.args.x=1", "--set=b.target=t"}, []string{"a.args.x=1", "b.target=t"}},
	}
	// Runs that are handed to buildx whole.
	describes := []string{"--print", "--list=targets", "--list-targets", "--list-variables"}
	for _, args := range describes {
		if !parseBake(t, nil, args).describes() {
			t.Errorf("%s would build", args)
		}
	}
	elsewhere := []string{
		"print", "list", "list-targets", "list-variables", // above
		"allow", "call", "check", "file", "metadata-file", "progress", "var", // read by name; tests of the built program cover them
	}
	_, buildx := newRoot(t)
	buildxCommand(buildx, "bake").Flags().VisitAll(func(f *pflag.Flag) {
		c, ok := overrides[f.Name]
		switch {
		case slices.Contains(elsewhere, f.Name):
			return
		case !ok:
			t.Errorf("buildx bake has --%s, which no run here takes notice of", f.Name)
			return
		}
		got, _, err := parseBake(t, nil, c.args...).overrides()
		if err != nil {
			t.Errorf("%v: %v", c.args, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.args, diff)
		}
	})
	if got, off, err := parseBake(t, nil).overrides(); len(got) > 0 || off || err != nil {
		t.Errorf("without flags: %v, %v, %v", got, off, err)
	}
}

func TestBakePoliciesAreOptionsNotFiles(t *testing.T) {
	for _, c := range []struct {
		args []string
		off  bool
		ok   bool
	}{
		{[]string{"--policy", "disabled=true"}, true, true},
		{[]string{"--policy", "strict=false,log-level=debug"}, false, true},
		{[]string{"--policy", "filename=x"}, false, false},
		{[]string{"--policy", "reset=true"}, false, false},
		{[]string{"--policy", "disabled=true,strict=true"}, false, false},
		{[]string{"--policy", "disabled=true", "--policy", "strict=true"}, false, false},
	} {
		_, off, err := parseBake(t, nil, c.args...).overrides()
		if off != c.off || (err == nil) != c.ok {
			t.Errorf("%v: off %v, error %v", c.args, off, err)
		}
	}
}

func TestBakeFilesComeFromFlagsBeforeTheEnvironment(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		args []string
		want []string
	}{
		{nil, nil, nil},
		{map[string]string{"BUILDX_BAKE_FILE": "a.hcl: b.hcl"}, nil, []string{"a.hcl", "b.hcl"}},
		{map[string]string{"BUILDX_BAKE_FILE": "a:1;b", "BUILDX_BAKE_PATH_SEPARATOR": ";"}, nil, []string{"a:1", "b"}},
		{map[string]string{"BUILDX_BAKE_FILE": "a.hcl"}, []string{"-f", "c.hcl", "--file=-"}, []string{"c.hcl", "-"}},
	} {
		got := parseBake(t, c.env, c.args...).fileNames()
		if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%v %v (-want +got):\n%s", c.env, c.args, diff)
		}
	}
}

func TestBakeArgumentsSplitRemoteDefinitionsFromTargets(t *testing.T) {
	for _, c := range []struct {
		args         []string
		url, context string
		targets      []string
	}{
		{nil, "", "cwd://", nil},
		{[]string{"app", "db"}, "", "cwd://", []string{"app", "db"}},
		{[]string{"https://example.org/repo.git", "app"}, "https://example.org/repo.git", "cwd://", []string{"app"}},
		{[]string{"https://example.org/repo.git", "https://example.org/context.git", "app"}, "https://example.org/repo.git", "https://example.org/context.git", []string{"app"}},
	} {
		url, context, targets := splitBakeArgs(c.args)
		if url != c.url || context != c.context || !slices.Equal(targets, c.targets) {
			t.Errorf("%v: %q %q %v", c.args, url, context, targets)
		}
	}
}
