package plugin

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/docker/buildx/util/cobrautil"
	"github.com/docker/cli/cli"
	"github.com/docker/cli/cli/debug"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/util/grpcerrors"
	"github.com/moby/buildkit/util/stack"
	"github.com/pkg/errors"
	"google.golang.org/grpc/codes"

	"github.com/scan-build/scan-build/frontend"
	"github.com/scan-build/scan-build/scan/policy"
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

// interrupted gives the error of a run that was interrupted its code: the engine
// may tell it as any failure. What was blocked before is blocked.
func interrupted(ctx context.Context, err error) error {
	if err == nil || context.Cause(ctx) == nil || isBlocked(err) {
		return err
	}
	return withCode(exitInterrupted, err)
}

func withCode(code int, err error) error {
	if err == nil {
		return nil
	}
	return &codedError{error: err, code: code}
}

// runError is the error of a run of builds, as [handler.end] returns it.
type runError struct {
	error
	// plain says that the run was to be shown without colours.
	plain bool
}

func (e *runError) Unwrap() error { return e.error }

// beforeRun makes the error of a scan that cannot begin one of its run; any other
// is about how the command was called.
func beforeRun(err error) error {
	if ExitCode(err) == exitScanFailed {
		return &runError{error: err}
	}
	return err
}

// PrintError writes an error as a user should read it: the Dockerfile's lines it is
// about, what happened, and on the last line what kind of end it was.
func (s *Screen) PrintError(err error) {
	var exitCode cobrautil.ExitCodeError
	if err == nil || isLogged(err) || errors.As(err, &exitCode) {
		return // the command has said it all
	}
	var run *runError
	if errors.As(err, &run) && run.plain {
		s = s.plain()
	}
	var (
		failed *frontend.ScanError
		status cli.StatusError
	)
	if debug.IsEnabled() {
		fmt.Fprintf(s.w, "ERROR: %+v\n", stack.Formatter(err))
	}
	if isBlocked(err) {
		s.blocked(err)
		return
	}
	for _, src := range errdefs.Sources(err) {
		_ = src.Print(s.w)
	}
	switch {
	case run != nil && ExitCode(err) == exitScanFailed:
		if errors.As(err, &failed) {
			err = failed // without what BuildKit puts before it
		}
		s.failure(err)
		s.last("SCAN FAILED", fmt.Sprintf("the image has no verdict and was not exported (exit code %d)", exitScanFailed))
	case errors.As(err, &failed):
		s.failure(failed)
	case errors.As(err, &status):
		if status.Status != "" {
			fmt.Fprintln(s.w, status.Status)
		}
	case run != nil && ExitCode(err) == exitFailed:
		s.failure(err)
		s.last("BUILD FAILED", fmt.Sprintf("this is no verdict of the scan (exit code %d)", exitFailed))
	default:
		s.failure(err)
	}
}

func (s *Screen) failure(err error) {
	if !debug.IsEnabled() {
		s.print(policy.Line{{Role: policy.RoleBlock, Text: "ERROR"}, {Text: ": " + printable(err.Error())}})
	}
}

// printable leaves out what would drive a terminal: an error may quote anything.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// last is the line that tells kinds of ends apart.
func (s *Screen) last(kind, text string) {
	s.print(policy.Line{{Role: policy.RoleBlock, Text: kind}, {Text: ": " + text}})
}
