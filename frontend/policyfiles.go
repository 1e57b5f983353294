package frontend

import (
	"context"
	"os"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/policy/bundle"
)

// policySource reads what options name through the engine of a build. Nothing
// is asked for before it is named.
type policySource struct {
	client gwclient.Client
	// options is the path of the options file beside the Dockerfile.
	options string
}

var _ bundle.Source = (*policySource)(nil)

// Files returns files of the build context and, for a pattern that nothing there
// matches, of where the Dockerfile comes from, beside it.
func (s *policySource) Files(ctx context.Context, patterns ...string) ([]config.File, error) {
	st, err := s.contextState(ctx, patterns)
	if err != nil {
		return nil, err
	}
	found, err := s.read(ctx, *st, "", patterns)
	if err != nil {
		return nil, errors.Wrap(err, "failed to read the build context")
	}
	var missing []string
	for _, p := range patterns {
		if len(bundle.Matching(found, p)) == 0 {
			missing = append(missing, p)
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	if st, err = s.besideState(ctx, missing); err != nil {
		return nil, err
	}
	beside, err := s.read(ctx, *st, path.Dir(s.options), missing)
	if err != nil {
		return nil, errors.Wrap(err, "failed to read files beside the Dockerfile")
	}
	return append(found, beside...), nil
}

// contextState is the build context with what the patterns match, also of what
// .dockerignore excludes: it is read here and becomes no part of the build.
func (s *policySource) contextState(ctx context.Context, patterns []string) (*llb.State, error) {
	bc, err := dockerui.NewClient(s.client)
	if err != nil {
		return nil, err
	}
	opts := append([]llb.LocalOption{
		llb.ExcludePatterns(nil),
		// A key of its own, as in readContext.
		llb.SharedKeyHint("policy-" + config.FileName),
		dockerui.WithInternalName("load policy from the build context"),
		llb.Differ(llb.DiffNone, false),
	}, transfer("", patterns)...)
	st, err := bc.MainContext(ctx, opts...)
	return st, errors.Wrap(err, "failed to read the build context")
}

// besideState is where the Dockerfile comes from, likewise.
func (s *policySource) besideState(ctx context.Context, patterns []string) (*llb.State, error) {
	bc, err := dockerui.NewClient(withOpts(s.client, map[string]string{keyFilename: s.options}))
	if err != nil {
		return nil, err
	}
	opts := append(transfer(path.Dir(s.options), append(patterns[:len(patterns):len(patterns)], path.Base(s.options))),
		llb.SharedKeyHint("policy-dockerfile-"+config.FileName),
		dockerui.WithInternalName("load policy from beside the Dockerfile"))
	// The options file names what is looked for, so it is there to be the entrypoint.
	src, err := bc.ReadEntrypoint(ctx, "", opts...)
	if err != nil {
		return nil, errors.Wrap(err, "failed to read files beside the Dockerfile")
	}
	return src.State, nil
}

// transfer asks a client for no more than can match. The engine's patterns know
// no alternatives: of a pattern that has some, its folder is sent.
func transfer(dir string, patterns []string) []llb.LocalOption {
	var include, follow []string
	for _, p := range patterns {
		base, rest := doublestar.SplitPattern(path.Join(dir, p))
		switch {
		case !hasMeta(p):
			follow = append(follow, unquote(path.Join(dir, p)))
		case strings.ContainsAny(rest, `{}[]\`):
			include = append(include, base)
		default:
			include = append(include, path.Join(base, rest))
		}
	}
	var opts []llb.LocalOption
	if len(include) > 0 {
		opts = append(opts, llb.IncludePatterns(include))
	}
	return append(opts, llb.FollowPaths(follow))
}

// hasMeta says whether a pattern may match more than one name.
func hasMeta(pattern string) bool {
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '*', '?', '[', '{':
			return true
		}
	}
	return false
}

func unquote(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] == '\\' && i+1 < len(pattern) {
			i++
		}
		b.WriteByte(pattern[i])
	}
	return b.String()
}

// read returns the files of a state, below dir, that the patterns match.
func (s *policySource) read(ctx context.Context, st llb.State, dir string, patterns []string) ([]config.File, error) {
	ref, err := newSolver(s.client, nil).solveState(ctx, st)
	if err != nil {
		return nil, err
	}
	t := &tree{ref: ref, dir: path.Join("/", dir)}
	for _, p := range patterns {
		if !hasMeta(p) {
			err = t.file(ctx, unquote(p))
		} else {
			base, _ := doublestar.SplitPattern(p)
			err = t.walk(ctx, unquote(base), func(name string) bool { return doublestar.MatchUnvalidated(p, name) })
		}
		if err != nil {
			return nil, err
		}
	}
	return t.files, nil
}

// maxWalked bounds the entries of a tree that are looked at.
const maxWalked = 20000

// tree reads files of a result, in the bounds of a bundle.
type tree struct {
	ref    gwclient.Reference
	dir    string
	files  []config.File
	size   int
	walked int
}

// file reads a file if it is there; a folder is not read.
func (t *tree) file(ctx context.Context, name string) error {
	st, err := t.ref.StatFile(ctx, gwclient.StatRequest{Path: path.Join(t.dir, name)})
	switch {
	case err != nil && isNotFound(err), err == nil && st.IsDir():
		return nil
	case err != nil:
		return errors.Wrapf(err, "failed to read %s", name)
	}
	return t.add(ctx, name)
}

// walk reads the wanted files below a folder, in the order of their names.
func (t *tree) walk(ctx context.Context, dir string, want func(name string) bool) error {
	entries, err := t.ref.ReadDir(ctx, gwclient.ReadDirRequest{Path: path.Join(t.dir, dir)})
	if err != nil {
		if isNotFound(err) || isNoFolder(err) {
			return nil
		}
		return errors.Wrapf(err, "failed to read folder %s", dir)
	}
	for _, e := range entries {
		if t.walked++; t.walked > maxWalked {
			return errors.Errorf("there are more than %d files to look through: name them more closely", maxWalked)
		}
		name := path.Join(dir, path.Base(e.Path))
		mode := os.FileMode(e.Mode)
		switch {
		case mode.IsDir():
			err = t.walk(ctx, name, want)
		case !want(name):
			continue
		case !mode.IsRegular():
			err = errors.Errorf("%s is a link or no file, only files are taken", name)
		default:
			err = t.add(ctx, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tree) add(ctx context.Context, name string) error {
	for _, f := range t.files {
		if f.Name == name {
			return nil
		}
	}
	data, err := readFile(ctx, t.ref, path.Join(t.dir, name), bundle.MaxFile)
	if err != nil {
		return errors.Wrapf(err, "failed to read %s", name)
	}
	t.size += len(data)
	if len(t.files) > bundle.MaxFiles || t.size > bundle.MaxSize {
		return errors.Errorf("there are more than %d files or %d bytes", bundle.MaxFiles, bundle.MaxSize)
	}
	t.files = append(t.files, config.File{Name: name, Data: data})
	return nil
}

// isNoFolder tells a file where a folder was looked for.
func isNoFolder(err error) bool { return strings.Contains(err.Error(), "not a directory") }
