package files

import (
	"archive/tar"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/extract"
	"github.com/scan-build/scan-build/scan/layer"
)

// elfFile is a file of one of ELF's types, with an interpreter or an entry point.
func elfFile(typ uint16, interpreter bool, entry uint64) string {
	le := binary.LittleEndian
	b := make([]byte, 64+56)
	copy(b, "\x7fELF\x02\x01\x01")
	le.PutUint16(b[16:], typ)
	le.PutUint64(b[24:], entry)
	le.PutUint64(b[32:], 64)
	le.PutUint16(b[54:], 56)
	le.PutUint16(b[56:], 1)
	le.PutUint32(b[64:], 1)
	if interpreter {
		le.PutUint32(b[64:], 3)
	}
	return string(b)
}

var (
	programFile = elfFile(2, false, 0x400000)
	pieFile     = elfFile(3, true, 0x1000)
	libraryFile = elfFile(3, false, 0)
	coreFile    = elfFile(4, false, 0)
)

// tree makes files; a test fails at the first thing that cannot be made.
type tree struct {
	t   testing.TB
	dir string
}

func (r tree) at(name string) string { return filepath.Join(r.dir, name) }

func (r tree) ok(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r tree) write(name, content string, mode uint32) {
	r.t.Helper()
	r.ok(os.MkdirAll(filepath.Dir(r.at(name)), 0o755))
	r.ok(os.WriteFile(r.at(name), []byte(content), 0o600))
	r.chmod(name, mode)
}

func (r tree) mkdir(name string, mode uint32) {
	r.t.Helper()
	r.ok(os.MkdirAll(r.at(name), 0o755))
	r.chmod(name, mode)
}

func (r tree) chmod(name string, mode uint32)  { r.t.Helper(); r.ok(unix.Chmod(r.at(name), mode)) }
func (r tree) chown(name string, uid, gid int) { r.t.Helper(); r.ok(os.Lchown(r.at(name), uid, gid)) }
func (r tree) remove(name string)              { r.t.Helper(); r.ok(os.RemoveAll(r.at(name))) }
func (r tree) symlink(target, name string)     { r.t.Helper(); r.ok(os.Symlink(target, r.at(name))) }
func (r tree) socket(name string)              { r.t.Helper(); r.ok(unix.Mknod(r.at(name), unix.S_IFSOCK|0o755, 0)) }
func (r tree) link(target, name string)        { r.t.Helper(); r.ok(os.Link(r.at(target), r.at(name))) }

// inventoryOf collects the facts of one layer.
func inventoryOf(t testing.TB, at layer.Options) scan.LayerInventory {
	t.Helper()
	at.TempDir = t.TempDir()
	l, err := layer.Open(at)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := New()
	inv, err := extract.Layer(context.Background(), l, extract.Options{TempDir: at.TempDir, Observer: c, Keep: Keep})
	if err != nil {
		t.Fatal(err)
	}
	c.Complete(context.Background(), inv, l.View(), at.TempDir)
	return *inv
}

// brief shows a fact: "kind path mode uid:gid size package".
func brief(f scan.FileFact) string {
	s := fmt.Sprintf("%s %s %s %d:%d %d %s", f.Kind, f.Path, f.Mode, f.UID, f.GID, f.Size, f.Package)
	if f.Dir {
		s += "dir"
	}
	return strings.TrimSpace(s)
}

func briefs(facts []scan.FileFact) []string {
	var out []string
	for _, f := range facts {
		out = append(out, brief(f))
	}
	return out
}

// cleared shows what a layer clears.
func cleared(inv scan.LayerInventory) []string {
	var out []string
	for _, f := range inv.Cleared {
		out = append(out, f.Kind+" "+f.Path)
	}
	return out
}

// snapshots are two layers as an overlayfs snapshotter keeps them.
type snapshots struct {
	t                                    testing.TB
	base, parent, child, below, snapshot string
}

