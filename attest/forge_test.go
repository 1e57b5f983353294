package attest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/scan-build/scan-build/attest/predicate"
	"github.com/scan-build/scan-build/scan"
)

// forger writes what it likes beside an image: someone who may push.
type forger struct {
	*signer
	img *Image
}

func newForger(t *testing.T, image string) *forger {
	t.Helper()
	img, err := FromImage(t.Context(), image, Registry{})
	if err != nil {
		t.Fatal(err)
	}
	repo, err := Registry{}.open(t.Context(), img.Reference.Context(), transport.PushScope)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newSigner(repo, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	return &forger{signer: w, img: img}
}

// attach adds a bundle to the index and to each platform.
func (f *forger) attach(t *testing.T, bundle func(subject v1.Hash) []byte) {
	t.Helper()
	subjects := []v1.Descriptor{f.img.index}
	for _, p := range f.img.Platforms {
		subjects = append(subjects, p.descriptor)
	}
	for _, s := range subjects {
		d, tracked, err := f.put(t.Context(), s, predicate.TypeReport, bundle(s.Digest))
		if err != nil {
			t.Fatal(err)
		}
		f.track(t, s.Digest, tracked, d)
	}
}

func (f *forger) track(t *testing.T, subject v1.Hash, tracked bool, d v1.Descriptor) {
	t.Helper()
	_, hasAPI, err := f.repo.referrersAPI(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	if !tracked && !hasAPI {
		if err := f.repo.addToReferrersTag(t.Context(), subject, []v1.Descriptor{d}); err != nil {
			t.Fatal(err)
		}
	}
}

func signedReport(t *testing.T, key pair, subject v1.Hash, body []byte) []byte {
	t.Helper()
	statement, err := newStatement("app", subject, predicate.TypeReport, body)
	if err != nil {
		t.Fatal(err)
	}
	return signedBytes(t, key, statement)
}

func signedBytes(t *testing.T, key pair, statement []byte) []byte {
	t.Helper()
	raw, err := key.signer.sign(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestForgedAttestationIsRejected(t *testing.T) {
	key, other := newPair(t), newPair(t)
	elsewhere := v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("ab", 32)}
	body := encode(t, testReport("linux/amd64"))
	for _, tt := range []struct {
		name    string
		bundle  func(t *testing.T, subject v1.Hash) []byte
		reason  Reason
		message string
	}{
		{"bundle of another image", func(t *testing.T, _ v1.Hash) []byte {
			return signedReport(t, key, elsewhere, body)
		}, ReasonRetagged, "attestation is for sha256:abab"},
		{"changed payload", func(t *testing.T, subject v1.Hash) []byte {
			genuine := signedReport(t, key, subject, encode(t, testReport("linux/amd64", scan.SeverityCritical)))
			var b struct {
				MediaType            string          `json:"mediaType"`
				VerificationMaterial json.RawMessage `json:"verificationMaterial"`
				DSSEEnvelope         struct {
					Payload     []byte          `json:"payload"`
					PayloadType string          `json:"payloadType"`
					Signatures  json.RawMessage `json:"signatures"`
				} `json:"dsseEnvelope"`
			}
			if err := json.Unmarshal(genuine, &b); err != nil {
				t.Fatal(err)
			}
			b.DSSEEnvelope.Payload = bytes.ReplaceAll(b.DSSEEnvelope.Payload, []byte("critical"), []byte("low"))
			return encode(t, b)
		}, ReasonTampered, "changed after it was signed"},
		{"another key under our key's hint", func(t *testing.T, subject v1.Hash) []byte {
			raw := signedReport(t, other, subject, body)
			return bytes.ReplaceAll(raw, []byte(other.verifier.hint), []byte(key.verifier.hint))
		}, ReasonTampered, "signature does not match"},
		{"our signature under another hint is ours", func(t *testing.T, subject v1.Hash) []byte {
			raw := signedReport(t, key, subject, body)
			return bytes.ReplaceAll(raw, []byte(key.verifier.hint), []byte(other.verifier.hint))
		}, "", ""},
		{"no bundle", func(t *testing.T, _ v1.Hash) []byte { return []byte(`{"hello": 1}`) }, ReasonTampered, "no readable sigstore bundle"},
		{"empty", func(t *testing.T, _ v1.Hash) []byte { return nil }, ReasonTampered, "no readable sigstore bundle"},
		{"deep JSON", func(t *testing.T, _ v1.Hash) []byte {
			return []byte(`{"mediaType":` + strings.Repeat(`[`, 1<<20) + strings.Repeat(`]`, 1<<20) + `}`)
		}, ReasonTampered, "no readable sigstore bundle"},
		{"deep JSON in a trusted statement", func(t *testing.T, subject v1.Hash) []byte {
			return signedReport(t, key, subject, []byte(`{"a":`+strings.Repeat(`[`, 9000)+strings.Repeat(`]`, 9000)+`}`))
		}, ReasonMalformed, "schema version"},
		{"no statement", func(t *testing.T, _ v1.Hash) []byte { return signedBytes(t, key, []byte("hello")) }, ReasonMalformed, "failed to decode statement"},
		{"unknown statement type", func(t *testing.T, _ v1.Hash) []byte { return signedBytes(t, key, []byte(`{"_type":"x"}`)) }, ReasonMalformed, "unknown statement type"},
		{"report of a later schema", func(t *testing.T, subject v1.Hash) []byte {
			return signedReport(t, key, subject, []byte(`{"schemaVersion": 99}`))
		}, ReasonMalformed, "schema version 99"},
		{"report of nothing", func(t *testing.T, subject v1.Hash) []byte {
			return signedReport(t, key, subject, []byte(`{"schemaVersion": 1, "finished": "2026-03-01T11:00:00Z", "verdict": {"outcome": "pass"}}`))
		}, ReasonMalformed, "no platforms"},
		{"other predicate than announced", func(t *testing.T, subject v1.Hash) []byte {
			statement, err := newStatement("app", subject, predicate.TypeSPDX, []byte(`{}`))
			if err != nil {
				t.Fatal(err)
			}
			return signedBytes(t, key, statement)
		}, ReasonUnsigned, "no signed scan attestation"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			image := pushImage(t, startReferrersRegistry(t)+"/app", testReport("linux/amd64"))
			newForger(t, image).attach(t, func(subject v1.Hash) []byte { return tt.bundle(t, subject) })
			_, err := verifyAt(t, image, key)
			if tt.reason == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantRejected(t, err, tt.reason, tt.message)

			// Beside a genuine one it changes nothing.
			signImage(t, image, key)
			if _, err := verifyAt(t, image, key); err != nil {
				t.Errorf("beside a genuine attestation: %v", err)
			}
		})
	}
}
