package html_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/report/html"
)

// browser starts a headless Chromium for the test. Without one the test is
// skipped; it fails instead if CI is set.
func browser(t *testing.T) context.Context {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		const message = "no Chromium on the PATH: install Debian's package chromium to test the page in a browser"
		if os.Getenv("CI") != "" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.NoSandbox, // tests may run as root
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("force-prefers-reduced-motion", true),
		chromedp.WSURLReadTimeout(time.Minute), // a machine that is busy
	)
	// The test's own context ends before its cleanups, in which the browser is ended.
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(t.Context()), 3*time.Minute, context.DeadlineExceeded)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	// What the library would log are events that are newer than it is.
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(cancel)
	t.Cleanup(func() { // waits for the browser to end; its folder goes with it
		if err := chromedp.Cancel(ctx); err != nil {
			t.Log(err)
		}
	})
	if err := chromedp.Run(ctx); err != nil { // the browser lives as long as the context that started it
		t.Fatal(err)
	}
	return ctx
}

// tab is one page in the browser and what it did that it should not.
type tab struct {
	t   *testing.T
	ctx context.Context
	url string

	mu       sync.Mutex
	requests []string // to anywhere but the page itself
	errors   []string // exceptions, refusals of the security policy
}

// open renders a report into a file and opens that, with a fragment.
func open(t *testing.T, r *scan.Report, fragment string) *tab {
	t.Helper()
	var page bytes.Buffer
	if err := html.Write(&page, r); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, page.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	b := &tab{t: t, ctx: browser(t), url: "file://" + file}
	chromedp.ListenTarget(b.ctx, b.listen)
	b.run(network.Enable(), log.Enable(), size(1280, 900), chromedp.Navigate(b.url+fragment))
	t.Cleanup(b.innocent)
	return b
}

func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if u, _, _ := strings.Cut(e.Request.URL, "#"); u != b.url && !strings.HasPrefix(u, "data:") {
			b.requests = append(b.requests, e.Request.URL)
		}
	case *runtime.EventExceptionThrown:
		b.errors = append(b.errors, e.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError {
			b.errors = append(b.errors, e.Entry.Text)
		}
	}
}

// innocent fails the test if the page asked anything of a network or went wrong.
func (b *tab) innocent() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, u := range b.requests {
		b.t.Errorf("the page requested %s", u)
	}
	for _, e := range b.errors {
		b.t.Errorf("in the browser: %s", e)
	}
}

func (b *tab) run(actions ...chromedp.Action) {
	b.t.Helper()
	// A selector that finds nothing is waited for.
	ctx, cancel := context.WithTimeoutCause(b.ctx, 30*time.Second, context.DeadlineExceeded)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// eval returns the value of an expression in the page.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	var v T
	b.run(chromedp.Evaluate(expression, &v))
	return v
}

// text returns the text of every element that a selector finds.
func (b *tab) text(selector string) []string {
	b.t.Helper()
	return eval[[]string](b, "[...document.querySelectorAll("+quote(selector)+")].map((e) => e.textContent)")
}

// click presses the first element of a selector as a person would.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.run(chromedp.ScrollIntoView(selector, chromedp.ByQuery), chromedp.Click(selector, chromedp.ByQuery), frame())
}

// frame waits until what was changed has been drawn.
func frame() chromedp.Action {
	return chromedp.Evaluate(`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`, nil,
		func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) })
}

func quote(s string) string { return "`" + s + "`" }

// size is a desktop's window.
func size(width, height int64) chromedp.Action { return chromedp.EmulateViewport(width, height) }

// phone is a telephone held upright, 360 CSS pixels wide.
func phone() chromedp.Action {
	return chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2))
}

// scheme is what the system prefers: "dark" or "light".
func scheme(value string) chromedp.Action {
	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}})
}

// shot saves what is in the window into $SCREENSHOTS, or a folder of the test's.
func (b *tab) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		dir = b.t.TempDir()
	}
	var png []byte
	b.run(frame(), chromedp.CaptureScreenshot(&png))
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
	if len(png) < 10_000 {
		b.t.Errorf("%s: %d bytes: nothing is on the picture", name, len(png))
	}
}
