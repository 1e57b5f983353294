package frontend

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/frontend/graph"
)

// ProbePrefix begins the names of operations that may fail without harm: they
// ask a registry for a manifest by its digest alone, which some do not answer, or
// for what a tag points at, which a build can do without. Clients that show a
// build's progress may leave their errors out.
const ProbePrefix = "[scan] look up "

// maxManifest bounds a base image's index and manifest.
const maxManifest = 4 << 20

// maxBaseLayers is far above the 127 layers that image stores take.
const maxBaseLayers = 512

// baseLayer is one layer of a base image: a blob where the image's registry or
// layout can be asked for it, two snapshots of the image otherwise.
type baseLayer struct {
	digest        digest.Digest
	blob          *llb.State
	child, parent *llb.State
}

// baseLayers takes an image apart. Blobs are preferred: their operations are
// keyed by the blob's digest alone, so a layer that two images share is
// analysed once. Where the engine or the image's origin cannot give blobs,
// snapshots of the first k layers are compared; where it cannot do that either,
// ok is false and the image has to be taken as one layer.
func (s *solver) baseLayers(ctx context.Context, img *graph.Image) (layers []baseLayer, ok bool, err error) {
	caps := s.client.BuildOpts().LLBCaps
	if caps.Supports(pb.CapSourceImageBlob) == nil {
		if layers, err := s.blobLayers(ctx, img); err == nil {
			return layers, true, nil
		} else if cause := context.Cause(ctx); cause != nil {
			return nil, false, cause
		}
	}
	// Docker's graphdriver store claims the limit and ignores it; it is known by
	// the diffs that it cannot make.
	if caps.Supports(pb.CapSourceImageLayerLimit) == nil && caps.Supports(pb.CapDiffOp) == nil {
		layers, err := s.limitLayers(ctx, img)
		return layers, err == nil, err
	}
	return nil, false, nil
}

// limitLayers gives the layers as pairs of snapshots: the image with its first k
// layers and with one less.
func (s *solver) limitLayers(ctx context.Context, img *graph.Image) ([]baseLayer, error) {
	meta, err := s.client.ResolveSourceMetadata(ctx, img.Op.GetSource(), sourceOpt(img))
	if err != nil {
		return nil, errors.Wrapf(err, "failed to resolve layers of %s", img.Ref)
	}
	var config ocispecs.Image
	if meta.Image == nil {
		return nil, errors.Errorf("failed to resolve layers of %s: it is no image", img.Ref)
	}
	if err := json.Unmarshal(meta.Image.Config, &config); err != nil {
		return nil, errors.Wrapf(err, "failed to read configuration of %s", img.Ref)
	}
	ids := config.RootFS.DiffIDs
	if len(ids) > maxBaseLayers {
		return nil, errors.Errorf("%s has %d layers, at most %d can be scanned", img.Ref, len(ids), maxBaseLayers)
	}
	attr := pb.AttrImageLayerLimit
	if img.Scheme == graph.OCILayout {
		attr = pb.AttrOCILayoutLayerLimit
	}
	var out []baseLayer
	var below *llb.State
	for i, id := range ids {
		st, err := img.Limit(i+1, attr)
		if err != nil {
			return nil, err
		}
		out = append(out, baseLayer{digest: id, child: &st, parent: below})
		below = &st
	}
	return out, nil
}

func sourceOpt(img *graph.Image) sourceresolver.Opt {
	src := img.Op.GetSource()
	opt := sourceresolver.Opt{LogName: "[scan] resolve layers of " + img.Ref}
	var p *ocispecs.Platform
	if img.Op.Platform != nil {
		spec := img.Op.Platform.Spec()
		p = &spec
	}
	if img.Scheme == graph.OCILayout {
		opt.OCILayoutOpt = &sourceresolver.ResolveOCILayoutOpt{Platform: p, Store: ociStore(src)}
		return opt
	}
	opt.ImageOpt = &sourceresolver.ResolveImageOpt{Platform: p, ResolveMode: src.Attrs[pb.AttrImageResolveMode]}
	return opt
}

func ociStore(src *pb.SourceOp) sourceresolver.ResolveImageConfigOptStore {
	return sourceresolver.ResolveImageConfigOptStore{
		SessionID: src.Attrs[pb.AttrOCILayoutSessionID],
		StoreID:   src.Attrs[pb.AttrOCILayoutStoreID],
	}
}

// blobFunc is a blob of an image's repository or layout, stored as a file.
type blobFunc func(d digest.Digest, filename, name string) (llb.State, error)

