package vex

import "time"

// Status is what a statement says of a product and a vulnerability, in
// OpenVEX's words.
type Status string

// The statuses.
const (
	NotAffected        Status = "not_affected"
	Affected           Status = "affected"
	Fixed              Status = "fixed"
	UnderInvestigation Status = "under_investigation"
)

// caution orders statuses for statements that contradict each other and are of
// the same time: the most cautious wins.
func (s Status) caution() int {
	switch s {
	case NotAffected:
		return 0
	case Fixed:
		return 1
	case UnderInvestigation:
		return 2
	}
	return 3
}

// Document is a document that was read.
type Document struct {
	// Name is that given to [Parse], ID what the document calls itself.
	Name, ID string
	// Format is "OpenVEX", "CycloneDX" or "CSAF".
	Format string
	// Base is the reference of the base image that the document came with, one of
	// [Image.Bases]; empty for a document of the user's. Whoever fetched the document
	// sets it. Such a document speaks only of that image's layers.
	Base string
	// Subjects are the digests ("sha256:…") of what an in-toto statement around the
	// document is about; nil without one. Whoever fetched the document holds them
	// against the image that it came with.
	Subjects   []string
	Statements []Statement
}

// Statement says how far products are affected by one vulnerability.
type Statement struct {
	// Vulnerability is the id that the document uses, Aliases its others.
	Vulnerability string
	Aliases       []string
	Status        Status
	// Justification of not_affected is one of OpenVEX's, or CycloneDX's where that
	// has none that means the same.
	Justification string
	// ImpactStatement says why the vulnerability has no effect, ActionStatement
	// what to do about one that has.
	ImpactStatement, ActionStatement string
	Products                         []Product
	// Timestamp is since when it holds: the later of two statements counts.
	Timestamp time.Time
	// Document is the name of the document that it stands in.
	Document string
}

// Product is an image or a package that a statement is about.
type Product struct {
	// Identifiers are package URLs, image references and SHA-256 digests, each of
	// which names the product.
	Identifiers []string
	// Subcomponents are the same of the packages in it that the statement is about,
	// each of which may be meant; empty: all of them.
	Subcomponents []string
}
