package layer

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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
	if _, err := l.Changes(context.Background(), choose, &v); err != nil {
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

func TestTarVisitsFilesOfEverySize(t *testing.T) {
	large := "first line\n" + strings.Repeat("x", maxBuffered)
	start := func(s string) string { return fmt.Sprintf("%d %s", len(s), s[:min(len(s), 200)]) }
	marked := func(string) Choice { return Choice{Take: TakeExecutable, Marks: [][]byte{[]byte("MARK")}} }
	for _, tt := range []struct {
		name   string
		choose Chooser
	}{
		{"chosen", func(string) Choice { return Choice{Take: TakeAlways} }},
		{"chosen up to a size", func(string) Choice { return Choice{Take: TakeAlways, MaxSize: 10} }},
		{"not chosen", func(string) Choice { return Choice{} }},
		{"chosen for a mark", marked},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := visitsOfTar(t, tt.choose,
				entry{name: "empty"}, entry{name: "small", content: "small"}, entry{name: "large", content: large},
				entry{name: "program", content: elf + large, mode: 0o755}, entry{name: "script", content: "#!/bin/sh\n" + large, mode: 0o755},
				entry{name: "marked", content: elf + large + "MARK", mode: 0o755}, entry{name: "last", content: large},
				entry{name: "large.unwanted", content: large}, entry{name: "small.unwanted", content: "small"},
			)
			want := map[string]string{
				"empty": "0 ", "small": "5 small", "large": start(large), "program": start(elf + large),
				"script": start("#!/bin/sh\n" + large), "marked": start(elf + large + "MARK"), "last": start(large),
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTarVisitsOtherNames(t *testing.T) {
	large := strings.Repeat("large ", maxBuffered/4)
	got := visitsOfTar(t, chooseManifests,
		entry{name: "store/small", content: "small"}, entry{name: "store/large", content: large},
		entry{name: "store/program", content: elf, mode: 0o755}, entry{name: "kept/package.json", content: "{}"},
		entry{name: "app/.npmrc", kind: tar.TypeLink, link: "store/small"},
		entry{name: "app/chained", kind: tar.TypeLink, link: "app/.npmrc"},
		entry{name: "app/package.json", kind: tar.TypeLink, link: "store/small"},
		entry{name: "app/large", kind: tar.TypeLink, link: "store/large"},
		entry{name: "app/program", kind: tar.TypeLink, link: "store/program"},
		entry{name: "app/other", kind: tar.TypeLink, link: "kept/package.json"},
		entry{name: "app/lost", kind: tar.TypeLink, link: "not/there"},
		entry{name: "app/lost.unwanted", kind: tar.TypeLink, link: "not/there"},
		entry{name: "app/small.unwanted", kind: tar.TypeLink, link: "store/small"},
		entry{name: "stored.unwanted", content: "wanted"}, entry{name: "app/wanted", kind: tar.TypeLink, link: "stored.unwanted"},
	)
	for _, name := range []string{"store/large", "app/large"} {
		if want := fmt.Sprintf("%d %s", len(large), large[:200]); got[name] != want {
			t.Errorf("%s is %.20q", name, got[name])
		}
		delete(got, name)
	}
	want := map[string]string{
		"store/small": "5 small", "app/.npmrc": "5 small", "app/chained": "5 small", "app/package.json": "5 small",
		"store/program": fmt.Sprintf("%d %s", len(elf), elf), "kept/package.json": "2 {}", "app/other": "2 {}", "app/wanted": "6 wanted",
		"app/lost": "unread: hard link to not/there, which is not in the layer",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What a tar has removed or replaced by its end is in the layer all the same.
func TestTarVisitsWhatItTakesBack(t *testing.T) {
	got := visitsOfTar(t, chooseManifests,
		entry{name: "app/key", content: "one"}, entry{name: "app/.wh.key"}, entry{name: "app/key", content: "two"},
		entry{name: ".wh..wh.plnk", content: "x"}, entry{name: "pipe", kind: tar.TypeFifo},
	)
	// Two visits of one path may come in either order.
	if got["app/key"] != "3 one and 3 two" && got["app/key"] != "3 two and 3 one" || len(got) != 1 {
		t.Errorf("visited %q", got)
	}
}

func TestPassingFile(t *testing.T) {
	content := make([]byte, 3*maxHead)
	for i := range content {
		content[i] = byte(i >> 8)
	}
	read := func(p *passing, off, n int) error {
		t.Helper()
		b := make([]byte, n)
		k, err := p.ReadAt(b, int64(off))
		if want := content[min(off, len(content)):min(off+n, len(content))]; err == nil || err == io.EOF {
			if !bytes.Equal(b[:k], want) || (err == io.EOF) != (k < n) {
				t.Errorf("read of %d at %d gave %d bytes, %v", n, off, k, err)
			}
		}
		return err
	}
	for _, tt := range []struct {
		name  string
		reads [][2]int
		fails bool
		kept  bool
	}{
		{"forward", [][2]int{{0, 100}, {100, 1 << 16}, {100 + 1<<16, 1 << 20}}, false, false},
		{"beginning again", [][2]int{{0, 512}, {0, 4096}, {100, 16}, {0, 1 << 20}}, false, false},
		{"end first", [][2]int{{0, 512}, {len(content) - 22, 22}, {0, 1 << 20}, {1 << 17, 10}}, false, true},
		{"beyond the end", [][2]int{{len(content), 1}, {len(content) + 5, 1}, {0, 5}}, false, false},
		{"back too late", [][2]int{{0, 2 * maxHead}, {maxHead + 1, 1}}, true, false},
		{"ahead too late", [][2]int{{0, 2 * maxHead}, {2*maxHead + 1, 1}}, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := newSpool(t.TempDir(), 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			p := &passing{r: bytes.NewReader(content), size: int64(len(content)), spool: s}
			for i, r := range tt.reads {
				err := read(p, r[0], r[1])
				if fails := err == errPassed; fails != (tt.fails && i == len(tt.reads)-1) { //nolint:errorlint // it is the very one
					t.Errorf("read %d: %v", i, err)
				}
			}
			if s.next != 0 || (p.kept != nil) != tt.kept {
				t.Errorf("%d bytes reserved, spooled is %t", s.next, p.kept != nil)
			}
		})
	}
}

// What a visit looks at stays as it is until the visit ends, though the tar is
// read on meanwhile.
func TestTarVisitsSeeTheirOwnContent(t *testing.T) {
	var entries []entry
	for i := range 400 {
		entries = append(entries, entry{name: fmt.Sprintf("f%03d", i), content: strings.Repeat(fmt.Sprintf("%03d", i), 1+i*i)})
	}
	name := filepath.Join(t.TempDir(), "blob")
	if err := os.WriteFile(name, makeTar(t, entries...), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := Open(Options{Tar: name, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var seen, atOnce, most atomic.Int64
	if _, err := l.Changes(context.Background(), func(p string) Choice {
		return Choice{Take: Take(int(p[3]) % 2)}
	}, visitorFunc(func(f File, r io.ReaderAt) {
		most.Store(max(most.Load(), atOnce.Add(1)))
		defer atOnce.Add(-1)
		runtime.Gosched()
		b, err := io.ReadAll(io.NewSectionReader(r, 0, f.Size))
		if err != nil || string(b) != strings.Repeat(f.Path[1:], int(f.Size)/3) {
			t.Errorf("%s has other content, %v", f.Path, err)
		}
		seen.Add(1)
	})); err != nil {
		t.Fatal(err)
	}
	if seen.Load() != 400 || most.Load() > MaxVisits {
		t.Errorf("%d files were visited, %d at once", seen.Load(), most.Load())
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
	if _, err := l.Changes(ctx, chooseManifests, visitorFunc(func(File, io.ReaderAt) { n.Add(1); cancel(nil) })); err == nil || n.Load() > 100 {
		t.Errorf("%d visits, %v", n.Load(), err)
	}
}

func FuzzTarVisits(f *testing.F) {
	f.Add(makeTar(f, entry{name: "a", content: "{}"}, entry{name: "b", content: strings.Repeat("x", 100)},
		entry{name: "l", kind: tar.TypeLink, link: "a"}, entry{name: "m", kind: tar.TypeLink, link: "l"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		name := filepath.Join(t.TempDir(), "blob")
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Open(Options{Tar: name, TempDir: t.TempDir(), MaxKept: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		var v visited
		c, err := l.Changes(context.Background(), chooseManifests, &v)
		if err != nil {
			return
		}
		names := slices.Sorted(maps.Keys(v.files))
		if c.Changed < len(names) {
			t.Errorf("%d files changed, visited %q", c.Changed, names)
		}
	})
}
