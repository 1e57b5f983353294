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
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pkg/errors"
)

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
		entry{name: "bin/uncompress", content: "#!/bin/sh\n", mode: 0o755}, entry{name: "bin/gunzip", kind: tar.TypeLink, link: "bin/uncompress", mode: 0o755},
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
		"store/program": fmt.Sprintf("%d %s", len(elf), elf), "kept/package.json": "2 {}", "app/other": "2 {}", "app/wanted": "6 wanted", "bin/uncompress": "10 #!/bin/sh\n", "bin/gunzip": "10 #!/bin/sh\n",
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
		if want := content[min(off, len(content)):min(off+n, len(content))]; err == nil || errors.Is(err, io.EOF) {
			if !bytes.Equal(b[:k], want) || errors.Is(err, io.EOF) != (k < n) {
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
				if errors.Is(err, errPassed) != (tt.fails && i == len(tt.reads)-1) {
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
	}), nil); err != nil {
		t.Fatal(err)
	}
	if seen.Load() != 400 || most.Load() > MaxVisits {
		t.Errorf("%d files were visited, %d at once", seen.Load(), most.Load())
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
		c, err := l.Changes(context.Background(), chooseManifests, &v, nil)
		if err != nil {
			return
		}
		names := slices.Sorted(maps.Keys(v.files))
		if c.Changed < len(names) {
			t.Errorf("%d files changed, visited %q", c.Changed, names)
		}
	})
}
