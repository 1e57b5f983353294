package attest

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/attest/predicate"
	"github.com/scan-build/scan-build/scan"
)

// What BuildKit writes into an index to attach attestations to a platform:
// moby/buildkit, docs/attestations/attestation-storage.md.
const (
	annotationReferenceType   = "vnd.docker.reference.type"
	annotationReferenceDigest = "vnd.docker.reference.digest"
	referenceTypeAttestation  = "attestation-manifest"
	annotationLayerPredicate  = "in-toto.io/predicate-type"
	attestationLayerMediaType = "application/vnd.in-toto+json"
)

// Limits of what is read of one image.
const (
	maxIndexEntries      = 256
	maxAttestationLayers = 64
	maxImageStatements   = 512 << 20
)

// Image is a pushed image and what BuildKit attached to it, unsigned.
type Image struct {
	// Reference is the repository and the index's digest.
	Reference name.Digest
	Platforms []ImagePlatform

	index v1.Descriptor
}

// ImagePlatform is one platform of an image.
type ImagePlatform struct {
	// ID is the platform in containerd's notation.
	ID     string
	Digest v1.Hash
	// Statements are the scan report and the SPDX documents, as attached.
	Statements []Statement
	// Report is the newest of the scan reports.
	Report scan.Report

	descriptor v1.Descriptor
}

// FromImage reads the unsigned scan attestations of an image in a registry and
// checks that each is about the platform it is attached to. The reference is
// resolved to a digest once; everything below is named by digests and checked
// against them. The error is a *NotScannedError if the image, or any platform of
// it, carries no scan report.
func FromImage(ctx context.Context, image string, registry Registry) (*Image, error) {
	ref, err := registry.parse(image)
	if err != nil {
		return nil, err
	}
	ctx, cancel := registry.withTimeout(ctx)
	defer cancel()
	repo, err := registry.open(ctx, ref.Context(), transport.PullScope)
	if err != nil {
		return nil, err
	}
	top, err := repo.manifest(ctx, ref.Identifier())
	if err != nil {
		return nil, errors.Wrapf(err, "failed to resolve %s", image)
	}
	if !top.mediaType.IsIndex() {
		return nil, errors.WithStack(&NotScannedError{Image: image, Detail: "it is a single manifest, and attestations are part of an image index"})
	}
	idx, err := readIndex(top)
	if err != nil {
		return nil, errors.Wrapf(err, "failed to read index of %s", image)
	}
	img := &Image{Reference: ref.Context().Digest(top.digest.String()), index: top.descriptor()}
	budget := int64(maxImageStatements)
	for _, p := range idx.platforms {
		platform := ImagePlatform{ID: p.id, Digest: p.descriptor.Digest, descriptor: p.descriptor}
		for _, a := range idx.attestations[p.descriptor.Digest] {
			if err := platform.read(ctx, repo, a, &budget); err != nil {
				return nil, errors.Wrapf(err, "failed to read attestations of %s for %s", image, p.id)
			}
		}
		if err := platform.pickReport(); err != nil {
			return nil, err
		}
		if platform.Report.SchemaVersion == 0 {
			return nil, errors.WithStack(&NotScannedError{Image: image, Detail: "there is none for " + p.id})
		}
		img.Platforms = append(img.Platforms, platform)
	}
	return img, nil
}

// index is an image index sorted into platforms and what is attached to them.
type index struct {
	platforms    []indexPlatform
	attestations map[v1.Hash][]v1.Descriptor
}

type indexPlatform struct {
	id         string
	descriptor v1.Descriptor
}

// readIndex refuses what BuildKit does not write: an index in an index (whose
// platforms would go unchecked), an index without platforms.
func readIndex(m *manifest) (*index, error) {
	var im v1.IndexManifest
	if err := json.Unmarshal(m.raw, &im); err != nil {
		return nil, errors.Wrap(err, "failed to decode image index")
	}
	if len(im.Manifests) > maxIndexEntries {
		return nil, errors.Errorf("image index has %d entries, more than the limit of %d", len(im.Manifests), maxIndexEntries)
	}
	idx := &index{attestations: map[v1.Hash][]v1.Descriptor{}}
	for _, d := range im.Manifests {
		if d.Annotations[annotationReferenceType] == referenceTypeAttestation {
			subject, err := v1.NewHash(d.Annotations[annotationReferenceDigest])
			if err != nil {
				return nil, errors.Wrapf(err, "attestation manifest %s does not say what it is attached to", d.Digest)
			}
			idx.attestations[subject] = append(idx.attestations[subject], d)
			continue
		}
		if !d.MediaType.IsImage() {
			return nil, errors.Errorf("image index holds %s of type %s, want image manifests only", d.Digest, printable(string(d.MediaType), 100))
		}
		idx.platforms = append(idx.platforms, indexPlatform{id: platformID(d.Platform), descriptor: d})
	}
	if len(idx.platforms) == 0 {
		return nil, errors.New("image index has no platforms")
	}
	return idx, nil
}

