package attest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"github.com/scan-build/scan-build/attest/predicate"
	"github.com/scan-build/scan-build/scan"
)

// pair is a key pair as cosign makes them.
type pair struct {
	private, public []byte
	signer          *Signer
	verifier        PublicKey
}

const testPassword = "correct horse"

func newPair(t *testing.T) pair {
	t.Helper()
	key := mustKey(t)
	return pairOf(t, key, key.Public())
}

func mustKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pairOf(t *testing.T, key, public any) pair {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := encrypted.Encrypt(der, []byte(testPassword))
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	p := pair{
		private: pem.EncodeToMemory(&pem.Block{Type: privateKeyTypes[0], Bytes: sealed}),
		public:  pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}),
	}
	if p.signer, err = NewKeySigner(p.private, password(testPassword)); err != nil {
		t.Fatal(err)
	}
	if p.verifier, err = LoadPublicKey(p.public); err != nil {
		t.Fatal(err)
	}
	return p
}

func password(s string) PasswordFunc {
	return func() ([]byte, error) { return []byte(s), nil }
}

// now is the time of verification in tests; scans finish a while before it.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// testReport is the report of one platform: finished an hour before now, with a
// database of the day before and one finding of each severity given.
func testReport(platform string, severities ...scan.Severity) scan.Report {
	stage := scan.Stage{
		Name: "final", Final: true,
		Layers:   []scan.Layer{{Instruction: "RUN apt-get install -y openssl", Stage: "final", File: "Dockerfile", StartLine: 3, EndLine: 3}},
		Packages: []scan.Package{{Name: "openssl", Version: "3.0.1", Type: "deb", Path: "var/lib/dpkg/status"}},
	}
	counts := map[string]int{}
	for i, s := range severities {
		stage.Findings = append(stage.Findings, scan.Finding{
			ID: fmt.Sprintf("CVE-2026-%04d", i+1), Severity: s, Package: "openssl", Version: "3.0.1", Type: "deb",
			Fix:  scan.Fix{State: "fixed", Versions: []string{"3.0.2"}},
			CVSS: []scan.CVSS{{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8}},
			EPSS: &scan.EPSS{Score: 0.25, Percentile: 0.9},
		})
		counts[s.String()]++
	}
	verdict := scan.Verdict{Outcome: scan.OutcomePass, FailOn: "none", PolicyDigest: "sha256:0123", Counts: counts}
	return scan.Report{
		SchemaVersion: scan.SchemaVersion,
		Scanner:       scan.Scanner{Name: "scan-build", Version: "v0.1.0", Digest: "sha256:abcd"},
		Database:      scan.Database{Schema: "v6.1.10", Built: now.Add(-24 * time.Hour), Digest: "xxh64:99", Source: "https://user:pw@db.example/v6/latest.json?sig=1"},
		Started:       now.Add(-time.Hour - 3*time.Second),
		Finished:      now.Add(-time.Hour),
		Platforms:     []scan.Platform{{ID: platform, Stages: []scan.Stage{{Name: "build"}, stage}, Verdict: verdict}},
		Verdict:       verdict,
	}
}

// pushImage pushes an index laid out as BuildKit does, with the report of each
// platform and an SPDX document attached, and returns it by digest.
func pushImage(t *testing.T, repo string, reports ...scan.Report) string {
	t.Helper()
	tag, err := name.NewTag(repo + ":latest")
	if err != nil {
		t.Fatal(err)
	}
	idx := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	var attached []mutate.IndexAddendum
	for _, r := range reports {
		img, err := random.Image(256, 2)
		if err != nil {
			t.Fatal(err)
		}
		img = mutate.MediaType(img, types.OCIManifestSchema1)
		digest, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		platform, err := v1.ParsePlatform(r.Platforms[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		idx = mutate.AppendManifests(idx, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: platform}})
		attached = append(attached, attestationManifest(t, digest, digest, r))
	}
	idx = mutate.AppendManifests(idx, attached...)
	return pushIndex(t, tag, idx)
}

func pushIndex(t *testing.T, tag name.Tag, idx v1.ImageIndex) string {
	t.Helper()
	if err := remote.WriteIndex(tag, idx); err != nil {
		t.Fatal(err)
	}
	digest, err := idx.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return tag.Context().Name() + "@" + digest.String()
}

// attestationManifest is what BuildKit adds to an index for one platform.
func attestationManifest(t *testing.T, attachedTo, about v1.Hash, r scan.Report) mutate.IndexAddendum {
	t.Helper()
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	for _, a := range []struct {
		predicateType string
		body          any
	}{
		{predicate.TypeSPDX, map[string]any{"spdxVersion": "SPDX-2.3", "name": "image"}},
		{"https://slsa.dev/provenance/v1", map[string]any{"buildDefinition": map[string]any{}}},
		{predicate.TypeReport, r},
	} {
		body, err := json.Marshal(a.body)
		if err != nil {
			t.Fatal(err)
		}
		statement, err := json.Marshal(Statement{
			Type:          statementTypeV0,
			Subject:       []Subject{{Name: "pkg:docker/app@latest", Digest: map[string]string{"sha256": about.Hex}}},
			PredicateType: a.predicateType,
			Predicate:     body,
		})
		if err != nil {
			t.Fatal(err)
		}
		if img, err = mutate.Append(img, mutate.Addendum{
			Layer:       static.NewLayer(statement, attestationLayerMediaType),
			Annotations: map[string]string{annotationLayerPredicate: a.predicateType},
			MediaType:   attestationLayerMediaType,
		}); err != nil {
			t.Fatal(err)
		}
	}
	return mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{
		Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"},
		Annotations: map[string]string{
			annotationReferenceType: referenceTypeAttestation, annotationReferenceDigest: attachedTo.String(),
		},
	}}
}

// signImage signs an image that pushImage pushed.
func signImage(t *testing.T, image string, key pair) *Signed {
	t.Helper()
	signed, err := SignImage(t.Context(), image, SignOptions{Signer: key.signer})
	if err != nil {
		t.Fatalf("failed to sign: %+v", err)
	}
	return signed
}

// verifyAt verifies as a deployment would: high and above fail, scans of a day
// and databases of five days are accepted.
func verifyAt(t *testing.T, image string, keys ...pair) (*Result, error) {
	t.Helper()
	o := VerifyOptions{FailOn: "high", MaxAge: 24 * time.Hour, MaxDBAge: 120 * time.Hour, Now: now}
	for _, k := range keys {
		o.Keys = append(o.Keys, k.verifier)
	}
	return Verify(t.Context(), image, o)
}
