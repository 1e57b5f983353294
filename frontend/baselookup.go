package frontend

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/grpcerrors"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"

	"github.com/scan-build/scan-build/frontend/graph"
	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/base"
)

// tagPatience is how long registries are waited for that say what a tag points
// at. Builds go on without: one that needs no network must not wait for it.
// Where the answer was asked for, advicePatience is.
const (
	tagPatience    = 3 * time.Second
	advicePatience = 30 * time.Second
)

// maxLookups bounds what is asked for at once.
const maxLookups = 4

// tags looks up what tags point at, each once, all of them within its patience.
type tags struct {
	*solver
	patience time.Duration
	deadline time.Time

	mu    sync.Mutex
	known map[string]func() (string, error)
}

func newTags(s *solver, patience time.Duration) *tags {
	return &tags{solver: s, patience: patience, deadline: time.Now().Add(patience), known: map[string]func() (string, error){}}
}

// bounded returns a context that ends with the patience.
func (t *tags) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithDeadlineCause(ctx, t.deadline, errors.Errorf("no answer within %s", t.patience))
}

// missingTag says that a registry answered that it does not have a tag.
type missingTag struct{ error }

// digest returns what the registry has under a tag, for an image's platform. The
// engine asks for the digest alone, which registries do not count as a pull; only
// of a digest that it has not seen does it fetch manifest and configuration.
func (t *tags) digest(ctx context.Context, ref, platform string) (string, error) {
	t.mu.Lock()
	key := ref + " " + platform
	look := t.known[key]
	if look == nil {
		look = sync.OnceValues(func() (string, error) { return t.lookUp(ctx, ref, platform) })
		t.known[key] = look
	}
	t.mu.Unlock()
	return look()
}

func (t *tags) lookUp(ctx context.Context, ref, platform string) (string, error) {
	p, err := platforms.Parse(platform)
	if err != nil {
		return "", errors.Wrapf(err, "failed to parse platform %q", platform)
	}
	ctx, cancel := t.bounded(ctx)
	defer cancel()
	meta, err := t.client.ResolveSourceMetadata(ctx, &pb.SourceOp{Identifier: graph.DockerImage + "://" + ref}, sourceresolver.Opt{
		LogName: ProbePrefix + "tag " + ref + " (optional)",
		// What the engine has under that tag is the question, not the answer.
		ImageOpt: &sourceresolver.ResolveImageOpt{Platform: &p, ResolveMode: pb.AttrImageResolveModeForcePull},
	})
	switch {
	case err == nil && meta.Image != nil:
		return meta.Image.Digest.String(), nil
	case err == nil:
		return "", errors.Errorf("%s is no image", ref)
	case context.Cause(ctx) != nil:
		return "", context.Cause(ctx)
	case strings.Contains(err.Error(), "no match for platform"): // the engine calls this not found, too
		return "", errors.Errorf("it has no image for %s", platform)
	case grpcerrors.Code(err) == codes.NotFound, strings.HasSuffix(err.Error(), ": not found"):
		return "", missingTag{err}
	default:
		return "", err
	}
}

// lookUpBases completes the facts of a plan's base images by what only the
// engine and the registries know. What cannot be found out stays empty; where
// that is worth a word it returns one.
func (p *plan) lookUpBases(ctx context.Context, t *tags) (notices []string) {
	var mu sync.Mutex
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(maxLookups)
	for i := range p.platforms {
		pp := &p.platforms[i]
		for j := range pp.stages {
			ps := &pp.stages[j]
			if ps.base == nil {
				continue
			}
			eg.Go(func() error {
				pp.created(ctx, t, ps)
				return nil
			})
			if !ps.base.Pinned || !ps.hasRegistry() || ps.base.Tag == "" {
				continue
			}
			eg.Go(func() error {
				if err := ps.compareTag(ctx, t, pp.id); err != nil {
					mu.Lock()
					defer mu.Unlock()
					notices = append(notices, fmt.Sprintf("the registry could not be asked whether %s:%s still is the image that the build uses: %v", ps.base.Name, ps.base.Tag, err))
				}
				return nil
			})
		}
	}
	_ = eg.Wait() // nothing above returns an error
	slices.Sort(notices)
	return notices[:min(len(notices), 1)] // one is enough: a build without network has one for each base
}

// hasRegistry says whether a registry can be asked for the base image.
func (ps *planStage) hasRegistry() bool {
	l := ps.bottom()
	return l != nil && ps.base != nil && ps.base.Name != "" &&
		l.Base.Op.GetSource().GetAttrs()[pb.AttrImageResolveMode] != pb.AttrImageResolveModePreferLocal
}

// compareTag finds out what the tag of a pinned base points at.
func (ps *planStage) compareTag(ctx context.Context, t *tags, platform string) error {
	current, err := t.digest(ctx, ps.base.Name+":"+ps.base.Tag, platform)
	var missing missingTag
	if errors.As(err, &missing) {
		ps.base.Missing = true
		return nil
	}
	ps.base.CurrentDigest = current
	return err
}

// created finds out when a stage's base image was made. The build's own result
// says it for the final stage; of any other the engine has the configuration,
// because it has just built on it.
func (pp *planPlatform) created(ctx context.Context, t *tags, ps *planStage) {
	data := pp.baseConfig
	if !ps.Final || len(data) == 0 || ps.base.Digest == "" { // an image of a build context is not pinned
		ctx, cancel := t.bounded(ctx)
		defer cancel()
		img := ps.bottom().Base
		opt := sourceOpt(img)
		opt.LogName = ProbePrefix + "configuration of " + img.Ref + " (optional)"
		meta, err := t.client.ResolveSourceMetadata(ctx, img.Op.GetSource(), opt)
		if err != nil || meta.Image == nil {
			return
		}
		data = meta.Image.Config
		if ps.base.Digest == "" {
			ps.base.Digest = meta.Image.Digest.String()
		}
	}
	var config dockerspec.DockerOCIImage
	if json.Unmarshal(data, &config) == nil {
		ps.base.Created = base.Created(config.Created, config.Config.Labels)
	}
}

// setBases puts the facts into the stages of a report.
func (p *plan) setBases(r *scan.Report) {
	for i, pp := range p.platforms {
		for j, ps := range pp.stages {
			r.Platforms[i].Stages[j].Base = ps.base
		}
	}
}
