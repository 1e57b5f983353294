package layer

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// stubs are files that a container runtime mounts over and so leaves a trace of
// in every layer made by RUN.
var stubs = map[string]bool{
	"etc/resolv.conf": true, "etc/hosts": true, "etc/hostname": true, "etc/mtab": true,
	".dockerenv": true, "run/.containerenv": true,
}

// file looks at one regular file; had says that the parent has a regular file
// of this name too.
func (d *directory) file(name string, had bool) error {
	path := d.join(name)
	choice := d.choose(path)
	if !had {
		return d.created(path, name, choice)
	}
	now, old, err := d.statBoth(name)
	if err != nil {
		return err
	}
	if d.prune && now.Ino == old.Ino && now.Ctim == old.Ctim {
		return nil
	}
	if (d.prune || !sameAttributes(now, old)) && !stubs[path] {
		d.out.Changed++
	}
	if d.observe != nil {
		d.observeOld(path, name, now, old)
	}
	if choice.Take == TakeNever || !d.replaced(path, name, now, old, choice) {
		d.visitFile(path, now.Size == old.Size)
	}
	return nil
}

// created handles a file that the parent does not have.
func (d *directory) created(path, name string, choice Choice) error {
	d.out.Changed++
	d.visitFile(path, false)
	if choice.Take == TakeNever && d.observe == nil {
		return nil
	}
	now, err := d.stat(d.dir, name)
	if err != nil {
		return err
	}
	if d.observe != nil {
		d.observeNew(path, name, now)
	}
	if takes(d.dir, name, now, choice) {
		d.out.Files = append(d.out.Files, File{Path: path, Size: now.Size})
	}
	return nil
}

// replaced handles a chosen file whose parent's version may differ, and says
// whether it turned out to have the same content.
func (d *directory) replaced(path, name string, now, old unix.Stat_t, choice Choice) (same bool) {
	is, was := takes(d.dir, name, now, choice), takes(d.below, name, old, choice)
	switch {
	case is && was && d.sameContent(name, now, old, choice):
		return true
	case is:
		d.out.Files = append(d.out.Files, File{Path: path, Size: now.Size})
	case was:
		d.out.Replaced = append(d.out.Replaced, path)
	}
	return false
}

// takes decides about a regular file what its path alone could not. A file that
// cannot be read is taken, so that reading it is what fails.
func takes(dir *os.File, name string, st unix.Stat_t, choice Choice) bool {
	switch choice.Take {
	case TakeAlways:
		return true
	case TakeExecutable:
		if st.Mode&0o111 == 0 {
			return false
		}
	case TakeNever:
		return false
	}
	if st.Size < magicLen {
		return false
	}
	f, err := openAt(dir, name)
	if err != nil {
		return true
	}
	defer f.Close()
	var head [magicLen]byte
	if _, err := f.ReadAt(head[:], 0); err != nil {
		return true
	}
	return isBinary(head[:])
}

const magicLen = 4

// isBinary recognises the start of ELF, PE and Mach-O files.
func isBinary(head []byte) bool {
	for _, magic := range []string{
		"\x7fELF", "MZ",
		"\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe",
	} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return false
}

func openAt(dir *os.File, name string) (*os.File, error) {
	fd, err := openFDAt(dir, name)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

func openFDAt(dir *os.File, name string) (int, error) {
	return retry(func() (int, error) {
		return unix.Openat(int(dir.Fd()), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	})
}

func sameAttributes(a, b unix.Stat_t) bool {
	return a.Size == b.Size && a.Mtim == b.Mtim && a.Mode == b.Mode && a.Uid == b.Uid && a.Gid == b.Gid
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 128<<10); return &b }}

// sameContent compares two files byte for byte, unless they are larger than the
// caller can use. A difference in doubt is one.
func (d *directory) sameContent(name string, now, old unix.Stat_t, choice Choice) bool {
	if now.Size != old.Size || (choice.MaxSize > 0 && now.Size > choice.MaxSize) {
		return false
	}
	a, err := openAt(d.dir, name)
	if err != nil {
		return false
	}
	defer a.Close()
	b, err := openAt(d.below, name)
	if err != nil {
		return false
	}
	defer b.Close()
	return sameBytes(d.ctx, a, b, now.Size)
}

// sameBytes compares the first size bytes of two files.
func sameBytes(ctx context.Context, a, b io.ReaderAt, size int64) bool {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	half := len(*buf) / 2
	for at := int64(0); at < size; {
		n := int(min(size-at, int64(half)))
		x, y := (*buf)[:n], (*buf)[half:half+n]
		if k, _ := a.ReadAt(x, at); k < n {
			return false
		}
		if k, _ := b.ReadAt(y, at); k < n || !bytes.Equal(x, y) {
			return false
		}
		if at += int64(n); context.Cause(ctx) != nil {
			return false
		}
	}
	return true
}
