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
	if !had && choice.Take == TakeNever {
		d.out.Changed++
		return nil
	}
	now, err := d.stat(d.dir, name)
	if err != nil {
		return err
	}
	if !had {
		d.out.Changed++
		if takes(d.dir, name, now, choice) {
			d.out.Files = append(d.out.Files, File{Path: path, Size: now.Size})
		}
		return nil
	}
	old, err := d.stat(d.below, name)
	if err != nil {
		return err
	}
	if d.prune && now.Ino == old.Ino && now.Ctim == old.Ctim {
		return nil
	}
	if (d.prune || !sameAttributes(now, old)) && !stubs[path] {
		d.out.Changed++
	}
	if choice.Take == TakeNever {
		return nil
	}
	return d.replaced(path, name, now, old, choice)
}

// replaced handles a file whose parent's version may differ.
func (d *directory) replaced(path, name string, now, old unix.Stat_t, choice Choice) error {
	is, was := takes(d.dir, name, now, choice), takes(d.below, name, old, choice)
	switch {
	case is && was && d.sameContent(name, now, old, choice):
	case is:
		d.out.Files = append(d.out.Files, File{Path: path, Size: now.Size})
	case was:
		d.out.Replaced = append(d.out.Replaced, path)
	}
	return nil
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
	fd, err := retry(func() (int, error) {
		return unix.Openat(int(dir.Fd()), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

func sameAttributes(a, b unix.Stat_t) bool {
	return a.Size == b.Size && a.Mtim == b.Mtim && a.Mode == b.Mode && a.Uid == b.Uid && a.Gid == b.Gid
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 128<<10); return &b }}

// sameContent compares two files byte for byte. A difference in doubt is one.
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
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	half := len(*buf) / 2
	x, y := (*buf)[:half], (*buf)[half:]
	for left := now.Size; left > 0; {
		n := int(min(left, int64(half)))
		if _, err := io.ReadFull(a, x[:n]); err != nil {
			return false
		}
		if _, err := io.ReadFull(b, y[:n]); err != nil || !bytes.Equal(x[:n], y[:n]) {
			return false
		}
		if left -= int64(n); context.Cause(d.ctx) != nil {
			return false
		}
	}
	return true
}
