package plugin

import (
	"context"
	"fmt"
	"io"

	"github.com/docker/buildx/util/cobrautil"
	"github.com/docker/cli/cli"
	"github.com/docker/cli/cli/debug"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/util/grpcerrors"
	"github.com/moby/buildkit/util/stack"
	"github.com/pkg/errors"
	"google.golang.org/grpc/codes"

	"github.com/scan-build/scan-build/frontend"
)

// The exit codes: one run tells a build that failed from one that policy
// stopped without anybody reading logs.
const (
	exitOK          = 0
	exitFailed      = 1
	exitBlocked     = 2
	exitScanFailed  = 3
	exitInterrupted = 130
)

// ExitCode decides the exit code of every command.
func ExitCode(err error) int {
	var (
		blocked  *frontend.BlockedError
		failed   *frontend.ScanError
		coded    *codedError
		exitCode cobrautil.ExitCodeError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, &blocked):
		return exitBlocked
	case errors.As(err, &failed):
		return exitScanFailed
	case errors.Is(err, context.Canceled), grpcerrors.Code(err) == codes.Canceled:
		return exitInterrupted
	case errors.As(err, &exitCode) && int(exitCode) != 0:
		return int(exitCode)
	default: // also the docker CLI's 125 for unknown flags: one code for either way to call
		return exitFailed
	}
}

// codedError is an error whose exit code its maker knows.
type codedError struct {
	error
	code int
}

func (e *codedError) Unwrap() error { return e.error }

func withCode(code int, err error) error {
	if err == nil {
		return nil
	}
	return &codedError{error: err, code: code}
}

// PrintError writes an error as a user should read it: the Dockerfile's lines
// it is about, and what happened.
func PrintError(w io.Writer, err error) {
	var exitCode cobrautil.ExitCodeError
	if err == nil || isLogged(err) || errors.As(err, &exitCode) {
		return // the command has said it all
	}
	var targets blockedTargets
	if errors.As(err, &targets) && len(targets) > 1 {
		for _, err := range targets {
			PrintError(w, err)
			fmt.Fprintln(w)
		}
		return
	}
	for _, s := range errdefs.Sources(err) {
		_ = s.Print(w)
	}
	var (
		blocked *frontend.BlockedError
		failed  *frontend.ScanError
		status  cli.StatusError
	)
	switch {
	case debug.IsEnabled():
		fmt.Fprintf(w, "ERROR: %+v\n", stack.Formatter(err))
	case errors.As(err, &blocked):
		fmt.Fprintf(w, "BLOCKED%s: %s\n", targetOf(blocked), blocked.Message)
	case errors.As(err, &failed):
		fmt.Fprintf(w, "ERROR: %v\n", failed)
	case errors.As(err, &status):
		if status.Status != "" {
			fmt.Fprintln(w, status.Status)
		}
	default:
		fmt.Fprintf(w, "ERROR: %v\n", err)
	}
}

// targetOf names the bake target that was blocked, nothing for a single build.
func targetOf(e *frontend.BlockedError) string {
	if e.Report == nil || e.Report.Target == "" || e.Report.Target == defaultTarget {
		return ""
	}
	return " " + e.Report.Target
}
