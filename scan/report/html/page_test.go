package html_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

const ids = ".findings tbody .pick"

func TestFindingsAreFilteredSortedAndGrouped(t *testing.T) {
	b := open(t, decided(t), "")
	b.run(size(1280, 4000), frame()) // room for every row
	if all := len(b.text(ids)); all < 40 {
		t.Fatalf("only %d findings are shown", all)
	}

	b.run(chromedp.SendKeys("#q", "curl SOCKS5", chromedp.ByQuery), frame())
	if diff := cmp.Diff([]string{"CVE-2023-38545"}, b.text(ids)); diff != "" {
		t.Error(diff)
	}
	b.run(chromedp.SendKeys("#q", kb.Escape, chromedp.ByQuery), frame())

	b.click(".choice.secret")
	if got := b.text(".findings tbody .c-severity"); len(got) < 3 || len(slices.Compact(slices.Clone(got))) != 1 || got[0] != "secret" {
		t.Errorf("secrets: %q", got)
	}
	b.click("#reset")

	b.run(chromedp.SetValue("#select-from", "base", chromedp.ByQuery), chromedp.Evaluate(`document.querySelector("#select-from").dispatchEvent(new Event("change"))`, nil), frame())
	if got := slices.Compact(slices.Sorted(slices.Values(b.text(".findings tbody .c-where")))); !cmp.Equal(got, []string{"Dockerfile:1", "Dockerfile:6"}) {
		t.Errorf("of the base: %q", got)
	}
	b.click("#reset")

	b.click(".c-id button")
	if got := b.text(ids); !slices.IsSortedFunc(got, func(x, y string) int { return strings.Compare(strings.ToLower(x), strings.ToLower(y)) }) {
		t.Errorf("sorted by id: %q", got)
	}
	b.click(".c-id button")
	if got := b.text(ids); strings.ToLower(got[0]) < strings.ToLower(got[len(got)-1]) {
		t.Errorf("sorted from the end: %q", got)
	}
	if got := b.text(`th[aria-sort="descending"]`); !cmp.Equal(got, []string{"Finding"}) {
		t.Errorf("columns that say that they are sorted: %q", got)
	}

	b.run(chromedp.Navigate(b.url+"#group=layer"), frame())
	headings := b.text(".heading .name")
	if len(headings) < 3 || !slices.Contains(headings, "COPY --from=build /src /app") {
		t.Errorf("layers: %q", headings)
	}
	before := len(b.text(ids))
	b.click(".heading button")
	if got := len(b.text(".heading button[aria-expanded='false']")); got != 1 || len(b.text(ids)) == before {
		t.Errorf("%d groups are closed, %d findings of %d are left", got, len(b.text(ids)), before)
	}
}

func TestTheAddressHasTheFilter(t *testing.T) {
	b := open(t, decided(t), "")
	b.click(".choice.high")
	b.click(".choice.deny")
	b.click(".c-subject button")
	b.run(chromedp.SendKeys("#q", "libc", chromedp.ByQuery), frame())
	want := b.text(ids)
	if len(want) < 2 {
		t.Fatalf("%q", want)
	}
	fragment := eval[string](b, "location.hash")
	b.run(chromedp.Navigate("about:blank"), chromedp.Navigate(b.url+fragment), frame())
	if diff := cmp.Diff(want, b.text(ids)); diff != "" {
		t.Errorf("%s: %s", fragment, diff)
	}
	b.run(chromedp.Navigate(b.url+"#severity=nonsense&view=nowhere&sort=up&finding=999999&layer=x&group=z"), frame())
	if got := b.text("#status"); !strings.Contains(got[0], "None of") {
		t.Errorf("a layer that there is not: %q", got)
	}
}

