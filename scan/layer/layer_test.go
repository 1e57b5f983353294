package layer

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Whatever way a layer is seen, what is chosen of the parent with the changes
// applied is what is chosen of the child.
func TestEveryMethodGivesTheSameAnswer(t *testing.T) {
	s := makeSnapshots(t, makeParent, makeChild)
	below := paths(changesOf(t, Options{Child: s.parentView}).Files)
	want := paths(changesOf(t, Options{Child: s.view}).Files)

	for _, tt := range []struct {
		method string
		opts   Options
	}{
		{MethodOverlay, Options{Child: s.view, Parent: s.parentView}},
		{MethodCompare, Options{Child: s.copied(s.view), Parent: s.copied(s.parentView)}},
		{MethodTar, Options{Tar: s.blob(s.child), TempDir: t.TempDir()}},
	} {
		t.Run(tt.method, func(t *testing.T) {
			c := changesOf(t, tt.opts)
			if c.Method != tt.method {
				t.Fatalf("method is %q", c.Method)
			}
			if diff := cmp.Diff(want, apply(below, c)); diff != "" {
				t.Errorf("chosen files differ (-child +parent with changes):\n%s", diff)
			}
		})
	}
}

func TestOverlayAndCompareReportTheSameChanges(t *testing.T) {
	s := makeSnapshots(t, makeParent, makeChild)
	a := changesOf(t, Options{Child: s.view, Parent: s.parentView})
	b := changesOf(t, Options{Child: s.copied(s.view), Parent: s.copied(s.parentView)})
	for _, c := range []*Changes{a, b} {
		c.Method, c.Visited, c.Changed = "", 0, 0
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("overlay and compare differ:\n%s", diff)
	}
	want := []string{
		"app/deleted", "app/dir-to-file/package.json", "app/dir-to-link", "app/file-to-dir/package.json",
		"app/file-to-link/package.json", "app/links/package.json", "app/moved", "app/remade/gone", "app/rmfile/package.json",
	}
	if diff := cmp.Diff(want, a.Removed); diff != "" {
		t.Errorf("removed paths (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"bin/loses-x", "bin/replaced-by-script", "usr/lib/plugin.so"}, a.Replaced); diff != "" {
		t.Errorf("replaced paths (-want +got):\n%s", diff)
	}
	if slices.Contains(paths(a.Files), "app/same/package.json") {
		t.Error("a file rewritten with the same content counts as changed")
	}
	if !slices.Contains(paths(a.Files), "app/sneaky/package.json") {
		t.Error("a change that keeps size and modification time went unseen")
	}
}

func TestOverlayWalkCostsWhatChanged(t *testing.T) {
	s := makeSnapshots(t, makeParent, func(r tree) { r.write("app/kept/package.json", "changed", 0o644) })
	c := changesOf(t, Options{Child: s.view, Parent: s.parentView})
	if diff := cmp.Diff([]string{"app/kept/package.json"}, paths(c.Files)); diff != "" {
		t.Error(diff)
	}
	if c.Visited > 40 || c.Changed != 1 {
		t.Errorf("visited %d entries and counted %d changes for one changed file", c.Visited, c.Changed)
	}
}

// BuildKit mounts a snapshot that has one layer only as it is, without overlay.
func TestParentMayBeABindMount(t *testing.T) {
	s := makeSnapshots(t, makeParent, func(r tree) {
		r.write("app/kept/package.json", "changed", 0o644)
		r.remove("app/deleted")
	})
	view := t.TempDir()
	s.mount(view, "ro,lowerdir="+s.child+":"+s.parent)
	c := changesOf(t, Options{Child: view, Parent: s.parent})
	if diff := cmp.Diff([]string{"app/kept/package.json"}, paths(c.Files)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"app/deleted"}, c.Removed); diff != "" {
		t.Error(diff)
	}
}

func TestRuntimeStubsAreNoChange(t *testing.T) {
	s := makeSnapshots(t, makeParent, func(r tree) {
		r.write("etc/hosts", "127.0.0.1 build\n", 0o644)
		r.write("etc/resolv.conf", "", 0o644)
	})
	c := changesOf(t, Options{Child: s.view, Parent: s.parentView})
	if c.Changed > 1 || len(c.Files)+len(c.Removed)+len(c.Replaced) > 0 {
		t.Errorf("stubs of the container runtime count as changes: %+v", c)
	}
}

