package layer

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pkg/errors"
	"golang.org/x/sys/unix"
)

// maxChunk is how many bytes of a path are given to the kernel at once: less
// than PATH_MAX, so that deeper trees are opened in several steps.
const maxChunk = 3072

// root opens files below a directory by their physical paths: it follows no
// symlink at all, so nothing in the tree can lead an open elsewhere.
type root struct {
	dir *os.File
	// plain is set once openat2 has turned out not to be there (an old kernel, a
	// seccomp profile): then every component is opened by itself.
	plain atomic.Bool
}

func openRoot(dir string) (*root, error) {
	f, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, errors.Wrap(err, "failed to open snapshot")
	}
	return &root{dir: f}, nil
}

func (r *root) Close() error { return r.dir.Close() }

// openFD opens a path, "" being the root itself. The flags get O_CLOEXEC and
// O_NOFOLLOW.
func (r *root) openFD(name string, flags int) (int, error) {
	flags |= unix.O_CLOEXEC | unix.O_NOFOLLOW
	if name == "" || name == "." {
		return retry(func() (int, error) { return unix.Openat(int(r.dir.Fd()), ".", flags, 0) })
	}
	at, owned := int(r.dir.Fd()), false
	for {
		part, rest := splitPath(name, r.plain.Load())
		f := flags
		if rest != "" {
			f = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC | unix.O_NOFOLLOW
		}
		fd, err := r.openPart(at, part, f)
		if errors.Is(err, errNoOpenat2) {
			r.plain.Store(true)
			continue
		}
		if owned {
			_ = unix.Close(at)
		}
		if err != nil || rest == "" {
			return fd, err
		}
		at, owned, name = fd, true, rest
	}
}

var errNoOpenat2 = errors.New("openat2 is not available")

func (r *root) openPart(at int, part string, flags int) (int, error) {
	if !strings.Contains(part, "/") {
		if part == ".." {
			return -1, fs.ErrInvalid
		}
		return retry(func() (int, error) { return unix.Openat(at, part, flags, 0) })
	}
	fd, err := retry(func() (int, error) {
		return unix.Openat2(at, part, &unix.OpenHow{
			Flags:   uint64(flags),
			Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
		})
	})
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EINVAL) {
		return -1, errNoOpenat2
	}
	return fd, err
}

// splitPath cuts off the part of a path that is opened in one step.
func splitPath(name string, single bool) (part, rest string) {
	if !single && len(name) <= maxChunk {
		return name, ""
	}
	end := strings.IndexByte(name, '/')
	if !single {
		if i := strings.LastIndexByte(name[:maxChunk], '/'); i > 0 {
			end = i
		}
	}
	if end < 0 {
		return name, ""
	}
	return name[:end], name[end+1:]
}

func retry(open func() (int, error)) (int, error) {
	for {
		fd, err := open()
		if !errors.Is(err, unix.EINTR) {
			return fd, err
		}
	}
}

// openDir opens a directory for reading.
func (r *root) openDir(name string) (*os.File, error) {
	fd, err := r.openFD(name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}

// openFile opens what is known to be a regular file.
func (r *root) openFile(name string) (*os.File, error) {
	fd, _, err := r.openRegular(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}

// openRegular opens a regular file and returns its size. O_NONBLOCK keeps the
// open of what turned into a FIFO from waiting.
func (r *root) openRegular(name string) (fd int, size int64, err error) {
	if fd, err = r.openFD(name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY); err != nil {
		return -1, 0, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = errors.New("not a regular file")
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, 0, err
	}
	return fd, st.Size, nil
}

// lstat tells what is at a physical path without opening it.
func (r *root) lstat(name string) (unix.Stat_t, error) {
	var st unix.Stat_t
	fd, err := r.openFD(name, unix.O_PATH)
	if err != nil {
		return st, err
	}
	defer unix.Close(fd)
	return st, unix.Fstat(fd, &st)
}

func (r *root) readlink(name string) (string, error) {
	fd, err := r.openFD(name, unix.O_PATH)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	buf := make([]byte, 4096)
	n, err := unix.Readlinkat(fd, "", buf)
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

// kind implements [linkReader].
func (r *root) kind(name string) (fs.FileMode, string, error) {
	st, err := r.lstat(name)
	if err != nil {
		return 0, "", err
	}
	mode := fileMode(st.Mode)
	if mode&fs.ModeSymlink == 0 {
		return mode, "", nil
	}
	target, err := r.readlink(name)
	return mode, target, err
}

// fileMode translates a stat's mode.
func fileMode(m uint32) fs.FileMode {
	mode := fs.FileMode(m & 0o777)
	if m&unix.S_ISUID != 0 {
		mode |= fs.ModeSetuid
	}
	if m&unix.S_ISGID != 0 {
		mode |= fs.ModeSetgid
	}
	if m&unix.S_ISVTX != 0 {
		mode |= fs.ModeSticky
	}
	switch m & unix.S_IFMT {
	case unix.S_IFDIR:
		mode |= fs.ModeDir
	case unix.S_IFLNK:
		mode |= fs.ModeSymlink
	case unix.S_IFIFO:
		mode |= fs.ModeNamedPipe
	case unix.S_IFSOCK:
		mode |= fs.ModeSocket
	case unix.S_IFCHR:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	case unix.S_IFBLK:
		mode |= fs.ModeDevice
	}
	return mode
}

// rootView is a [View] of a mounted snapshot.
type rootView struct{ root *root }

func (v rootView) Resolve(name string) (string, error) {
	return resolve(v.root, name)
}

func (v rootView) Open(name string) (fs.File, error) {
	// Most names are physical paths of files already.
	if st, err := v.root.lstat(name); err == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && fs.ValidPath(name) {
		return v.root.openFile(name)
	}
	real, st, err := v.find("open", name)
	if err != nil {
		return nil, err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return v.root.openDir(real)
	case unix.S_IFREG:
		return v.root.openFile(real)
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("neither a file nor a directory")}
}

func (v rootView) ReadDir(name string) ([]fs.DirEntry, error) {
	real, err := v.Resolve(name)
	if err != nil {
		return nil, err
	}
	f, err := v.root.openDir(real)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	for i, e := range entries {
		entries[i] = viewEntry{DirEntry: e, view: v, path: path.Join(real, e.Name())}
	}
	return entries, err
}

func (v rootView) Stat(name string) (fs.FileInfo, error) {
	_, st, err := v.find("stat", name)
	if err != nil {
		return nil, err
	}
	return fileInfo{
		name: path.Base(name), size: st.Size, mode: fileMode(st.Mode),
		mod: time.Unix(st.Mtim.Unix()),
	}, nil
}

func (v rootView) find(op, name string) (string, unix.Stat_t, error) {
	real, err := v.Resolve(name)
	if err != nil {
		return "", unix.Stat_t{}, &fs.PathError{Op: op, Path: name, Err: err}
	}
	st, err := v.root.lstat(real)
	if err != nil {
		return "", st, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return real, st, nil
}

// viewEntry keeps an entry's Info inside the root: os would stat by a name that
// means something only there.
type viewEntry struct {
	fs.DirEntry
	view rootView
	path string
}

func (e viewEntry) Info() (fs.FileInfo, error) {
	st, err := e.view.root.lstat(e.path)
	if err != nil {
		return nil, err
	}
	return fileInfo{name: e.Name(), size: st.Size, mode: fileMode(st.Mode), mod: time.Unix(st.Mtim.Unix())}, nil
}