func platformID(p *v1.Platform) string {
	if p == nil || p.OS == "" {
		return "unknown"
	}
	id := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		id += "/" + p.Variant
	}
	return printable(id, 100)
}

// read adds an attestation manifest's statements that are to be signed.
func (p *ImagePlatform) read(ctx context.Context, repo *repository, d v1.Descriptor, budget *int64) error {
	m, err := repo.manifest(ctx, d.Digest.String())
	if err != nil {
		return err
	}
	var manifest v1.Manifest
	if err := json.Unmarshal(m.raw, &manifest); err != nil {
		return errors.Wrap(err, "failed to decode attestation manifest")
	}
	if len(manifest.Layers) > maxAttestationLayers {
		return errors.Errorf("attestation manifest has %d layers, more than the limit of %d", len(manifest.Layers), maxAttestationLayers)
	}
	for _, layer := range manifest.Layers {
		want := layer.Annotations[annotationLayerPredicate]
		if layer.MediaType != types.MediaType(attestationLayerMediaType) || !slices.Contains(carried, want) {
			continue
		}
		if *budget -= layer.Size; *budget < 0 {
			return errors.Errorf("attestations of the image have more than %d bytes", maxImageStatements)
		}
		raw, err := repo.blob(ctx, layer, maxStatement)
		if err != nil {
			return err
		}
		s, err := parseStatement(raw)
		if err != nil {
			return err
		}
		if s.PredicateType != want {
			return errors.Errorf("attestation %s is announced as %q and is %q", layer.Digest, want, printable(s.PredicateType, 200))
		}
		if !s.about(p.Digest) {
			return errors.Errorf("attestation %s is for %s, not for %s", layer.Digest, s.subjects(), p.Digest)
		}
		p.Statements = append(p.Statements, *s)
	}
	return nil
}

// carried are the predicates that are taken from the image. The vulnerability
// predicates are made from the report instead, so that whoever signs says one
// thing in three forms.
var carried = []string{predicate.TypeReport, predicate.TypeSPDX}

// pickReport keeps the newest scan report and drops the others.
func (p *ImagePlatform) pickReport() error {
	keep := -1
	for i, s := range p.Statements {
		if s.PredicateType != predicate.TypeReport {
			continue
		}
		r, err := parseReport(s.Predicate)
		if err != nil {
			return errors.Wrapf(err, "failed to read scan report of %s", p.ID)
		}
		if keep < 0 || r.Finished.After(p.Report.Finished) {
			keep, p.Report = i, r
		}
	}
	var kept []Statement
	for i, s := range p.Statements {
		if s.PredicateType != predicate.TypeReport || i == keep {
			kept = append(kept, s)
		}
	}
	p.Statements = kept
	return nil
}

// parseReport reads a report and refuses one that this version cannot judge.
func parseReport(raw []byte) (scan.Report, error) {
	var r scan.Report
	if err := json.Unmarshal(raw, &r); err != nil {
		return scan.Report{}, errors.Wrap(err, "failed to decode scan report")
	}
	if r.SchemaVersion != scan.SchemaVersion {
		return scan.Report{}, errors.Errorf("scan report has schema version %d, want %d", r.SchemaVersion, scan.SchemaVersion)
	}
	if r.Finished.IsZero() {
		return scan.Report{}, errors.New("scan report does not say when it was made")
	}
	if len(r.Platforms) == 0 {
		return scan.Report{}, errors.New("scan report has no platforms")
	}
	for _, p := range r.Platforms {
		if len(p.Stages) == 0 {
			return scan.Report{}, errors.Errorf("scan report has no stages for %s", printable(p.ID, 100))
		}
	}
	return r, nil
}
