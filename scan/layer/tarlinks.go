package layer

import (
	"archive/tar"
	"io"
	"io/fs"
	"path"
)

func (b *blob) hardLink(h *tar.Header, name string, c Choice) {
	b.out.Changed++
	if c.Take == TakeNever {
		return
	}
	target := clean(h.Linkname)
	if k, ok := b.files[target]; ok {
		b.files[name] = k
		return
	}
	if c.Take != TakeAlways {
		// An executable: its target was looked at as one and was none of interest,
		// or is one under its other name.
		b.out.Replaced = append(b.out.Replaced, name)
		return
	}
	if t, ok := b.pending[target]; ok {
		target = t
	}
	b.pending[name] = target
	b.hard[target] = append(b.hard[target], name)
}

// hardLinks reads the blob once more for chosen names of files that have
// another name: pnpm's package.json is a link into its store.
func (b *blob) hardLinks() error {
	if len(b.hard) == 0 {
		return nil
	}
	err := b.each(func(h *tar.Header, name string, r io.Reader) error {
		names := b.hard[name]
		if len(names) == 0 || h.Typeflag != tar.TypeReg {
			return nil
		}
		delete(b.hard, name)
		if err := b.keep(names[0], h.Size, r, Choice{MaxSize: maxLinked}, nil); err != nil {
			return err
		}
		for _, n := range names[1:] {
			b.files[n] = b.files[names[0]]
		}
		return nil
	})
	if err != nil {
		return err
	}
	for target, names := range b.hard {
		for _, n := range names {
			b.files[n] = kept{unread: "hard link to " + target + ", which is not in the layer"}
		}
	}
	return nil
}

// maxLinked limits what is kept for a hard link.
const maxLinked = 128 << 20

// canonical renames what was found below symlinked directories of the same tar:
// lib/x is usr/lib/x where lib is a symlink to usr/lib.
func (b *blob) canonical() {
	if len(b.links) == 0 {
		return
	}
	real := func(name string) string {
		dir, err := resolve(tarLinks{b}, path.Dir(name))
		if err != nil {
			return name
		}
		return path.Join(dir, path.Base(name))
	}
	files := make(map[string]kept, len(b.files))
	for name, k := range b.files {
		files[real(name)] = k
	}
	b.files = files
	for _, list := range [][]string{b.out.Replaced, b.out.Removed} {
		for i, name := range list {
			list[i] = real(name)
		}
	}
}

// tarLinks is a [linkReader] that knows symlinks and takes all else for
// directories.
type tarLinks struct{ *blob }

func (l tarLinks) kind(name string) (fs.FileMode, string, error) {
	if target, ok := l.links[name]; ok {
		return fs.ModeSymlink, target, nil
	}
	return fs.ModeDir, "", nil
}
