package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/pkg/errors"
)

// vertex is an operation as BuildKit reports it (--progress=rawjson).
type vertex struct {
	Digest    string
	Name      string
	Started   *time.Time
	Completed *time.Time
	Cached    bool
}

// timing is one run of a build.
type timing struct {
	wall time.Duration
	// The run's parts, one after the other: until the build's last operation has
	// ended, from there until the export begins, the export, and what is left.
	build, gate, export, end time.Duration
	analysed, reused         int
	operations               []operation
}

// operation is a step of a scan that really ran.
type operation struct {
	name        string
	start, took time.Duration
}

// analyzeName is the name of an operation that analyses a layer, e.g.
// "[scan final 3/7] COPY . /app".
var analyzeName = regexp.MustCompile(`^\[(?:linux/\S+ )?scan \S+ \d+/\d+\] `)

// scanOperation matches every operation of a scan.
var scanOperation = regexp.MustCompile(`^\[(?:linux/\S+ )?scan[ \]]|scan-build-scanner|scan-db`)

const exportPrefix = "exporting "

// build runs one build and takes its time.
func (s *side) build(ctx context.Context, w *workload) (*timing, error) {
	args := append([]string{}, s.command[1:]...)
	args = append(args, "--push", "--progress=rawjson", "--tag", s.registry+"/"+w.name+":bench",
		"--build-arg", "BASE="+s.base, "--file", w.dockerfile)
	for _, c := range w.contexts {
		args = append(args, "--build-context", c)
	}
	cmd := exec.CommandContext(ctx, s.command[0], append(args, w.context)...)
	var status bytes.Buffer
	cmd.Env, cmd.Stderr = s.env, &status
	// What earlier runs left to be written is not this run's.
	syscall.Sync()
	started := time.Now()
	err := cmd.Run()
	wall := time.Since(started)
	if err != nil {
		return nil, errors.Wrapf(err, "%s: %s", s.name, tail(status.String()))
	}
	vertices, err := readStatus(&status)
	if err != nil {
		return nil, errors.Wrapf(err, "%s", s.name)
	}
	return newTiming(started, wall, vertices), nil
}

func tail(s string) string { return s[max(0, len(s)-2000):] }

// readStatus returns every operation in its last state.
func readStatus(status *bytes.Buffer) ([]*vertex, error) {
	known := map[string]*vertex{}
	var out []*vertex
	lines := bufio.NewScanner(status)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var st struct{ Vertexes []*vertex }
		if !strings.HasPrefix(lines.Text(), "{") || json.Unmarshal(lines.Bytes(), &st) != nil {
			continue // text for people
		}
		for _, v := range st.Vertexes {
			have := known[v.Digest]
			if have == nil {
				known[v.Digest] = v
				out = append(out, v)
				continue
			}
			have.update(v)
		}
	}
	return out, errors.Wrap(lines.Err(), "failed to read the build's status")
}

// update joins two reports of an operation, the later one and the one before.
func (v *vertex) update(u *vertex) {
	v.Cached = v.Cached || u.Cached
	if v.Started == nil || u.Started != nil && u.Started.Before(*v.Started) {
		v.Started = u.Started
	}
	if v.Completed == nil || u.Completed != nil && u.Completed.After(*v.Completed) {
		v.Completed = u.Completed
	}
}

func (v *vertex) ran() bool { return v.Started != nil && v.Completed != nil && !v.Cached }

func newTiming(started time.Time, wall time.Duration, vertices []*vertex) *timing {
	t := &timing{wall: wall}
	var exportStart, exportEnd time.Duration
	for _, v := range vertices {
		if analyzeName.MatchString(v.Name) && v.Completed != nil {
			if v.Cached {
				t.reused++
			} else {
				t.analysed++
			}
		}
		if v.Started == nil || v.Completed == nil {
			continue
		}
		start, end := v.Started.Sub(started), v.Completed.Sub(started)
		switch {
		case strings.HasPrefix(v.Name, exportPrefix):
			if exportStart == 0 || start < exportStart {
				exportStart = start
			}
			exportEnd = max(exportEnd, end)
		case scanOperation.MatchString(v.Name):
			if v.ran() {
				t.operations = append(t.operations, operation{v.Name, start, end - start})
			}
		default:
			t.build = max(t.build, end)
		}
	}
	t.gate, t.export, t.end = exportStart-t.build, exportEnd-exportStart, wall-exportEnd
	return t
}
