package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/pkg/errors"
)

// analyzerRow is an analysis of a folder with and without the search.
type analyzerRow struct {
	input         searchInput
	with, without memory
}

// compareAnalyzer runs the analyzer on all cores, as a build does, in pairs.
func compareAnalyzer(ctx context.Context, in searchInput, opt secretsOptions) (analyzerRow, error) {
	var with, without []memory
	for range opt.runs {
		for _, side := range []struct {
			flag string
			runs *[]memory
		}{{"--secrets=false", &without}, {"--secrets=true", &with}} {
			m, err := analyze(ctx, filepath.Join(opt.bin, "scan-analyze"), side.flag, "--child", in.path)
			if err != nil {
				return analyzerRow{}, err
			}
			*side.runs = append(*side.runs, m)
		}
	}
	byWall := func(a, b memory) int { return cmp.Compare(a.wall, b.wall) }
	slices.SortFunc(with, byWall)
	slices.SortFunc(without, byWall)
	return analyzerRow{in, with[len(with)/2], without[len(without)/2]}, nil
}

// shares are the parts of the engine's CPU time, of 1.
type shares struct {
	input                          searchInput
	reading, matching, expressions float64
}

// profile takes a CPU profile of the engine, every file searched.
func (b built) profile(ctx context.Context, in searchInput) (shares, error) {
	dir, err := os.MkdirTemp("", "bench-profile-")
	if err != nil {
		return shares{}, errors.Wrap(err, "failed to make a folder for the profile")
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "cpu")
	if _, err := b.search(ctx, "engine", "-all", "-profile="+file, "-least=3s", in.path); err != nil {
		return shares{}, err
	}
	s := shares{input: in}
	for _, part := range []struct {
		share         *float64
		focus, ignore string
	}{
		{&s.matching, `secret\.\(\*finder\)`, `^regexp\.|secret\.\(\*(automaton|cursor)\)`},
		{&s.expressions, `^regexp\.|secret\.\(\*(automaton|cursor)\)|secret\.\(\*Scanner\)\.(hit|settle|finish)`, `^$`},
		{&s.reading, `.`, `^regexp\.|secret\.\(\*(automaton|cursor)\)|secret\.\(\*Scanner\)\.(search|settle|finish)`},
	} {
		out, err := output(ctx, nil, "go", "tool", "pprof", "-top", "-nodecount=100000", "-nodefraction=0", "-focus="+part.focus, "-ignore="+part.ignore, b["engine"], file)
		if err != nil {
			return shares{}, err
		}
		if *part.share, err = accounted(out); err != nil {
			return shares{}, err
		}
	}
	return s, nil
}

// accountedLine is pprof's "Showing nodes accounting for 1.20s, 31.5% of 3.81s
// total".
var accountedLine = regexp.MustCompile(`(?m)^Showing nodes accounting for \S+, ([\d.]+)% of`)

// accounted is the part of the samples that pprof's focus left.
func accounted(top string) (float64, error) {
	m := accountedLine.FindStringSubmatch(top)
	if m == nil {
		return 0, errors.Errorf("pprof said %q", top)
	}
	percent, err := strconv.ParseFloat(m[1], 64)
	return percent / 100, err
}

func medianSearch(runs []searched) searched {
	slices.SortFunc(runs, func(a, b searched) int { return cmp.Compare(a.Seconds, b.Seconds) })
	return runs[len(runs)/2]
}

// secretsReport is what "bench secrets" prints.
type secretsReport struct {
	limit    time.Duration
	rows     []searchRow
	analyzer []analyzerRow
	shares   []shares
}

// What the search has to reach: MB/s, times as fast as each peer, bytes above the
// idle process, and times the analysis without it.
const (
	minRate     = 150
	maxMemory   = 64 << 20
	maxAnalysis = 2
)

var minRatio = map[string]float64{"gitleaks": 50, "scalibr": 20}

func (r secretsReport) write(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s, %s, one core of %d (%s), files in the page cache. A * marks a run that was stopped after %s: its rate is that of the part that it had done.\n\n",
		time.Now().Format(time.DateOnly), runtime.Version(), runtime.NumCPU(), cpuModel(), r.limit)
	fmt.Fprintln(&b, "| input | searched | program | MB/s | seconds | findings | memory above idle (in all) | ours is, aims |\n|---|---|---|---|---|---|---|---|")
	for _, row := range r.rows {
		row.write(&b)
	}
	fmt.Fprintln(&b, "\n| analysis of | without secrets | with | ratio |\n|---|---|---|---|")
	for _, a := range r.analyzer {
		ratio := a.with.wall.Seconds() / a.without.wall.Seconds()
		fmt.Fprintf(&b, "| %s | %.2f s, %d MB | %.2f s, %d MB | %.1f, aim ≤ %d: %s |\n", a.input.name, a.without.wall.Seconds(), a.without.resident>>20,
			a.with.wall.Seconds(), a.with.resident>>20, ratio, maxAnalysis, reached(ratio <= maxAnalysis))
	}
	fmt.Fprintln(&b, "\n| share of our time, every file searched | files and reading | matching words | expressions | the rest |\n|---|---|---|---|---|")
	for _, s := range r.shares {
		fmt.Fprintf(&b, "| %s | %.0f %% | %.0f %% | %.0f %% | %.0f %% |\n", s.input.name, 100*s.reading, 100*s.matching, 100*s.expressions,
			100*max(0, 1-s.reading-s.matching-s.expressions))
	}
	_, err := w.Write(b.Bytes())
	return errors.Wrap(err, "failed to write the report")
}

// A program that searches nothing takes no time, which is no rate.
const shortestSearch = 0.05 // seconds

func (row searchRow) write(b *bytes.Buffer) {
	scope := "by default"
	if row.all {
		scope = "every file"
	}
	ours := row.programs["engine"]
	for _, name := range searchers {
		s := row.programs[name]
		rate, stopped := "—", ""
		if s.Seconds >= shortestSearch {
			rate = fmt.Sprintf("%.1f", s.rate())
		}
		if s.Stopped {
			stopped = "*"
		}
		fmt.Fprintf(b, "| %s (%d files, %d MB) | %s | %s%s | %s | %.2f | %d | %d (%d) MB | %s |\n", row.input.name, row.input.files, row.input.size>>20,
			scope, name, stopped, rate, s.Seconds, s.Findings, (s.resident-s.idle)>>20, s.resident>>20, row.aims(name, ours, s))
	}
}

// aims says what a row has to do with what has to be reached.
func (row searchRow) aims(name string, ours, s searched) string {
	switch {
	case s.Seconds < shortestSearch || ours.Seconds < shortestSearch:
		return ""
	case name == "engine":
		return fmt.Sprintf("≥ %d MB/s: %s, memory ≤ %d MB: %s", minRate, reached(s.rate() >= minRate), maxMemory>>20, reached(s.resident-s.idle <= maxMemory))
	case !row.all:
		return fmt.Sprintf("%.1f×", ours.rate()/s.rate())
	}
	ratio := ours.rate() / s.rate()
	return fmt.Sprintf("%.1f×, ≥ %.0f×: %s", ratio, minRatio[name], reached(ratio >= minRatio[name]))
}
