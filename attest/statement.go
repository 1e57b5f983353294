package attest

import (
	"encoding/json"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/attest/predicate"
)

// The in-toto statement types. Both have the same fields; the first is written.
const (
	statementType   = "https://in-toto.io/Statement/v1"
	statementTypeV0 = "https://in-toto.io/Statement/v0.1"

	payloadType = "application/vnd.in-toto+json"
)

// maxStatement is the most bytes of a statement: a predicate and what frames it.
const maxStatement = predicate.MaxSize + 1<<20

// Statement is an in-toto statement: a predicate about subjects
// (in-toto/attestation, spec/v1/statement.md).
type Statement struct {
	Type          string          `json:"_type"`
	Subject       []Subject       `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

// Subject is what a statement is about.
type Subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

func newStatement(name string, subject v1.Hash, predicateType string, body []byte) ([]byte, error) {
	if len(body) > predicate.MaxSize {
		return nil, errors.Errorf("predicate %s has %d bytes, more than the limit of %d", predicateType, len(body), predicate.MaxSize)
	}
	b, err := json.Marshal(Statement{
		Type:          statementType,
		Subject:       []Subject{{Name: name, Digest: map[string]string{subject.Algorithm: subject.Hex}}},
		PredicateType: predicateType,
		Predicate:     body,
	})
	return b, errors.Wrapf(err, "failed to encode statement of %s", predicateType)
}

func parseStatement(raw []byte) (*Statement, error) {
	if len(raw) > maxStatement {
		return nil, errors.Errorf("statement has %d bytes, more than the limit of %d", len(raw), maxStatement)
	}
	var s Statement
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, errors.Wrap(err, "failed to decode statement")
	}
	if s.Type != statementType && s.Type != statementTypeV0 {
		return nil, errors.Errorf("unknown statement type %q", s.Type)
	}
	return &s, nil
}

// about says whether the statement is about the content that digest names.
func (s *Statement) about(digest v1.Hash) bool {
	for _, subject := range s.Subject {
		if subject.Digest[digest.Algorithm] == digest.Hex {
			return true
		}
	}
	return false
}

// subjects are the statement's subjects, for messages.
func (s *Statement) subjects() string {
	var out string
	for i, subject := range s.Subject {
		if i == 3 {
			return out + ", …"
		}
		if i > 0 {
			out += ", "
		}
		if hex, ok := subject.Digest["sha256"]; ok {
			out += "sha256:" + printable(hex, 64)
		} else {
			out += printable(subject.Name, 200)
		}
	}
	if out == "" {
		return "nothing"
	}
	return out
}
