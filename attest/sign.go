package attest

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"

	"github.com/scan-build/scan-build/attest/predicate"
	"github.com/scan-build/scan-build/scan"
)

// SignOptions are the options of [Sign].
type SignOptions struct {
	Registry Registry
	Signer   *Signer
}

// Signed is what was written.
type Signed struct {
	// Image is the repository and the digest of the image's index.
	Image   string         `json:"image"`
	Bundles []SignedBundle `json:"bundles"`
}

// SignedBundle is one signed statement in the registry.
type SignedBundle struct {
	// Platform is empty for the index.
	Platform      string `json:"platform,omitempty"`
	Subject       string `json:"subject"`
	PredicateType string `json:"predicateType"`
	// Digest of the referrer's manifest.
	Digest string `json:"digest"`
}

// parallelSubjects bounds the platforms that are written or checked at a time.
const parallelSubjects = 4

// Sign writes signed statements about an image beside it: for each platform the
// scan report, both vulnerability predicates and what SPDX documents the image
// carries, and for the index the report and vulnerabilities of all platforms.
//
// The index comes last, so its attestation stands for all of them. After an
// error some platforms may have theirs: each of those statements is true by
// itself, and an image is verified only if it has them all. Signing again is
// harmless.
func Sign(ctx context.Context, img *Image, o SignOptions) (*Signed, error) {
	if o.Signer == nil {
		return nil, usagef("no key to sign with")
	}
	ctx, cancel := o.Registry.withTimeout(ctx)
	defer cancel()
	repo, err := o.Registry.open(ctx, img.Reference.Context(), transport.PushScope)
	if err != nil {
		return nil, err
	}
	w, err := newSigner(repo, o.Signer, time.Now().UTC())
	if err != nil {
		return nil, err
	}
	perPlatform := make([][]SignedBundle, len(img.Platforms))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelSubjects)
	for i, p := range img.Platforms {
		g.Go(func() error {
			bodies, err := p.bodies()
			if err != nil {
				return err
			}
			perPlatform[i], err = w.sign(gctx, p.ID, p.descriptor, bodies)
			return errors.Wrapf(err, "failed to attest %s", p.ID)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out := &Signed{Image: img.Reference.String()}
	for _, bundles := range perPlatform {
		out.Bundles = append(out.Bundles, bundles...)
	}
	bodies, err := img.indexBodies()
	if err != nil {
		return nil, err
	}
	bundles, err := w.sign(ctx, "", img.index, bodies)
	if err != nil {
		return nil, errors.Wrap(err, "failed to attest the image index")
	}
	out.Bundles = append(out.Bundles, bundles...)
	return out, nil
}

// SignImage reads an image's scan attestations and signs them.
func SignImage(ctx context.Context, image string, o SignOptions) (*Signed, error) {
	img, err := FromImage(ctx, image, o.Registry)
	if err != nil {
		return nil, err
	}
	return Sign(ctx, img, o)
}

// body is a predicate to be signed.
type body struct {
	predicateType string
	raw           []byte
}

// bodies are what is said of one platform. The report and the SPDX documents are
// signed as attached, the vulnerability predicates are made from the report.
func (p *ImagePlatform) bodies() ([]body, error) {
	var out []body
	for _, s := range p.Statements {
		out = append(out, body{s.PredicateType, s.Predicate})
	}
	derived, err := vulnerabilities(p.Report)
	return append(out, derived...), err
}

func (img *Image) indexBodies() ([]body, error) {
	reports := make([]scan.Report, len(img.Platforms))
	for i, p := range img.Platforms {
		reports[i] = p.Report
	}
	all, err := predicate.Aggregate(reports)
	if err != nil {
		return nil, err
	}
	raw, err := predicate.Encode(all)
	if err != nil {
		return nil, err
	}
	derived, err := vulnerabilities(all)
	return append([]body{{predicate.TypeReport, raw}}, derived...), err
}

func vulnerabilities(r scan.Report) ([]body, error) {
	// A report attached to one platform is about that platform alone.
	platform := ""
	if len(r.Platforms) == 1 {
		platform = r.Platforms[0].ID
	}
	vulns, err := predicate.VulnsV02(r, platform)
	if err != nil {
		return nil, err
	}
	rawVulns, err := predicate.Encode(vulns)
	if err != nil {
		return nil, err
	}
	cosign, err := predicate.CosignVuln(r, platform)
	if err != nil {
		return nil, err
	}
	rawCosign, err := predicate.Encode(cosign)
	if err != nil {
		return nil, err
	}
	return []body{{predicate.TypeVulns, rawVulns}, {predicate.TypeCosignVuln, rawCosign}}, nil
}

// signer writes bundles to one repository.
type signer struct {
	repo    *repository
	signer  *Signer
	config  v1.Descriptor
	created time.Time
}

// newSigner writes the config that every bundle has: once, before platforms run
// side by side, because a registry on a file system may miss a blob that another
// request is just linking.
func newSigner(repo *repository, key *Signer, created time.Time) (*signer, error) {
	config, err := repo.putBlob([]byte("{}"), emptyMediaType)
	if err != nil {
		return nil, err
	}
	return &signer{repo: repo, signer: key, config: config, created: created}, nil
}

func (w *signer) sign(ctx context.Context, platform string, subject v1.Descriptor, bodies []body) ([]SignedBundle, error) {
	var out []SignedBundle
	var untracked []v1.Descriptor
	for _, b := range bodies {
		statement, err := newStatement(w.repo.repo.String(), subject.Digest, b.predicateType, b.raw)
		if err != nil {
			return nil, err
		}
		bundle, err := w.signer.sign(ctx, statement)
		if err != nil {
			return nil, err
		}
		d, tracked, err := w.put(ctx, subject, b.predicateType, bundle)
		if err != nil {
			return nil, err
		}
		if !tracked {
			untracked = append(untracked, d)
		}
		out = append(out, SignedBundle{
			Platform: platform, Subject: subject.Digest.String(), PredicateType: b.predicateType, Digest: d.Digest.String(),
		})
	}
	if len(untracked) == 0 {
		return out, nil
	}
	// The answer to an upload does not say for sure (some registries with the
	// API leave the header out), the listing does.
	_, hasAPI, err := w.repo.referrersAPI(ctx, subject.Digest)
	if err != nil || hasAPI {
		return out, err
	}
	return out, w.repo.addToReferrersTag(ctx, subject.Digest, untracked)
}

// put uploads a bundle as a referrer. tracked says that the registry itself will
// list it (distribution-spec 1.1, "Pushing Manifests with Subject").
func (w *signer) put(ctx context.Context, subject v1.Descriptor, predicateType string, bundle []byte) (d v1.Descriptor, tracked bool, err error) {
	layer, err := w.repo.putBlob(bundle, bundleMediaType)
	if err != nil {
		return d, false, err
	}
	annotations := map[string]string{
		annotationContent:       contentEnvelope,
		annotationPredicateType: predicateType,
		annotationCreated:       w.created.Format(time.RFC3339),
	}
	raw, err := json.Marshal(v1.Manifest{
		SchemaVersion: 2,
		MediaType:     types.OCIManifestSchema1,
		ArtifactType:  bundleMediaType,
		Config:        w.config,
		Layers:        []v1.Descriptor{layer},
		Annotations:   annotations,
		Subject:       &v1.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size},
	})
	if err != nil {
		return d, false, errors.WithStack(err)
	}
	digest, size, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return d, false, errors.WithStack(err)
	}
	header, err := w.repo.putManifest(ctx, digest.String(), raw, types.OCIManifestSchema1)
	if err != nil {
		return d, false, err
	}
	d = v1.Descriptor{
		MediaType: types.OCIManifestSchema1, Digest: digest, Size: size,
		ArtifactType: bundleMediaType, Annotations: annotations,
	}
	return d, header.Get("OCI-Subject") == subject.Digest.String(), nil
}
