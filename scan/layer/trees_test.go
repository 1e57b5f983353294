package layer

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// chooseManifests is a small caller: manifests by name, binaries by looks.
func chooseManifests(p string) Choice {
	switch base := path.Base(p); {
	case base == "package.json":
		return Choice{Take: TakeAlways, MaxSize: 1 << 20}
	case strings.HasSuffix(base, ".so"):
		return Choice{Take: TakeBinary}
	case path.Ext(base) == "":
		return Choice{Take: TakeExecutable}
	}
	return Choice{}
}

// tree makes a file tree; a test fails at the first thing that cannot be made.
type tree struct {
	t   testing.TB
	dir string
}

func (r tree) at(name string) string { return filepath.Join(r.dir, name) }

func (r tree) write(name, content string, mode fs.FileMode) {
	r.t.Helper()
	r.ok(os.MkdirAll(filepath.Dir(r.at(name)), 0o755))
	r.ok(os.WriteFile(r.at(name), []byte(content), mode))
	r.ok(os.Chmod(r.at(name), mode))
}

func (r tree) symlink(target, name string) {
	r.t.Helper()
	r.ok(os.MkdirAll(filepath.Dir(r.at(name)), 0o755))
	r.ok(os.Symlink(target, r.at(name)))
}

func (r tree) remove(name string) { r.t.Helper(); r.ok(os.RemoveAll(r.at(name))) }

func (r tree) node(name string, kind uint32) {
	r.t.Helper()
	r.ok(unix.Mknod(r.at(name), kind|0o600, int(unix.Mkdev(1, 3))))
}

func (r tree) ok(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

const elf = "\x7fELF an executable"

// makeParent and makeChild are one layer on top of another, with every kind of
// change that a Dockerfile instruction can make.
func makeParent(r tree) {
	for i := range 300 {
		r.write(fmt.Sprintf("usr/share/many/%03d/package.json", i), fmt.Sprintf(`{"n":%d}`, i), 0o644)
	}
	r.write("app/kept/package.json", "kept", 0o644)
	r.write("app/modified/package.json", "before", 0o644)
	r.write("app/deleted/package.json", "x", 0o644)
	r.write("app/deleted/sub/package.json", "x", 0o644)
	r.write("app/rmfile/package.json", "x", 0o644)
	r.write("app/rmfile/other.txt", "x", 0o644)
	r.write("app/remade/package.json", "x", 0o644)
	r.write("app/remade/gone/package.json", "x", 0o644)
	r.write("app/same/package.json", "same", 0o644)
	r.write("app/moved/deep/package.json", "m", 0o644)
	r.write("app/dir-to-file/package.json/package.json", "x", 0o644)
	r.write("app/file-to-dir/package.json", "x", 0o644)
	r.write("app/file-to-link/package.json", "x", 0o644)
	r.write("app/dir-to-link/package.json", "x", 0o644)
	r.write("app/sneaky/package.json", "aaaa", 0o644)
	r.write("bin/replaced-by-script", elf, 0o755)
	r.write("bin/loses-x", elf, 0o755)
	r.write("bin/gains-x", elf, 0o644)
	r.write("bin/kept", elf, 0o755)
	r.write("usr/lib/plugin.so", elf, 0o644)
	r.write("etc/hosts", "", 0o644)
	r.write("etc/passwd.conf", "root", 0o644)
	r.symlink("../kept", "app/links/package.json")
}

func makeChild(r tree) {
	r.write("app/modified/package.json", "after", 0o644)
	r.remove("app/deleted")
	r.remove("app/rmfile/package.json")
	r.remove("app/remade")
	r.write("app/remade/package.json", "new", 0o644)
	r.write("app/same/package.json", "same", 0o644)
	r.ok(exec.CommandContext(r.t.Context(), "mv", r.at("app/moved"), r.at("app/renamed")).Run())
	r.remove("app/dir-to-file/package.json")
	r.write("app/dir-to-file/package.json", "now a file", 0o644)
	r.remove("app/file-to-dir/package.json")
	r.write("app/file-to-dir/package.json/package.json", "inside", 0o644)
	r.remove("app/file-to-link/package.json")
	r.symlink("../kept/package.json", "app/file-to-link/package.json")
	r.remove("app/dir-to-link")
	r.symlink("kept", "app/dir-to-link")
	r.remove("app/links/package.json")
	r.write("app/links/package.json", "was a link", 0o644)
	// The same size and the same modification time, other content.
	st, err := os.Stat(r.at("app/sneaky/package.json"))
	r.ok(err)
	r.write("app/sneaky/package.json", "bbbb", 0o644)
	r.ok(os.Chtimes(r.at("app/sneaky/package.json"), st.ModTime(), st.ModTime()))
	r.write("bin/replaced-by-script", "#!/bin/sh\n", 0o755)
	r.ok(os.Chmod(r.at("bin/loses-x"), 0o644))
	r.ok(os.Chmod(r.at("bin/gains-x"), 0o755))
	r.write("bin/new", elf, 0o755)
	r.write("usr/lib/plugin.so", "not a library any more", 0o644)
	r.write("usr/lib/new.so", elf, 0o644)
	r.write("etc/hosts", "127.0.0.1 build\n", 0o644)
	r.write("new/\xff\xfe/package.json", "not UTF-8", 0o644)
	r.write("new/a\nb/package.json", "newline", 0o644)
	r.write("new/"+strings.Repeat("deep/", 60)+"package.json", "deep", 0o644)
	r.symlink("loop", "new/loop")
	r.symlink("../../../../../../../../etc", "new/out")
	r.symlink("/etc", "new/absolute")
	r.ok(os.Link(r.at("app/kept/package.json"), r.at("new/package.json")))
	r.node("new/fifo", unix.S_IFIFO)
	r.node("new/socket", unix.S_IFSOCK)
	r.node("new/device", unix.S_IFCHR)
	for i := range 10_000 {
		r.write(fmt.Sprintf("new/many/%05d.txt", i), "", 0o644)
	}
	f, err := os.Create(r.at("new/sparse"))
	r.ok(err)
	r.ok(f.Truncate(4 << 30))
	r.ok(f.Close())
	r.ok(os.Chmod(r.at("new/sparse"), 0o755))
}

func needRoot(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("mounting overlayfs needs root")
	}
}

