package plugin

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker/buildx/build"
	"github.com/moby/buildkit/client"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/moby/buildkit/util/tracing"
	"github.com/pkg/errors"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/scan-build/scan-build/frontend"
	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/report"
)

// errHeld stops the export of a target that passed in a run in which another
// one did not: a run is pushed whole or not at all.
var errHeld = errors.New("not exported, because another target of this run was blocked")

// handler scans every target of a run between its build and its export.
type handler struct {
	flags   config.Values
	version string
	image   string // scanner image, if the scanner is none of this machine's
	reports []report.Target
	log     *runLog

	mu      sync.Mutex
	results map[string]*targetResult
	// inputs are what the targets that others have as build contexts came to.
	inputs map[string][]*gwclient.Result
	// gate opens when every target that it waits for has its verdict.
	gate    chan struct{}
	pending map[string]bool
}

// targetResult is what became of one target.
type targetResult struct {
	// report over all nodes that built the target; nil if there is no verdict.
	report *scan.Report
	err    error
}

// newHandler makes the handler of a run that builds the given targets.
func newHandler(targets map[string]build.Options) *handler {
	h := &handler{results: map[string]*targetResult{}, inputs: map[string][]*gwclient.Result{}, gate: make(chan struct{}), pending: map[string]bool{}}
	for name, o := range targets {
		if o.CallFunc == nil && !isInput(name, targets) {
			h.pending[name] = true
		}
	}
	if len(h.pending) == 0 {
		close(h.gate)
	}
	return h
}

// isInput reports whether another target of the run is built on this one. Such
// a target must be judged at once, because buildx evaluates what is built on it
// later, and exports it last: it is held back with those.
func isInput(name string, targets map[string]build.Options) bool {
	for _, o := range targets {
		for _, c := range o.Inputs.NamedContexts {
			if c.Path == "target:"+name {
				return true
			}
		}
	}
	return false
}

// evaluate implements buildx's handler: an error stops the target's export.
func (h *handler) evaluate(ctx context.Context, name string, c gwclient.Client, res *gwclient.Result, opt build.Options) error {
	if opt.CallFunc != nil { // an answer, nothing to scan
		return nil
	}
	h.mu.Lock()
	h.inputs[name] = append(h.inputs[name], res)
	c = frontend.WithInputs(c, h.inputs)
	h.mu.Unlock()
	if opt.Linked { // an input of other targets, whose scans see its layers
		return frontend.Evaluate(ctx, res)
	}
	err := h.scan(ctx, name, c, res, opt.Exports)
	h.mu.Lock()
	if r := h.result(name); r.err == nil {
		r.err = err
	}
	// Without a verdict the gate stays closed: the run ends with this error, and
	// those that wait are cancelled.
	wait := (err == nil || isBlocked(err)) && h.arrive(name)
	h.mu.Unlock()
	if err != nil && !isBlocked(err) {
		return err
	}
	if wait {
		select {
		case <-h.gate:
		case <-ctx.Done():
		}
	}
	if err != nil {
		return err
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if len(h.blocked()) > 0 {
		return errHeld
	}
	return nil
}

// arrive notes that a target has been judged and reports whether it has to wait
// for others. The lock is held.
func (h *handler) arrive(name string) bool {
	if !h.pending[name] {
		return false
	}
	delete(h.pending, name)
	if len(h.pending) == 0 {
		close(h.gate)
	}
	return true
}

func (h *handler) result(name string) *targetResult {
	r := h.results[name]
	if r == nil {
		r = &targetResult{}
		h.results[name] = r
	}
	return r
}

func (h *handler) scan(ctx context.Context, name string, c gwclient.Client, res *gwclient.Result, exports []client.ExportEntry) error {
	opts, err := frontend.ReadOptions(ctx, c, h.flags)
	if err != nil {
		return &frontend.ScanError{Err: err}
	}
	opt := frontend.Options{Options: opts, Target: name, Version: h.version, ScannerImage: h.image, Siblings: listTags}
	if opts.Scanner.Kind == config.RefImage {
		opt.ScannerImage = opts.Scanner.Value
	}
	out, err := h.judge(ctx, c, res, opt)
	if err != nil {
		return err
	}
	if err := h.publish(name, out.Report); err != nil {
		return err
	}
	if err := out.Blocked(); err != nil {
		return err
	}
	if err := out.Attach(ctx, res, frontend.AttachOptions{Always: holdAttestations(exports)}); err != nil {
		return &frontend.ScanError{Err: err}
	}
	return nil
}

// judge scans and judges a target's result.
func (h *handler) judge(ctx context.Context, c gwclient.Client, res *gwclient.Result, opt frontend.Options) (out *frontend.Outcome, err error) {
	started := time.Now()
	h.log.emit(scanStarted{Target: opt.Target})
	span, ctx := tracing.StartSpan(ctx, "scan", trace.WithAttributes(attribute.String("target", opt.Target)))
	defer func() { tracing.FinishWithError(span, err) }()
	if out, err = frontend.Scan(ctx, c, res, opt); err != nil {
		return nil, err
	}
	evaluation, _ := tracing.StartSpan(ctx, "evaluate policy")
	err = out.Judge(opt)
	tracing.FinishWithError(evaluation, err)
	if err != nil {
		return nil, err
	}
	describe(span, out.Report)
	h.log.scanned(opt.Target, out.Report, started)
	return out, nil
}

// publish keeps a report and writes the files asked for, before anything is
// exported: an image is not pushed if its report cannot be written.
func (h *handler) publish(name string, r *scan.Report) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.result(name)
	t.report = t.report.Join(r)
	return h.write(t.report, func(t report.Target) bool { return t.File != report.Stdout })
}

