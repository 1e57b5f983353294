package html_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/sample"
	"github.com/scan-build/scan-build/scan/policy"
	"github.com/scan-build/scan-build/scan/report/html"
)

// attacks are texts that would do something if they were ever read as more than
// text. Whatever runs sets window.owned; whatever loads asks attacker.example.
var attacks = []string{
	`</script><script>window.owned = 1</script>`,
	`<!--<script>window.owned = 2</script>`,
	`<img src=x onerror="window.owned=3">`,
	`"><svg/onload=window.owned=4>`,
	`'-window.owned=5-'`,
	"\u2028window.owned=6\u2029",
	`</title></style><link rel=stylesheet href=https://attacker.example/x.css>`,
	`javascript:window.owned=7`,
	`https://attacker.example/"onmouseover="window.owned=8`,
	`{{.Data}}${window.owned=9}`,
	"invoice\u202efdp.exe\u2066\x1b[2J\x00\r\n\xff",
	strings.Repeat("W", 5000),
	`__proto__`,
}

// hostile is a report whose every text is one of the attacks.
func hostile(t *testing.T) *scan.Report {
	t.Helper()
	n := 0
	evil := func() string { n++; return attacks[n%len(attacks)] }
	r := sample.Configured()
	r.Target, r.Scanner.Version, r.Notices = evil(), evil(), attacks
	r.Build = &scan.Build{Revision: evil(), Branch: evil(), Images: attacks, Profile: evil()}
	for i := range r.Platforms {
		r.Platforms[i].ID = evil()
	}
	for _, s := range r.AllStages() {
		s.Name, s.OS.PrettyName, s.EndOfLife, s.Unknown = evil(), evil(), evil(), attacks
		s.Problems = []scan.Problem{{Path: evil(), Message: evil()}}
		for i := range s.Layers {
			l := &s.Layers[i]
			l.Instruction, l.Base, l.File, l.Stage = evil(), evil(), evil(), evil()
		}
		for i := range s.Packages {
			p := &s.Packages[i]
			p.Name, p.Version, p.Type, p.PURL, p.Path, p.Licenses = evil(), evil(), evil(), evil(), evil(), attacks
		}
		for i := range s.Findings {
			f := &s.Findings[i]
			f.ID, f.Package, f.Version, f.Type, f.Path, f.PURL = evil(), evil(), evil(), evil(), evil(), evil()
			f.Summary, f.Aliases, f.URLs, f.Namespace, f.MatchType, f.Published = evil(), attacks, attacks, evil(), evil(), evil()
			f.Fix = scan.Fix{State: evil(), Versions: attacks, Available: evil()}
			f.KEV = &scan.KEV{DateAdded: evil(), Ransomware: evil()}
			f.CVSS = []scan.CVSS{{Version: evil(), Vector: evil(), Source: evil()}}
		}
		for i := range s.Secrets {
			x := &s.Secrets[i]
			x.Rule, x.Path, x.Redacted, x.Fingerprint, x.Description = evil(), evil(), evil(), evil(), evil()
		}
		for i := range s.Misconfigurations {
			m := &s.Misconfigurations[i]
			m.Check, m.Title, m.Message, m.Paths, m.URL = evil(), evil(), evil(), attacks, evil()
		}
		s.External = []scan.ExternalFinding{{Analyzer: evil(), Rule: evil(), Message: evil(), Path: evil(), URL: evil(), Fingerprint: evil()}}
	}
	if err := policy.Evaluate(r, config.Default()); err != nil {
		t.Fatal(err)
	}
	for _, s := range r.AllStages() {
		for i := range s.Findings {
			s.Findings[i].Decision = &scan.Decision{Action: scan.Action(evil()), Rule: evil(), Message: evil(), HelpURL: evil(), Policy: evil(), Expires: evil()}
		}
	}
	r.Verdict.Violations = append(r.Verdict.Violations, scan.Violation{Decision: scan.Decision{Action: scan.ActionDeny, Rule: evil(), Message: evil()}, Stage: evil()})
	r.Verdict.FailOn, r.Verdict.PolicyDigest = evil(), evil()
	return r
}

func TestHostileTextStaysText(t *testing.T) {
	r := hostile(t)
	b := open(t, r, "") // which also fails if anything was requested or refused
	for _, fragment := range []string{"", "group=layer", "group=package", "view=packages", "view=layers"} {
		b.run(chromedp.Navigate(b.url+"#"+fragment), frame())
	}
	for i := range 30 {
		b.run(chromedp.Evaluate(fmt.Sprintf(`location.hash = "finding=%d"`, i+1), nil), frame())
		for _, href := range eval[[]string](b, `[...document.querySelectorAll("a[target]")].map((a) => a.href)`) {
			t.Errorf("a link to %q", href)
		}
	}
	if got := eval[string](b, "String(window.owned)"); got != "undefined" {
		t.Errorf("attack %s ran", got)
	}
	if got := eval[int](b, "document.scripts.length"); got != 2 {
		t.Errorf("%d scripts", got)
	}
	if got := eval[int](b, `document.querySelectorAll("img, svg, iframe, link:not([rel=icon])").length`); got != 0 {
		t.Errorf("%d foreign elements", got)
	}
	if text := eval[string](b, "document.body.textContent + document.title"); strings.ContainsAny(text, "\u202e\u2066\x1b\x00") {
		t.Error("text changes the writing direction")
	}
}

func TestOnlyThePagesOwnScriptMayRun(t *testing.T) {
	b := open(t, decided(t), "")
	b.run(chromedp.Evaluate(`(() => {
		const s = document.createElement("script"); s.textContent = "window.owned = 1"; document.body.append(s);
		const i = document.createElement("img"); i.src = "https://attacker.example/x.png"; document.body.append(i);
		document.body.insertAdjacentHTML("beforeend", "<b onclick='window.owned = 2' id=b>x</b>"); document.querySelector("#b").click();
		document.body.insertAdjacentHTML("beforeend", "<p style='position:fixed'>x</p>");
	})()`, nil), frame())
	if got := eval[string](b, "String(window.owned)"); got != "undefined" {
		t.Errorf("attack %s ran", got)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.errors) < 3 {
		t.Errorf("refused: %q", b.errors)
	}
	b.errors, b.requests = nil, nil // refused before they left
}

func TestThePageRefersToNothingElse(t *testing.T) {
	var page bytes.Buffer
	if err := html.Write(&page, decided(t)); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	for _, bad := range []string{"<script src", "<img", "@import", "url(", "<iframe", "fetch(", "XMLHttpRequest", "innerHTML", "insertAdjacentHTML", "eval("} {
		if strings.Contains(text, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
}
