package main

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/pkg/errors"
)

// secretsOptions of "bench secrets".
type secretsOptions struct {
	options
	limit time.Duration // for a peer's run
	runs  int           // of the analyzer
}

// runSecrets measures the search for secrets beside that of others. It needs no
// engine and no root, but the Debian archive that hack/debian-base makes.
func runSecrets(ctx context.Context, args []string) error {
	opt := secretsOptions{}
	flags := flag.NewFlagSet("bench secrets", flag.ContinueOnError)
	flags.DurationVar(&opt.limit, "limit", 2*time.Minute, "stop another program's search after this `time`, and reckon from what it has done")
	flags.IntVar(&opt.runs, "runs", 3, "`number` of runs of our programs; the median counts")
	flags.StringVar(&opt.bin, "bin", "bin", "`folder` of scan-analyze")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := opt.locate(); err != nil {
		return err
	}
	inputs, err := secretInputs(ctx, opt)
	if err != nil {
		return err
	}
	programs, remove, err := buildSearchers(ctx, opt.repo)
	if err != nil {
		return err
	}
	defer remove()
	r := secretsReport{limit: opt.limit}
	for _, in := range inputs {
		for _, all := range []bool{false, true} {
			row, err := programs.compare(ctx, in, all, opt)
			if err != nil {
				return err
			}
			r.rows = append(r.rows, row)
		}
		if in.analyze {
			a, err := compareAnalyzer(ctx, in, opt)
			if err != nil {
				return err
			}
			r.analyzer = append(r.analyzer, a)
		}
		s, err := programs.profile(ctx, in)
		if err != nil {
			return err
		}
		r.shares = append(r.shares, s)
	}
	return r.write(os.Stdout)
}

// searchers are the folders of programs that are built, ours first.
var searchers = []string{"engine", "gitleaks", "scalibr"}

// built are the searchers' programs by name.
type built map[string]string

// buildSearchers builds what is compared, each into a program of its own: other
// parts' packages and other scanners are nothing that this one may link. They are
// built with a copy of go.mod that may grow by what only they need.
func buildSearchers(ctx context.Context, repo string) (built, func(), error) {
	dir, err := os.MkdirTemp("", "bench-secrets-")
	if err != nil {
		return nil, nil, errors.Wrap(err, "failed to make a folder for programs")
	}
	remove := func() { os.RemoveAll(dir) }
	out := built{}
	for _, name := range []string{"go.mod", "go.sum"} {
		b, err := os.ReadFile(filepath.Join(repo, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o644)
		}
		if err != nil {
			remove()
			return nil, nil, errors.Wrap(err, "failed to copy the module's requirements")
		}
	}
	for _, name := range searchers {
		logf("building %s", name)
		out[name] = filepath.Join(dir, name)
		_, err := output(ctx, append(os.Environ(), "CGO_ENABLED=0"), "go", "build", "-C", repo, "-mod=mod",
			"-modfile="+filepath.Join(dir, "go.mod"), "-o", out[name], "./hack/bench/_secrets/"+name)
		if err != nil {
			remove()
			return nil, nil, err
		}
	}
	return out, remove, nil
}

// searched is what a program did.
type searched struct {
	Seconds  float64
	Bytes    int64 // of the files that it came to, also those that it left out
	Findings int
	Stopped  bool
	resident int64 // bytes at the peak
	idle     int64 // the same when there is nothing to search
}

func (s searched) rate() float64 { return float64(s.Bytes) / 1e6 / s.Seconds }

// search runs a program on one core.
func (b built) search(ctx context.Context, name string, args ...string) (searched, error) {
	cmd := exec.CommandContext(ctx, b[name], args...)
	var stderr strings.Builder
	cmd.Env, cmd.Stderr = append(os.Environ(), "GOMAXPROCS=1"), &stderr
	out, err := cmd.Output()
	if err != nil {
		return searched{}, errors.Wrapf(err, "%s: %s", name, &stderr)
	}
	var s searched
	if err := json.Unmarshal(out, &s); err != nil {
		return searched{}, errors.Wrapf(err, "%s said %q", name, out)
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.resident = usage.Maxrss * 1024 // getrusage(2): kilobytes on Linux
	}
	return s, nil
}

// searchRow is one input, searched by all.
type searchRow struct {
	input    searchInput
	all      bool
	programs map[string]searched
}

// compare searches an input with each program, and an empty folder for what the
// program holds when it has nothing to do.
func (b built) compare(ctx context.Context, in searchInput, all bool, opt secretsOptions) (searchRow, error) {
	row := searchRow{input: in, all: all, programs: map[string]searched{}}
	empty, err := os.MkdirTemp("", "bench-empty-")
	if err != nil {
		return row, errors.Wrap(err, "failed to make an empty folder")
	}
	defer os.RemoveAll(empty)
	for _, name := range searchers {
		idle, err := b.search(ctx, name, empty)
		if err != nil {
			return row, err
		}
		args, runs := []string{"-limit=" + opt.limit.String()}, 1
		if name == "engine" {
			args, runs = nil, opt.runs
		}
		if all {
			args = append(args, "-all")
		}
		var done []searched
		for range runs {
			s, err := b.search(ctx, name, append(args, in.path)...)
			if err != nil {
				return row, err
			}
			s.idle = idle.resident
			done = append(done, s)
		}
		row.programs[name] = medianSearch(done)
		logf("%s, every file: %t: %s %.1f MB/s", in.name, all, name, row.programs[name].rate())
	}
	return row, nil
}
