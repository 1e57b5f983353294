package bundle

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func publicPEM(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// signWith signs as sigstore does with a key of each kind.
func signWith(key crypto.Signer) func([]byte) ([]byte, string, error) {
	return func(message []byte) ([]byte, string, error) {
		hash := crypto.SHA256
		switch k := key.(type) {
		case ed25519.PrivateKey:
			return ed25519.Sign(k, message), "", nil
		case *ecdsa.PrivateKey:
			switch k.Curve {
			case elliptic.P384():
				hash = crypto.SHA384
			case elliptic.P521():
				hash = crypto.SHA512
			}
		}
		h := hash.New()
		h.Write(message)
		sig, err := key.Sign(rand.Reader, h.Sum(nil), hash)
		return sig, "hint", err
	}
}

func signedBundle(t *testing.T, key crypto.Signer) *Bundle {
	t.Helper()
	b := mustNew(t, sampleFiles()...)
	if err := b.Sign(signWith(key)); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKeysOfEveryKindVerify(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"P-256": newKey(t), "P-384": p384, "P-521": p521, "RSA": rsaKey, "Ed25519": edKey} {
		if err := signedBundle(t, key).Verify(publicPEM(t, key)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := signedBundle(t, newKey(t)).Verify(publicPEM(t, key)); err == nil {
			t.Errorf("%s: another key's signature was taken", name)
		}
	}
}

func TestVerifySaysWhyItRefuses(t *testing.T) {
	key := newKey(t)
	public := publicPEM(t, key)
	change := func(f func(*Bundle)) *Bundle {
		b := signedBundle(t, key)
		f(b)
		return b
	}
	// resigned makes an envelope over another payload, properly signed.
	resigned := func(kind string, payload any) *Bundle {
		b := mustNew(t, sampleFiles()...)
		raw, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		sig, _, err := signWith(key)(dsse.PAE(kind, raw))
		if err != nil {
			t.Fatal(err)
		}
		b.Signature, err = json.Marshal(dsse.Envelope{
			PayloadType: kind, Payload: base64.StdEncoding.EncodeToString(raw),
			Signatures: []dsse.Signature{{Sig: base64.StdEncoding.EncodeToString(sig)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	about := func(digest, predicateType string) statement {
		return statement{
			Type: statementType, PredicateType: predicateType, Predicate: predicate{format},
			Subject: []subject{{Name: "policy", Digest: map[string]string{"sha256": digest}}},
		}
	}
	right := strings.TrimPrefix(mustNew(t, sampleFiles()...).Digest(), "sha256:")
	if err := resigned(payloadType, about(right, PredicateType)).Verify(public); err != nil {
		t.Fatalf("what the other cases differ from: %v", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		bundle *Bundle
		key    []byte
		says   string
	}{
		"no signature":      {mustNew(t, sampleFiles()...), public, "is not signed"},
		"options alone":     {mustNew(t, file(".scan-build.yaml", "")), public, "policy push --key"},
		"another key":       {signedBundle(t, newKey(t)), public, "another key"},
		"changed":           {change(func(b *Bundle) { b.Files[1].Data = []byte("package other") }), public, "changed after it was signed"},
		"file added":        {change(func(b *Bundle) { b.Files = append(b.Files, file("z.rego", "")) }), public, "changed after it was signed"},
		"no envelope":       {change(func(b *Bundle) { b.Signature = []byte("hello") }), public, "no DSSE envelope"},
		"no signatures":     {change(func(b *Bundle) { b.Signature = []byte(`{"payloadType":"` + payloadType + `","payload":""}`) }), public, "another key"},
		"large signature":   {change(func(b *Bundle) { b.Signature = make([]byte, maxSignature+1) }), public, "larger than"},
		"another policy":    {resigned(payloadType, about(strings.Repeat("0", 64), PredicateType)), public, "changed after it was signed"},
		"another statement": {resigned(payloadType, about(right, "https://cosign.sigstore.dev/attestation/vuln/v1")), public, "something else than a policy"},
		"another payload":   {resigned("text/plain", about(right, PredicateType)), public, "of type"},
		"no key":            {signedBundle(t, key), []byte("hello"), "no PEM file"},
		"private key":       {signedBundle(t, key), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), "private one"},
		"damaged key":       {signedBundle(t, key), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")}), "failed to parse"},
	} {
		if err := c.bundle.Verify(c.key); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.says)
		}
	}
}