// snapshots are two layers as an overlayfs snapshotter keeps them.
type snapshots struct {
	t                   testing.TB
	base, parent, child string
	parentView, view    string
}

func makeSnapshots(t testing.TB, makeParent, makeChild func(tree)) *snapshots {
	t.Helper()
	needRoot(t)
	dir := t.TempDir()
	s := &snapshots{t: t}
	for name, p := range map[string]*string{
		"base": &s.base, "parent": &s.parent, "child": &s.child, "parent-view": &s.parentView, "view": &s.view,
	} {
		*p = filepath.Join(dir, name)
		if err := os.Mkdir(*p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tree{t, s.base}.write("base.txt", "", 0o644)
	s.change(s.parent, []string{s.base}, makeParent)
	s.change(s.child, []string{s.parent, s.base}, makeChild)
	s.mount(s.parentView, "ro,lowerdir="+s.parent+":"+s.base)
	s.mount(s.view, "ro,lowerdir="+s.child+":"+s.parent+":"+s.base)
	return s
}

// change makes a layer: the upper directory of an overlay on the layers below.
func (s *snapshots) change(upper string, lower []string, change func(tree)) {
	s.t.Helper()
	work, merged := s.t.TempDir(), s.t.TempDir()
	s.mount(merged, fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", strings.Join(lower, ":"), upper, work))
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
	if out, err := exec.CommandContext(s.t.Context(), "cp", "-a", "--sparse=always", dir, to).CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	return to
}

// blob writes the upper directory as an OCI layer: overlayfs's whiteouts and
// opaque directories become files, as containerd's diff does it.
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
	if err := filepath.WalkDir(upper, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == upper {
			return err
		}
		return addEntry(w, upper, p, d, inodes)
	}); err != nil {
		s.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		s.t.Fatal(err)
	}
	return name
}

func addEntry(w *tar.Writer, upper, p string, d fs.DirEntry, inodes map[uint64]string) error {
	name, _ := filepath.Rel(upper, p)
	st := unix.Stat_t{}
	if err := unix.Lstat(p, &st); err != nil {
		return err
	}
	h := &tar.Header{Name: name, Mode: int64(st.Mode & 0o7777), Uid: int(st.Uid), Gid: int(st.Gid), Format: tar.FormatPAX}
	switch d.Type() {
	case fs.ModeDir:
		h.Typeflag = tar.TypeDir
		h.Name += "/"
	case fs.ModeSymlink:
		h.Typeflag = tar.TypeSymlink
		h.Linkname, _ = os.Readlink(p)
	case 0:
		h.Typeflag, h.Size = tar.TypeReg, st.Size
		if first := inodes[st.Ino]; st.Nlink > 1 && first != "" {
			h.Typeflag, h.Size, h.Linkname = tar.TypeLink, 0, first
		} else {
			inodes[st.Ino] = name
		}
	default:
		h.Typeflag = tar.TypeChar
		if st.Rdev == 0 && d.Type()&fs.ModeCharDevice != 0 {
			h.Typeflag = tar.TypeReg
			h.Name = path.Join(path.Dir(name), ".wh."+path.Base(name))
		}
	}
	if st.Size > 1<<30 {
		// No blob of a test is as large; what it stands for is tested elsewhere.
		return nil
	}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	if h.Typeflag == tar.TypeReg && h.Size > 0 {
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
	if n, err := unix.Lgetxattr(p, "trusted.overlay.opaque", opaque); d.IsDir() && err == nil && n == 1 && opaque[0] == 'y' {
		return w.WriteHeader(&tar.Header{Name: path.Join(name, ".wh..wh..opq"), Typeflag: tar.TypeReg, Mode: 0o600})
	}
	return nil
}

// changesOf opens a layer and returns its changes.
func changesOf(t testing.TB, opts Options) *Changes {
	t.Helper()
	l, err := Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c, err := l.Changes(context.Background(), chooseManifests, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func paths(files []File) []string {
	var out []string
	for _, f := range files {
		out = append(out, f.Path)
	}
	return out
}

// apply is what merging does, in its simplest form.
func apply(below []string, c *Changes) []string {
	gone := map[string]bool{}
	for _, p := range slices.Concat(c.Removed, c.Replaced, paths(c.Files)) {
		gone[p] = true
	}
	out := paths(c.Files)
	for _, p := range below {
		covered := false
		for q := p; q != "" && q != "."; q = parentOf(q) {
			covered = covered || gone[q]
		}
		if !covered {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
