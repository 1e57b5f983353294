package layer

import (
	"archive/tar"
	"bufio"
	"io"
	"io/fs"

	"github.com/pkg/errors"
	"golang.org/x/sys/unix"
)

// Observer is told what a layer did to regular files, directories and sockets,
// as their metadata say it.
type Observer interface {
	// Observe is called for each of them that the layer created or may have
	// changed, from several goroutines at once and in no order; from a tar one
	// after the other, in the tar's order and twice for what the tar has twice. It
	// must be cheap: it is called for every file of a base image. The entry and
	// what it gives are good until Observe returns.
	Observe(e *Entry)
}

// Attributes are the metadata of a file or directory.
type Attributes struct {
	// Mode holds the type, the permissions, and the setuid, setgid and sticky bits.
	Mode     fs.FileMode
	UID, GID int
	// Size of a regular file in bytes; 0 for anything else.
	Size int64
}

// maxEntryHead is how much of a file's beginning [Entry.Head] gives.
const maxEntryHead = 4096

// Entry is a file, directory or socket that the layer created or may have
// changed.
type Entry struct {
	// Path is the physical path; from a tar it is spelled as there, as for a
	// [Visitor]. "." is the root.
	Path string
	Attributes
	// Before is what the parent has at the path; nil if that is nothing or of
	// another type, or if the method sees no parent. A directory or socket that
	// has one differs from it in mode or owner. A file may be as it was.
	Before *Attributes
	// Link is set for a hard link in a tar: the name under which the tar has the
	// content. Its Size is 0 and its Head empty.
	Link string

	// dir and base are where a mounted file is, peek is a tar's file.
	dir    *directory
	base   string
	peek   *bufio.Reader
	before Attributes
}

// Head returns the beginning of a regular file, at most 4 KiB, in p if that has
// the room.
func (e *Entry) Head(p []byte) ([]byte, error) {
	if e.peek != nil {
		head, err := e.peek.Peek(maxEntryHead)
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return append(p[:0], head...), err
	}
	if e.dir == nil || !e.Mode.IsRegular() {
		return nil, nil
	}
	if cap(p) < maxEntryHead {
		p = make([]byte, maxEntryHead)
	}
	fd, err := openFDAt(e.dir.dir, e.base)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	n, err := descriptor(fd).ReadAt(p[:maxEntryHead], 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return p[:n], err
}

// SameContent says whether a file is known to have the content that the parent's
// has. It reads both if they are of one size.
func (e *Entry) SameContent() bool {
	if e.dir == nil || e.Before == nil || !e.Mode.IsRegular() {
		return false
	}
	return e.dir.sameContent(e.base, unix.Stat_t{Size: e.Size}, unix.Stat_t{Size: e.Before.Size}, Choice{})
}

func attributes(st unix.Stat_t) Attributes {
	a := Attributes{Mode: fileMode(st.Mode), UID: int(st.Uid), GID: int(st.Gid)}
	if a.Mode.IsRegular() {
		a.Size = st.Size
	}
	return a
}

// observeNew reports what the parent does not have.
func (d *directory) observeNew(path, name string, now unix.Stat_t) {
	d.seen = Entry{Path: path, Attributes: attributes(now), dir: d, base: name}
	d.observe.Observe(&d.seen)
}

// observeOld reports what the parent has too.
func (d *directory) observeOld(path, name string, now, old unix.Stat_t) {
	d.seen = Entry{Path: path, Attributes: attributes(now), before: attributes(old), dir: d, base: name}
	d.seen.Before = &d.seen.before
	d.observe.Observe(&d.seen)
}

// observeEntry reports a directory or socket, of which a change of its times and
// of what is in it is none; had says that the parent has one too.
func (d *directory) observeEntry(name string, had bool) error {
	if d.observe == nil {
		return nil
	}
	if had {
		now, old, err := d.statBoth(name)
		if err == nil && !sameAccess(now, old) {
			d.observeOld(d.join(name), name, now, old)
		}
		return err
	}
	now, err := d.stat(d.dir, name)
	if err == nil {
		d.observeNew(d.join(name), name, now)
	}
	return err
}

// sameAccess says whether mode and owner are the same.
func sameAccess(a, b unix.Stat_t) bool { return a.Mode == b.Mode && a.Uid == b.Uid && a.Gid == b.Gid }

// observeRoot reports the root directory itself.
func (w *walk) observeRoot() error {
	if w.observe == nil {
		return nil
	}
	now, err := w.child.lstat("")
	if err != nil {
		return err
	}
	e := &Entry{Path: ".", Attributes: attributes(now)}
	if w.parent == nil {
		w.observe.Observe(e)
		return nil
	}
	old, err := w.parent.lstat("")
	if err == nil && !sameAccess(now, old) {
		e.before = attributes(old)
		e.Before = &e.before
		w.observe.Observe(e)
	}
	return err
}

// observed reports a regular file, hard link or directory of a tar.
func (b *blob) observed(h *tar.Header, name string) {
	if b.observe == nil {
		return
	}
	b.seen = Entry{Path: name, Attributes: Attributes{Mode: tarMode(h.Mode), UID: h.Uid, GID: h.Gid}}
	switch h.Typeflag {
	case tar.TypeDir:
		b.seen.Mode |= fs.ModeDir
	case tar.TypeLink:
		b.seen.Link = b.targets[name]
	default:
		b.seen.Size, b.seen.peek = h.Size, b.peek
	}
	b.observe.Observe(&b.seen)
}

// tarMode translates a header's mode without its type, which is told elsewhere.
func tarMode(m int64) fs.FileMode { return fileMode(uint32(m&0o7777) | unix.S_IFREG) }