func TestADetailIsReadAndLeftByKeyboard(t *testing.T) {
	b := open(t, decided(t), "#q=CVE-2023-38545")
	b.run(chromedp.Focus(ids, chromedp.ByQuery), chromedp.KeyEvent(kb.Enter), frame())
	text := strings.Join(b.text("dialog[open]"), "")
	for _, want := range []string{
		"critical", "blocks", "SOCKS5", "EUVD-2023-42398", "9.8 CVSS:3.1/AV:N", "61.0 %", "listed on 2023-10-11", "known-exploited",
		"in 7.88.1-10+deb12u4", "Dockerfile:7-8", "RUN apt-get update", "linux/amd64, linux/arm64", "pkg:deb/debian/curl@7.88.1-10?arch=amd64",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
	links := eval[[]string](b, `[...document.querySelectorAll("dialog a[target]")].map((a) => a.href + " " + a.rel)`)
	if !cmp.Equal(links, []string{"https://advisories.example/CVE-2023-38545 noopener noreferrer nofollow"}) {
		t.Errorf("links: %q", links)
	}
	b.run(chromedp.KeyEvent(kb.Escape), frame())
	if got := eval[string](b, `String(document.querySelector("dialog").open) + document.activeElement.textContent`); got != "falseCVE-2023-38545" {
		t.Errorf("after Escape: %s", got)
	}
	b.run(chromedp.Evaluate(`document.activeElement.blur()`, nil), chromedp.KeyEvent("/"), frame())
	if got := eval[string](b, "document.activeElement.id"); got != "q" {
		t.Errorf("/ goes to %q", got)
	}
}

func TestPackagesAndLayersLeadToTheirFindings(t *testing.T) {
	b := open(t, decided(t), "#view=packages&q=minimist")
	if got := b.text(".packages tbody .pick"); len(got) != 3 {
		t.Errorf("packages: %q", got)
	}
	b.click("#tab-layers")
	b.click("#reset")
	rows := b.text(".layers tbody tr[role]")
	if len(rows) < 5 || !strings.Contains(rows[4], "COPY --from=build") {
		t.Errorf("layers: %q", rows)
	}
	b.click(".layers tbody tr[aria-rowindex='6'] .pick")
	if got := slices.Compact(b.text(".findings tbody .c-where")); !cmp.Equal(got, []string{"Dockerfile:9"}) {
		t.Errorf("findings of the layer: %q", got)
	}
}

func TestNumbersLeadToWhatTheyCount(t *testing.T) {
	b := open(t, decided(t), "")
	for _, selector := range []string{".origins tbody a", ".kinds a"} {
		n := eval[int](b, "document.querySelectorAll(`"+selector+"`).length")
		for i := range n {
			said := eval[string](b, fmt.Sprintf("(() => { const a = document.querySelectorAll(`%s`)[%d]; a.click(); return (a.querySelector('b') ?? a).textContent; })()", selector, i))
			b.run(frame())
			status := b.text("#status")[0]
			if got, _, _ := strings.Cut(status, " "); got != said {
				t.Errorf("%s %d says %s and leads to %q", selector, i, said, status)
			}
		}
		if n < 3 {
			t.Errorf("%s: only %d numbers", selector, n)
		}
	}
}

func TestNothingIsWiderThanAPhone(t *testing.T) {
	b := open(t, hostile(t), "")
	b.run(phone())
	for _, fragment := range []string{"#", "#view=packages", "#view=layers", "#group=layer", "#group=package", "#layer=1&exploited=yes&package=1", "#finding=1", "#finding=7"} {
		b.run(chromedp.Navigate(b.url+fragment), frame())
		if got := eval[int](b, "document.documentElement.scrollWidth"); got > 360 {
			t.Errorf("%s is %d wide", fragment, got)
		}
		if got := eval[int](b, `document.querySelector("dialog").scrollWidth - document.querySelector("dialog").clientWidth`); got > 0 {
			t.Errorf("%s: the details are %d too wide", fragment, got)
		}
	}
}

func TestTextIsReadableInBothThemes(t *testing.T) {
	b := open(t, decided(t), "")
	for _, theme := range []string{"light", "dark"} {
		b.run(scheme(theme))
		for _, fragment := range []string{"#severity=high&exploited=", "#view=packages", "#view=layers", "#group=layer", "#finding=6"} {
			b.run(chromedp.Navigate(b.url+fragment), frame())
			for _, low := range eval[[]string](b, lowContrast) {
				t.Errorf("%s %s: %s", theme, fragment, low)
			}
			b.run(chromedp.Evaluate(`document.querySelector("dialog").close()`, nil))
		}
	}
	// The button wins over what the system prefers, and is kept.
	const background = "getComputedStyle(document.body).backgroundColor"
	dark := eval[string](b, background)
	b.click("#theme")
	light := eval[string](b, background)
	b.run(chromedp.Reload(), frame())
	if again := eval[string](b, background); dark == light || again != light {
		t.Errorf("dark %s, light %s, again %s", dark, light, again)
	}
}

// lowContrast lists texts whose contrast with what is behind them is below 4.5,
// as the Web Content Accessibility Guidelines 2.2 compute it (1.4.3).
const lowContrast = `(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255, 255]; };
  const low = new Set();
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility() || e.matches("script, option, :disabled")) continue;
    const [a, b] = [light(rgba(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) low.add(e.tagName + "." + e.className + " " + ratio.toFixed(2) + " " + e.textContent.slice(0, 30));
  }
  return [...low];
})()`

func TestEveryControlHasAName(t *testing.T) {
	b := open(t, decided(t), "#finding=6")
	nameless := eval[[]string](b, `[...document.querySelectorAll("button, a, input, select, [role=tabpanel], table, dialog")].filter((e) =>
		e.checkVisibility() && !(e.textContent.trim() || e.ariaLabel || e.labels?.length || e.getAttribute("aria-labelledby"))).map((e) => e.outerHTML)`)
	if len(nameless) > 0 {
		t.Errorf("%q", nameless)
	}
	if got := eval[[]string](b, `[...document.querySelectorAll("[id]")].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i)`); len(got) > 0 {
		t.Errorf("ids that are there twice: %q", got)
	}
}

func TestThePageIsPrintedWhole(t *testing.T) {
	b := open(t, large(t, 400), "")
	if got := len(b.text(ids)); got > 100 {
		t.Errorf("%d rows are in the page before", got)
	}
	var pdf []byte
	b.run(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = page.PrintToPDF().Do(ctx)
		return err
	}))
	if len(pdf) < 20_000 {
		t.Errorf("%d bytes of PDF", len(pdf))
	}
	b.run(chromedp.Evaluate(`dispatchEvent(new Event("beforeprint"))`, nil))
	if got := len(b.text(ids)); got != 400 {
		t.Errorf("%d findings are printed", got)
	}
}

func TestTheVerdictNeedsNoScript(t *testing.T) {
	b := open(t, decided(t), "")
	b.run(emulation.SetScriptExecutionDisabled(true), chromedp.Reload(), chromedp.Sleep(100*time.Millisecond))
	var text string
	b.run(chromedp.Text("body", &text, chromedp.ByQuery))
	for _, want := range []string{"Blocked", "3 secrets, 8 findings", "Base image", "fix: run this step again", "needs the script"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestReportsOfLittle(t *testing.T) {
	for name, r := range map[string]*scan.Report{"nothing": {}, "undecided": sample.Report()} {
		t.Run(name, func(t *testing.T) {
			b := open(t, r, "")
			if got := b.text(".outcome"); !cmp.Equal(got, []string{"No verdict"}) {
				t.Error(got)
			}
			for _, view := range []string{"findings", "packages", "layers"} {
				b.click("#tab-" + view)
			}
		})
	}
}