func makeSnapshots(t testing.TB, makeParent, makeChild func(tree)) *snapshots {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("mounting overlayfs needs root")
	}
	s := &snapshots{t: t, base: t.TempDir(), parent: t.TempDir(), child: t.TempDir(), below: t.TempDir(), snapshot: t.TempDir()}
	for _, dir := range []string{s.base, s.parent, s.child} {
		tree{t, dir}.chmod("", 0o755)
	}
	s.change(s.parent, s.base, makeParent)
	s.change(s.child, s.parent+":"+s.base, makeChild)
	s.mount(s.below, "ro,lowerdir="+s.parent+":"+s.base)
	s.mount(s.snapshot, "ro,lowerdir="+s.child+":"+s.parent+":"+s.base)
	return s
}

func (s *snapshots) change(upper, lower string, change func(tree)) {
	s.t.Helper()
	merged := s.t.TempDir()
	s.mount(merged, fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, s.t.TempDir()))
	change(tree{s.t, merged})
	if err := unix.Unmount(merged, 0); err != nil {
		s.t.Fatal(err)
	}
}

func (s *snapshots) mount(at, options string) {
	s.t.Helper()
	if err := unix.Mount("overlay", at, "overlay", 0, options); err != nil {
		s.t.Skipf("overlayfs cannot be mounted here: %v", err)
	}
	s.t.Cleanup(func() { _ = unix.Unmount(at, unix.MNT_DETACH) })
}

// copied is a tree copied to a plain folder, as the native snapshotter does.
func (s *snapshots) copied(dir string) string {
	s.t.Helper()
	to := filepath.Join(s.t.TempDir(), "copy")
	if out, err := exec.CommandContext(s.t.Context(), "cp", "-a", dir, to).CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	return to
}

// blob writes an upper directory as an OCI layer, as containerd's diff does it:
// whiteouts and opaque directories become files, sockets are left out.
func (s *snapshots) blob(upper string) string {
	s.t.Helper()
	name := filepath.Join(s.t.TempDir(), "layer.tar")
	f, err := os.Create(name)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	w := tar.NewWriter(f)
	inodes := map[uint64]string{}
	err = filepath.WalkDir(upper, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSocket != 0 || p == upper {
			return err
		}
		return addEntry(w, upper, p, inodes)
	})
	if err = cmp.Or(err, w.Close()); err != nil {
		s.t.Fatal(err)
	}
	return name
}

func addEntry(w *tar.Writer, upper, p string, inodes map[uint64]string) error {
	name, _ := filepath.Rel(upper, p)
	var st unix.Stat_t
	if err := unix.Lstat(p, &st); err != nil {
		return err
	}
	h := &tar.Header{Name: name, Mode: int64(st.Mode & 0o7777), Uid: int(st.Uid), Gid: int(st.Gid), Format: tar.FormatPAX}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		h.Typeflag, h.Name = tar.TypeDir, name+"/"
	case unix.S_IFLNK:
		h.Typeflag = tar.TypeSymlink
		h.Linkname, _ = os.Readlink(p)
	case unix.S_IFCHR:
		h.Name = path.Join(path.Dir(name), ".wh."+path.Base(name))
	default:
		h.Size = st.Size
		if first := inodes[st.Ino]; st.Nlink > 1 && first != "" {
			h.Typeflag, h.Size, h.Linkname = tar.TypeLink, 0, first
		}
		inodes[st.Ino] = name
	}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	if h.Size > 0 {
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := io.Copy(w, f); err != nil {
			return err
		}
	}
	opaque := make([]byte, 1)
	if n, err := unix.Lgetxattr(p, "trusted.overlay.opaque", opaque); h.Typeflag == tar.TypeDir && err == nil && n == 1 && opaque[0] == 'y' {
		return w.WriteHeader(&tar.Header{Name: path.Join(name, ".wh..wh..opq"), Typeflag: tar.TypeReg, Mode: 0o600})
	}
	return nil
}