// blobsOf says how to get blobs from where an image comes from, and the digest
// that pins it. An image that the engine may have taken from its own store is not
// asked for: its registry need not know it, nor be reachable.
func blobsOf(img *graph.Image) (digest.Digest, blobFunc, error) {
	src := img.Op.GetSource()
	if m := src.Attrs[pb.AttrImageResolveMode]; m == pb.AttrImageResolveModePreferLocal {
		return "", nil, errors.New("image may be local")
	}
	named, err := reference.ParseNormalizedNamed(img.Ref)
	if err != nil {
		return "", nil, errors.Wrapf(err, "invalid image reference %q", img.Ref)
	}
	pinned, ok := named.(reference.Digested)
	if !ok {
		return "", nil, errors.Errorf("%s is not pinned", img.Ref)
	}
	repo := reference.TrimNamed(named)
	return pinned.Digest(), func(d digest.Digest, filename, name string) (llb.State, error) {
		ref, err := reference.WithDigest(repo, d)
		if err != nil {
			return llb.State{}, errors.Wrapf(err, "invalid digest in %s", img.Ref)
		}
		named := llb.WithCustomName(name)
		if img.Scheme == graph.OCILayout {
			store := ociStore(src)
			return llb.OCILayoutBlob(ref.String(), llb.Filename(filename), llb.ImageBlobOCIStore(store.SessionID, store.StoreID), named), nil
		}
		return llb.ImageBlob(ref.String(), llb.Filename(filename), named), nil
	}, nil
}

// platformOf is the platform that an image is taken for.
func (s *solver) platformOf(img *graph.Image) ocispecs.Platform {
	if img.Op.Platform != nil {
		return img.Op.Platform.Spec()
	}
	return s.native
}

// blobLayers reads the image's manifest and names its layers' blobs.
func (s *solver) blobLayers(ctx context.Context, img *graph.Image) ([]baseLayer, error) {
	root, blob, err := blobsOf(img)
	if err != nil {
		return nil, err
	}
	manifest, err := s.manifest(ctx, img, root, s.platformOf(img), blob)
	if err != nil {
		return nil, err
	}
	var out []baseLayer
	for i, l := range manifest.Layers {
		if !images.IsLayerType(l.MediaType) {
			return nil, errors.Errorf("%s has a layer of type %q", img.Ref, l.MediaType)
		}
		st, err := blob(l.Digest, blobName, fmt.Sprintf("[scan] load layer %d/%d of %s", i+1, len(manifest.Layers), img.Ref))
		if err != nil {
			return nil, err
		}
		out = append(out, baseLayer{digest: l.Digest, blob: &st})
	}
	return out, nil
}

// manifest reads an image's manifest, through its index if it has one.
func (s *solver) manifest(ctx context.Context, img *graph.Image, root digest.Digest, p ocispecs.Platform, blob blobFunc) (*ocispecs.Manifest, error) {
	const name = "manifest.json"
	for range 2 {
		st, err := blob(root, name, ProbePrefix+"layers of "+img.Ref+" (optional)")
		if err != nil {
			return nil, err
		}
		ref, err := s.solveState(ctx, st)
		if err != nil {
			return nil, err
		}
		dt, err := readFile(ctx, ref, name, maxManifest)
		if err != nil {
			return nil, err
		}
		var doc struct {
			ocispecs.Manifest
			Manifests []ocispecs.Descriptor `json:"manifests"`
		}
		if err := json.Unmarshal(dt, &doc); err != nil {
			return nil, errors.Wrap(err, "failed to read image manifest")
		}
		switch {
		case len(doc.Layers) > maxBaseLayers:
			return nil, errors.Errorf("image has %d layers, at most %d can be scanned", len(doc.Layers), maxBaseLayers)
		case len(doc.Manifests) == 0:
			return &doc.Manifest, nil
		}
		if root, err = choose(doc.Manifests, p); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("image index names another index")
}

// choose picks the manifest of a platform as containerd does.
func choose(manifests []ocispecs.Descriptor, p ocispecs.Platform) (digest.Digest, error) {
	matcher := platforms.Only(p)
	var fit []ocispecs.Descriptor
	for _, m := range manifests {
		if m.Platform != nil && matcher.Match(*m.Platform) {
			fit = append(fit, m)
		}
	}
	if len(fit) == 0 {
		return "", errors.Errorf("image index has no manifest for %s", platforms.Format(p))
	}
	sort.SliceStable(fit, func(i, j int) bool { return matcher.Less(*fit[i].Platform, *fit[j].Platform) })
	return fit[0].Digest, nil
}
