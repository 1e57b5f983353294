package attest

import (
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/pkg/errors"
)

// maxMetadata is the most bytes of a metadata file: it may hold provenance.
const maxMetadata = 64 << 20

// ImageRef is an image that a build pushed.
type ImageRef struct {
	// Target is the bake target; empty for a plain build.
	Target string
	// Name is the repository, with the tag if it was given one.
	Name   string
	Digest v1.Hash
}

// String is the image by digest, as [FromImage] takes it.
func (r ImageRef) String() string {
	if ref, err := name.ParseReference(r.Name); err == nil {
		return ref.Context().Name() + "@" + r.Digest.String()
	}
	return r.Name + "@" + r.Digest.String()
}

// buildMetadata is what is used of "docker buildx build --metadata-file".
type buildMetadata struct {
	Digest string `json:"containerimage.digest"`
	Names  string `json:"image.name"`
}

// ImagesFromMetadata reads the file that "docker buildx build" or "docker buildx
// bake" wrote for --metadata-file. Images are in the order of their targets and
// names; an image in several repositories is listed for each.
func ImagesFromMetadata(r io.Reader) ([]ImageRef, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxMetadata+1))
	if err != nil {
		return nil, errors.Wrap(err, "failed to read metadata file")
	}
	if len(raw) > maxMetadata {
		return nil, errors.Errorf("metadata file has more than %d bytes", maxMetadata)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, usagef("not a metadata file of a build: %v", err)
	}
	builds := map[string]json.RawMessage{"": raw}
	if _, one := fields["containerimage.digest"]; !one {
		builds = fields
	}
	targets := make([]string, 0, len(builds))
	for target := range builds {
		targets = append(targets, target)
	}
	slices.Sort(targets)
	var images []ImageRef
	for _, target := range targets {
		found, err := imagesOfBuild(target, builds[target])
		if err != nil {
			return nil, err
		}
		images = append(images, found...)
	}
	if len(images) == 0 {
		return nil, usagef("metadata file names no pushed image")
	}
	return images, nil
}

func imagesOfBuild(target string, raw json.RawMessage) ([]ImageRef, error) {
	var b buildMetadata
	// Beside the targets there are lists and strings, such as warnings.
	if err := json.Unmarshal(raw, &b); err != nil || b.Digest == "" || b.Names == "" {
		return nil, nil
	}
	digest, err := v1.NewHash(b.Digest)
	if err != nil {
		return nil, usagef("metadata file has an invalid digest %q", printable(b.Digest, 100))
	}
	var images []ImageRef
	seen := map[string]bool{}
	for _, n := range strings.Split(b.Names, ",") {
		if n = strings.TrimSpace(n); n == "" {
			continue
		}
		if _, err := name.ParseReference(n); err != nil {
			return nil, usagef("metadata file has an invalid image name %q", printable(n, 200))
		}
		image := ImageRef{Target: target, Name: n, Digest: digest}
		if s := image.String(); !seen[s] {
			seen[s] = true
			images = append(images, image)
		}
	}
	return images, nil
}
