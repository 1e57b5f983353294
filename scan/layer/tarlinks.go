package layer

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"path"

	"github.com/pkg/errors"
)

// alias is a hard link that needs the content of its target.
type alias struct {
	name        string
	keep, visit bool
}

func (b *blob) hardLink(name, target string, c Choice) {
	b.out.Changed++
	if t, ok := b.targets[target]; ok {
		target = t
	}
	b.targets[name] = target
	k, chosen := b.files[target]
	switch {
	case c.Take == TakeNever:
	case chosen:
		b.files[name] = k
	case c.Take != TakeAlways:
		// An executable: its target was looked at as one and was none of interest,
		// or is one under its other name.
		b.out.Replaced = append(b.out.Replaced, name)
	}
	keep := c.Take == TakeAlways && !chosen
	// An executable was visited already. A text may mean more by its other name.
	visit := !b.executables[target] && b.visits.wants(name)
	script, remembered := b.scripts[target]
	switch {
	case visit && k.spooled:
		b.visitSpooled([]string{name}, k)
	case visit && remembered && !keep:
		b.visits.jobs <- func() {
			b.visits.Visit(File{Path: name, Size: int64(len(script))}, bytes.NewReader(script))
		}
	case visit || keep:
		b.hard[target] = append(b.hard[target], alias{name, keep, visit})
	}
}

// errFound ends a pass over the blob.
var errFound = errors.New("all hard links were found")

// hardLinks reads the blob once more for what is wanted under another name too:
// pnpm's package.json is a link into its store.
func (b *blob) hardLinks() error {
	if len(b.hard) == 0 {
		return nil
	}
	err := b.each(func(h *tar.Header, name string, r io.Reader) error {
		aliases := b.hard[name]
		if len(aliases) == 0 || h.Typeflag != tar.TypeReg {
			return nil
		}
		delete(b.hard, name)
		if err := b.linked(aliases, h.Size, r); err != nil {
			return err
		}
		if len(b.hard) == 0 {
			return errFound
		}
		return nil
	})
	if err != nil && !errors.Is(err, errFound) {
		return err
	}
	for target, aliases := range b.hard {
		b.unread(aliases, "hard link to "+target+", which is not in the layer")
	}
	return nil
}

// linked keeps and visits a file under its other names.
func (b *blob) linked(aliases []alias, size int64, r io.Reader) error {
	var names []string
	keep := false
	for _, a := range aliases {
		if keep = keep || a.keep; a.visit {
			names = append(names, a.name)
		}
	}
	if len(names) > 0 && size <= maxBuffered {
		return b.buffered(size, r, names, func(content []byte) error {
			if !keep {
				return nil
			}
			_, err := b.spoolLinked(aliases, size, bytes.NewReader(content))
			return err
		})
	}
	k, err := b.spoolLinked(aliases, size, r)
	if err == nil && k.spooled && len(names) > 0 {
		b.visitSpooled(names, k)
	}
	return err
}

// spoolLinked stores a file for those of its other names that are chosen.
func (b *blob) spoolLinked(aliases []alias, size int64, r io.Reader) (kept, error) {
	at, _, err := b.kept.add(r, size, nil)
	if errors.Is(err, errSpoolFull) {
		b.unread(aliases, err.Error())
		return kept{}, nil
	}
	if err != nil {
		return kept{}, errors.Wrapf(err, "failed to read %q from the layer blob", aliases[0].name)
	}
	k := kept{at: at, size: size, spooled: true}
	for _, a := range aliases {
		if a.keep {
			b.files[a.name] = k
		}
	}
	return k, nil
}

// unread notes why the content of hard links is not to be had.
func (b *blob) unread(aliases []alias, why string) {
	for _, a := range aliases {
		if a.keep {
			b.files[a.name] = kept{unread: why}
		}
		if a.visit {
			b.visits.Visit(File{Path: a.name, Unread: why}, nil)
		}
	}
}

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
