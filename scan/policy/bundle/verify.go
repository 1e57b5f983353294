package bundle

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"

	"github.com/pkg/errors"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

const (
	// maxSignature bounds the envelope, maxSignatures what is tried of it.
	maxSignature  = 64 << 10
	maxSignatures = 16

	minRSA = 2048
)

// Verify says whether the owner of a public key (PEM, as `cosign
// generate-key-pair` writes it) has signed the bundle's content as it is.
func (b *Bundle) Verify(publicKey []byte) error {
	key, err := parseKey(publicKey)
	if err != nil {
		return err
	}
	if b.Signature == nil {
		if b.single() {
			return errors.Errorf("is not signed: an options file alone cannot be, pack it with docker scan-build policy push --key")
		}
		return errors.Errorf("is not signed: it has no %s", SignatureFile)
	}
	payload, err := openEnvelope(b.Signature, key)
	if err != nil {
		return err
	}
	return b.about(payload)
}

// openEnvelope returns what a DSSE envelope holds, if the key has signed it.
func openEnvelope(data []byte, key crypto.PublicKey) ([]byte, error) {
	if len(data) > maxSignature {
		return nil, errors.Errorf("signature is larger than %d bytes", maxSignature)
	}
	var envelope dsse.Envelope
	if err := json.Unmarshal(data, &envelope); err != nil {
		return nil, errors.Wrap(err, "signature is no DSSE envelope")
	}
	payload, err := envelope.DecodeB64Payload()
	switch {
	case err != nil:
		return nil, errors.Wrap(err, "signature is no DSSE envelope")
	case envelope.PayloadType != payloadType:
		return nil, errors.Errorf("what was signed is of type %.80q, not %s", envelope.PayloadType, payloadType)
	case len(envelope.Signatures) > maxSignatures:
		return nil, errors.Errorf("there are more than %d signatures", maxSignatures)
	}
	message := dsse.PAE(envelope.PayloadType, payload)
	for _, s := range envelope.Signatures {
		sig, err := base64.StdEncoding.DecodeString(s.Sig)
		if err == nil && signed(key, message, sig) {
			return payload, nil
		}
	}
	return nil, errors.New("is signed by another key, or was changed since")
}

// about says whether a signed statement is about this bundle.
func (b *Bundle) about(payload []byte) error {
	var s statement
	dec := json.NewDecoder(bytes.NewReader(payload))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return errors.Wrap(err, "what was signed is no statement about a policy")
	}
	if s.Type != statementType || s.PredicateType != PredicateType || s.Predicate.Format != format {
		return errors.Errorf("what was signed is a statement of type %.80q about something else than a policy", s.PredicateType)
	}
	want := strings.TrimPrefix(b.Digest(), "sha256:")
	for _, sub := range s.Subject {
		if sub.Digest["sha256"] == want {
			return nil
		}
	}
	return errors.New("was changed after it was signed")
}

func parseKey(data []byte) (crypto.PublicKey, error) {
	block, _ := pem.Decode(data)
	switch {
	case block == nil:
		return nil, errors.New("the key is no PEM file, want the public key that `cosign generate-key-pair` wrote")
	case strings.HasSuffix(block.Type, "PRIVATE KEY"):
		return nil, errors.New("the key is a private one, want the public key that belongs to it")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, errors.Wrap(err, "failed to parse the public key")
	}
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if hashOf(k.Curve, nil) == nil {
			return nil, errors.Errorf("keys on curve %s are not supported", k.Params().Name)
		}
	case *rsa.PublicKey:
		if k.N.BitLen() < minRSA {
			return nil, errors.Errorf("the key has %d bits, want %d or more", k.N.BitLen(), minRSA)
		}
	case ed25519.PublicKey:
	default:
		return nil, errors.New("keys of this kind are not supported, want ECDSA, RSA or Ed25519")
	}
	return key, nil
}

// signed checks a signature as sigstore makes it with a key of each kind.
func signed(key crypto.PublicKey, message, sig []byte) bool {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, hashOf(k.Curve, message), sig)
	case *rsa.PublicKey:
		sum := sha256.Sum256(message)
		return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], sig) == nil
	case ed25519.PublicKey:
		return ed25519.Verify(k, message, sig)
	}
	return false
}

// hashOf hashes a message as goes with a curve; nil for a curve that is not
// known.
func hashOf(c elliptic.Curve, message []byte) []byte {
	switch c {
	case elliptic.P256():
		sum := sha256.Sum256(message)
		return sum[:]
	case elliptic.P384():
		sum := sha512.Sum384(message)
		return sum[:]
	case elliptic.P521():
		sum := sha512.Sum512(message)
		return sum[:]
	}
	return nil
}
