// Package attest signs what a scan said about an image, stores it beside the
// image and verifies it before the image is used.
//
// It owns in-toto statements, their signatures (DSSE in sigstore bundles), where
// they live in a registry (OCI referrers, and the referrers tag of registries
// without that API) and the decision whether an image's attestations satisfy a
// policy. The statements' bodies are made by its sub-package predicate. It must
// not know BuildKit, nor how findings are made.
//
// The road is the same for every image, however it was built: BuildKit attaches
// unsigned statements to an image index, [FromImage] reads them, [Sign] signs
// them for the index and each of its platforms, [Verify] checks them.
//
// Everything read from a registry is untrusted: sizes, counts and depths are
// bounded, content is checked against the digest that names it, and a statement
// is looked at only after its signature has been verified. Errors say what went
// wrong by type; [ClassOf] is the one place that sorts them.
package attest
