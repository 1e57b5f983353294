package report

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

func markdownOf(t *testing.T, r *scan.Report) string {
	t.Helper()
	return string(render(t, "markdown", r))
}

func TestMarkdownReadsWell(t *testing.T) {
	golden(t, "comment.md", []byte(markdownOf(t, everything(t))))
}

var codeSpan = regexp.MustCompile("`[^`]*`")

// outsideCode is a comment without its code spans and the links that are made of
// ids: whatever a stranger's text could do, it would do there.
func outsideCode(comment string) string { return codeSpan.ReplaceAllString(comment, "") }

func TestMarkdownKeepsStrangersTextInItsPlace(t *testing.T) {
	got := markdownOf(t, hostile(t))
	if strings.Count(got, "`")%2 != 0 {
		t.Error("a code span does not end")
	}
	allowed := regexp.MustCompile(`^(<!-- scan-build-report:[A-Za-z0-9._/]* -->|</?details>|</?summary>|</?sub>)$`)
	for _, tag := range regexp.MustCompile(`<[^>]*>`).FindAllString(outsideCode(got), -1) {
		if !allowed.MatchString(tag) {
			t.Errorf("HTML from outside: %s", tag)
		}
	}
	for _, bad := range []string{"@everyone", "@team", "](javascript", "https://evil", "www.evil", "me@evil", "#1 ", "![", "-->|", "\r"} {
		if strings.Contains(outsideCode(got), bad) {
			t.Errorf("%q is outside of code", bad)
		}
	}
	for _, l := range strings.Split(got, "\n") {
		if !strings.HasPrefix(l, "| ") {
			continue
		}
		if bars := strings.Count(strings.ReplaceAll(l, `\|`, ""), "|"); bars != 4 {
			t.Errorf("%d bars in a row of three cells: %s", bars, l)
		}
		if strings.Contains(l, `\\|`) {
			t.Errorf("it depends on the reader whether this bar ends a cell: %s", l)
		}
	}
	if out := outsideCode(got); strings.Count(out, "<details>") != strings.Count(out, "</details>") {
		t.Error("a folded part does not end")
	}
}

func TestMarkdownProseIsText(t *testing.T) {
	got := mdProse(evilText)
	for _, bad := range []string{"@everyone", "@team", "](", "https:", "<s", "www.", "#1"} {
		for i := 0; i+len(bad) <= len(got); i++ {
			if got[i:i+len(bad)] == bad && (i == 0 || got[i-1] != '\\') {
				t.Errorf("%q in %q", bad, got)
			}
		}
	}
}

func TestMarkdownFitsIntoAComment(t *testing.T) {
	for name, change := range map[string]func(*scan.Decision){
		"blocking": func(d *scan.Decision) { d.Action = scan.ActionDeny },
		"warned":   func(d *scan.Decision) { d.Action = scan.ActionWarn },
		"ignored":  func(d *scan.Decision) { d.Action = scan.ActionIgnore },
	} {
		t.Run(name, func(t *testing.T) {
			r := hostile(t)
			final := r.Platforms[0].FinalStage()
			for i := range 2_000 {
				f := final.Findings[i%5]
				f.ID += strings.Repeat("x", i%50) + string(rune('a'+i%26))
				f.Package += strings.Repeat("ü", 300)
				d := *f.Decision
				change(&d)
				f.Decision = &d
				final.Findings = append(final.Findings, f)
			}
			for range 500 {
				final.Problems = append(final.Problems, scan.Problem{Path: strings.Repeat("p", len(final.Problems)), Message: evilText})
			}
			got := markdownOf(t, r)
			if len(got) > markdownLimit || !utf8.ValidString(got) {
				t.Errorf("%d bytes", len(got))
			}
			if !strings.Contains(got, "that do not fit into a comment") || !strings.HasSuffix(got, "</sub>\n") {
				t.Error(got[max(0, len(got)-500):])
			}
			if out := outsideCode(got); strings.Count(out, "<details>") != strings.Count(out, "</details>") {
				t.Error("a folded part does not end")
			}
		})
	}
}

func TestMarkdownBeginsWithItsMarker(t *testing.T) {
	r := everything(t)
	if got := markdownOf(t, r); !strings.HasPrefix(got, "<!-- scan-build-report:app -->\n") {
		t.Error(got[:60])
	}
	r.Target = "a --> <b>"
	if got := markdownOf(t, r); !strings.HasPrefix(got, "<!-- scan-build-report:a_b_ -->\n") {
		t.Error(got[:60])
	}
}

func TestMarkdownNamesTheVerdict(t *testing.T) {
	for want, r := range map[string]*scan.Report{
		"❌ The image of `app` is blocked":    everything(t),
		"❔ The scan of `app` has no verdict": sample.Report(),
		"✅ The image passes":                 {Verdict: scan.Verdict{Outcome: scan.OutcomePass}},
		"⚠️ The image passes with warnings":  {Verdict: scan.Verdict{Outcome: scan.OutcomeWarn}},
	} {
		if got := markdownOf(t, r); !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got[:min(len(got), 200)])
		}
	}
}
