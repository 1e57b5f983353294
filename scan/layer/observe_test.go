package layer

import (
	"archive/tar"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// observed is what an observer was told: for each path its metadata, and what is
// known of it from below.
type observed struct {
	mu      sync.Mutex
	entries map[string]string
}

func (o *observed) Observe(e *Entry) {
	text := fmt.Sprintf("%s %d:%d %d", e.Mode, e.UID, e.GID, e.Size)
	if e.Link != "" {
		text += " is " + e.Link
	}
	if head, err := e.Head(nil); err != nil {
		text += " " + err.Error()
	} else if len(head) > 0 {
		text += fmt.Sprintf(" %q", head[:min(len(head), 10)])
	}
	switch {
	case e.Before == nil:
	case e.Before.Mode == e.Mode && e.Before.UID == e.UID && e.Before.GID == e.GID:
		text += fmt.Sprintf(" as before, same content %t", e.SameContent())
	default:
		text += fmt.Sprintf(" before %s %d:%d, same content %t", e.Before.Mode, e.Before.UID, e.Before.GID, e.SameContent())
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.entries == nil {
		o.entries = map[string]string{}
	}
	if was, ok := o.entries[e.Path]; ok {
		text = was + ", then " + text
	}
	o.entries[e.Path] = text
}

func observedOf(t testing.TB, opts Options, visit Visitor) map[string]string {
	t.Helper()
	l, err := Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var o observed
	if _, err := l.Changes(context.Background(), chooseManifests, visit, &o); err != nil {
		t.Fatal(err)
	}
	return o.entries
}

func (r tree) chmod(name string, mode uint32) { r.t.Helper(); r.ok(unix.Chmod(r.at(name), mode)) }

func (r tree) chown(name string, uid, gid int) { r.t.Helper(); r.ok(os.Lchown(r.at(name), uid, gid)) }

func (r tree) mkdir(name string, mode uint32) {
	r.t.Helper()
	r.ok(os.MkdirAll(r.at(name), 0o755))
	r.chmod(name, mode)
}

func makeAccessParent(r tree) {
	r.write("bin/su", elf, 0o755)
	r.chmod("bin/su", 0o4755)
	r.write("bin/plain", elf, 0o755)
	r.write("bin/rewritten", elf, 0o755)
	r.write("bin/touched", elf, 0o755)
	r.write("bin/upgraded", elf, 0o755)
	r.write("bin/remade", elf, 0o755)
	r.mkdir("var/shared", 0o777)
	r.mkdir("var/private", 0o700)
	r.mkdir("var/kept", 0o755)
	r.write("var/kept/x", "x", 0o644)
	r.mkdir("opaque", 0o755)
	r.write("opaque/old", "x", 0o644)
	r.write("data/mine", "x", 0o644)
	r.mkdir("run", 0o755)
	r.node("run/stays.sock", unix.S_IFSOCK)
}

func makeAccessChild(r tree) {
	r.chmod("bin/su", 0o755)
	r.chmod("bin/plain", 0o4755)
	r.write("bin/rewritten", elf, 0o755)
	r.ok(os.Chtimes(r.at("bin/touched"), r.modified("bin/su"), r.modified("bin/su")))
	r.write("bin/upgraded", "#"+elf[1:], 0o755)
	r.remove("bin/remade")
	r.write("bin/remade", elf, 0o755)
	r.chmod("var/shared", 0o1777)
	r.chown("var/private", 1000, 1001)
	r.write("var/kept/y", "y", 0o606)
	r.remove("opaque")
	r.mkdir("opaque", 0o755)
	r.write("opaque/new", "x", 0o644)
	r.chown("data/mine", 1000, 0)
	r.node("run/new.sock", unix.S_IFSOCK)
	r.ok(os.Link(r.at("bin/plain"), r.at("bin/again")))
	r.symlink("plain", "bin/link")
	r.node("run/fifo", unix.S_IFIFO)
}

// modified is a time that no file of the test has.
func (r tree) modified(name string) time.Time {
	r.t.Helper()
	st, err := os.Stat(r.at(name))
	r.ok(err)
	return st.ModTime().Add(-3600e9)
}

func TestObserverSeesWhatTheLayerDid(t *testing.T) {
	s := makeSnapshots(t, makeAccessParent, makeAccessChild)
	head := fmt.Sprintf("%q", elf[:10])
	size := len(elf)
	want := map[string]string{
		"bin/su":        fmt.Sprintf("-rwxr-xr-x 0:0 %d %s before urwxr-xr-x 0:0, same content true", size, head),
		"bin/plain":     fmt.Sprintf("urwxr-xr-x 0:0 %d %s before -rwxr-xr-x 0:0, same content true", size, head),
		"bin/again":     fmt.Sprintf("urwxr-xr-x 0:0 %d %s", size, head),
		"bin/rewritten": fmt.Sprintf("-rwxr-xr-x 0:0 %d %s as before, same content true", size, head),
		"bin/remade":    fmt.Sprintf("-rwxr-xr-x 0:0 %d %s as before, same content true", size, head),
		"bin/touched":   fmt.Sprintf("-rwxr-xr-x 0:0 %d %s as before, same content true", size, head),
		"bin/upgraded":  fmt.Sprintf("-rwxr-xr-x 0:0 %d %q as before, same content false", size, "#"+elf[1:10]),
		"var/shared":    "dtrwxrwxrwx 0:0 0 before drwxrwxrwx 0:0, same content false",
		"var/private":   "drwx------ 1000:1001 0 before drwx------ 0:0, same content false",
		"var/kept/y":    `-rw----rw- 0:0 1 "y"`,
		"opaque/new":    `-rw-r--r-- 0:0 1 "x"`,
		"data/mine":     `-rw-r--r-- 1000:0 1 "x" before -rw-r--r-- 0:0, same content true`,
		"run/new.sock":  "Srw------- 0:0 0",
	}
	for _, visit := range []Visitor{nil, &visited{}} {
		got := observedOf(t, Options{Child: s.view, Parent: s.parentView}, visit)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("overlay (-want +got):\n%s", diff)
		}
		got = observedOf(t, Options{Child: s.copied(s.view), Parent: s.copied(s.parentView)}, visit)
		for path, text := range got {
			// Both trees are looked at whole.
			if _, ok := want[path]; !ok && strings.HasSuffix(text, "as before, same content true") {
				delete(got, path)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("compare (-want +got):\n%s", diff)
		}
		t.Run(MethodTar, func(t *testing.T) { checkTarObserved(t, s, want, visit) })
		t.Run(MethodWhole, func(t *testing.T) {
			got := observedOf(t, Options{Child: s.view}, visit)
			for path, text := range want {
				if now, _, _ := strings.Cut(text, " before "); !strings.HasPrefix(now, got[path]) || got[path] == "" {
					t.Errorf("%s is %q", path, got[path])
				}
			}
			if got["var/kept/x"] == "" || got["run/stays.sock"] == "" || !strings.HasPrefix(got["."], "drwx") {
				t.Errorf("%d entries were seen", len(got))
			}
		})
	}
}

// checkTarObserved holds a tar to what the other methods saw now. It has no
// sockets, does not know what was below, lists directories that are as they were,
// and tells of hard links without their content.
func checkTarObserved(t *testing.T, s *snapshots, want map[string]string, visit Visitor) {
	t.Helper()
	got := observedOf(t, Options{Tar: s.blob(s.child), TempDir: t.TempDir()}, visit)
	names := []string{"bin/again", "bin/plain"} // whichever comes first is the file
	for path, text := range want {
		now, _, _ := strings.Cut(text, " before ")
		now, _, _ = strings.Cut(now, " as before")
		if path == "run/new.sock" || slices.Contains(names, path) {
			continue
		}
		if got[path] != now {
			t.Errorf("%s is %q, want %q", path, got[path], now)
		}
	}
	if got["bin/plain"] != "urwxr-xr-x 0:0 0 is bin/again" || got["bin/again"] != want["bin/again"] {
		t.Errorf("hard links are %q and %q", got["bin/plain"], got["bin/again"])
	}
}

func TestTarObservesEveryKindOfEntry(t *testing.T) {
	name := filepath.Join(t.TempDir(), "blob")
	large := "large" + strings.Repeat("x", 2*maxBuffered)
	b := makeTar(t,
		entry{name: "./", kind: tar.TypeDir, mode: 0o1777}, entry{name: "a/", kind: tar.TypeDir, mode: 0o777},
		entry{name: "a/small", content: "small", mode: 0o100644}, entry{name: "a/large", content: large, mode: 0o6755},
		entry{name: "a/package.json", content: "{}"}, entry{name: "a/program", content: elf, mode: 0o755},
		entry{name: "a/link", kind: tar.TypeLink, link: "a/small"}, entry{name: "a/chained", kind: tar.TypeLink, link: "a/link"},
		entry{name: "a/.wh.gone"}, entry{name: "b/.wh..wh..opq"}, entry{name: "s", kind: tar.TypeSymlink, link: "a"},
		entry{name: "pipe", kind: tar.TypeFifo}, entry{name: "a/small", content: "again", mode: 0o600},
	)
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		".": "dtrwxrwxrwx 0:0 0", "a": "drwxrwxrwx 0:0 0",
		"a/small":        `-rw-r--r-- 0:0 5 "small", then -rw------- 0:0 5 "again"`,
		"a/large":        fmt.Sprintf(`ugrwxr-xr-x 0:0 %d "largexxxxx"`, len(large)),
		"a/package.json": `-rw-r--r-- 0:0 2 "{}"`,
		"a/program":      fmt.Sprintf(`-rwxr-xr-x 0:0 %d %q`, len(elf), elf[:10]),
		"a/link":         "-rw-r--r-- 0:0 0 is a/small", "a/chained": "-rw-r--r-- 0:0 0 is a/small",
	}
	for _, visit := range []Visitor{nil, &visited{}} {
		if diff := cmp.Diff(want, observedOf(t, Options{Tar: name, TempDir: t.TempDir()}, visit)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// Peeking at a file's beginning must not take it from who reads the file.
func TestObservingATarChangesNoVisit(t *testing.T) {
	s := makeSnapshots(t, makeParent, makeChild)
	opts := Options{Tar: s.blob(s.child), TempDir: t.TempDir()}
	want := visitsOf(t, opts, chooseManifests)
	var v visited
	observedOf(t, opts, &v)
	if diff := cmp.Diff(want, v.files); diff != "" {
		t.Error(diff)
	}
}
