package html_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/scan-build/scan-build/scan/report/html"
)

// timed makes a change in the page and returns the milliseconds until the script
// had done it and until it had been drawn.
func (b *tab) timed(change string) (script, drawn float64) {
	b.t.Helper()
	var ms []float64
	b.run(chromedp.Evaluate(fmt.Sprintf(`new Promise((done) => requestAnimationFrame(() => {
		const from = performance.now();
		%s;
		const script = performance.now() - from;
		requestAnimationFrame(() => setTimeout(() => done([script, performance.now() - from])));
	}))`, change), &ms, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return ms[0], ms[1]
}

const typing = `(() => { const q = document.querySelector("#q"); q.value = %q; q.dispatchEvent(new Event("input")); })()`

// TestTenThousandFindings prints what it measures: how fast is a matter of the
// machine. What must hold anywhere is that only rows in view are in the page.
func TestTenThousandFindings(t *testing.T) {
	const n = 10_000
	r := large(t, n)
	var page bytes.Buffer
	if err := html.Write(&page, r); err != nil {
		t.Fatal(err)
	}
	b := open(t, r, "")
	t.Logf("%d findings, %d packages: a file of %.1f MB", n, n/5, float64(page.Len())/1e6)
	t.Logf("first contentful paint after %.0f ms, page ready after %.0f ms",
		eval[float64](b, `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0`),
		eval[float64](b, `performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd`))
	for _, step := range []struct{ what, change, status string }{
		{"first keystroke", fmt.Sprintf(typing, "l"), "10,000 findings"},
		{"typing on", fmt.Sprintf(typing, "library-0012"), "50 of 10,000 findings"},
		{"no match", fmt.Sprintf(typing, "library-0012 zzz"), "None of 10,000 findings matches. Reset the filter to see all."},
		{"typing back to nothing", fmt.Sprintf(typing, ""), "10,000 findings"},
		{"a severity", `document.querySelector(".choice.high").click()`, "1,667 of 10,000 findings"},
		{"without it", `document.querySelector(".choice.high").click()`, "10,000 findings"},
		{"sorting by name", `document.querySelector(".c-subject button").click()`, "10,000 findings"},
		{"grouping by package", `location.hash = "group=package"`, "10,000 findings"},
		{"the packages", `location.hash = "view=packages"`, "2,000 packages"},
		{"back", `location.hash = ""`, "10,000 findings"},
		{"to the end", `scrollTo(0, document.body.scrollHeight)`, "10,000 findings"},
	} {
		script, drawn := b.timed(step.change)
		b.run(frame())
		t.Logf("%-22s %5.1f ms until done, %5.1f ms until drawn", step.what, script, drawn)
		if got := b.text("#status")[0]; got != step.status {
			t.Errorf("%s: %q, want %q", step.what, got, step.status)
		}
		if rows := eval[int](b, `document.querySelectorAll(".list tbody tr").length`); rows > 150 {
			t.Errorf("%s: %d rows are in the page", step.what, rows)
		}
	}
	if got := eval[string](b, `[...document.querySelectorAll(".findings tbody tr[aria-rowindex]")].at(-1).getAttribute("aria-rowindex")`); got != "10001" {
		t.Errorf("the last row is %s", got)
	}
}
