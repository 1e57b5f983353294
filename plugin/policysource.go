package plugin

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	registryremote "github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/policy/bundle"
)

// fetchTime bounds getting one policy from the network.
const fetchTime = 2 * time.Minute

// localSource reads policies where there is no build: from a folder of this
// machine, and from the network by itself.
type localSource struct {
	root *os.Root
	// files are a bundle's, instead of those in root.
	files []config.File
}

var _ bundle.Source = (*localSource)(nil)

// openPolicy finds a policy's options file and the folder that its names lead
// into. Empty for none.
func openPolicy(policy string) (*localSource, config.File, error) {
	dir, base := policy, config.FileName
	if policy == "" {
		return &localSource{}, config.File{Name: base}, nil
	}
	info, err := os.Stat(policy)
	if err != nil {
		return nil, config.File{}, errors.Wrap(err, "failed to read the policy")
	}
	if !info.IsDir() {
		dir, base = filepath.Split(policy)
		if dir == "" {
			dir = "."
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, config.File{}, errors.Wrap(err, "failed to read the policy")
	}
	src := &localSource{root: root}
	data, err := src.read(base)
	if err == nil && len(data) > 1 && data[0] == 0x1f && data[1] == 0x8b {
		b, err := bundle.Parse(data)
		if err != nil {
			src.Close()
			return nil, config.File{}, errors.Wrap(err, policy)
		}
		src.files = b.Files
		return src, config.File{Name: filepath.Join(dir, base), Data: b.Options().Data}, nil
	}
	if err != nil {
		src.Close()
		return nil, config.File{}, errors.Wrap(err, "failed to read the policy")
	}
	return src, config.File{Name: filepath.Join(dir, base), Data: data}, nil
}

// Close closes the folder.
func (s *localSource) Close() {
	if s.root != nil {
		_ = s.root.Close()
	}
}

// Files implements bundle.Source.
func (s *localSource) Files(_ context.Context, patterns ...string) ([]config.File, error) {
	if s.files != nil {
		return bundle.Matching(s.files, patterns...), nil
	}
	if s.root == nil {
		return nil, nil
	}
	var out []config.File
	seen, size := map[string]bool{}, 0
	for _, p := range patterns {
		err := doublestar.GlobWalk(s.root.FS(), p, func(name string, entry fs.DirEntry) error {
			if entry.IsDir() || seen[name] {
				return nil
			}
			seen[name] = true
			data, err := s.read(name)
			if size += len(data); err == nil && (len(out) > bundle.MaxFiles || size > bundle.MaxSize) {
				err = errors.Errorf("%s leads to more than %d files or %d bytes", p, bundle.MaxFiles, bundle.MaxSize)
			}
			out = append(out, config.File{Name: name, Data: data})
			return err
		}, doublestar.WithNoFollow())
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *localSource) read(name string) ([]byte, error) {
	f, err := s.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAtMost(f, name, bundle.MaxFile)
}

func readAtMost(r io.Reader, name string, limit int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, errors.Wrapf(err, "failed to read %s", name)
	}
	if len(data) > limit {
		return nil, errors.Errorf("%s is larger than %d bytes", name, limit)
	}
	return data, nil
}

// Fetch implements bundle.Source, whose user checks the digest of what comes.
func (s *localSource) Fetch(ctx context.Context, url, _ string, limit int) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, fetchTime, errors.Errorf("it took longer than %s", fetchTime))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if req.URL.Scheme != "https" || len(via) > 5 {
			return errors.New("is redirected too often, or to where it is not encrypted")
		}
		return nil
	}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, errors.Errorf("server answers %s", resp.Status)
	}
	return readAtMost(resp.Body, url, limit)
}

// Pull implements bundle.Source.
func (s *localSource) Pull(ctx context.Context, image string) (*bundle.Bundle, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, fetchTime, errors.Errorf("it took longer than %s", fetchTime))
	defer cancel()
	// A tag beside the digest says nothing.
	repo, digest, ok := strings.Cut(image, "@")
	if i := strings.LastIndexByte(repo, ':'); i > strings.LastIndexByte(repo, '/') {
		repo = repo[:i]
	}
	if !ok {
		return nil, errors.Errorf("%s is not pinned by its digest", image)
	}
	ref, err := name.NewDigest(repo + "@" + digest)
	if err != nil {
		return nil, err
	}
	img, err := registryremote.Image(ref, registryremote.WithContext(ctx), registryremote.WithAuthFromKeychain(authn.DefaultKeychain))
	if err != nil {
		return nil, err
	}
	archive := mutate.Extract(img)
	defer archive.Close()
	return bundle.FromTar(archive)
}
