package attest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/attest/predicate"
	"github.com/scan-build/scan-build/scan"
)

// Limits of what is looked at to verify one subject. Beyond them the answer is
// that the image cannot be verified, never that it is fine: an attestation that
// was not looked at may be the one that blocks.
const (
	maxCandidates     = 512
	maxCandidateBytes = 512 << 20
)

// candidate is an attestation of a scan report that a registry lists for a
// subject.
type candidate struct {
	digest v1.Hash
	bundle v1.Descriptor
	// broken says why its bundle is not worth reading.
	broken *signatureError
}

// candidates lists the attestations of a subject that may hold a scan report.
// What the listing says of a referrer is a hint; the manifest counts.
func (r *repository) candidates(ctx context.Context, subject v1.Hash) ([]candidate, error) {
	list, err := r.referrers(ctx, subject)
	if err != nil {
		return nil, err
	}
	var out []candidate
	looked := 0
	for _, d := range list {
		if !mayBeReport(d.ArtifactType, d.Annotations) {
			continue
		}
		if looked++; looked > maxCandidates {
			return nil, errors.Errorf("%s@%s has more than %d attestations to look at", r.repo, subject, maxCandidates)
		}
		c, err := r.candidate(ctx, d)
		if err != nil {
			return nil, err
		}
		if c != nil {
			out = append(out, *c)
		}
	}
	return out, nil
}

// mayBeReport says whether a referrer may be a bundle with a scan report. Some
// registries list no annotations, and the type of the config (empty here) where
// the artifact's should be.
func mayBeReport(artifactType string, annotations map[string]string) bool {
	switch artifactType {
	case bundleMediaType, "", emptyMediaType:
	default:
		return false
	}
	p, ok := annotations[annotationPredicateType]
	return !ok || p == predicate.TypeReport
}

// candidate reads a referrer's manifest; nil if it is something else.
func (r *repository) candidate(ctx context.Context, d v1.Descriptor) (*candidate, error) {
	m, err := r.manifest(ctx, d.Digest.String())
	if errors.Is(err, errNotFound) {
		// The referrers tag may outlive what it lists.
		return nil, nil
	}
	if digestErr := (*digestError)(nil); errors.As(err, &digestErr) {
		return &candidate{digest: d.Digest, broken: &signatureError{ReasonTampered, digestErr.Error()}}, nil
	}
	if err != nil {
		return nil, err
	}
	var manifest v1.Manifest
	if err := json.Unmarshal(m.raw, &manifest); err != nil {
		return &candidate{digest: d.Digest, broken: &signatureError{ReasonTampered, "manifest of the attestation cannot be read"}}, nil
	}
	artifactType := manifest.ArtifactType
	if artifactType == "" {
		artifactType = string(manifest.Config.MediaType)
	}
	if artifactType != bundleMediaType || !mayBeReport(artifactType, manifest.Annotations) {
		return nil, nil
	}
	c := &candidate{digest: d.Digest}
	if len(manifest.Layers) != 1 {
		c.broken = &signatureError{ReasonTampered, fmt.Sprintf("attestation has %d layers, want one bundle", len(manifest.Layers))}
	} else if c.bundle = manifest.Layers[0]; c.bundle.Size > maxBundle {
		c.broken = &signatureError{ReasonTampered, fmt.Sprintf("attestation has %d bytes, more than the limit of %d", c.bundle.Size, maxBundle)}
	}
	return c, nil
}

// trusted is a scan report whose signature and subject were verified.
type trusted struct {
	digest v1.Hash
	report scan.Report
}

// distrusted is a candidate that is not to be believed, and why.
type distrusted struct {
	digest v1.Hash
	check  string
	cause  signatureError
}

// open verifies the candidates of a subject. Statements of other predicates that
// turn up are neither.
func (p *policy) open(ctx context.Context, repo *repository, s subject) (good []trusted, bad []distrusted, err error) {
	list, err := repo.candidates(ctx, s.digest)
	if err != nil {
		return nil, nil, err
	}
	budget := int64(maxCandidateBytes)
	for _, c := range list {
		reject := func(check string, cause signatureError) {
			bad = append(bad, distrusted{c.digest, check, cause})
		}
		if c.broken != nil {
			reject("signature", *c.broken)
			continue
		}
		if budget -= c.bundle.Size; budget < 0 {
			return nil, nil, errors.Errorf("attestations of %s have more than %d bytes", s, maxCandidateBytes)
		}
		payload, err := repo.payload(ctx, c, p.keys)
		if cause := (*signatureError)(nil); errors.As(err, &cause) {
			reject("signature", *cause)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		statement, err := parseStatement(payload)
		if err != nil {
			reject("predicate", signatureError{ReasonMalformed, err.Error()})
			continue
		}
		if !statement.about(s.digest) {
			reject("subject", signatureError{ReasonRetagged, fmt.Sprintf("attestation is for %s, not this image (%s)", statement.subjects(), s.digest)})
			continue
		}
		if statement.PredicateType != predicate.TypeReport {
			continue
		}
		report, err := parseReport(statement.Predicate)
		if err != nil {
			reject("predicate", signatureError{ReasonMalformed, err.Error()})
			continue
		}
		good = append(good, trusted{c.digest, report})
	}
	slices.SortStableFunc(good, newestFirst)
	return good, bad, nil
}

// newestFirst orders reports by the end of the scan; of two at the same time the
// one that blocks comes first.
func newestFirst(a, b trusted) int {
	if c := b.report.Finished.Compare(a.report.Finished); c != 0 {
		return c
	}
	blocks := func(t trusted) int {
		if acceptable(t.report.Verdict.Outcome) {
			return 0
		}
		return 1
	}
	return blocks(b) - blocks(a)
}

// payload reads a candidate's bundle and verifies its signature. The error is a
// *signatureError if the content is at fault.
func (r *repository) payload(ctx context.Context, c candidate, keys []PublicKey) ([]byte, error) {
	raw, err := r.blob(ctx, c.bundle, maxBundle)
	if digestErr := (*digestError)(nil); errors.As(err, &digestErr) {
		return nil, &signatureError{ReasonTampered, digestErr.Error()}
	}
	if errors.Is(err, errNotFound) {
		return nil, &signatureError{ReasonTampered, "the attestation's content is missing from the registry"}
	}
	if err != nil {
		return nil, err
	}
	return openBundle(raw, keys)
}
