// Command bench measures what a scan adds to a build: docker-buildx build and
// docker-scan-build, both with --push, of the same contexts, in pairs. It prints
// a report in Markdown and, while it works, what it does on standard error.
//
// It owns the measurement: engines, contexts, order of runs, statistics. It must
// not know how a scan works beyond the names of its operations.
//
//	go run ./hack/bench [-budget 9m] [-only app|npm] [-bin DIR] [-keep] > report.md
//	go run ./hack/bench secrets [-limit 2m] [-runs 3] [-bin DIR] > report.md
//
// The second measures the search for secrets, beside that of other programs.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pkg/errors"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options of one run.
type options struct {
	budget   time.Duration
	only     string
	rounds   int
	keep     bool
	bin      string // folder of the programs that are measured
	repo     string
	cache    string
	workload string // folder for contexts and databases
}

func parse(args []string) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.DurationVar(&o.budget, "budget", 9*time.Minute, "begin no round of builds that would end after this `time`")
	flags.StringVar(&o.only, "only", "", "measure only this `build`: app or npm")
	flags.IntVar(&o.rounds, "rounds", 0, "at most this `number` of rounds per build")
	flags.BoolVar(&o.keep, "keep", false, "leave the engines running")
	flags.StringVar(&o.bin, "bin", "bin", "`folder` of docker-scan-build and its programs")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, errors.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return o, o.locate()
}

// locate finds the folders.
func (o *options) locate() (err error) {
	if o.repo, err = os.Getwd(); err != nil {
		return errors.Wrap(err, "failed to find the repository")
	}
	if o.bin, err = filepath.Abs(o.bin); err != nil {
		return errors.Wrap(err, "failed to find the programs")
	}
	if _, err := os.Stat(filepath.Join(o.repo, "hack", "engine")); err != nil {
		return errors.New("must be run in the repository's top folder")
	}
	if o.cache = os.Getenv("SCAN_BUILD_CACHE"); o.cache == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return errors.Wrap(err, "failed to find the cache folder")
		}
		o.cache = filepath.Join(home, ".cache", "scan-build")
	}
	o.workload = filepath.Join(o.cache, "bench")
	return os.MkdirAll(o.workload, 0o755)
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == "secrets" {
		return runSecrets(ctx, args[1:])
	}
	opt, err := parse(args)
	if err != nil {
		return err
	}
	started := time.Now()
	works, err := workloads(ctx, opt)
	if err != nil {
		return err
	}
	sides, stop, err := startSides(ctx, opt)
	if err != nil {
		return err
	}
	defer stop()
	var results []*result
	for i, w := range works {
		// What is left is shared by the builds that are still to be measured.
		left := opt.budget - time.Since(started)
		r, err := measure(ctx, w, sides, left/time.Duration(len(works)-i))
		if err != nil {
			return errors.Wrapf(err, "failed to measure %s", w.name)
		}
		results = append(results, r)
	}
	mem, err := measureMemory(ctx, opt, works)
	if err != nil {
		return err
	}
	return report(os.Stdout, results, mem)
}

// logf says what is being done.
func logf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}
