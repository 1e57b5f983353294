package vex

import (
	"bytes"
	"encoding/xml"
	"io"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/internal/nested"
)

// The largest real documents are those of distributions: a few MiB, one
// vulnerability and thousands of products.
const (
	maxDocument = 16 << 20
	// maxDepth is of brackets in JSON, of elements in XML.
	maxDepth      = 100
	maxStatements = 50_000
	// maxNames is of names of products, over all statements of a document and under
	// each name of their vulnerabilities: what an index of it holds. References
	// within a document can multiply them.
	maxNames = 500_000
)

// checkDepth refuses JSON that is nested too deeply before anything recurses
// into it. What is no JSON at all is found out later.
func checkDepth(data []byte) error { return nested.JSON(data, maxDepth) }

// checkXML is the same for XML, of which it also refuses document types: no
// format here has one.
func checkXML(data []byte) error {
	d := xml.NewDecoder(bytes.NewReader(data))
	depth := 0
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return decodeXML(func() error { return err })
		}
		switch token.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return errors.Errorf("line %d: nested more than %d deep", line(data, d.InputOffset()), maxDepth)
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			return errors.Errorf("line %d: has a document type", line(data, d.InputOffset()))
		}
	}
}

var errTooManyNames = errors.Errorf("more than %d names of products", maxNames)

// builder collects a document's statements within the bounds.
type builder struct {
	statements []Statement
	names      int
}

func (b *builder) add(s Statement) error {
	if len(b.statements) >= maxStatements {
		return errors.Errorf("more than %d statements", maxStatements)
	}
	names := 1
	for _, p := range s.Products {
		names += 1 + len(p.Identifiers) + len(p.Subcomponents)
	}
	if b.names += names * (1 + len(s.Aliases)); b.names > maxNames {
		return errTooManyNames
	}
	b.statements = append(b.statements, s)
	return nil
}
