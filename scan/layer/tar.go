package layer

import (
	"archive/tar"
	"bufio"
	"bytes"
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
	// hard are the hard links that need their target's content, by target.
	hard map[string][]alias
	// targets are the files that hard links lead to, by the link's name.
	targets map[string]string
	// executables are files that begin like one, if there is a visitor.
	executables map[string]bool
	// scripts are small texts that can be executed, for their other names, and
	// scriptBytes how much they are.
	scripts     map[string][]byte
	scriptBytes int
	visits      *visits
	observe     Observer
	// seen is what the observer is shown, one after the other.
	seen Entry
	// buffers are for small files that are visited.
	buffers chan []byte
	peek    *bufio.Reader
	ctx     context.Context
	out     Changes
}

// kept is a chosen file. One that should be in the spool and is not has a reason.
type kept struct {
	at, size int64
	spooled  bool
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
		links: map[string]string{}, hard: map[string][]alias{}, targets: map[string]string{},
		executables: map[string]bool{}, scripts: map[string][]byte{}, peek: bufio.NewReaderSize(nil, 4096),
	}, nil
}

func (b *blob) Close() error { return b.kept.Close() }

func (b *blob) View() View { return tarView{b} }

func (b *blob) Changes(ctx context.Context, choose Chooser, visit Visitor, observe Observer) (*Changes, error) {
	b.ctx, b.observe = ctx, observe
	b.out.Method = MethodTar
	b.startVisits(visit)
	err := b.each(func(h *tar.Header, name string, r io.Reader) error {
		return b.entry(h, name, r, choose)
	})
	if err == nil {
		err = b.hardLinks()
	}
	b.visits.wait()
	if err != nil {
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
			if h.Typeflag != tar.TypeDir {
				continue
			}
			name = "."
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
	delete(b.targets, name)
	delete(b.executables, name)
	delete(b.scripts, name)
	switch h.Typeflag {
	case tar.TypeDir:
		b.observed(h, name)
	case tar.TypeReg, tar.TypeRegA, tar.TypeGNUSparse: //nolint:staticcheck // old archives have it
		if b.observe != nil {
			b.peek.Reset(r)
			b.observed(h, name)
			r = b.peek
		}
		return b.file(h, name, r, choose(name))
	case tar.TypeLink:
		b.hardLink(name, clean(h.Linkname), choose(name))
		b.observed(h, name)
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

// file keeps a regular file if it is chosen, and has it visited.
func (b *blob) file(h *tar.Header, name string, r io.Reader, c Choice) error {
	b.out.Changed++
	visit := b.visits.wants(name)
	if visit && h.Size <= maxBuffered {
		return b.buffered(h.Size, r, []string{name}, func(content []byte) error {
			b.rememberScript(h, name, content)
			_, _, err := b.take(h, name, bytes.NewReader(content), c)
			return err
		})
	}
	at, spooled, err := b.take(h, name, r, c)
	if err != nil || !visit {
		return err
	}
	b.visitLarge(name, h.Size, at, spooled)
	return nil
}

// take keeps a file if it is chosen. Spooled says that the whole content was
// read and is in the spool; else all of it is still in b.peek.
func (b *blob) take(h *tar.Header, name string, r io.Reader, c Choice) (at int64, spooled bool, err error) {
	b.peek.Reset(r)
	head, _ := b.peek.Peek(magicLen)
	binary := isBinary(head)
	if b.visits != nil && binary {
		b.executables[name] = true
	}
	switch c.Take {
	case TakeNever:
		return 0, false, nil
	case TakeAlways:
		return b.keep(name, h.Size, b.peek, Choice{MaxSize: c.MaxSize})
	}
	executable := c.Take == TakeBinary || h.FileInfo().Mode()&0o111 != 0
	if !executable || !binary {
		b.out.Replaced = append(b.out.Replaced, name)
		return 0, false, nil
	}
	return b.keep(name, h.Size, b.peek, c)
}

// keep stores a file. With marks, one that has none of them is dropped again:
// the executables of a base image are many and few say what they are made of.
// Spooled says that it is in the spool, for a dropped one only until the next.
func (b *blob) keep(name string, size int64, r io.Reader, c Choice) (at int64, spooled bool, err error) {
	if c.MaxSize > 0 && size > c.MaxSize {
		b.files[name] = kept{size: size}
		return 0, false, nil
	}
	at, found, err := b.kept.add(r, size, c.Marks)
	switch {
	case errors.Is(err, errSpoolFull):
		b.files[name] = kept{size: size, unread: err.Error()}
		return 0, false, nil
	case err != nil:
		return 0, false, errors.Wrapf(err, "failed to read %q from the layer blob", name)
	case !found:
		b.out.Replaced = append(b.out.Replaced, name)
		return at, true, nil
	}
	b.files[name] = kept{at: at, size: size, spooled: true}
	return at, true, nil
}
