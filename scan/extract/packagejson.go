package extract

import (
	"context"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/scan-build/scan-build/scan"
)

// packageJSON reads the package.json of an installed npm package. scalibr's
// extractor decodes the whole document and looks for line numbers; a
// node_modules tree has thousands of them and matching needs three fields.
//
// As in scalibr, manifests of VS Code extensions and Unity packages, which only
// share the name, are left out.
func packageJSON(_ context.Context, in *input) ([]scan.Package, error) {
	b, err := in.content()
	if err != nil {
		return nil, err
	}
	doc, err := parseJSON(b)
	if err != nil {
		return nil, err
	}
	var m manifest
	doc.ForEach(m.field)
	if m.name == "" || m.version == "" || m.foreign {
		return nil, nil
	}
	p := scan.Package{Name: m.name, Version: m.version, Type: "npm"}
	p.Licenses = m.licenses
	return []scan.Package{p}, nil
}

type manifest struct {
	name, version string
	licenses      []string
	foreign       bool
}

func (m *manifest) field(key, value gjson.Result) bool {
	switch key.Str {
	case "name":
		m.name = text(value)
	case "version":
		m.version = text(value)
	case "license":
		m.license(value)
	case "licenses":
		value.ForEach(func(_, v gjson.Result) bool { m.license(v); return true })
	case "unity":
		m.foreign = m.foreign || text(value) != ""
	case "contributes":
		m.foreign = m.foreign || value.IsObject()
	case "engines":
		m.foreign = m.foreign || value.Get("vscode").Exists()
	}
	return true
}

func (m *manifest) license(v gjson.Result) {
	s := text(v)
	if v.IsObject() {
		s = text(v.Get("type"))
	}
	if s != "" {
		m.licenses = append(m.licenses, s)
	}
}

// text is a string value; anything else is none. It is a copy, so that a small
// string does not keep the document in memory.
func text(v gjson.Result) string {
	if v.Type != gjson.String {
		return ""
	}
	return strings.Clone(v.Str)
}
