package extract

import (
	"context"
	"io"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/layer"
)

// files reads the chosen files with a bounded number of workers.
func (a *analysis) files(ctx context.Context, files []layer.File) {
	next := make(chan layer.File)
	var wg sync.WaitGroup
	for range a.opts.Workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for f := range next {
				a.file(ctx, f)
			}
		}()
	}
	for _, f := range files {
		if context.Cause(ctx) != nil {
			break
		}
		next <- f
	}
	close(next)
	wg.Wait()
}

// file runs every extractor that claims a file.
func (a *analysis) file(ctx context.Context, f layer.File) {
	if a.keeps(f.Path) && a.table.choose(f.Path).Take != layer.TakeAlways {
		return // it is there for another reader
	}
	for _, ext := range a.table.find(f.Path) {
		result, err := a.extract(ctx, ext, f)
		a.add(ext, f, result, err)
	}
}

func (a *analysis) add(ext *extractor, f layer.File, packages []scan.Package, err error) {
	p := ValidPath(f.Path)
	for i := range packages {
		finish(&packages[i], ext, p)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.evidence = append(a.evidence, f.Path)
	a.packages = append(a.packages, packages...)
	if ext.name == osReleaseName {
		a.release = true
	}
	for _, e := range unjoin(err) {
		var w *warning
		a.problems = append(a.problems, scan.Problem{
			Path: p, Extractor: ext.name, Message: message(e), Fatal: ext.fatal && !errors.As(e, &w),
		})
	}
}

// warning is an error beside which what was read is good.
type warning struct{ error }

func (w *warning) Unwrap() error { return w.error }

func unjoin(err error) []error {
	if err == nil {
		return nil
	}
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, e := range j.Unwrap() {
			out = append(out, unjoin(e)...)
		}
		return out
	}
	return []error{err}
}

// maxMessage keeps a message readable, whatever a file puts into it.
const maxMessage = 400

func message(err error) string {
	s := strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, validText(err.Error()))
	if len(s) > maxMessage {
		s = validText(s[:maxMessage]) + "…"
	}
	return s
}

// result is what an extractor made of a file.
type result struct {
	packages []scan.Package
	err      error
}

// extract runs one extractor on one file. An extractor that does not come back
// in time is left behind: the process ends soon after the analysis.
func (a *analysis) extract(ctx context.Context, ext *extractor, f layer.File) ([]scan.Package, error) {
	if f.Unread != "" {
		return nil, errors.New(f.Unread)
	}
	if ext.maxSize > 0 && f.Size > ext.maxSize {
		return nil, errors.Errorf("file of %d bytes is larger than the limit of %d", f.Size, ext.maxSize)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, a.opts.FileTimeout, errors.Errorf("reading took longer than %s", a.opts.FileTimeout))
	defer cancel()
	done := make(chan result, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- result{err: errors.Errorf("extractor panicked: %v at %s", r, panicSite(debug.Stack()))}
			}
		}()
		packages, err := a.open(ctx, ext, f)
		done <- result{packages, err}
	}()
	select {
	case r := <-done:
		return r.packages, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// panicSite is the function that panicked, without addresses that differ from
// run to run.
func panicSite(stack []byte) string {
	lines := strings.Split(string(stack), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "panic(") && i+2 < len(lines) {
			name, _, _ := strings.Cut(lines[i+2], "(0x")
			return name
		}
	}
	return "an unknown place"
}

func (a *analysis) open(ctx context.Context, ext *extractor, f layer.File) ([]scan.Package, error) {
	file, err := a.view.Open(f.Path)
	if err != nil {
		return nil, errors.Wrap(err, "failed to open")
	}
	defer file.Close()
	r, ok := file.(reader)
	if !ok {
		return nil, errors.New("failed to open: no random access")
	}
	return ext.extract(ctx, &input{path: f.Path, size: f.Size, reader: r, view: a.view, temp: a.opts.TempDir})
}

// reader is what the files of a view can do.
type reader interface {
	io.ReadSeeker
	io.ReaderAt
}

// input is one file to extract from.
type input struct {
	path   string
	size   int64
	reader reader
	view   layer.View
	temp   string
}

// content reads the whole file, which the extractor's limit keeps bounded.
func (in *input) content() ([]byte, error) {
	b := make([]byte, in.size)
	n, err := io.ReadFull(in.reader, b)
	if err != nil {
		return nil, errors.Wrapf(err, "failed to read after %d of %d bytes", n, in.size)
	}
	return b, nil
}

// maxProblems is how many problems one file may bring.
const maxProblems = 20

// joined are several errors of one file.
type joined []error

func (j joined) Unwrap() []error { return j }

func (j joined) Error() string {
	var s []string
	for _, err := range j {
		s = append(s, err.Error())
	}
	return strings.Join(s, "; ")
}

// joinLimited joins errors, leaving out the many that a broken archive brings.
func joinLimited(errs []error) error {
	var flat joined
	for _, e := range errs {
		flat = append(flat, unjoin(e)...)
	}
	if more := len(flat) - maxProblems; more > 0 {
		flat = append(flat[:maxProblems], errors.Errorf("and %d more problems", more))
	}
	if len(flat) == 0 {
		return nil
	}
	return flat
}