// print writes the reports that go to standard output, once a run has ended.
func (h *handler) print() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(h.results)) {
		if r := h.results[name].report; r != nil {
			if err := h.write(r, func(t report.Target) bool { return t.File == report.Stdout }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *handler) write(r *scan.Report, want func(report.Target) bool) error {
	var targets []report.Target
	for _, t := range h.reports {
		if want(t) {
			targets = append(targets, t)
		}
	}
	if err := report.WriteFiles(targets, r); err != nil {
		return &frontend.ScanError{Err: err}
	}
	return nil
}

// blocked lists the targets that policy blocked.
func (h *handler) blocked() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for name, r := range h.results {
		if r.err != nil && isBlocked(r.err) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func isBlocked(err error) bool {
	var b *frontend.BlockedError
	return errors.As(err, &b)
}

// end shows how a run ended: its summary, its reports, and the error that tells
// its outcome.
func (h *handler) end(s *Screen, err error, mode progressui.DisplayMode) error {
	if mode == progressui.PlainMode {
		s = s.plain()
	}
	if mode != progressui.QuietMode && mode != progressui.RawJSONMode {
		h.summary(s)
	}
	if perr := h.print(); perr != nil && err == nil {
		return perr // the image has been exported
	}
	if err = h.verdict(err); err == nil {
		return nil
	}
	return &runError{error: err, plain: mode == progressui.PlainMode}
}

// verdict turns the error of a run into the one that tells its outcome: buildx
// returns whichever target failed first, which may be one that was only held.
func (h *handler) verdict(err error) error {
	if err == nil {
		return nil
	}
	names := h.blocked()
	if len(names) == 0 {
		return err
	}
	// An error comes back from the engine, where it keeps its text and no more.
	held := strings.Contains(err.Error(), errHeld.Error())
	if held || isBlocked(err) || errors.Is(err, context.Canceled) {
		var errs blockedTargets
		for _, name := range names {
			errs = append(errs, h.results[name].err)
		}
		if len(errs) == 1 {
			return errs[0]
		}
		return errs
	}
	return err
}

// blockedTargets are the errors of a run's blocked targets: people mend all of
// them before the next run.
type blockedTargets []error

func (e blockedTargets) Error() string { return e[0].Error() }

func (e blockedTargets) Unwrap() []error { return e }
