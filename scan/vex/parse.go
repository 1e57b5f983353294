package vex

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"

	"github.com/pkg/errors"
)

// Parse reads a document, whose format it finds out from its content. name
// appears in errors and in statements. An in-toto statement is read through to
// its predicate; a DSSE envelope is not: whoever verifies it opens it.
//
// A document in a format or a version that is not known is an error, as is a
// statement that could never apply: they would be ignored without a word.
func Parse(name string, data []byte) (*Document, error) {
	if len(data) > maxDocument {
		return nil, errors.Errorf("%s: larger than %d MiB", name, maxDocument>>20)
	}
	doc, err := parse(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if err != nil {
		return nil, errors.Wrap(err, name)
	}
	doc.Name = name
	for i := range doc.Statements {
		doc.Statements[i].Document = name
	}
	return doc, nil
}

func parse(data []byte) (*Document, error) {
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0:
		return nil, errors.New("is empty")
	case data[0] == '<':
		if err := checkXML(data); err != nil {
			return nil, err
		}
		return parseCycloneDXXML(data)
	case data[0] != '{':
		return nil, errors.New("is neither JSON nor XML")
	}
	if err := checkDepth(data); err != nil {
		return nil, err
	}
	var h header
	if err := decode(data, &h); err != nil {
		return nil, err
	}
	if strings.HasPrefix(h.string(h.Type), intotoType) {
		return parseInToto(data)
	}
	doc, err := parseDocument(data, h)
	if err != nil {
		return nil, err
	}
	return doc, doc.checkProducts()
}

// checkProducts refuses statements about nothing. In the other formats a
// statement without a product that could be ours is common: it names others.
func (d *Document) checkProducts() error {
	if d.Format != "OpenVEX" {
		return nil
	}
	if len(d.Statements) == 0 {
		return errors.New("statements: is empty")
	}
	for i, s := range d.Statements {
		if len(s.Products) == 0 {
			return errors.Errorf("statements[%d]: has no product", i)
		}
	}
	return nil
}

// parseDocument reads a document in one of the JSON formats.
func parseDocument(data []byte, h header) (*Document, error) {
	switch {
	case strings.HasPrefix(h.string(h.Context), openVEXContext):
		return parseOpenVEX(data, h.string(h.Context))
	case h.BOMFormat != nil:
		return parseCycloneDXJSON(data, h)
	case h.csafVersion() != "":
		return parseCSAF(data, h.csafVersion())
	case h.Payload != nil && h.PayloadType != nil:
		return nil, errors.New("is a DSSE envelope: verify it and give the statement in it")
	}
	return nil, errors.New("is neither OpenVEX, CycloneDX nor CSAF: a \"@context\", \"bomFormat\" or \"document.csaf_version\" would say so")
}

// header is what tells the formats apart.
type header struct {
	Context     json.RawMessage `json:"@context"`
	BOMFormat   json.RawMessage `json:"bomFormat"`
	SpecVersion json.RawMessage `json:"specVersion"`
	Document    json.RawMessage `json:"document"`
	Type        json.RawMessage `json:"_type"`
	Payload     json.RawMessage `json:"payload"`
	PayloadType json.RawMessage `json:"payloadType"`
}

func (header) string(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

func (h header) csafVersion() string {
	var doc struct {
		Version json.RawMessage `json:"csaf_version"`
	}
	if json.Unmarshal(h.Document, &doc) != nil {
		return ""
	}
	return h.string(doc.Version)
}

// decode reads JSON and says where it is wrong.
func decode(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		return errors.Errorf("line %d: not JSON: %s", line(data, syntax.Offset), err)
	case errors.As(err, &typ):
		return errors.Errorf("line %d: %s: want %s, got %s", line(data, typ.Offset), typ.Field, typ.Type, typ.Value)
	}
	return err
}

func line(data []byte, offset int64) int {
	return 1 + bytes.Count(data[:min(int(offset), len(data))], []byte("\n"))
}

// decodeXML reads XML and says where it is wrong.
func decodeXML(decode func() error) error {
	err := decode()
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return errors.Errorf("line %d: not XML: %s", syntax.Line, syntax.Msg)
	}
	return err
}
