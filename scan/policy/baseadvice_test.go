package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

// advisedReport is a report whose base image has a better one.
func advisedReport() *scan.Report {
	r := sample.Configured()
	for i := range r.Platforms {
		b := r.Platforms[i].FinalStage().Base
		b.Advice = []scan.BaseAdvice{
			{Ref: "debian:12", Digest: b.CurrentDigest, Gone: map[string]int{"high": 2}},
			{Ref: "debian:13", Digest: "sha256:" + strings.Repeat("f", 64), Gone: map[string]int{"high": 1}, New: map[string]int{"low": 3}},
		}
	}
	return r
}

func TestBetterBaseIsTheRemedy(t *testing.T) {
	r := evaluated(t, advisedReport(), options("high", false))
	const want = "fix: FROM debian:12@sha256:eeeeeeeeeeee (2 fewer high, 0 new), or RUN apt-get update && apt-get upgrade -y on top of it (1 without a fix yet)"
	if m := BlockMessage(r); !strings.Contains(m, want) {
		t.Errorf("no %q in\n%s", want, m)
	}
}

func TestBasesAreWarnedOfOnceAtTheirLine(t *testing.T) {
	w := BaseWarnings(advisedReport())
	want := "line 6: debian:12@sha256:dddddddddddd → debian:12: 2 fewer high, 0 new\n" +
		"    debian:12@sha256:dddddddddddd → debian:12: 2 fewer high, 0 new\n" +
		"    debian:12@sha256:dddddddddddd → debian:13: 1 fewer high, 3 new (3 low)\n"
	if diff := cmp.Diff(want, printed(w)); diff != "" {
		t.Error(diff)
	}
	w = BaseWarnings(sample.Configured())
	if len(w) != 1 || !strings.Contains(w[0].Short, "the tag 12 is another image now, --advise") {
		t.Errorf("of a moved tag it is said: %+v", w)
	}
}
