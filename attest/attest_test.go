package attest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/attest/predicate"
	"github.com/scan-build/scan-build/scan"
)

func TestSignedImageIsVerified(t *testing.T) {
	key := newPair(t)
	for name, platforms := range map[string][]string{
		"single platform": {"linux/amd64"},
		"multi platform":  {"linux/amd64", "linux/arm64", "linux/arm/v7"},
	} {
		t.Run(name, func(t *testing.T) {
			eachRegistry(t, func(t *testing.T, host string) {
				var reports []scan.Report
				for _, p := range platforms {
					reports = append(reports, testReport(p, scan.SeverityMedium))
				}
				image := pushImage(t, host+"/team/app", reports...)
				signed := signImage(t, image, key)
				if got, want := len(signed.Bundles), 4*len(platforms)+3; got != want {
					t.Errorf("wrote %d bundles, want %d", got, want)
				}
				res, err := verifyAt(t, image, key)
				if err != nil {
					t.Fatalf("failed to verify: %v", err)
				}
				var got []string
				for _, s := range res.Subjects {
					got = append(got, s.Platform)
					var checks []string
					for _, c := range s.Checks {
						if !c.OK {
							t.Errorf("%s: check %s failed: %s", s.Platform, c.Name, c.Detail)
						}
						checks = append(checks, c.Name)
					}
					if diff := cmp.Diff([]string{"signature", "subject", "predicate", "age", "database", "verdict", "findings"}, checks); diff != "" {
						t.Errorf("checks (-want +got):\n%s", diff)
					}
				}
				if diff := cmp.Diff(append([]string{""}, platforms...), got); diff != "" {
					t.Errorf("subjects (-want +got):\n%s", diff)
				}
				if !res.OK {
					t.Error("result is not OK")
				}
				if _, err := verifyAt(t, host+"/team/app:latest", newPair(t), key); err != nil {
					t.Errorf("one of two keys, by tag: %v", err)
				}
			})
		})
	}
}

func TestPlatformManifestIsVerifiedByItself(t *testing.T) {
	key := newPair(t)
	image := pushImage(t, startReferrersRegistry(t)+"/app", testReport("linux/amd64"), testReport("linux/arm64"))
	signImage(t, image, key)
	res, err := verifyAt(t, image, key)
	if err != nil {
		t.Fatal(err)
	}
	repo, _, _ := strings.Cut(image, "@")
	single, err := verifyAt(t, repo+"@"+res.Subjects[1].Digest, key)
	if err != nil {
		t.Fatal(err)
	}
	if len(single.Subjects) != 1 || single.Digest != res.Subjects[1].Digest {
		t.Errorf("got %+v", single)
	}
}

func TestImageIsRejected(t *testing.T) {
	key, other := newPair(t), newPair(t)
	stale := testReport("linux/amd64")
	stale.Started, stale.Finished = now.Add(-31*time.Hour), now.Add(-30*time.Hour)
	future := testReport("linux/amd64")
	future.Finished = now.Add(time.Hour)
	oldDB := testReport("linux/amd64")
	oldDB.Database.Built = now.Add(-10 * 24 * time.Hour)
	blocked := testReport("linux/amd64")
	blocked.Verdict.Outcome = scan.OutcomeBlock
	hidden := testReport("linux/amd64")
	hidden.Platforms[0].Verdict.Outcome = scan.OutcomeBlock
	odd := testReport("linux/amd64")
	odd.Verdict.Outcome = "fine"
	for _, tt := range []struct {
		name    string
		report  scan.Report
		signer  pair
		reason  Reason
		message string
	}{
		{"stale", stale, key, ReasonStale, "scan finished 30 h ago, limit 24 h"},
		{"from the future", future, key, ReasonStale, "future"},
		{"old database", oldDB, key, ReasonStaleDatabase, "vulnerability database was built 10 d ago, limit 5 d"},
		{"findings", testReport("linux/amd64", scan.SeverityCritical, scan.SeverityLow), key, ReasonFindings, "1 finding at high or above: CVE-2026-0001 (critical, openssl 3.0.1)"},
		{"blocked", blocked, key, ReasonBlocked, `the signed verdict is "block"`},
		{"blocked platform", hidden, key, ReasonBlocked, `the signed verdict for linux/amd64 is "block"`},
		{"unknown verdict", odd, key, ReasonBlocked, `the signed verdict is "fine"`},
		{"foreign key", testReport("linux/amd64"), other, ReasonForeignSigned, "signed, but not with this key"},
		{"unsigned", testReport("linux/amd64"), pair{}, ReasonUnsigned, "no signed scan attestation found for sha256:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachRegistry(t, func(t *testing.T, host string) {
				image := pushImage(t, host+"/app", tt.report)
				if tt.signer.signer != nil {
					signImage(t, image, tt.signer)
				}
				res, err := verifyAt(t, image, key)
				wantRejected(t, err, tt.reason, tt.message)
				if res == nil || res.OK || res.Subjects[0].OK || res.Subjects[1].OK {
					t.Errorf("result: %+v", res)
				}
			})
		})
	}
}

