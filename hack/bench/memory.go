package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pkg/errors"
)

// memory is what analysing a folder took, outside a build.
type memory struct {
	title    string
	resident int64 // bytes, at the peak
	wall     time.Duration
	cpu      time.Duration
}

// measureMemory runs the analyzer on what the builds copy and on their base
// image. BuildKit runs the same program in a container that is gone when its
// operation ends, and whose cgroup's peak would count the files that were read.
func measureMemory(ctx context.Context, opt options, works []*workload) ([]memory, error) {
	program := filepath.Join(opt.bin, "scan-analyze")
	base, err := analyze(ctx, program, "--tar", filepath.Join(opt.cache, "debian", "bookworm.tar"))
	if err != nil {
		return nil, err
	}
	base.title = "Debian base image (tar)"
	out := []memory{base}
	for _, w := range works {
		m, err := analyze(ctx, program, "--child", w.context)
		if err != nil {
			return nil, err
		}
		m.title = w.title
		out = append(out, m)
	}
	return out, nil
}

func analyze(ctx context.Context, program string, args ...string) (memory, error) {
	out, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return memory{}, errors.Wrap(err, "failed to make an output folder")
	}
	defer os.RemoveAll(out)
	cmd := exec.CommandContext(ctx, program, append(args, "--out", out)...)
	started := time.Now()
	if b, err := cmd.CombinedOutput(); err != nil {
		return memory{}, errors.Wrapf(err, "scan-analyze: %s", b)
	}
	m := memory{wall: time.Since(started), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.resident = usage.Maxrss * 1024 // getrusage(2): kilobytes on Linux
	}
	return m, nil
}
