package hack_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/hack/testenv"
)

func TestEngineSaysWhatIsMissing(t *testing.T) {
	testenv.Engine(t) // asks for root and what the engine needs
	for name, tc := range map[string]struct {
		without []string
		env     []string
		args    []string
		want    string
	}{
		"Go":               {without: []string{"go"}, env: []string{"SCAN_BUILD_CACHE=" + t.TempDir()}, want: "Go is missing"},
		"runc without apt": {without: []string{"runc", "apt-get"}, want: "runc is missing and there is no apt-get to install runc with"},
		"registry":         {without: []string{"docker-registry", "apt-get"}, want: "docker-registry is missing"},
		"flock":            {without: []string{"flock"}, want: "flock is missing"},
		"a builder":        {env: []string{"SCAN_BUILD_BUILDER=no-such-builder"}, want: "builder no-such-builder does not answer"},
		"a short path":     {env: []string{"SCAN_BUILD_STATE=/tmp/" + strings.Repeat("x", 90)}, want: "too long for unix sockets"},
		"a name":           {args: []string{"--name", "../x"}, want: "not a name of an instance"},
		"a snapshotter":    {args: []string{"--snapshotter", "zfs"}, want: "unknown snapshotter: zfs"},
		"a value":          {args: []string{"--name"}, want: "the last option wants a value"},
	} {
		t.Run(name, func(t *testing.T) {
			state := stateFolder(t)
			env := append(os.Environ(), "SCAN_BUILD_STATE="+state, "PATH="+pathWithout(t, tc.without...))
			script := filepath.Join(testenv.Root(t), "hack", "engine")
			t.Cleanup(func() {
				testenv.Run(t, testenv.Command{
					Args: []string{script, "down"}, Env: append(os.Environ(), "SCAN_BUILD_STATE="+state), Detached: true,
				})
			})
			r := testenv.Run(t, testenv.Command{Args: append([]string{script, "up"}, tc.args...), Env: append(env, tc.env...)}).Exits(t, 1)
			if !strings.Contains(r.Stderr, "hack/engine: ") || !strings.Contains(r.Stderr, tc.want) {
				t.Errorf("the error does not say %q:\n%s", tc.want, r.Stderr)
			}
		})
	}
}

func TestEngineDownSparesProcessesThatAreNotIts(t *testing.T) {
	testenv.Engine(t)
	state := stateFolder(t)
	sleep := exec.CommandContext(t.Context(), "sleep", "600")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(state, "default"), 0o755); err != nil {
		t.Fatal(err)
	}
	// A pid file from before a reboot: the number now belongs to somebody else.
	pid := strconv.Itoa(sleep.Process.Pid)
	for _, daemon := range []string{"registry", "buildkitd", "dockerd"} {
		if err := os.WriteFile(filepath.Join(state, "default", daemon+".pid"), []byte(pid+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	testenv.Run(t, testenv.Command{
		Args: []string{filepath.Join(testenv.Root(t), "hack", "engine"), "down"},
		Env:  append(os.Environ(), "SCAN_BUILD_STATE="+state),
	}).OK(t)
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil || bytes.Contains(stat, []byte(" Z ")) {
		t.Errorf("the process was ended: %s %v", stat, err)
	}
}

func TestEngineUsesABuilderOfTheUser(t *testing.T) {
	e := testenv.Start(t, "builder-of-user", testenv.Options{})
	env := append(slices.Clone(e.Env), "SCAN_BUILD_BUILDER="+e.Builder, "SCAN_BUILD_STATE="+stateFolder(t))
	script := filepath.Join(testenv.Root(t), "hack", "engine")
	testenv.Run(t, testenv.Command{Args: []string{script, "up"}, Env: env}).OK(t)
	t.Cleanup(func() { testenv.Run(t, testenv.Command{Args: []string{script, "down"}, Env: env, Detached: true}) })
	exports := testenv.Run(t, testenv.Command{Args: []string{script, "env"}, Env: env}).OK(t).Stdout
	var got []string
	for _, line := range strings.Split(strings.TrimSpace(exports), "\n") {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		got = append(got, name)
	}
	want := []string{"SCAN_BUILD_ENGINE", "SCAN_BUILD_REGISTRY", "BUILDX_BUILDER", "PATH"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
	if !strings.Contains(exports, "BUILDX_BUILDER="+e.Builder+"\n") {
		t.Errorf("not the user's builder:\n%s", exports)
	}
}

func TestEngineIsNotUpAfterDown(t *testing.T) {
	testenv.Engine(t)
	env := append(os.Environ(), "SCAN_BUILD_STATE="+stateFolder(t))
	script := filepath.Join(testenv.Root(t), "hack", "engine")
	run := func(args ...string) testenv.Result {
		return testenv.Run(t, testenv.Command{Args: append([]string{script}, args...), Env: env})
	}
	run("up").OK(t)
	run("up").OK(t)
	run("status").OK(t)
	run("down").OK(t)
	run("down").OK(t)
	run("status").Exits(t, 1)
	if r := run("env").Exits(t, 1); r.Stdout != "false\n" {
		t.Errorf("eval of env would succeed: %q", r.Stdout)
	}
}

func TestEngineSaysThatOverlayfsDoesNotWork(t *testing.T) {
	testenv.Engine(t)
	state := stateFolder(t)
	// An overlay cannot be the upper layer of another one.
	const script = `mkdir "$1/l" "$1/u" "$1/w" "$1/m" &&
mount -t overlay overlay -o "lowerdir=$1/l,upperdir=$1/u,workdir=$1/w" "$1/m" &&
SCAN_BUILD_STATE="$1/m" "$2" up; code=$?; SCAN_BUILD_STATE="$1/m" "$2" down; exit $code`
	r := testenv.Run(t, testenv.Command{Args: []string{
		"unshare", "--mount", "sh", "-c", script, "sh", state, filepath.Join(testenv.Root(t), "hack", "engine"),
	}}).Exits(t, 1)
	if !strings.Contains(r.Stderr, "overlayfs does not work in "+state) {
		t.Errorf("the error does not say that overlayfs is missing:\n%s", r.Stderr)
	}
}

// stateFolder is a folder for an engine's state whose path is short enough for
// its sockets, which t.TempDir's is not.
func stateFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "engine") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("failed to remove the engine's state: %v", err)
		}
	})
	return dir
}

// pathWithout makes a folder of links to every program of the PATH but some.
func pathWithout(t *testing.T, programs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, from := range filepath.SplitList(os.Getenv("PATH")) {
		entries, err := os.ReadDir(from)
		if err != nil {
			continue
		}
		for _, entry := range entries {
			if slices.Contains(programs, entry.Name()) {
				continue
			}
			// The first folder of the PATH wins: an existing link stays.
			if err := os.Symlink(filepath.Join(from, entry.Name()), filepath.Join(dir, entry.Name())); err != nil && !os.IsExist(err) {
				t.Fatal(err)
			}
		}
	}
	return dir
}
