package bundle

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/pkg/errors"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// PredicateType marks the statement that a bundle is signed with.
const PredicateType = "https://github.com/scan-build/scan-build/attestation/policy/v1"

const (
	statementType = "https://in-toto.io/Statement/v1"
	payloadType   = "application/vnd.in-toto+json"
)

// statement is an in-toto statement (in-toto/attestation, spec/v1/statement.md)
// about the digest of a bundle's content.
type statement struct {
	Type          string    `json:"_type"`
	Subject       []subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     predicate `json:"predicate"`
}

type subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// predicate says how the subject's digest is made.
type predicate struct {
	Format string `json:"format"`
}

// Sign signs the bundle's content. sign makes the signature of a message, as goes
// with the kind of its key, and names the key, for people.
func (b *Bundle) Sign(sign func(message []byte) (sig []byte, keyID string, err error)) error {
	payload, err := json.Marshal(statement{
		Type:          statementType,
		Subject:       []subject{{Name: "policy", Digest: map[string]string{"sha256": strings.TrimPrefix(b.Digest(), "sha256:")}}},
		PredicateType: PredicateType,
		Predicate:     predicate{Format: format},
	})
	if err != nil {
		return errors.Wrap(err, "failed to encode the statement about the policy")
	}
	sig, keyID, err := sign(dsse.PAE(payloadType, payload))
	if err != nil {
		return errors.Wrap(err, "failed to sign the policy")
	}
	b.Signature, err = json.Marshal(dsse.Envelope{
		PayloadType: payloadType,
		Payload:     base64.StdEncoding.EncodeToString(payload),
		Signatures:  []dsse.Signature{{KeyID: keyID, Sig: base64.StdEncoding.EncodeToString(sig)}},
	})
	return errors.Wrap(err, "failed to encode the policy's signature")
}
