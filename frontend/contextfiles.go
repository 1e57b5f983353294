package frontend

import (
	"context"
	"path"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/config"
)

// rulesFileName is where gitleaks looks for a project's rules.
const rulesFileName = ".gitleaks.toml"

// readBeside reads one of the scan's own files from where the Dockerfile comes
// from, be that this machine, a git repository or an archive. It returns the
// file's path too; no data and no error if
// there is none.
func readBeside(ctx context.Context, c gwclient.Client, file string) (data []byte, name string, err error) {
	dir := path.Dir(c.BuildOpts().Opts[keyFilename])
	name = path.Join(dir, file)
	bc, err := dockerui.NewClient(withOpts(c, map[string]string{keyFilename: name}))
	if err != nil {
		return nil, name, err
	}
	// The same for each of them, so that they are sent in one operation.
	all := []string{path.Join(dir, config.FileName), path.Join(dir, rulesFileName), path.Join(dir, config.IgnoreFileName)}
	src, err := bc.ReadEntrypoint(ctx, "", llb.FollowPaths(all), dockerui.WithInternalName("load options of the scan"))
	switch {
	case err == nil:
		return src.Data, name, nil
	case isNotFound(err):
		return nil, name, nil
	default:
		return nil, name, errors.Wrapf(err, "failed to read %s", name)
	}
}

// readContext reads files of the build context, also such as .dockerignore
// excludes: they are read here and become no part of the build. A file that is
// not there is missing in what it returns.
func readContext(ctx context.Context, c gwclient.Client, limit int, names ...string) (map[string][]byte, error) {
	bc, err := dockerui.NewClient(c)
	if err != nil {
		return nil, err
	}
	// A key of its own: BuildKit would drop from the build's context what this
	// does not ask for, and have it sent again.
	st, err := bc.MainContext(ctx,
		llb.ExcludePatterns(nil),
		llb.FollowPaths(names),
		llb.SharedKeyHint("context-"+config.FileName),
		dockerui.WithInternalName("load options of the scan from the build context"),
		llb.Differ(llb.DiffNone, false),
	)
	if err != nil {
		return nil, errors.Wrap(err, "failed to read the build context")
	}
	ref, err := newSolver(c, nil).solveState(ctx, *st)
	if err != nil {
		return nil, errors.Wrap(err, "failed to read the build context")
	}
	out := map[string][]byte{}
	for _, name := range names {
		data, err := readFile(ctx, ref, name, limit)
		if err != nil && !isNotFound(err) {
			return nil, errors.Wrapf(err, "failed to read %s", name)
		}
		if err == nil {
			out[name] = data
		}
	}
	return out, nil
}

// readProjectFile reads a file that belongs to the project as a whole: beside
// the Dockerfile or, if it is not there, at the root of the build context, where
// other tools look for it. No data and no error if there is none.
func readProjectFile(ctx context.Context, c gwclient.Client, limit int, file string) (data []byte, name string, err error) {
	data, name, err = readBeside(ctx, c, file)
	if err != nil || len(data) > 0 {
		return data, name, err
	}
	// Both, so that they are sent in one operation.
	found, err := readContext(ctx, c, limit, rulesFileName, config.IgnoreFileName)
	return found[file], file, err
}
