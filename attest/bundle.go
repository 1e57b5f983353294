package attest

import (
	"context"
	"time"

	"github.com/pkg/errors"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"google.golang.org/protobuf/encoding/protojson"
)

// Sigstore bundles as cosign stores them in a registry: sigstore/cosign,
// specs/BUNDLE_SPEC.md.
const (
	bundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

	// emptyMediaType is the type of the config of an artifact without one.
	emptyMediaType = "application/vnd.oci.empty.v1+json"

	annotationContent       = "dev.sigstore.bundle.content"
	annotationPredicateType = "dev.sigstore.bundle.predicateType"
	annotationCreated       = "org.opencontainers.image.created"
	contentEnvelope         = "dsse-envelope"
)

// maxBundle is a statement of the largest size in base64, and what frames it.
const maxBundle = maxStatement/3*4 + 1<<20

// sign makes a bundle of a statement in a DSSE envelope.
func (s *Signer) sign(ctx context.Context, statement []byte) ([]byte, error) {
	opts := s.options
	opts.Context = ctx
	b, err := sign.Bundle(&sign.DSSEData{Data: statement, PayloadType: payloadType}, s.keypair, opts)
	if err != nil {
		return nil, errors.Wrap(err, "failed to sign statement")
	}
	raw, err := protojson.Marshal(b)
	return raw, errors.Wrap(err, "failed to encode bundle")
}

// signatureError says why a bundle was not accepted.
type signatureError struct {
	reason  Reason
	message string
}

func (e *signatureError) Error() string { return e.message }

// openBundle verifies a bundle's signature with any of the keys and returns the
// signed bytes. They are not looked at before. The error is a *signatureError.
func openBundle(raw []byte, keys []PublicKey) ([]byte, error) {
	var b bundle.Bundle
	if err := b.UnmarshalJSON(raw); err != nil {
		return nil, &signatureError{ReasonTampered, "attestation is no readable sigstore bundle: " + printable(err.Error(), 200)}
	}
	envelope, ok := b.Content.(*protobundle.Bundle_DsseEnvelope)
	if !ok || envelope.DsseEnvelope.GetPayloadType() != payloadType {
		return nil, &signatureError{ReasonTampered, "bundle holds no in-toto statement"}
	}
	content, err := b.SignatureContent()
	if err != nil {
		return nil, &signatureError{ReasonTampered, "bundle holds no signature"}
	}
	material, err := b.VerificationContent()
	if err != nil {
		return nil, &signatureError{ReasonTampered, "bundle does not say what verifies it"}
	}
	if material.Certificate() != nil {
		return nil, &signatureError{ReasonForeignSigned, "signed, but with a certificate and not with this key"}
	}
	ours := false
	for _, key := range keys {
		if verify.VerifySignature(content, material, trustOnly(key)) == nil {
			return envelope.DsseEnvelope.GetPayload(), nil
		}
		ours = ours || material.PublicKey().Hint() == key.hint
	}
	if ours {
		return nil, &signatureError{ReasonTampered, "attestation was changed after it was signed: the signature does not match the content"}
	}
	return nil, &signatureError{ReasonForeignSigned, "signed, but not with this key"}
}

// trustOnly trusts one key, whatever a bundle's hint says. Such keys have no
// validity period.
func trustOnly(key PublicKey) root.TrustedMaterial {
	expiring := root.NewExpiringKey(key.verifier, time.Time{}, time.Time{})
	return root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		return expiring, nil
	})
}
