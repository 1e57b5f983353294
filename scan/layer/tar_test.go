package layer

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// entry is one entry of a test's tar.
type entry struct {
	name    string
	content string
	link    string
	kind    byte
	mode    int64
}

func makeTar(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Linkname: e.link, Typeflag: e.kind, Mode: e.mode, Size: int64(len(e.content))}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func openBlob(t testing.TB, b []byte, limit int64, choose Chooser) (*Changes, View, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "blob")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := Open(Options{Tar: name, TempDir: t.TempDir(), MaxKept: limit})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c, err := l.Changes(context.Background(), choose, nil, nil)
	return c, l.View(), err
}

func TestTarCompressions(t *testing.T) {
	plain := makeTar(t, entry{name: "./a/package.json", content: "{}"})
	var gz, zs bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, _ = w.Write(plain)
	_ = w.Close()
	z, _ := zstd.NewWriter(&zs)
	_, _ = z.Write(plain)
	_ = z.Close()
	for name, b := range map[string][]byte{"none": plain, "gzip": gz.Bytes(), "zstd": zs.Bytes()} {
		t.Run(name, func(t *testing.T) {
			c, view, err := openBlob(t, b, 0, chooseManifests)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]File{{Path: "a/package.json", Size: 2}}, c.Files); diff != "" {
				t.Error(diff)
			}
			if got, err := fs.ReadFile(view, "a/package.json"); err != nil || string(got) != "{}" {
				t.Errorf("content is %q, %v", got, err)
			}
		})
		t.Run(name+" truncated", func(t *testing.T) {
			if _, _, err := openBlob(t, b[:len(b)/4], 0, chooseManifests); err == nil {
				t.Error("a blob that is cut off is no error")
			}
		})
	}
}

func TestTarWhiteouts(t *testing.T) {
	c, _, err := openBlob(t, makeTar(t,
		entry{name: "app/.wh.gone"}, entry{name: "opaque/.wh..wh..opq"}, entry{name: "opaque/package.json", content: "{}"},
		entry{name: ".wh..wh.plnk"}, entry{name: "../../.wh.outside"},
	), 0, chooseManifests)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"app/gone", "opaque", "outside"}, c.Removed); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"opaque/package.json"}, paths(c.Files)); diff != "" {
		t.Error(diff)
	}
}

func TestTarNamesCannotLeaveTheRoot(t *testing.T) {
	c, view, err := openBlob(t, makeTar(t,
		entry{name: "../../../etc/package.json", content: "{}"},
		entry{name: "loop", kind: tar.TypeSymlink, link: "loop"},
		entry{name: "loop/package.json", content: "x"},
	), 0, chooseManifests)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"etc/package.json", "loop/package.json"}, paths(c.Files)); diff != "" {
		t.Error(diff)
	}
	if _, err := view.Open("loop/package.json"); err == nil {
		t.Error("a symlink loop was followed")
	}
}

func TestTarLinks(t *testing.T) {
	c, view, err := openBlob(t, makeTar(t,
		entry{name: "lib", kind: tar.TypeSymlink, link: "usr/lib"},
		entry{name: "lib/x/package.json", content: "via link"},
		entry{name: "store/abc.txt", content: "stored"},
		entry{name: "first/package.json", kind: tar.TypeLink, link: "store/abc.txt"},
		entry{name: "second/package.json", kind: tar.TypeLink, link: "first/package.json"},
		entry{name: "lost/package.json", kind: tar.TypeLink, link: "not/there"},
	), 0, chooseManifests)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"first/package.json", "lost/package.json", "second/package.json", "usr/lib/x/package.json"}
	if diff := cmp.Diff(want, paths(c.Files)); diff != "" {
		t.Error(diff)
	}
	for name, content := range map[string]string{
		"first/package.json": "stored", "second/package.json": "stored",
		"usr/lib/x/package.json": "via link", "lib/x/package.json": "via link",
	} {
		if got, err := fs.ReadFile(view, name); err != nil || string(got) != content {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
}

func TestTarKeepsOnlyBinariesWithAMark(t *testing.T) {
	choose := func(string) Choice { return Choice{Take: TakeExecutable, Marks: [][]byte{[]byte("MARK")}} }
	padding := strings.Repeat("x", 300<<10)
	c, view, err := openBlob(t, makeTar(t,
		entry{name: "with", content: elf + padding + "MARK", mode: 0o755},
		entry{name: "without", content: elf + padding, mode: 0o755},
		entry{name: "split", content: elf + padding[:256<<10-len(elf)-2] + "MARK" + padding, mode: 0o755},
		entry{name: "plain", content: "MARK", mode: 0o755},
	), 0, choose)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"split", "with"}, paths(c.Files)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"plain", "without"}, c.Replaced); diff != "" {
		t.Error(diff)
	}
	if got, _ := fs.ReadFile(view, "with"); string(got) != elf+padding+"MARK" {
		t.Error("content was damaged")
	}
}

func TestTarWithMoreThanThereIsRoomFor(t *testing.T) {
	c, _, err := openBlob(t, makeTar(t,
		entry{name: "a/package.json", content: "12345"}, entry{name: "b/package.json", content: "123456"},
	), 10, chooseManifests)
	if err != nil {
		t.Fatal(err)
	}
	if c.Files[0].Unread != "" || c.Files[1].Unread == "" {
		t.Errorf("files are %+v", c.Files)
	}
}

func FuzzTar(f *testing.F) {
	f.Add(makeTar(f, entry{name: "a/package.json", content: "{}"}, entry{name: "b/.wh.c"},
		entry{name: "l", kind: tar.TypeSymlink, link: "../.."}, entry{name: "l/package.json", kind: tar.TypeLink, link: "a/package.json"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, view, err := openBlob(t, b, 1<<20, chooseManifests)
		if err != nil {
			return
		}
		for _, file := range c.Files {
			if file.Path == "" || strings.HasPrefix(file.Path, "/") || strings.Contains("/"+file.Path+"/", "/../") {
				t.Errorf("path %q", file.Path)
			}
			if r, err := view.Open(file.Path); err == nil {
				_, _ = io.Copy(io.Discard, r)
			}
		}
	})
}
