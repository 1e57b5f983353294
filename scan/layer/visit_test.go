package layer

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// visited are the beginnings and sizes of the files that were visited, by path.
type visited struct {
	mu    sync.Mutex
	files map[string]string
}

func (v *visited) Wants(path string) bool { return !strings.HasSuffix(path, ".unwanted") }

func (v *visited) Visit(f File, content io.ReaderAt) {
	text := "unread: " + f.Unread
	if content != nil {
		b := make([]byte, min(f.Size, 200))
		if _, err := io.ReadFull(io.NewSectionReader(content, 0, f.Size), b); err != nil {
			text = err.Error()
		} else {
			text = fmt.Sprintf("%d %s", f.Size, b)
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.files == nil {
		v.files = map[string]string{}
	}
	if was, ok := v.files[f.Path]; ok {
		text = was + " and " + text
	}
	v.files[f.Path] = text
}

// visitorFunc is a visitor of everything.
type visitorFunc func(File, io.ReaderAt)

func (visitorFunc) Wants(string) bool                { return true }
func (f visitorFunc) Visit(file File, r io.ReaderAt) { f(file, r) }

func visitsOf(t testing.TB, opts Options, choose Chooser) map[string]string {
	t.Helper()
	l, err := Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var v visited
	if _, err := l.Changes(context.Background(), choose, &v, nil); err != nil {
		t.Fatal(err)
	}
	return v.files
}

func visitsOfTar(t testing.TB, choose Chooser, entries ...entry) map[string]string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "blob")
	if err := os.WriteFile(name, makeTar(t, entries...), 0o600); err != nil {
		t.Fatal(err)
	}
	return visitsOf(t, Options{Tar: name, TempDir: t.TempDir()}, choose)
}

// A file is visited if its content is new, whatever way the layer is seen. A
// tar alone cannot tell that a file has the content of the one below.
func TestEveryMethodVisitsWhatIsNew(t *testing.T) {
	s := makeSnapshots(t, makeParent, makeChild)
	want := visitsOf(t, Options{Child: s.view, Parent: s.parentView}, chooseManifests)
	for path, content := range map[string]string{
		"app/modified/package.json": "5 after", "app/sneaky/package.json": "4 bbbb", "new/package.json": "4 kept",
		"bin/replaced-by-script": "10 #!/bin/sh\n", "new/many/00001.txt": "0 ", "app/renamed/deep/package.json": "1 m",
		"new/sparse": fmt.Sprintf("%d %s", int64(4<<30), make([]byte, 200)), "etc/hosts": "16 127.0.0.1 build\n",
	} {
		if want[path] != content {
			t.Errorf("%s is %q", path, want[path])
		}
	}
	for _, path := range []string{
		"app/same/package.json", "bin/loses-x", "bin/gains-x", "bin/kept", "app/kept/package.json", "etc/passwd.conf",
		"new/fifo", "new/socket", "new/device", "new/loop", "app/file-to-link/package.json",
	} {
		if content, ok := want[path]; ok {
			t.Errorf("%s was visited: %q", path, content)
		}
	}
	t.Run(MethodCompare, func(t *testing.T) {
		got := visitsOf(t, Options{Child: s.copied(s.view), Parent: s.copied(s.parentView)}, chooseManifests)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("overlay and compare differ:\n%s", diff)
		}
	})
	t.Run(MethodTar, func(t *testing.T) {
		got := visitsOf(t, Options{Tar: s.blob(s.child), TempDir: t.TempDir()}, chooseManifests)
		for _, same := range []string{"app/same/package.json", "bin/gains-x", "bin/loses-x", "app/kept/package.json"} {
			delete(got, same)
		}
		want := maps.Clone(want)
		delete(want, "new/sparse") // not in the test's blob
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("overlay and tar differ:\n%s", diff)
		}
	})
	t.Run(MethodWhole, func(t *testing.T) {
		got := visitsOf(t, Options{Child: s.view}, chooseManifests)
		for path, content := range want {
			if got[path] != content {
				t.Errorf("%s is %q", path, got[path])
			}
		}
		if got["app/kept/package.json"] != "4 kept" || len(got) < len(want)+300 {
			t.Errorf("%d files were visited", len(got))
		}
	})
}

func TestFilesOnlyTouchedAreNotVisited(t *testing.T) {
	s := makeSnapshots(t, makeParent, func(r tree) {
		r.ok(filepath.WalkDir(r.dir, func(p string, _ os.DirEntry, err error) error {
			if err == nil {
				err = os.Lchown(p, 1000, 1000)
			}
			return err
		}))
		r.write("app/new", "new", 0o644)
		r.write("app/new.unwanted", "new", 0o644)
	})
	got := visitsOf(t, Options{Child: s.view, Parent: s.parentView}, chooseManifests)
	if diff := cmp.Diff(map[string]string{"app/new": "3 new"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAFileThatIsGoneIsVisitedUnread(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	child, err := openRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer child.Close()
	var v visited
	w := &walk{ctx: context.Background(), child: child, visits: startVisits(&v)}
	w.visitFile("gone", false)
	w.visitFile("pipe", false)
	w.visits.wait()
	want := map[string]string{
		"gone": "unread: failed to open: no such file or directory", "pipe": "unread: failed to open: not a regular file",
	}
	if diff := cmp.Diff(want, v.files); diff != "" {
		t.Error(diff)
	}
}

func TestReadingAFileThatShrank(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("short"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 10)
	if n, err := descriptor(f.Fd()).ReadAt(b, 0); n != 5 || err != io.EOF { //nolint:errorlint // as io.ReaderAt has it
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestACancelledAnalysisStopsVisiting(t *testing.T) {
	dir := t.TempDir()
	makeParent(tree{t, dir})
	l, err := Open(Options{Child: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancelCause(context.Background())
	var n atomic.Int64
	if _, err := l.Changes(ctx, chooseManifests, visitorFunc(func(File, io.ReaderAt) { n.Add(1); cancel(nil) }), nil); err == nil || n.Load() > 100 {
		t.Errorf("%d visits, %v", n.Load(), err)
	}
}
