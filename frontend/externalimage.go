package frontend

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerui"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"

	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/external"
)

// BuildKit's scanner protocol, as frontend/attestations/sbom of moby/buildkit
// speaks it: https://github.com/moby/buildkit/blob/master/docs/attestations/sbom-protocol.md.
const (
	envSource      = "BUILDKIT_SCAN_SOURCE"
	envDestination = "BUILDKIT_SCAN_DESTINATION"
	envParam       = "BUILDKIT_SCAN_"
	scanOutDir     = "/run/out/"
)

// resultsDir is where an analyzer's results are in what is kept of its run.
const resultsDir = "/out"

// analyzerImage is an analyzer's image, ready to run.
type analyzerImage struct {
	analyzer *config.Analyzer
	state    llb.State
	config   ocispecs.ImageConfig
	args     []string
	// notice is for people.
	notice string
}

// analyzerImages loads the images of all analyzers.
func (p *planner) analyzerImages(ctx context.Context, bc *dockerui.Client, analyzers []config.Analyzer) ([]*analyzerImage, error) {
	out := make([]*analyzerImage, len(analyzers))
	eg, ctx := errgroup.WithContext(ctx)
	for i := range analyzers {
		eg.Go(func() (err error) {
			out[i], err = p.analyzerImage(ctx, bc, &analyzers[i])
			return errors.Wrapf(err, "failed to load the image of analyzer %s", analyzers[i].Name)
		})
	}
	return out, eg.Wait()
}

func (p *planner) analyzerImage(ctx context.Context, bc *dockerui.Client, a *config.Analyzer) (*analyzerImage, error) {
	img := &analyzerImage{analyzer: a}
	load := p.pulled
	if a.Context != "" {
		load = func(ctx context.Context, img *analyzerImage) error { return p.fromContext(ctx, bc, img) }
	}
	if err := load(ctx, img); err != nil {
		return nil, err
	}
	img.args = a.Command
	if len(img.args) == 0 {
		img.args = slices.Concat(img.config.Entrypoint, img.config.Cmd)
	}
	if len(img.args) == 0 {
		return nil, errors.New("it has no entrypoint and no command: say what to run with command")
	}
	return img, nil
}

// pulled names the image by its digest, so that runs on the same image are the
// same operations.
func (p *planner) pulled(ctx context.Context, img *analyzerImage) error {
	ref := img.analyzer.Image
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return errors.Wrapf(err, "invalid reference %q", ref)
	}
	named = reference.TagNameOnly(named)
	_, dgst, dt, err := p.client.ResolveImageConfig(ctx, named.String(), sourceresolver.Opt{
		LogName:  "[scan] load metadata for " + ref,
		ImageOpt: &sourceresolver.ResolveImageOpt{Platform: &p.native},
	})
	if err != nil {
		return err
	}
	var config ocispecs.Image
	if err := json.Unmarshal(dt, &config); err != nil {
		return errors.Wrapf(err, "failed to read configuration of %s", ref)
	}
	img.config = config.Config
	if _, ok := named.(reference.Digested); !ok {
		canonical, err := reference.WithDigest(named, dgst)
		if err != nil {
			return err
		}
		named = canonical
		img.notice = fmt.Sprintf("analyzer %s is not pinned: %s is %s now", img.analyzer.Name, ref, dgst)
	}
	img.state = llb.Image(named.String(), llb.Platform(p.native), llb.WithCustomName(fmt.Sprintf("[scan %s] load %s", img.analyzer.Name, ref)))
	return nil
}

// fromContext takes the image that a build context holds: one that the project
// builds itself, or one that stands in for another.
func (p *planner) fromContext(ctx context.Context, bc *dockerui.Client, img *analyzerImage) error {
	name := img.analyzer.Context
	nc, err := bc.NamedContext(name, dockerui.ContextOpt{Platform: &p.native})
	if err != nil {
		return err
	}
	if nc == nil {
		return errors.Errorf("there is no build context %s: give it with --build-context %s=docker-image://…, or as contexts of a bake target", name, name)
	}
	st, config, err := nc.Load(ctx)
	if err != nil {
		return err
	}
	img.state = *st
	if config != nil {
		img.config = config.Config.ImageConfig
	}
	return nil
}

// run looks at an input. It is somebody else's program: it gets the input
// read-only, no secrets, no network unless the options say so, and what it
// writes anywhere but to its output is lost. It runs as root, as BuildKit has it,
// so that it can read every file.
//
// The input's content is hashed for the cache, unlike for our own analyses: an
// analyzer takes long in comparison, and the build context is found again by its
// content alone.
func (img *analyzerImage) run(in llb.State, name string, opts ...llb.RunOption) llb.State {
	opts = append([]llb.RunOption{
		llb.WithCustomName(name),
		llb.Args(img.args),
		llb.Dir(img.config.WorkingDir),
	}, opts...)
	for _, e := range img.config.Env {
		k, v, _ := strings.Cut(e, "=")
		opts = append(opts, llb.AddEnv(k, v))
	}
	opts = append(opts, llb.AddEnv(envDestination, scanOutDir), llb.AddEnv(envSource, external.SourcePath))
	for _, k := range slices.Sorted(maps.Keys(img.analyzer.Params)) {
		opts = append(opts, llb.AddEnv(envParam+k, img.analyzer.Params[k]))
	}
	if !img.analyzer.Network {
		opts = append(opts, llb.Network(pb.NetMode_NONE))
	}
	run := img.state.Run(opts...)
	run.AddMount(tmpDir, llb.Scratch(), llb.Tmpfs())
	run.AddMount(external.SourcePath, in, llb.Readonly)
	return img.kept(run.AddMount(scanOutDir, llb.Scratch()))
}

// kept is what is kept of an output: the results, in a folder of their own, and
// the carrier, which what an analyzer writes must not get into: BuildKit would
// take it for statements about the image.
func (img *analyzerImage) kept(out llb.State) llb.State {
	var patterns []string
	for _, ending := range external.Endings() {
		patterns = append(patterns, "*"+ending)
	}
	action := llb.Mkdir(carrierPath, 0o755).Mkdir(resultsDir, 0o755).Copy(out, "/", resultsDir+"/", &llb.CopyInfo{
		CopyDirContentsOnly: true, IncludePatterns: patterns,
	})
	return llb.Scratch().File(action, llb.WithCustomName(fmt.Sprintf("[scan %s] keep results", img.analyzer.Name)))
}

// readResults reads the files that an analyzer has written.
func readResults(ctx context.Context, ref gwclient.Reference) ([]external.File, error) {
	entries, err := ref.ReadDir(ctx, gwclient.ReadDirRequest{Path: resultsDir})
	if err != nil {
		return nil, errors.Wrap(err, "failed to read its results")
	}
	var files []external.File
	total := 0
	for _, e := range entries {
		name := path.Base(e.Path)
		if !external.Known(name) {
			continue // a folder above one that matches
		}
		switch {
		case len(files) >= external.MaxFiles:
			return nil, errors.Errorf("it has written more than %d results", external.MaxFiles)
		case !fs.FileMode(e.Mode).IsRegular():
			return nil, errors.Errorf("its result %s is no regular file", name)
		}
		data, err := readFile(ctx, ref, path.Join(resultsDir, name), external.MaxFile)
		if err != nil {
			return nil, errors.Wrap(err, "failed to read its results")
		}
		if total += len(data); total > external.MaxTotal {
			return nil, errors.Errorf("its results have more than %d bytes", external.MaxTotal)
		}
		files = append(files, external.File{Name: name, Data: data})
	}
	return files, nil
}