// wantRejected checks that every subject was rejected for one reason.
func wantRejected(t *testing.T, err error, reason Reason, message string) {
	t.Helper()
	var rejected *RejectedError
	if !errors.As(err, &rejected) {
		t.Fatalf("got error %v, want a rejection", err)
	}
	if got := ClassOf(err); got != ClassRejected {
		t.Errorf("class %v, want rejected", got)
	}
	for _, r := range rejected.Rejections {
		if r.Reason != reason || !strings.Contains(r.Message, message) {
			t.Errorf("got %s: %s\nwant %s: …%s…", r.Reason, r.Message, reason, message)
		}
	}
}

func TestThresholdIsDecidedAnew(t *testing.T) {
	key := newPair(t)
	report := testReport("linux/amd64", scan.SeverityHigh)
	report.Platforms[0].Stages[1].Findings[0].Fix = scan.Fix{State: "wont-fix"}
	image := pushImage(t, startReferrersRegistry(t)+"/app", report)
	signImage(t, image, key)
	for _, tt := range []struct {
		failOn    string
		onlyFixed bool
		ok        bool
	}{
		{"none", false, true}, {"", false, true}, {"critical", false, true},
		{"high", false, false}, {"LOW", false, false}, {"low", true, true},
	} {
		_, err := Verify(t.Context(), image, VerifyOptions{Keys: []PublicKey{key.verifier}, FailOn: tt.failOn, OnlyFixed: tt.onlyFixed, Now: now})
		if (err == nil) != tt.ok {
			t.Errorf("fail on %q, only fixed %v: %v", tt.failOn, tt.onlyFixed, err)
		}
	}
}

func TestNewerScanOverrulesOlder(t *testing.T) {
	key := newPair(t)
	eachRegistry(t, func(t *testing.T, host string) {
		image := pushImage(t, host+"/app", testReport("linux/amd64"))
		img, err := FromImage(t.Context(), image, Registry{})
		if err != nil {
			t.Fatal(err)
		}
		signAgain := func(finished time.Duration, outcome scan.Outcome) {
			t.Helper()
			again := *img
			p := img.Platforms[0]
			p.Report.Finished = now.Add(finished)
			p.Report.Verdict.Outcome = outcome
			raw, err := json.Marshal(p.Report)
			if err != nil {
				t.Fatal(err)
			}
			p.Statements = []Statement{{PredicateType: predicate.TypeReport, Predicate: raw}}
			again.Platforms = []ImagePlatform{p}
			if _, err := Sign(t.Context(), &again, SignOptions{Signer: key.signer}); err != nil {
				t.Fatal(err)
			}
		}
		signAgain(-2*time.Hour, scan.OutcomeBlock)
		signAgain(-time.Hour, scan.OutcomePass)
		if _, err := verifyAt(t, image, key); err != nil {
			t.Errorf("an older blocking scan: %v", err)
		}
		signAgain(-time.Hour, scan.OutcomeBlock)
		_, err = verifyAt(t, image, key)
		wantRejected(t, err, ReasonBlocked, "block")
		signAgain(-30*time.Minute, scan.OutcomePass)
		res, err := verifyAt(t, image, key)
		if err != nil {
			t.Errorf("a newer passing scan: %v", err)
		}
		if notes := strings.Join(res.Subjects[0].Notes, "\n"); !strings.Contains(notes, "the newest of 4 trusted scan attestations") {
			t.Errorf("notes: %s", notes)
		}
	})
}

func TestForeignAttestationBesideTrustedOneIsNoted(t *testing.T) {
	key, other := newPair(t), newPair(t)
	eachRegistry(t, func(t *testing.T, host string) {
		image := pushImage(t, host+"/app", testReport("linux/amd64"))
		signImage(t, image, key)
		signImage(t, image, other)
		res, err := verifyAt(t, image, key)
		if err != nil {
			t.Fatal(err)
		}
		if notes := strings.Join(res.Subjects[0].Notes, "\n"); !strings.Contains(notes, "passed over (foreign-signed)") {
			t.Errorf("notes: %q", notes)
		}
	})
}
