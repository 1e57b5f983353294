package layer

import (
	"archive/tar"
	"bufio"
	"context"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

const (
	whiteoutPrefix = ".wh."
	whiteoutMeta   = ".wh..wh."
	whiteoutOpaque = ".wh..wh..opq"
	// maxEntries and maxInflated end the reading of a blob made to exhaust.
	maxEntries  = 20 << 20
	maxInflated = 200 << 30
	defaultKept = 2 << 30
)

// blob is a [Layer] seen as the tar of its changes, with deletions as whiteout
// files: https://github.com/opencontainers/image-spec/blob/main/layer.md.
//
// Only what the caller chose is kept, in one temporary file. What the layer lies
// on is not known, so more is reported as replaced and removed than really was:
// nothing is lost by that when layers are merged.
type blob struct {
	name  string
	kept  *spool
	files map[string]kept
	links map[string]string
	// hard are chosen hard links whose target was not chosen, by target.
	hard map[string][]string
	// pending has the same by name.
	pending map[string]string
	ctx     context.Context
	out     Changes
}

// kept is a file in the spool. A file without content has a reason.
type kept struct {
	at, size int64
	unread   string
}

func openTar(opts Options) (Layer, error) {
	f, err := os.Open(opts.Tar)
	if err != nil {
		return nil, errors.Wrap(err, "failed to open layer blob")
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, errors.Errorf("failed to open layer blob: %q is not a file", opts.Tar)
	}
	if opts.MaxKept <= 0 {
		opts.MaxKept = defaultKept
	}
	s, err := newSpool(opts.TempDir, opts.MaxKept)
	if err != nil {
		return nil, err
	}
	return &blob{
		name: opts.Tar, kept: s, files: map[string]kept{},
		links: map[string]string{}, hard: map[string][]string{}, pending: map[string]string{},
	}, nil
}

func (b *blob) Close() error { return b.kept.Close() }

func (b *blob) View() View { return tarView{b} }

func (b *blob) Changes(ctx context.Context, choose Chooser) (*Changes, error) {
	b.ctx = ctx
	b.out.Method = MethodTar
	if err := b.each(func(h *tar.Header, name string, r io.Reader) error {
		return b.entry(h, name, r, choose)
	}); err != nil {
		return nil, err
	}
	if err := b.hardLinks(); err != nil {
		return nil, err
	}
	b.canonical()
	for name, k := range b.files {
		b.out.Files = append(b.out.Files, File{Path: name, Size: k.size, Unread: k.unread})
	}
	slices.SortFunc(b.out.Files, compareFiles)
	for _, list := range []*[]string{&b.out.Replaced, &b.out.Removed} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return &b.out, nil
}

// each reads the blob from its beginning. A blob that ends early is an error:
// the registry said what its digest is, so it is not the layer.
func (b *blob) each(entry func(*tar.Header, string, io.Reader) error) error {
	f, err := os.Open(b.name)
	if err != nil {
		return errors.Wrap(err, "failed to open layer blob")
	}
	defer f.Close()
	inflated, err := decompress(bufio.NewReaderSize(f, 256<<10))
	if err != nil {
		return errors.Wrap(err, "failed to read layer blob")
	}
	defer inflated.Close()
	limited := &io.LimitedReader{R: inflated, N: maxInflated}
	t := tar.NewReader(limited)
	for n := 0; ; n++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errors.Wrapf(err, "failed to read layer blob after %d entries", n)
		}
		if err := context.Cause(b.ctx); err != nil {
			return err
		}
		if n >= maxEntries || limited.N <= 0 {
			return errors.New("failed to read layer blob: it has too many entries or bytes")
		}
		name := clean(h.Name)
		if name == "" {
			continue
		}
		if err := entry(h, name, t); err != nil {
			return err
		}
	}
}

// clean makes a tar's name one relative to the root, without leaving it.
func clean(name string) string {
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

func (b *blob) entry(h *tar.Header, name string, r io.Reader, choose Chooser) error {
	b.out.Visited++
	dir, base := path.Split(name)
	switch {
	case base == whiteoutOpaque:
		b.removed(strings.TrimSuffix(dir, "/"))
		return nil
	case strings.HasPrefix(base, whiteoutMeta):
		// aufs's own files.
		return nil
	case strings.HasPrefix(base, whiteoutPrefix):
		b.removed(dir + strings.TrimPrefix(base, whiteoutPrefix))
		return nil
	}
	// A later entry of the same name replaces the earlier one.
	delete(b.files, name)
	delete(b.links, name)
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeRegA, tar.TypeGNUSparse: //nolint:staticcheck // old archives have it
		return b.file(h, name, r, choose(name))
	case tar.TypeLink:
		b.hardLink(h, name, choose(name))
	case tar.TypeSymlink:
		b.links[name] = h.Linkname
		b.removed(name)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		b.removed(name)
	}
	return nil
}

// removed notes a removal; an opaque root is ".".
func (b *blob) removed(name string) {
	if name == "" {
		name = "."
	}
	b.out.Removed = append(b.out.Removed, name)
}

func (b *blob) file(h *tar.Header, name string, r io.Reader, c Choice) error {
	b.out.Changed++
	if c.Take == TakeNever {
		return nil
	}
	if c.Take == TakeAlways {
		return b.keep(name, h.Size, r, c, nil)
	}
	buffered := bufio.NewReaderSize(r, 4096)
	head, _ := buffered.Peek(magicLen)
	executable := c.Take == TakeBinary || h.FileInfo().Mode()&0o111 != 0
	if !executable || !isBinary(head) {
		b.out.Replaced = append(b.out.Replaced, name)
		return nil
	}
	return b.keep(name, h.Size, buffered, c, c.Marks)
}

// keep stores a file. With marks, one that has none of them is dropped again:
// the executables of a base image are many and few say what they are made of.
func (b *blob) keep(name string, size int64, r io.Reader, c Choice, marks [][]byte) error {
	if c.MaxSize > 0 && size > c.MaxSize {
		b.files[name] = kept{size: size}
		return nil
	}
	at, found, err := b.kept.add(r, size, marks)
	switch {
	case errors.Is(err, errSpoolFull):
		b.files[name] = kept{size: size, unread: err.Error()}
		return nil
	case err != nil:
		return errors.Wrapf(err, "failed to read %q from the layer blob", name)
	case !found:
		b.out.Replaced = append(b.out.Replaced, name)
		return nil
	}
	b.files[name] = kept{at: at, size: size}
	return nil
}
