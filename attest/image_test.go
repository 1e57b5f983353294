package attest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/attest/predicate"
	"github.com/scan-build/scan-build/scan"
)

func TestAttachedStatementsAreReadPerPlatform(t *testing.T) {
	image := pushImage(t, startReferrersRegistry(t)+"/app", testReport("linux/amd64"), testReport("linux/arm64/v8", scan.SeverityLow))
	img, err := FromImage(t.Context(), image, Registry{})
	if err != nil {
		t.Fatal(err)
	}
	if img.Reference.String() != image {
		t.Errorf("reference %s, want %s", img.Reference, image)
	}
	got := map[string][]string{}
	for _, p := range img.Platforms {
		for _, s := range p.Statements {
			got[p.ID] = append(got[p.ID], s.PredicateType)
		}
	}
	want := []string{predicate.TypeSPDX, predicate.TypeReport}
	if diff := cmp.Diff(map[string][]string{"linux/amd64": want, "linux/arm64/v8": want}, got); diff != "" {
		t.Errorf("statements (-want +got):\n%s", diff)
	}
	if n := len(img.Platforms[1].Report.Platforms[0].Stages[1].Findings); n != 1 {
		t.Errorf("%d findings, want 1", n)
	}
}

// layout is an image whose attestations are not as they should be.
func pushLayout(t *testing.T, attach func(platform v1.Hash) []mutate.IndexAddendum) string {
	t.Helper()
	img, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	idx := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}},
	})
	tag, err := name.NewTag(startReferrersRegistry(t) + "/app:latest")
	if err != nil {
		t.Fatal(err)
	}
	return pushIndex(t, tag, mutate.AppendManifests(idx, attach(digest)...))
}

func TestImageWithoutScanAttestationIsNotSigned(t *testing.T) {
	key := newPair(t)
	elsewhere := v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("ab", 32)}
	broken := testReport("linux/amd64")
	broken.SchemaVersion = 99
	for _, tt := range []struct {
		name       string
		attach     func(platform v1.Hash) []mutate.IndexAddendum
		want       string
		notScanned bool
	}{
		{"nothing attached", func(v1.Hash) []mutate.IndexAddendum { return nil }, "there is none for linux/amd64", true},
		{"attached to another manifest", func(v1.Hash) []mutate.IndexAddendum {
			return []mutate.IndexAddendum{attestationManifest(t, elsewhere, elsewhere, testReport("linux/amd64"))}
		}, "there is none for linux/amd64", true},
		{"about another manifest", func(p v1.Hash) []mutate.IndexAddendum {
			return []mutate.IndexAddendum{attestationManifest(t, p, elsewhere, testReport("linux/amd64"))}
		}, "is for sha256:abab", false},
		{"a later schema", func(p v1.Hash) []mutate.IndexAddendum {
			return []mutate.IndexAddendum{attestationManifest(t, p, p, broken)}
		}, "schema version 99", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := SignImage(t.Context(), pushLayout(t, tt.attach), SignOptions{Signer: key.signer})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want …%s…", err, tt.want)
			}
			var notScanned *NotScannedError
			if errors.As(err, &notScanned) != tt.notScanned {
				t.Errorf("got %T", err)
			}
			if ClassOf(err) != ClassUnable {
				t.Errorf("class %v", ClassOf(err))
			}
		})
	}
}

func TestNewestOfSeveralAttachedReportsIsSigned(t *testing.T) {
	older := testReport("linux/amd64", scan.SeverityLow)
	older.Finished = older.Finished.Add(-time.Hour)
	image := pushLayout(t, func(p v1.Hash) []mutate.IndexAddendum {
		return []mutate.IndexAddendum{
			attestationManifest(t, p, p, testReport("linux/amd64")), attestationManifest(t, p, p, older),
		}
	})
	img, err := FromImage(t.Context(), image, Registry{})
	if err != nil {
		t.Fatal(err)
	}
	reports := 0
	for _, s := range img.Platforms[0].Statements {
		if s.PredicateType == predicate.TypeReport {
			reports++
		}
	}
	if reports != 1 || !img.Platforms[0].Report.Finished.Equal(now.Add(-time.Hour)) {
		t.Errorf("%d reports, finished %s", reports, img.Platforms[0].Report.Finished)
	}
}

func TestImageWithoutIndexIsNotSigned(t *testing.T) {
	img, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(startReferrersRegistry(t) + "/app:single")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	_, err = SignImage(t.Context(), ref.String(), SignOptions{Signer: newPair(t).signer})
	var notScanned *NotScannedError
	if !errors.As(err, &notScanned) || !strings.Contains(err.Error(), "image carries no scan attestation") {
		t.Errorf("got %v", err)
	}
}

func TestUnusableRequestsAreUsageErrors(t *testing.T) {
	key := newPair(t)
	keys := []PublicKey{key.verifier}
	for name, o := range map[string]VerifyOptions{
		"no key":           {},
		"unknown severity": {Keys: keys, FailOn: "hihg"},
		"negative age":     {Keys: keys, MaxAge: -time.Hour},
	} {
		if _, err := Verify(t.Context(), "127.0.0.1:1/app", o); ClassOf(err) != ClassUsage {
			t.Errorf("%s: class %v of %v", name, ClassOf(err), err)
		}
	}
	if _, err := Verify(t.Context(), "Not A Reference", VerifyOptions{Keys: keys}); ClassOf(err) != ClassUsage {
		t.Errorf("class %v of %v", ClassOf(err), err)
	}
	if _, err := FromImage(t.Context(), "UPPER/case", Registry{}); ClassOf(err) != ClassUsage {
		t.Errorf("class %v of %v", ClassOf(err), err)
	}
	if _, err := Sign(t.Context(), &Image{}, SignOptions{}); ClassOf(err) != ClassUsage {
		t.Errorf("class %v of %v", ClassOf(err), err)
	}
}

func TestImageThatIsNotThereCannotBeVerified(t *testing.T) {
	_, err := verifyAt(t, startReferrersRegistry(t)+"/nothing:here", newPair(t))
	if ClassOf(err) != ClassUnable || !errors.Is(err, errNotFound) {
		t.Errorf("class %v of %v", ClassOf(err), err)
	}
}
