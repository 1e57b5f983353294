package attest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/attest/predicate"
	"github.com/scan-build/scan-build/scan"
)

func platformsOf(r *scan.Report) []string {
	var out []string
	for _, p := range r.Platforms {
		out = append(out, p.ID)
	}
	return out
}

func TestTrustedReportIsOfEveryPlatformWithItsPackages(t *testing.T) {
	key := newPair(t)
	image := pushImage(t, startReferrersRegistry(t)+"/app", testReport("linux/amd64"), testReport("linux/arm64", scan.SeverityHigh))
	signImage(t, image, key)
	found, err := Report(t.Context(), image, ReportOptions{Keys: []PublicKey{newPair(t).verifier, key.verifier}})
	if err != nil {
		t.Fatal(err)
	}
	if found.Reference != image {
		t.Errorf("reference is %s, want %s", found.Reference, image)
	}
	if diff := cmp.Diff([]string{"linux/amd64", "linux/arm64"}, platformsOf(found.Report)); diff != "" {
		t.Error(diff)
	}
	for _, p := range found.Report.Platforms {
		if len(p.FinalStage().Packages) == 0 {
			t.Errorf("%s lists no packages", p.ID)
		}
	}

	found, err = Report(t.Context(), image, ReportOptions{Keys: []PublicKey{key.verifier}, Platform: "linux/arm64/v8"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"linux/arm64"}, platformsOf(found.Report)); diff != "" {
		t.Error(diff)
	}
}

func TestOldReportIsReadWithoutBeingJudged(t *testing.T) {
	key := newPair(t)
	old := testReport("linux/amd64", scan.SeverityCritical)
	old.Finished, old.Verdict.Outcome = now.Add(-9999*time.Hour), scan.OutcomeBlock
	image := pushImage(t, startReferrersRegistry(t)+"/app", old)
	signImage(t, image, key)
	found, err := Report(t.Context(), image, ReportOptions{Keys: []PublicKey{key.verifier}})
	if err != nil || !found.Report.Finished.Equal(old.Finished) {
		t.Errorf("%v, %v", found, err)
	}
}

func TestNewestTrustedReportIsRead(t *testing.T) {
	key, foreign := newPair(t), newPair(t)
	host := startReferrersRegistry(t)
	first := testReport("linux/amd64", scan.SeverityLow)
	image := pushImage(t, host+"/app", first)
	signImage(t, image, key)
	for i, signer := range []pair{key, foreign} {
		again, err := FromImage(t.Context(), image, Registry{})
		if err != nil {
			t.Fatal(err)
		}
		r := &again.Platforms[0]
		r.Report.Finished = first.Finished.Add(time.Duration(i+1) * time.Minute)
		for n, s := range r.Statements {
			if s.PredicateType == predicate.TypeReport {
				if r.Statements[n].Predicate, err = predicate.Encode(r.Report); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := Sign(t.Context(), again, SignOptions{Signer: signer.signer}); err != nil {
			t.Fatal(err)
		}
	}
	found, err := Report(t.Context(), image, ReportOptions{Keys: []PublicKey{key.verifier}})
	if err != nil {
		t.Fatal(err)
	}
	if want := first.Finished.Add(time.Minute); !found.Report.Finished.Equal(want) {
		t.Errorf("the report is of %s, want %s", found.Report.Finished, want)
	}
}

func TestReportThatNobodyTrustedSignedIsNotRead(t *testing.T) {
	key, foreign := newPair(t), newPair(t)
	image := pushImage(t, startReferrersRegistry(t)+"/app", testReport("linux/amd64"))
	keys := []PublicKey{key.verifier}
	for _, tc := range []struct {
		name, want string
		sign       bool
		o          ReportOptions
		class      Class
	}{
		{"unsigned", "no signed scan attestation", false, ReportOptions{Keys: keys}, ClassRejected},
		{"foreign", "not with this key", true, ReportOptions{Keys: keys}, ClassRejected},
		{"no key", "no key", true, ReportOptions{}, ClassUsage},
		{"both", "need none", true, ReportOptions{Keys: keys, Unsigned: true}, ClassUsage},
		{"other platform", "there is no platform linux/s390x, only linux/amd64", true, ReportOptions{Keys: keys, Platform: "linux/s390x"}, ClassUsage},
		{"no platform", "is no platform", true, ReportOptions{Unsigned: true, Platform: "a/b/c/d/e"}, ClassUsage},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.sign {
				signImage(t, image, foreign)
			}
			_, err := Report(t.Context(), image, tc.o)
			if ClassOf(err) != tc.class || err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := Report(t.Context(), image, ReportOptions{Unsigned: true}); err != nil {
		t.Errorf("the unsigned report was asked for: %v", err)
	}
}
