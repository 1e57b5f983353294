package plugin

import (
	"context"
	"strings"
	"testing"

	"github.com/docker/buildx/util/cobrautil"
	"github.com/docker/cli/cli"
	"github.com/moby/buildkit/util/grpcerrors"
	"github.com/pkg/errors"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/scan-build/scan-build/frontend"
)

func TestExitCodeTellsOutcomesApart(t *testing.T) {
	blocked := &frontend.BlockedError{Message: "2 findings"}
	failed := &frontend.ScanError{Err: errors.New("no database")}
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"no error":                    {nil, 0},
		"a build that fails":          {errors.New("exit code: 7"), 1},
		"flags that make no sense":    {cli.StatusError{Status: "unknown flag", StatusCode: 125}, 1},
		"a status without a code":     {cli.StatusError{Status: "?"}, 1},
		"blocked":                     {blocked, 2},
		"blocked, wrapped":            {errors.Wrap(blocked, "failed to solve"), 2},
		"blocked, across the network": {remote(blocked), 2},
		"no scan":                     {failed, 3},
		"no scan, wrapped":            {errors.WithStack(errors.Wrap(failed, "target x")), 3},
		"no scan, across the network": {remote(failed), 3},
		"interrupted":                 {context.Canceled, 130},
		"interrupted, wrapped":        {errors.Wrap(context.Canceled, "failed to solve"), 130},
		"interrupted, across":         {status.Error(codes.Canceled, "context canceled"), 130},
		"too slow is no interruption": {context.DeadlineExceeded, 1},
		"a command's own code":        {cobrautil.ExitCodeError(5), 5},
		"a coded error":               {withCode(exitScanFailed, errors.New("x")), 3},
		"a coded error, wrapped":      {errors.Wrap(withCode(exitBlocked, errors.New("x")), "y"), 2},
		"a coded interruption":        {withCode(exitFailed, context.Canceled), 1},
		"code without error":          {withCode(exitBlocked, nil), 0},
	} {
		if got := ExitCode(c.err); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// remote is a typed error as it comes from a frontend image.
func remote(err grpcerrors.TypedError) error {
	return err.ToProto().WrapError(status.Error(codes.Unknown, "failed"))
}

func TestErrorsArePrintedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"none":             {nil, ""},
		"blocked":          {errors.Wrap(&frontend.BlockedError{Message: "2 findings"}, "failed to solve"), "\n2 findings\n\nBLOCKED: nothing was exported or pushed (exit code 2)\n"},
		"no scan":          {errors.Wrap(&frontend.ScanError{Err: errors.New("no database")}, "failed to solve"), "ERROR: scan could not be done: no database\n"},
		"no scan in a run": {&runError{error: &frontend.ScanError{Err: errors.New("no database")}}, "ERROR: scan could not be done: no database\nSCAN FAILED: the image has no verdict and was not exported (exit code 3)\n"},
		"failed run":       {&runError{error: errors.New("exit code: 7")}, "ERROR: exit code: 7\nBUILD FAILED: this is no verdict of the scan (exit code 1)\n"},
		"interrupted run":  {&runError{error: context.Canceled}, "ERROR: context canceled\n"},
		"foreign text":     {errors.New("a\x1b[2Jb\nc"), "ERROR: a\uFFFD[2Jb\nc\n"},
		"failed":           {errors.New("exit code: 7"), "ERROR: exit code: 7\n"},
		"silent":           {cobrautil.ExitCodeError(5), ""},
		"status":           {cli.StatusError{Status: "usage", StatusCode: 1}, "usage\n"},
		"status no text":   {cli.StatusError{StatusCode: 1}, ""},
	} {
		var out strings.Builder
		NewScreen(&out, func(string) (string, bool) { return "", false }).PrintError(c.err)
		if out.String() != c.want {
			t.Errorf("%s: %q, want %q", name, out.String(), c.want)
		}
	}
}
