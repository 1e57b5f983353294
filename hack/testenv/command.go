package testenv

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pkg/errors"
)

// Command is a program to run as a user would.
type Command struct {
	// Args are the program, looked up on the PATH of Env, and its arguments.
	Args []string
	// Dir is the working folder; the test's own if empty.
	Dir string
	// Env is the whole environment; the test's own if nil.
	Env []string
	// Stdin is what the program reads; nothing if empty.
	Stdin string
	// Detached lets the program outlive the test's context, for cleanups.
	Detached bool
}

// Result is what a program did.
type Result struct {
	Args           []string
	Stdout, Stderr string
	// Code is the exit code, or -1 when a signal ended the program.
	Code int
}

// OK fails the test unless the program ended with 0, and returns the result.
func (r Result) OK(t testing.TB) Result {
	t.Helper()
	return r.Exits(t, 0)
}

// Exits fails the test unless the program ended with the code, and returns the result.
func (r Result) Exits(t testing.TB, code int) Result {
	t.Helper()
	if r.Code != code {
		t.Fatalf("%s: exit code %d, want %d\n--- stdout\n%s\n--- stderr\n%s", strings.Join(r.Args, " "), r.Code, code, r.Stdout, r.Stderr)
	}
	return r
}

// Run runs a program to its end. The test fails only if the program cannot be
// started; the exit code is in the result.
func Run(t testing.TB, c Command) Result {
	t.Helper()
	return run(t, c)
}

// Run runs a program in the engine's environment and the given folder.
func (i *Instance) Run(t testing.TB, dir string, args ...string) Result {
	t.Helper()
	return run(t, Command{Args: args, Dir: dir, Env: i.Env})
}

func run(t testing.TB, c Command) Result {
	t.Helper()
	ctx := t.Context()
	if c.Detached {
		ctx = context.WithoutCancel(ctx)
	}
	cmd := exec.CommandContext(ctx, program(c), c.Args[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.Dir, c.Env, &stdout, &stderr
	cmd.Stdin = strings.NewReader(c.Stdin)
	// A group of its own, so that a test that is cancelled ends children too.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("failed to run %s: %v\n%s", strings.Join(c.Args, " "), err, stderr.String())
	}
	return Result{Args: c.Args, Stdout: stdout.String(), Stderr: stderr.String(), Code: cmd.ProcessState.ExitCode()}
}

// program looks the program up on the PATH that it will see, where exec would
// use the test's own.
func program(c Command) string {
	name := c.Args[0]
	path := lookup(c.Env, "PATH")
	if path == "" || strings.Contains(name, "/") {
		return name
	}
	for _, dir := range strings.Split(path, ":") {
		if found, err := exec.LookPath(dir + "/" + name); err == nil {
			return found
		}
	}
	return name
}
