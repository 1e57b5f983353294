package frontend

import (
	"context"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb"
	digest "github.com/opencontainers/go-digest"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/policy/bundle"
)

// policyName is the file that a policy from a URL is stored as.
const policyName = "policy"

// Fetch has the engine download a URL and check its digest.
func (s *policySource) Fetch(ctx context.Context, url, dgst string, limit int) ([]byte, error) {
	st, err := policyURL(url, dgst)
	if err != nil {
		return nil, err
	}
	ref, err := newSolver(s.client, nil).solveState(ctx, st)
	if err != nil {
		return nil, err
	}
	return readFile(ctx, ref, policyName, limit)
}

func policyURL(url, dgst string) (llb.State, error) {
	sum, err := digest.Parse(dgst)
	if err != nil {
		return llb.State{}, errors.Wrapf(err, "invalid digest %q", dgst)
	}
	return llb.HTTP(url, llb.Checksum(sum), llb.Filename(policyName), llb.WithCustomName("[scan] load policy "+url)), nil
}

// Pull has the engine pull an image, with the credentials of whoever builds.
func (s *policySource) Pull(ctx context.Context, image string) (*bundle.Bundle, error) {
	sv := newSolver(s.client, nil)
	st, err := policyImage(image, llb.Platform(sv.native))
	if err != nil {
		return nil, err
	}
	ref, err := sv.solveState(ctx, st)
	if err != nil {
		return nil, err
	}
	t := &tree{ref: ref, dir: "/"}
	if err := t.walk(ctx, "", bundle.Kept); err != nil {
		return nil, err
	}
	return bundle.New(t.files)
}

func policyImage(image string, opts ...llb.ImageOption) (llb.State, error) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return llb.State{}, errors.Wrapf(err, "invalid reference %q", image)
	}
	if _, ok := named.(reference.Digested); !ok {
		return llb.State{}, errors.Errorf("%s is not pinned by its digest", image)
	}
	return llb.Image(named.String(), append(opts, llb.WithCustomName("[scan] load policy "+image))...), nil
}
