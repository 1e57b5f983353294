package tree

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/scan-build/scan-build/scan/layer"
)

// file is one of a snapshot: content and mode.
type file struct {
	content string
	mode    fs.FileMode
}

func snapshot(t *testing.T, files map[string]file) string {
	t.Helper()
	dir := t.TempDir()
	for name, f := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(f.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, f.mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func written(t *testing.T, opts layer.Options) (map[string]string, error) {
	t.Helper()
	opts.TempDir = t.TempDir()
	l, err := layer.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	out := t.TempDir()
	if err := Write(t.Context(), l, out); err != nil {
		return nil, err
	}
	got := map[string]string{}
	err = filepath.WalkDir(out, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(p)
		name, _ := filepath.Rel(out, p)
		got[name] = fmt.Sprintf("%s %s", info.Mode(), content)
		return err
	})
	return got, err
}

func TestTreeHasWhatTheLayerChanged(t *testing.T) {
	parent := snapshot(t, map[string]file{
		"etc/same": {"same", 0o644}, "etc/changed": {"old!", 0o644}, "gone": {"gone", 0o644}, "bin/owner": {"same", 0o644},
	})
	child := snapshot(t, map[string]file{
		"etc/same": {"same", 0o644}, "etc/changed": {"new!", 0o600}, "opt/a/new": {"new", 0o755 | fs.ModeSetuid}, "bin/owner": {"same", 0o600}, "empty": {"", 0o644},
	})
	if err := os.Symlink("/etc/passwd", filepath.Join(child, "link")); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(child, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := written(t, layer.Options{Child: child, Parent: parent})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"etc/changed": "-rw------- new!", "opt/a/new": "urwxr-xr-x new", "empty": "-rw-r--r-- "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func archive(t *testing.T, headers ...tar.Header) string {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, h := range headers {
		content := h.Uname // where a header has room for it
		h.Uname = ""
		if h.Typeflag == 0 {
			h.Typeflag, h.Size = tar.TypeReg, int64(len(content))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "layer.tar")
	if err := os.WriteFile(name, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestTreeHasAllOfATar(t *testing.T) {
	large := strings.Repeat("x", 3<<20)
	got, err := written(t, layer.Options{Tar: archive(t,
		tar.Header{Name: "etc/a", Mode: 0o600, Uname: "a"},
		tar.Header{Name: "etc/a", Mode: 0o644, Uname: "again"},
		tar.Header{Name: "large", Mode: 0o644, Uname: large},
		tar.Header{Name: "hard", Typeflag: tar.TypeLink, Linkname: "large", Mode: 0o644},
		tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/"},
		tar.Header{Name: "link/../../../escaped", Mode: 0o644, Uname: "e"},
		tar.Header{Name: "etc/.wh.b"},
	)})
	if err != nil {
		t.Fatal(err)
	}
	if got["large"] != "-rw-r--r-- "+large || got["hard"] != got["large"] {
		t.Error("a large file or its other name is not whole")
	}
	delete(got, "large")
	delete(got, "hard")
	want := map[string]string{"etc/a": "-rw-r--r-- a", "etc/a.2": "-rw------- again", "escaped": "-rw-r--r-- e"}
	if diff := cmp.Diff(keys(want), keys(got)); diff != "" {
		t.Error(diff)
	}
}

func keys(m map[string]string) map[string]bool {
	out := map[string]bool{}
	for k := range m {
		out[k] = true
	}
	return out
}

func TestHolesStayHoles(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("end"), 64<<20); err != nil {
		t.Fatal(err)
	}
	f.Close()
	l, err := layer.Open(layer.Options{Child: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	out := t.TempDir()
	if err := Write(t.Context(), l, out); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(out, "sparse"), &st); err != nil {
		t.Fatal(err)
	}
	if st.Size != 64<<20+3 || st.Blocks*512 > 4<<20 {
		t.Errorf("%d bytes take %d", st.Size, st.Blocks*512)
	}
}
