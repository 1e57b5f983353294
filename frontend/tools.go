package frontend

import (
	"context"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	digest "github.com/opencontainers/go-digest"
	"github.com/pkg/errors"
)

// Names of the build contexts that a scan looks for. They can be given by hand
// (--build-context scan-db=./db), and the plugin gives them for its flags.
const (
	// ScannerContext holds the scanner's binaries: an image of it, or a folder.
	ScannerContext = "scan-build-scanner"
	// DatabaseContext holds a vulnerability database.
	DatabaseContext = "scan-db"
	// DefaultDatabaseContext holds one for builds whose options name none.
	DefaultDatabaseContext = "scan-db-default"
)

// tools are the root filesystems of the scan's operations.
type tools struct {
	analyze, match llb.State
	// digest identifies the scanner where it is an image.
	digest digest.Digest
}

// findTools finds the binaries that run inside the build: in the build context
// of that name, or in the given image.
func findTools(ctx context.Context, s *solver, bc *dockerui.Client, image string) (*tools, error) {
	t := &tools{}
	st, err := t.locate(ctx, s, bc, image)
	if err != nil {
		return nil, errors.Wrap(err, "failed to load the scanner")
	}
	t.analyze = toolRoot(st, analyzeBinary, llb.Platform(s.native))
	t.match = toolRoot(st, matchBinary, llb.Platform(s.native))
	return t, nil
}

func (t *tools) locate(ctx context.Context, s *solver, bc *dockerui.Client, image string) (st llb.State, err error) {
	nc, err := bc.NamedContext(ScannerContext, dockerui.ContextOpt{
		NoDockerignore: true,
		Platform:       &s.native,
		CaptureDigest:  &t.digest,
		AsyncLocalOpts: func() []llb.LocalOption {
			return []llb.LocalOption{llb.FollowPaths([]string{analyzeBinary, matchBinary}), llb.WithCustomName("[scan] load scanner")}
		},
	})
	if err != nil {
		return st, err
	}
	if nc != nil {
		loaded, _, err := nc.Load(ctx)
		if err != nil {
			return st, err
		}
		return *loaded, nil
	}
	if image == "" {
		return st, errors.Errorf("no scanner given: name an image with --build-arg SCAN_SCANNER=docker-image://…, or a folder with --build-context %s=…", ScannerContext)
	}
	return t.image(ctx, s, image)
}

func (t *tools) image(ctx context.Context, s *solver, image string) (st llb.State, err error) {
	named, err := s.pin(ctx, image, "scanner")
	if err != nil {
		return st, err
	}
	t.digest = named.Digest()
	return llb.Image(named.String(), llb.Platform(s.native), llb.WithCustomName("[scan] load scanner "+image)), nil
}