func TestWorksWithoutOpenat2(t *testing.T) {
	dir := t.TempDir()
	tree{t, dir}.write("a/b/c/package.json", "x", 0o644)
	l, err := Open(Options{Child: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.(*mounts).child.plain.Store(true)
	c, err := l.Changes(context.Background(), chooseManifests, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a/b/c/package.json"}, paths(c.Files)); diff != "" {
		t.Error(diff)
	}
}

func TestPathsLongerThanTheKernelTakes(t *testing.T) {
	dir := t.TempDir()
	name := strings.Repeat("d", 200)
	at, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	for range 40 {
		if err := at.Mkdir(name, 0o755); err != nil {
			t.Fatal(err)
		}
		next, err := at.OpenRoot(name)
		at.Close()
		if err != nil {
			t.Fatal(err)
		}
		at = next
	}
	f, err := at.Create("package.json")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	at.Close()
	c := changesOf(t, Options{Child: dir})
	if len(c.Files) != 1 || len(c.Files[0].Path) < 8000 {
		t.Fatalf("found %d files", len(c.Files))
	}
}

func TestViewNeverLeavesTheSnapshot(t *testing.T) {
	dir := t.TempDir()
	r := tree{t, filepath.Join(dir, "root")}
	r.write("etc/os-release", "inside", 0o644)
	tree{t, dir}.write("secret/os-release", "outside", 0o644)
	r.symlink("../../secret", "up")
	r.symlink("/etc", "abs")
	r.symlink("b", "a")
	r.symlink("a", "b")
	r.symlink("../../../../../..", "top")
	l, err := Open(Options{Child: r.dir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, want := range map[string]string{
		"abs/os-release": "etc/os-release", "top/etc/os-release": "etc/os-release",
		"etc/os-release": "etc/os-release", "../../etc/os-release": "etc/os-release",
	} {
		if got, err := l.View().Resolve(name); err != nil || got != want {
			t.Errorf("%s resolves to %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"up/os-release", "a", "a/x", "etc/os-release/x"} {
		if f, err := l.View().Open(name); err == nil {
			f.Close()
			t.Errorf("%s could be opened", name)
		}
	}
}

func TestViewDoesNotBlockOnFIFOs(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	r := tree{t, dir}
	r.node("fifo", 0o010000)
	l, err := Open(Options{Child: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan error, 1)
	go func() { _, err := l.View().Open("fifo"); done <- err }()
	select {
	case err := <-done:
		if err == nil {
			t.Error("a FIFO was opened")
		}
	case <-time.After(5 * time.Second):
		t.Fatal("opening a FIFO blocks")
	}
}

func TestOpenRefusesWhatItCannotRead(t *testing.T) {
	for name, opts := range map[string]Options{
		"nothing":        {},
		"both":           {Child: t.TempDir(), Tar: "x"},
		"missing child":  {Child: "/does/not/exist"},
		"missing parent": {Child: t.TempDir(), Parent: "/does/not/exist"},
		"missing tar":    {Tar: "/does/not/exist"},
		"tar is a dir":   {Tar: t.TempDir()},
	} {
		t.Run(name, func(t *testing.T) {
			if l, err := Open(opts); err == nil {
				l.Close()
				t.Error("no error")
			}
		})
	}
}

func TestMethodFollowsTheMountTable(t *testing.T) {
	dir := t.TempDir()
	child := filepath.Join(dir, "a b", "child")
	if err := os.MkdirAll(child, 0o755); err != nil {
		t.Fatal(err)
	}
	escaped := strings.ReplaceAll(child, " ", `\040`)
	for _, tt := range []struct{ name, table, want string }{
		{"overlay", "1 0 8:1 / / rw - ext4 x rw\n2 1 0:5 / " + escaped + " ro - overlay overlay ro\n", MethodOverlay},
		{"bind", "1 0 8:1 / / rw - overlay x rw\n2 1 8:1 /x " + escaped + " ro - ext4 x ro\n", MethodCompare},
		{"covered", "2 1 0:5 / " + escaped + " ro - overlay x ro\n3 2 8:1 /x " + escaped + " ro - ext4 x ro\n", MethodCompare},
		{"sibling", "1 0 8:1 / / rw - ext4 x rw\n2 1 0:5 / " + escaped[:len(escaped)-1] + " ro - overlay x ro\n", MethodCompare},
		{"broken", "nonsense\n", MethodCompare},
	} {
		t.Run(tt.name, func(t *testing.T) {
			table := filepath.Join(t.TempDir(), "mountinfo")
			if err := os.WriteFile(table, []byte(tt.table), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := changesOf(t, Options{Child: child, Parent: dir, mountinfo: table}).Method; got != tt.want {
				t.Errorf("method is %s, want %s", got, tt.want)
			}
		})
	}
}

func TestACancelledWalkIsAnError(t *testing.T) {
	dir := t.TempDir()
	makeParent(tree{t, dir})
	l, err := Open(Options{Child: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(nil)
	if _, err := l.Changes(ctx, chooseManifests, nil, nil); err == nil {
		t.Error("no error")
	}
}

func BenchmarkWhole(b *testing.B) {
	dir := b.TempDir()
	makeParent(tree{b, dir})
	b.ReportAllocs()
	for b.Loop() {
		changesOf(b, Options{Child: dir})
	}
}

func BenchmarkOverlaySmallChange(b *testing.B) {
	s := makeSnapshots(b, makeParent, func(r tree) { r.write("app/kept/package.json", "changed", 0o644) })
	for b.Loop() {
		changesOf(b, Options{Child: s.view, Parent: s.parentView})
	}
}
