package frontend

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/frontend/graph"
	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/policy/bundle"
	"github.com/scan-build/scan-build/scan/vex"
)

// Attestations of an image as BuildKit writes them (moby/buildkit,
// docs/attestations/attestation-storage.md): a manifest beside the platform's
// in the image's index, with statements as its layers.
const (
	referenceType   = "vnd.docker.reference.type"
	referenceDigest = "vnd.docker.reference.digest"
	attestationType = "attestation-manifest"
	predicateType   = "in-toto.io/predicate-type"
	statementMedia  = "application/vnd.in-toto+json"

	// openVEX begins the predicate types of OpenVEX, of every version.
	openVEX = "https://openvex.dev/ns"
)

const (
	// maxBaseDocuments bounds the VEX documents of all base images of a build,
	// maxBaseDocument the bytes of one.
	maxBaseDocuments = 20
	maxBaseDocument  = 4 << 20
)

// baseDocuments reads the VEX documents that are attached to the images which
// the build's images stand on, if the options want that. They say what the
// publisher of such an image says, and are pinned with it. One that cannot be
// had makes nothing pass: a notice says that it was left out.
func (s *scanner) baseDocuments(ctx context.Context, sv *solver, p *plan, r *scan.Report) ([]config.File, error) {
	if !bundle.WantsBaseDocuments(s.opt.Options) {
		return nil, nil
	}
	d := &documents{solver: sv}
	for i := range p.platforms {
		for _, img := range finalBases(&p.platforms[i]) {
			if err := d.of(ctx, img); err != nil {
				if cause := context.Cause(ctx); cause != nil {
					return nil, cause
				}
				r.Notices = append(r.Notices, fmt.Sprintf("VEX documents of %s are left out: %v", img.Ref, err))
			}
		}
	}
	return d.files, nil
}

// finalBases are the images that a platform's final stage is built on.
func finalBases(p *planPlatform) []*graph.Image {
	var out []*graph.Image
	for _, st := range p.stages {
		if !st.Final {
			continue
		}
		for i := range st.Layers {
			if img := st.Layers[i].Base; img != nil {
				out = append(out, img)
			}
		}
	}
	return out
}

// documents collects VEX documents.
type documents struct {
	*solver
	files []config.File
}

func (d *documents) of(ctx context.Context, img *graph.Image) error {
	root, blob, err := blobsOf(img)
	if err != nil {
		return err
	}
	read := func(dgst digest.Digest, limit int, what string) ([]byte, error) {
		const name = "content"
		st, err := blob(dgst, name, ProbePrefix+img.Ref+" ("+what+", optional)")
		if err != nil {
			return nil, err
		}
		ref, err := d.solveState(ctx, st)
		if err != nil {
			return nil, err
		}
		return readFile(ctx, ref, name, limit)
	}
	var index ocispecs.Index
	if err := readDocument(read, root, maxManifest, "index", &index); err != nil {
		return err
	}
	if len(index.Manifests) == 0 {
		return nil // one image, which carries no attestations
	}
	image, err := choose(index.Manifests, d.platformOf(img))
	if err != nil {
		return err
	}
	for _, m := range index.Manifests {
		if m.Annotations[referenceType] != attestationType || m.Annotations[referenceDigest] != image.String() {
			continue
		}
		var attestations ocispecs.Manifest
		if err := readDocument(read, m.Digest, maxManifest, "attestations", &attestations); err != nil {
			return err
		}
		for _, l := range attestations.Layers {
			if !isOpenVEX(l) {
				continue
			}
			if err := d.add(read, img.Ref, image, l); err != nil {
				return err
			}
		}
	}
	return nil
}

func isOpenVEX(l ocispecs.Descriptor) bool {
	kind := l.Annotations[predicateType]
	return l.MediaType == statementMedia && (kind == openVEX || strings.HasPrefix(kind, openVEX+"/"))
}

type readFunc func(dgst digest.Digest, limit int, what string) ([]byte, error)

func readDocument(read readFunc, dgst digest.Digest, limit int, what string, v any) error {
	data, err := read(dgst, limit, what)
	if err != nil {
		return errors.Wrapf(err, "failed to read its %s", what)
	}
	return errors.Wrapf(json.Unmarshal(data, v), "failed to read its %s", what)
}

// add takes the document out of a statement about the image.
func (d *documents) add(read readFunc, ref string, image digest.Digest, l ocispecs.Descriptor) error {
	switch {
	case len(d.files) == maxBaseDocuments:
		return errors.Errorf("there are more than %d", maxBaseDocuments)
	case l.Size > maxBaseDocument:
		return errors.Errorf("one has %d bytes, more than %d", l.Size, maxBaseDocument)
	}
	var statement struct {
		PredicateType string          `json:"predicateType"`
		Predicate     json.RawMessage `json:"predicate"`
		Subject       []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
	}
	if err := readDocument(read, l.Digest, maxBaseDocument, "VEX document", &statement); err != nil {
		return err
	}
	about := false
	for _, s := range statement.Subject {
		about = about || s.Digest[string(image.Algorithm())] == image.Encoded()
	}
	if !about || !strings.HasPrefix(statement.PredicateType, openVEX) {
		return errors.New("one is about another image")
	}
	name, n := ref+"!openvex", 1
	for _, f := range d.files {
		if f.Base != ref {
			continue
		}
		if bytes.Equal(f.Data, statement.Predicate) {
			return nil // another platform has the same
		}
		n++
	}
	if n > 1 {
		name = fmt.Sprintf("%s-%d", name, n)
	}
	// What the options name must be a document; what comes with somebody else's
	// image is no reason to stop.
	if _, err := vex.Parse(name, statement.Predicate); err != nil {
		return err
	}
	d.files = append(d.files, config.File{Name: name, Data: statement.Predicate, Base: ref})
	return nil
}
