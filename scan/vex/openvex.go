package vex

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	openvex "github.com/openvex/go-vex/pkg/vex"
	"github.com/pkg/errors"
)

const openVEXContext = openvex.Context

// parseOpenVEX reads a document of OpenVEX 0.2.0, or of 0.0.1, whose context has
// no version: https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md.
func parseOpenVEX(data []byte, context string) (*Document, error) {
	var doc openvex.VEX
	switch strings.TrimPrefix(context, openVEXContext) {
	case "/v0.2.0":
		if err := decode(data, &doc); err != nil {
			return nil, err
		}
	case "", "/v0.0.1":
		old, err := parseOpenVEX001(data)
		if err != nil {
			return nil, err
		}
		doc = old
	default:
		return nil, errors.Errorf("@context: %q is a version of OpenVEX that is not known, want %s/v0.2.0", context, openVEXContext)
	}
	var b builder
	for i, s := range doc.Statements {
		statement, err := openVEXStatement(s, doc.Timestamp)
		if err == nil {
			err = b.add(statement)
		}
		if err != nil {
			return nil, errors.Wrapf(err, "statements[%d]", i)
		}
	}
	return &Document{ID: doc.ID, Format: "OpenVEX", Statements: b.statements}, nil
}

func openVEXStatement(s openvex.Statement, issued *time.Time) (Statement, error) {
	out := Statement{
		Status:          Status(s.Status),
		Justification:   string(s.Justification),
		ImpactStatement: s.ImpactStatement,
		ActionStatement: s.ActionStatement,
	}
	switch names := vulnerabilityNames(s.Vulnerability); {
	case len(names) == 0:
		return out, errors.New("vulnerability: has no name")
	case !s.Status.Valid():
		return out, errors.Errorf("status: %q is none of %s", s.Status, strings.Join(openvex.Statuses(), ", "))
	case s.Justification != "" && !s.Justification.Valid():
		return out, errors.Errorf("justification: %q is none of %s", s.Justification, strings.Join(openvex.Justifications(), ", "))
	case out.Status == NotAffected && s.Justification == "" && s.ImpactStatement == "":
		return out, errors.New("not_affected needs a justification or an impact_statement")
	default:
		out.Vulnerability, out.Aliases = names[0], names[1:]
	}
	switch {
	case s.Timestamp != nil:
		out.Timestamp = *s.Timestamp
	case issued != nil:
		out.Timestamp = *issued
	default:
		return out, errors.New("timestamp: is missing, in the document too")
	}
	for i, p := range s.Products {
		product := Product{Identifiers: componentNames(p.Component)}
		if len(product.Identifiers) == 0 {
			return out, errors.Errorf("products[%d]: has neither @id, identifiers nor hashes", i)
		}
		for j, sub := range p.Subcomponents {
			names := componentNames(sub.Component)
			if len(names) == 0 {
				return out, errors.Errorf("products[%d].subcomponents[%d]: has neither @id, identifiers nor hashes", i, j)
			}
			product.Subcomponents = append(product.Subcomponents, names...)
		}
		out.Products = append(out.Products, product)
	}
	return out, nil
}

// vulnerabilityNames are the names of a vulnerability, the main one first. An
// @id is one in itself only if it is all there is: as an address it ends in the
// id.
func vulnerabilityNames(v openvex.Vulnerability) []string {
	var out []string
	add := func(s string) {
		if s = strings.TrimSpace(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	add(string(v.Name))
	for _, a := range v.Aliases {
		add(string(a))
	}
	if len(out) == 0 {
		add(v.ID[strings.LastIndexByte(strings.TrimRight(v.ID, "/"), '/')+1:])
	}
	add(v.ID)
	return out
}

func componentNames(c openvex.Component) []string {
	var out []string
	if c.ID != "" {
		out = append(out, c.ID)
	}
	for _, id := range c.Identifiers {
		if id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for algorithm, hash := range c.Hashes {
		if algorithm == openvex.SHA256 && hash != "" {
			out = append(out, digestPrefix+strings.TrimPrefix(string(hash), digestPrefix))
		}
	}
	slices.Sort(out)
	return out
}

// parseOpenVEX001 reads the first version, which go-vex reads from files only.
// It wrote the document's version as text and vulnerability and products as
// plain ids.
func parseOpenVEX001(data []byte) (openvex.VEX, error) {
	var old struct {
		ID         string     `json:"@id"`
		Timestamp  *time.Time `json:"timestamp"`
		Statements []struct {
			openvex.Statement
			Vulnerability stringOr[openvex.Vulnerability] `json:"vulnerability"`
			Products      []stringOr[openvex.Product]     `json:"products"`
			Subcomponents []string                        `json:"subcomponents"`
		} `json:"statements"`
	}
	if err := decode(data, &old); err != nil {
		return openvex.VEX{}, err
	}
	out := openvex.VEX{Metadata: openvex.Metadata{ID: old.ID, Timestamp: old.Timestamp}}
	for _, s := range old.Statements {
		now := s.Statement
		now.Vulnerability = s.Vulnerability.value
		if s.Vulnerability.text != "" {
			now.Vulnerability.Name = openvex.VulnerabilityID(s.Vulnerability.text)
		}
		now.Products = nil
		for _, p := range s.Products {
			product := p.value
			if p.text != "" {
				product.ID = p.text
			}
			for _, sub := range s.Subcomponents {
				product.Subcomponents = append(product.Subcomponents, openvex.Subcomponent{Component: openvex.Component{ID: sub}})
			}
			now.Products = append(now.Products, product)
		}
		out.Statements = append(out.Statements, now)
	}
	return out, nil
}

// stringOr is a JSON string, or the object that later versions have in its place:
// there are documents whose context lacks the version that they are of.
type stringOr[T any] struct {
	text  string
	value T
}

func (s *stringOr[T]) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &s.text)
	}
	return json.Unmarshal(b, &s.value)
}
