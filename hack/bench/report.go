package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// maxRatio is what a scanned build may take of a plain one's time.
const maxRatio = 1.10

// shortest operation that is listed.
const shortest = 50 * time.Millisecond

var digest = regexp.MustCompile(`@sha256:[0-9a-f]+`)

// report writes the results as Markdown.
func report(w io.Writer, results []*result, mem []memory) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s, %d CPUs, %s. Seconds: median (fastest–slowest).\n\n", time.Now().UTC().Format("2006-01-02"), runtime.NumCPU(), cpuModel())
	writeTimes(&b, results)
	fmt.Fprint(&b, "\n### Where the time goes\n\n")
	writeParts(&b, results)
	fmt.Fprint(&b, "\n### Operations of the scan, in the median run\n\n")
	writeOperations(&b, results)
	writeMemory(&b, mem)
	_, err := w.Write(b.Bytes())
	return err
}

func writeTimes(b *bytes.Buffer, results []*result) {
	fmt.Fprintln(b, "| build | situation | pairs | plain | scanned | added, of pairs | ratio of medians | export held back | layers analysed / reused |")
	fmt.Fprintln(b, "|---|---|---|---|---|---|---|---|---|")
	for _, r := range results {
		for _, s := range r.runs {
			plain, scan := walls(s.plain), walls(s.scan)
			added := differences(plain, scan)
			ratio := median(scan).Seconds() / median(plain).Seconds()
			m := medianRun(s.scan)
			fmt.Fprintf(b, "| %s | %s | %d | %s | %s | %s, aim ≤ %.1f: %s | %.2f, aim ≤ %.2f: %s | %s | %d / %d |\n",
				r.work.title, s.name, len(plain), spread(plain), spread(scan),
				spread(added), s.target.Seconds(), reached(median(added) <= s.target),
				ratio, maxRatio, reached(ratio <= maxRatio), spread(held(s.scan)), m.analysed, m.reused)
			for _, name := range slices.Sorted(maps.Keys(s.others)) {
				fmt.Fprintf(b, "| | %s on the pushed image | %d | | | %s | | | |\n", name, len(s.others[name]), spread(s.others[name]))
			}
		}
	}
}

func reached(ok bool) string {
	if ok {
		return "reached"
	}
	return "missed"
}

// held is how long a finished build waited for its scan.
func held(ts []*timing) []time.Duration {
	var out []time.Duration
	for _, t := range ts {
		out = append(out, t.gate)
	}
	return out
}

func writeParts(b *bytes.Buffer, results []*result) {
	fmt.Fprintln(b, "Medians: until the build's last operation ended · from there to the export · export and push · end.")
	fmt.Fprintln(b, "\n| build | situation | plain | scanned |\n|---|---|---|---|")
	for _, r := range results {
		for _, s := range r.runs {
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", r.work.name, s.name, parts(s.plain), parts(s.scan))
		}
	}
}

func parts(ts []*timing) string {
	var out []string
	for _, part := range []func(*timing) time.Duration{
		func(t *timing) time.Duration { return t.build },
		func(t *timing) time.Duration { return t.gate },
		func(t *timing) time.Duration { return t.export },
		func(t *timing) time.Duration { return t.end },
	} {
		var ds []time.Duration
		for _, t := range ts {
			ds = append(ds, part(t))
		}
		out = append(out, fmt.Sprintf("%.2f", median(ds).Seconds()))
	}
	return strings.Join(out, " · ")
}

func writeOperations(b *bytes.Buffer, results []*result) {
	fmt.Fprintf(b, "Those that took %d ms and more.\n\n", shortest.Milliseconds())
	fmt.Fprintln(b, "| build | situation | operation | began | took |\n|---|---|---|---|---|")
	for _, r := range results {
		for _, s := range r.runs {
			ops := medianRun(s.scan).operations
			slices.SortFunc(ops, func(a, b operation) int { return cmp.Compare(a.start, b.start) })
			for _, op := range ops {
				if op.took < shortest {
					continue
				}
				name := strings.ReplaceAll(digest.ReplaceAllString(op.name, ""), "|", `\|`)
				fmt.Fprintf(b, "| %s | %s | %s | %.2f | %.2f |\n", r.work.name, s.name, name, op.start.Seconds(), op.took.Seconds())
			}
		}
	}
}

func writeMemory(b *bytes.Buffer, mem []memory) {
	if len(mem) == 0 {
		return
	}
	fmt.Fprint(b, "\n### Memory of an analysis\n\nThe analyzer on the same files, outside a build: resident memory at its peak.\n\n")
	fmt.Fprintln(b, "| layer | peak | wall | CPU |\n|---|---|---|---|")
	for _, m := range mem {
		fmt.Fprintf(b, "| %s | %d MB | %.2f s | %.2f s |\n", m.title, m.resident>>20, m.wall.Seconds(), m.cpu.Seconds())
	}
}

func walls(ts []*timing) []time.Duration {
	var out []time.Duration
	for _, t := range ts {
		out = append(out, t.wall)
	}
	return out
}

// differences of pairs.
func differences(a, b []time.Duration) []time.Duration {
	var out []time.Duration
	for i := range a {
		out = append(out, b[i]-a[i])
	}
	return out
}

// median is the middle, the mean of the two middle ones of an even number.
func median(ds []time.Duration) time.Duration {
	ds = slices.Sorted(slices.Values(ds))
	return (ds[(len(ds)-1)/2] + ds[len(ds)/2]) / 2
}

// medianRun is the run whose time is the lower median.
func medianRun(ts []*timing) *timing {
	sorted := slices.SortedFunc(slices.Values(ts), func(a, b *timing) int { return cmp.Compare(a.wall, b.wall) })
	return sorted[(len(sorted)-1)/2]
}

func spread(ds []time.Duration) string {
	return fmt.Sprintf("%.2f (%.2f–%.2f)", median(ds).Seconds(), slices.Min(ds).Seconds(), slices.Max(ds).Seconds())
}

var modelLine = regexp.MustCompile(`(?m)^model name\s*:\s*(.*)$`)

func cpuModel() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if m := modelLine.FindSubmatch(info); err == nil && m != nil {
		return string(m[1])
	}
	return runtime.GOARCH
}
