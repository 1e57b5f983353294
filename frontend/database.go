package frontend

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerui"
	digest "github.com/opencontainers/go-digest"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/vulndb"
)

// database is a vulnerability database, unpacked inside the build.
type database struct {
	st     llb.State
	status scan.Database
}

// loadDatabase has the engine fetch and unpack the database. It is an input of
// the build like any other: fetched by the engine, kept by digest, unpacked
// once for every release of it. Nothing that the build returns depends on it,
// so it is never exported into a cache.
func loadDatabase(ctx context.Context, s *solver, bc *dockerui.Client, t *tools, opt config.Options, now time.Time) (*database, error) {
	archive, source, err := databaseSource(ctx, s, bc, opt.DB)
	if err != nil {
		return nil, errors.Wrap(err, "failed to get the vulnerability database")
	}
	db := &database{st: unpackDatabase(t.match, archive, "[scan] unpack vulnerability database", llb.Platform(s.native))}
	ref, err := s.solveState(ctx, db.st)
	if err != nil {
		return nil, errors.Wrapf(err, "failed to get the vulnerability database from %s", source)
	}
	var status scan.DatabaseStatus
	if err := readJSON(ctx, ref, statusFile, &status); err != nil {
		return nil, errors.Wrapf(err, "failed to get the vulnerability database from %s", source)
	}
	if status.Error != "" {
		return nil, errors.Errorf("the vulnerability database from %s cannot be used: %s", source, status.Error)
	}
	db.status = status.Database
	db.status.Source = source
	if err := vulndb.CheckAge(db.status.Built, now, opt.MaxDBAge); err != nil {
		return nil, errors.Wrapf(err, "the vulnerability database from %s cannot be used", source)
	}
	return db, nil
}

// databaseSource returns the state that holds the database in any of the forms
// that unpacking understands, and its name for people.
func databaseSource(ctx context.Context, s *solver, bc *dockerui.Client, ref config.Ref) (llb.State, string, error) {
	names := []string{DatabaseContext}
	if ref.Kind == config.RefURL && ref.Value == config.DefaultDB {
		names = append(names, DefaultDatabaseContext)
	}
	for _, name := range names {
		st, err := s.databaseContext(ctx, bc, name)
		if err != nil {
			return llb.State{}, "", err
		}
		if st != nil {
			return *st, describeContext(name, bc.BuildOpts().Opts["context:"+name], ref), nil
		}
	}
	switch ref.Kind {
	case config.RefURL:
		st, err := s.listedDatabase(ctx, ref.Value)
		return st, ref.Value, err
	case config.RefImage:
		st, err := s.databaseImage(ctx, ref.Value)
		return st, ref.Value, err
	default:
		return llb.State{}, "", errors.Errorf("%s is on your machine, where the build cannot see it: give it as --build-context %s=%s", ref.Value, DatabaseContext, ref.Value)
	}
}

// databaseContext loads a build context that holds a database, nil if there is
// none of that name.
func (s *solver) databaseContext(ctx context.Context, bc *dockerui.Client, name string) (*llb.State, error) {
	nc, err := bc.NamedContext(name, dockerui.ContextOpt{
		NoDockerignore: true,
		Platform:       &s.native,
		AsyncLocalOpts: func() []llb.LocalOption {
			return []llb.LocalOption{llb.WithCustomName("[scan] load vulnerability database")}
		},
	})
	if err != nil || nc == nil {
		return nil, err
	}
	st, _, err := nc.Load(ctx)
	return st, err
}

// describeContext names a context's origin. A local one has only the name of
// its transfer there; the option says which folder it was.
func describeContext(name, spec string, ref config.Ref) string {
	if !strings.HasPrefix(spec, "local:") && !strings.HasPrefix(spec, "oci-layout:") {
		return spec
	}
	if ref.Kind == config.RefPath || ref.Kind == config.RefOCILayout {
		return ref.Value
	}
	return "build context " + name
}

// listedDatabase reads a listing and returns the archive that it names, which
// the engine checks against the listing's checksum.
func (s *solver) listedDatabase(ctx context.Context, url string) (llb.State, error) {
	const name = "latest.json"
	ref, err := s.solveState(ctx, llb.HTTP(url, llb.Filename(name), llb.WithCustomName("[scan] check for a newer vulnerability database")))
	if err != nil {
		return llb.State{}, err
	}
	dt, err := readFile(ctx, ref, name, 1<<20)
	if err != nil {
		return llb.State{}, err
	}
	l, err := vulndb.ParseListing(bytes.NewReader(dt))
	if err != nil {
		return llb.State{}, err
	}
	archive, err := l.ArchiveURL(url)
	if err != nil {
		return llb.State{}, err
	}
	sum, err := digest.Parse(l.Checksum)
	if err != nil {
		return llb.State{}, errors.Wrapf(err, "invalid checksum in %s", url)
	}
	return llb.HTTP(archive, llb.Checksum(sum), llb.Filename("archive"), llb.WithCustomName("[scan] download vulnerability database "+archive)), nil
}

func (s *solver) databaseImage(ctx context.Context, image string) (llb.State, error) {
	named, err := s.pin(ctx, image, "vulnerability database")
	if err != nil {
		return llb.State{}, err
	}
	return llb.Image(named.String(), llb.Platform(s.native), llb.WithCustomName("[scan] load vulnerability database "+image)), nil
}

// pin resolves an image's name to its digest.
func (s *solver) pin(ctx context.Context, image, what string) (reference.Canonical, error) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return nil, errors.Wrapf(err, "invalid %s image %q", what, image)
	}
	named = reference.TagNameOnly(named)
	_, dgst, _, err := s.client.ResolveImageConfig(ctx, named.String(), sourceresolver.Opt{
		LogName:  "[scan] load metadata for " + image,
		ImageOpt: &sourceresolver.ResolveImageOpt{Platform: &s.native},
	})
	if err != nil {
		return nil, err
	}
	return reference.WithDigest(named, dgst)
}
