package vex

import (
	"encoding/json"
	"strings"

	"github.com/pkg/errors"
)

// intotoType begins the types of in-toto statements:
// https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md.
const intotoType = "https://in-toto.io/Statement/"

// Types of predicates that say which format it has. CSAF has none of its own:
// there the predicate itself tells.
const (
	openVEXPredicate   = "https://openvex.dev/ns"
	cycloneDXPredicate = "https://cyclonedx.org/"
)

// parseInToto reads the document that is an in-toto statement's predicate. An
// OpenVEX statement in it that names no product is about the subjects.
func parseInToto(data []byte) (*Document, error) {
	var statement struct {
		Type    string `json:"_type"`
		Subject []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
		PredicateType string          `json:"predicateType"`
		Predicate     json.RawMessage `json:"predicate"`
	}
	if err := decode(data, &statement); err != nil {
		return nil, err
	}
	switch strings.TrimPrefix(statement.Type, intotoType) {
	case "v0.1", "v1":
	default:
		return nil, errors.Errorf("_type: %q is not known, want %sv1 or v0.1", statement.Type, intotoType)
	}
	var h header
	if err := decode(statement.Predicate, &h); err != nil {
		return nil, errors.Wrap(err, "predicate")
	}
	doc, err := parseDocument(statement.Predicate, h)
	if err != nil {
		return nil, errors.Wrapf(err, "predicate of type %q", statement.PredicateType)
	}
	if want := predicateFormat(statement.PredicateType); want != "" && want != doc.Format {
		return nil, errors.Errorf("predicate of type %q is %s", statement.PredicateType, doc.Format)
	}
	doc.Subjects = []string{}
	for _, s := range statement.Subject {
		if d := s.Digest["sha256"]; d != "" {
			doc.Subjects = append(doc.Subjects, digestPrefix+d)
		}
	}
	if len(doc.Subjects) > 0 {
		for i := range doc.Statements {
			if s := &doc.Statements[i]; len(s.Products) == 0 {
				s.Products = []Product{{Identifiers: doc.Subjects}}
			}
		}
	}
	return doc, errors.Wrap(doc.checkProducts(), "predicate")
}

func predicateFormat(predicateType string) string {
	switch {
	case strings.HasPrefix(predicateType, openVEXPredicate):
		return "OpenVEX"
	case strings.HasPrefix(predicateType, cycloneDXPredicate):
		return "CycloneDX"
	}
	return ""
}
