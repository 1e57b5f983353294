package base

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

func TestBestAdviceIsTheWorstSeveritys(t *testing.T) {
	const moved = "debian:12@sha256:0123456789ab: the tag 12 is another image now, --advise (SCAN_ADVISE=true) compares them"
	pinned := &scan.Base{Ref: "debian:12@sha256:0123456789abcdef", Tag: "12", Digest: "sha256:a", CurrentDigest: "sha256:b", Pinned: true}
	same := scan.BaseAdvice{Ref: "debian:12", Digest: "sha256:b", Gone: map[string]int{"high": 14}}
	worse := scan.BaseAdvice{Ref: "debian:11", Digest: "sha256:c", New: map[string]int{"low": 1}}
	better := scan.BaseAdvice{Ref: "debian:13", Digest: "sha256:d", Gone: map[string]int{"critical": 1}, New: map[string]int{"low": 9}}
	for name, tc := range map[string]struct {
		advice []scan.BaseAdvice
		best   string
		notes  []string // all
		news   []string // what is better
	}{
		"none":  {nil, "", []string{moved}, []string{moved}},
		"worse": {[]scan.BaseAdvice{worse}, "", []string{"debian:12@sha256:0123456789ab → debian:11: 1 new (1 low)", "debian:12@sha256:0123456789ab: the tag 12 is another image now, --advise (SCAN_ADVISE=true) compares them"}, []string{"debian:12@sha256:0123456789ab: compared with debian:11, none is better", moved}},
		"two": {[]scan.BaseAdvice{worse, same, better}, "debian:13@sha256:d", []string{
			"debian:12@sha256:0123456789ab → debian:13: 1 fewer critical, 9 new (9 low)",
			"debian:12@sha256:0123456789ab → debian:12: 14 fewer high, 0 new",
			"debian:12@sha256:0123456789ab → debian:11: 1 new (1 low)",
		}, []string{
			"debian:12@sha256:0123456789ab → debian:13: 1 fewer critical, 9 new (9 low)",
			"debian:12@sha256:0123456789ab → debian:12: 14 fewer high, 0 new",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := *pinned
			b.Advice = tc.advice
			got := ""
			if best := Best(&b); best != nil {
				got = Reference(&b, *best)
			}
			if diff := cmp.Diff(tc.best, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.notes, Notes(&b)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.news, News(&b)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if Best(nil) != nil || Notes(nil) != nil {
		t.Error("something is said of a stage on scratch")
	}
}
