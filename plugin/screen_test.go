package plugin

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/containerd/console"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"

	"github.com/scan-build/scan-build/frontend"
	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/policy"
)

func blockedError() error {
	f := scan.Finding{ID: "CVE-1", Severity: scan.SeverityHigh, Package: "minimist", Version: "1.2.0", Type: "npm", Path: "app/node_modules/minimist/package.json", Fix: scan.Fix{State: "fixed", Versions: []string{"1.2.6"}}}
	l := scan.Layer{Instruction: "COPY <<EOF /app/node_modules/minimist/package.json", Stage: "final", File: "Dockerfile", StartLine: 2, EndLine: 6}
	r := &scan.Report{
		Target:    "web",
		Platforms: []scan.Platform{{ID: "linux/amd64", Stages: []scan.Stage{{Name: "final", Final: true, Layers: []scan.Layer{l}, Findings: []scan.Finding{f}}}}},
		Verdict: scan.Verdict{
			Outcome: scan.OutcomeBlock, FailOn: "high", Counts: map[string]int{"high": 1},
			Blocking: []scan.Blocking{{Platform: "linux/amd64", Stage: "final", Finding: f, Layer: l}},
		},
	}
	return errdefs.WithSource(&frontend.BlockedError{Report: r, Message: policy.BlockMessage(r)}, &errdefs.Source{
		Info:   &pb.SourceInfo{Filename: "Dockerfile", Data: []byte("FROM scratch\nCOPY <<EOF /app\n  {\n \x1b[2J\n  }\nEOF\n")},
		Ranges: []*pb.Range{{Start: &pb.Position{Line: 2}, End: &pb.Position{Line: 6}}},
	})
}

func TestBlockedRunReadsWell(t *testing.T) {
	var out strings.Builder
	NewScreen(&out, os.LookupEnv).PrintError(&runError{error: blockedError()})
	const want = `
web: scan block: 1 finding blocks this image: 1 high (fail-on high)

Dockerfile:2-6  COPY <<EOF /app/node_modules/minimist/package.json
   2 | >>> COPY <<EOF /app
   3 | >>> {
   4 | >>> \x1b[2J
     | … 2 more
  HIGH  CVE-1  minimist  1.2.0 → 1.2.6  app/node_modules/minimist/package.json
  fix: raise minimist to 1.2.6

in the image  1 high

next: Dockerfile:2-6: raise minimist to 1.2.6

BLOCKED: web: nothing was exported or pushed (exit code 2)
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// A terminal of the kernel's: what a user would have.
func TestColoursAreAllThatATerminalAdds(t *testing.T) {
	for name, c := range map[string]struct {
		env    map[string]string
		plain  bool
		colour bool
	}{
		"terminal":      {nil, false, true},
		"NO_COLOR":      {map[string]string{"NO_COLOR": ""}, false, false},
		"dumb terminal": {map[string]string{"TERM": "dumb"}, false, false},
		"plain":         {nil, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := onTerminal(t, 60, c.env, &runError{error: blockedError(), plain: c.plain})
			if has := strings.Contains(got, "\x1b"); has != c.colour {
				t.Errorf("colour %t, want %t:\n%q", has, c.colour, got)
			}
			want := onTerminal(t, 60, map[string]string{"NO_COLOR": "1"}, &runError{error: blockedError()})
			if diff := cmp.Diff(want, escapes.ReplaceAllString(got, "")); diff != "" {
				t.Errorf("the text differs:\n%s", diff)
			}
			for _, l := range strings.Split(want, "\n") {
				if len([]rune(l)) > 60 {
					t.Errorf("too wide: %q", l)
				}
			}
		})
	}
}

// onTerminal prints an error to a new terminal and returns what came out.
func onTerminal(t *testing.T, width uint16, env map[string]string, err error) string {
	t.Helper()
	c, name, perr := console.NewPty()
	if perr != nil {
		t.Skip("no terminals: ", perr)
	}
	defer c.Close()
	if err := c.Resize(console.WinSize{Width: width, Height: 40}); err != nil {
		t.Fatal(err)
	}
	f, perr := os.OpenFile(name, os.O_RDWR, 0)
	if perr != nil {
		t.Fatal(perr)
	}
	NewScreen(f, func(k string) (string, bool) { v, ok := env[k]; return v, ok }).PrintError(err)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	buf := make([]byte, 1<<16)
	for {
		n, err := c.Read(buf)
		out.Write(buf[:n])
		if err != nil || n == 0 { // EIO once the other end is closed
			return strings.ReplaceAll(out.String(), "\r\n", "\n")
		}
	}
}
