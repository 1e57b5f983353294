// Package vex reads statements of exploitability (VEX) and says which of them
// is about a finding.
//
//	doc, err := vex.Parse("vex/openssl.json", data)
//	index := vex.NewIndex([]*vex.Document{doc}, image)
//	statement, ok := index.For(finding, layer)
//
// It owns the formats (OpenVEX, CycloneDX VEX, CSAF 2.0, each also inside an
// in-toto statement) and the question whether a product of a statement is this
// image, its base or a package in it. It must not know what is done about a
// finding that a statement is about, nor how documents are fetched or verified.
//
// Documents are untrusted: they are bounded in size, depth and number, and one
// that cannot be understood is an error. In doubt a statement does not apply.
package vex
