package files

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/layer"
	"github.com/scan-build/scan-build/scan/merge"
)

// parentTree and childTree are a layer on another with every way in which a fact
// comes and goes.
func parentTree(r tree) {
	r.mkdir("usr/bin", 0o755)
	r.symlink("usr/bin", "bin")
	r.write("etc/passwd", "root:x:0:0::/:\n", 0o644)
	r.write("var/lib/dpkg/info/login.list", "/bin/su\n/bin/owned\n", 0o644)
	r.write("var/lib/dpkg/info/late.list", "/usr/bin/x\n", 0o644)
	r.write("usr/bin/su", programFile, 0o4755)
	r.write("usr/bin/owned", programFile, 0o755)
	r.write("usr/bin/hardened", programFile, 0o4755)
	r.write("usr/bin/kept", programFile, 0o4755)
	r.write("usr/bin/plain", programFile, 0o755)
	r.write("usr/bin/removed", programFile, 0o6755)
	r.write("usr/bin/rewritten", programFile, 0o4755)
	r.write("usr/bin/to-script", programFile, 0o755)
	r.write("usr/bin/to-data", programFile, 0o755)
	r.write("usr/bin/upgraded", programFile, 0o755)
	r.write("usr/bin/to-dir", programFile, 0o4755)
	r.write("usr/bin/late", programFile, 0o755)
	r.mkdir("srv/open", 0o777)
	r.write("srv/open/file", "x", 0o666)
	r.mkdir("srv/opened", 0o755)
	r.write("srv/tree/a", "x", 0o666)
	r.write("srv/opaque/a", "x", 0o666)
	r.write("srv/opaque/.env", "A=1", 0o644)
	r.write("app/.env", "A=1", 0o644)
	r.write("app/.git/HEAD", "x", 0o644)
	r.write("app/.git/objects/1", "x", 0o644)
	r.write("old/.git/HEAD", "x", 0o644)
	r.write("root/.ssh/id_rsa", "k", 0o600)
	r.write("core", coreFile, 0o600)
	r.write("var/lib/apt/lists/a", "12345", 0o644)
	r.write("var/lib/apt/lists/lock", "", 0o644)
	r.write("var/cache/apk/a", "123", 0o644)
}

func childTree(r tree) {
	r.chmod("usr/bin/hardened", 0o755)
	r.chmod("usr/bin/plain", 0o4755)
	r.chmod("usr/bin/owned", 0o2755)
	r.remove("usr/bin/removed")
	r.write("usr/bin/rewritten", programFile, 0o4755)
	r.write("usr/bin/to-script", "#!/bin/sh", 0o755)
	r.chmod("usr/bin/to-data", 0o644)
	r.write("usr/bin/upgraded", programFile+"new", 0o755)
	r.remove("usr/bin/to-dir")
	r.write("usr/bin/to-dir/.env", "A=1", 0o644)
	r.write("usr/bin/new", programFile, 0o755)
	r.link("usr/bin/new", "usr/bin/renamed")
	r.write("usr/bin/late", programFile+"packaged", 0o755)
	r.write("var/lib/dpkg/info/late.list", "/usr/bin/late\n", 0o644)
	r.chmod("srv/opened", 0o777)
	r.remove("srv/tree")
	r.remove("srv/opaque")
	r.write("srv/opaque/b", "x", 0o666)
	r.write("app/.env", "B=22", 0o600)
	r.write("app/.git/objects/2", "x", 0o644)
	r.remove("old")
	r.remove("root/.ssh")
	r.remove("core")
	r.write("core", "no dump", 0o600)
	r.remove("var/lib/apt/lists/a")
	r.write("var/cache/apk/b", "1234", 0o644)
	r.write("etc/passwd", "root:x:0:0::/:\napp:x:1000:1000::/:\n", 0o644)
	r.write("data/x", "x", 0o644)
	r.chown("data/x", 1000, 1000)
}

// wantMerged is what a stage of the two layers has to have: "brief, layer".
func wantMerged() []string {
	size := len(programFile)
	fact := fmt.Sprintf
	return []string{
		"core-dump core 600 0:0 " + fmt.Sprint(len(coreFile)) + ", layer 0 removed 1",
		"env app/.env 600 0:0 4, layer 0",
		"env srv/opaque/.env 644 0:0 3, layer 0 removed 1",
		"env usr/bin/to-dir/.env 644 0:0 3, layer 1",
		"git app/.git 755 0:0 0 dir, layer 0",
		"git old/.git 755 0:0 0 dir, layer 0 removed 1",
		"package-cache var/cache/apk  0:0 3 dir, layer 0",
		"package-cache var/cache/apk  0:0 4 dir, layer 1",
		fact("program usr/bin/hardened 4755 0:0 %d, layer 0", size),
		fact("program usr/bin/kept 4755 0:0 %d, layer 0", size),
		fact("program usr/bin/new 755 0:0 %d, layer 1", size),
		fact("program usr/bin/plain 755 0:0 %d, layer 0", size),
		fact("program usr/bin/renamed 755 0:0 %d, layer 1", size),
		fact("program usr/bin/rewritten 4755 0:0 %d, layer 0", size),
		fact("program usr/bin/upgraded 755 0:0 %d, layer 1", size+3),
		fact("setgid usr/bin/owned 2755 0:0 %d login, layer 1", size),
		fact("setuid usr/bin/kept 4755 0:0 %d, layer 0", size),
		fact("setuid usr/bin/plain 4755 0:0 %d, layer 1", size),
		fact("setuid usr/bin/rewritten 4755 0:0 %d, layer 0", size),
		fact("setuid usr/bin/su 4755 0:0 %d login, layer 0", size),
		"ssh-key root/.ssh/id_rsa 600 0:0 1, layer 0 removed 1",
		"world-writable srv/opaque/b 666 0:0 1, layer 1",
		"world-writable srv/open 777 0:0 0 dir, layer 0",
		"world-writable srv/open/file 666 0:0 1, layer 0",
		"world-writable srv/opened 777 0:0 0 dir, layer 1",
	}
}

func mergedFacts(t *testing.T, layers ...scan.LayerInventory) ([]string, merge.Merged) {
	t.Helper()
	m, err := merge.Layers(layers)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range m.Files {
		s := fmt.Sprintf("%s, layer %d", brief(f), f.Layer)
		if f.Removed > 0 {
			s += fmt.Sprintf(" removed %d", f.Removed)
		}
		out = append(out, s)
	}
	return out, m
}

// Whatever way a layer is seen, a stage has the same facts.
func TestEveryMethodGivesTheSameFacts(t *testing.T) {
	s := makeSnapshots(t, parentTree, childTree)
	below := inventoryOf(t, layer.Options{Child: s.below})
	for _, tt := range []struct {
		method string
		below  scan.LayerInventory
		at     layer.Options
	}{
		{layer.MethodOverlay, below, layer.Options{Child: s.snapshot, Parent: s.below}},
		{layer.MethodCompare, below, layer.Options{Child: s.copied(s.snapshot), Parent: s.copied(s.below)}},
		{layer.MethodTar, inventoryOf(t, layer.Options{Tar: s.blob(s.parent)}), layer.Options{Tar: s.blob(s.child)}},
	} {
		t.Run(tt.method, func(t *testing.T) {
			inv := inventoryOf(t, tt.at)
			if inv.Stats.Method != tt.method || len(inv.Problems) > 0 {
				t.Fatalf("method is %s, problems %+v", inv.Stats.Method, inv.Problems)
			}
			want := wantMerged()
			if tt.method == layer.MethodTar {
				want = asTarsTell(want)
			}
			got, m := mergedFacts(t, tt.below, inv)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("merged facts (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]scan.Owner{{UID: 1000, GID: 1000, Count: 1, Path: "data/x", Layer: 1}}, m.Owners); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(&scan.Accounts{Users: []int{0, 1000}, Names: map[string]int{"root": 0, "app": 1000}}, m.Accounts); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run(layer.MethodWhole, func(t *testing.T) {
		want := map[string]bool{}
		for _, s := range wantMerged() {
			if s, layer, _ := strings.Cut(s, ", "); !strings.Contains(layer, "removed") && !strings.HasPrefix(s, "package-cache") {
				want[withoutMode(s)] = true
			}
		}
		for _, f := range inventoryOf(t, layer.Options{Child: s.snapshot}).Files {
			if b := withoutMode(brief(f)); f.Kind != scan.FilePackageCache && !want[b] {
				t.Errorf("unexpected: %s", b)
			} else {
				delete(want, b)
			}
		}
		if len(want) > 0 {
			t.Errorf("missing: %v", want)
		}
	})
}

// withoutMode leaves the mode out: that of a program is the one with which it came.
func withoutMode(fact string) string {
	f := strings.Split(fact, " ")
	return strings.Join(append(f[:2:2], f[3:]...), " ")
}

// asTarsTell says what differs if nothing is known of the layer below: a program
// of which the mode changed is another one, as is one that was only rewritten, and
// so is one of a package whose list is in a lower layer; nobody knows that a cache
// was emptied.
func asTarsTell(facts []string) []string {
	size := len(programFile)
	var out []string
	for _, f := range facts {
		switch {
		case strings.HasPrefix(f, "program usr/bin/hardened"):
			f = fmt.Sprintf("program usr/bin/hardened 755 0:0 %d, layer 1", size)
		case strings.HasPrefix(f, "program usr/bin/plain"):
			out = append(out, fmt.Sprintf("program usr/bin/owned 2755 0:0 %d, layer 1", size))
			f = fmt.Sprintf("program usr/bin/plain 4755 0:0 %d, layer 1", size)
		case strings.HasPrefix(f, "program usr/bin/rewritten"):
			f = fmt.Sprintf("program usr/bin/rewritten 4755 0:0 %d, layer 1", size)
		case strings.HasPrefix(f, "setgid usr/bin/owned"):
			f = fmt.Sprintf("setgid usr/bin/owned 2755 0:0 %d, layer 1", size)
		}
		out = append(out, f)
		if strings.HasPrefix(f, "package-cache var/cache/apk  0:0 4") {
			out = append(out, "package-cache var/lib/apt/lists  0:0 5 dir, layer 0")
		}
	}
	return out
}

func TestALayerTellsWhatItCleared(t *testing.T) {
	s := makeSnapshots(t, parentTree, childTree)
	want := []string{
		"core-dump core", "package-cache var/lib/apt/lists", "program usr/bin/late", "program usr/bin/to-data",
		"program usr/bin/to-script", "setuid usr/bin/hardened",
	}
	for _, at := range []layer.Options{
		{Child: s.snapshot, Parent: s.below}, {Child: s.copied(s.snapshot), Parent: s.copied(s.below)},
	} {
		if diff := cmp.Diff(want, cleared(inventoryOf(t, at))); diff != "" {
			t.Error(diff)
		}
	}
}

// What is copied up as it was is not the layer's.
func TestWhatIsOnlyTouchedIsNoFact(t *testing.T) {
	s := makeSnapshots(t, parentTree, func(r tree) {
		for _, name := range []string{"usr/bin/su", "usr/bin/kept", "app/.env", "core", "root/.ssh/id_rsa", "srv/open/file", "app/.git/HEAD", "var/cache/apk/a"} {
			st, err := os.Stat(r.at(name))
			r.ok(err)
			r.ok(os.Chtimes(r.at(name), st.ModTime().Add(-1e10), st.ModTime().Add(-1e10)))
		}
		r.write("srv/open/new", "x", 0o644)
	})
	for _, at := range []layer.Options{
		{Child: s.snapshot, Parent: s.below}, {Child: s.copied(s.snapshot), Parent: s.copied(s.below)},
	} {
		inv := inventoryOf(t, at)
		if len(inv.Files)+len(inv.Cleared)+len(inv.Owners) > 0 {
			t.Errorf("%s: facts are %v, cleared %v", inv.Stats.Method, briefs(inv.Files), cleared(inv))
		}
	}
}

// A tar spells a path as its writer did, has what it replaces, and lists of
// packages among its files.
func TestFactsOfABlob(t *testing.T) {
	name := filepath.Join(t.TempDir(), "blob")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := tar.NewWriter(f)
	for _, h := range []struct {
		tar.Header
		content string
	}{
		{tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o777}, ""},
		{tar.Header{Name: "bin", Typeflag: tar.TypeSymlink, Linkname: "usr/bin"}, ""},
		{tar.Header{Name: "bin/owned", Mode: 0o4755}, programFile},
		{tar.Header{Name: "bin/tool", Mode: 0o4755, Uid: 7}, programFile},
		{tar.Header{Name: "bin/other", Typeflag: tar.TypeLink, Linkname: "bin/tool", Mode: 0o4755, Uid: 7}, ""},
		{tar.Header{Name: "usr/bin/twice", Mode: 0o6755}, programFile},
		{tar.Header{Name: "usr/bin/twice", Mode: 0o4711}, programFile + "again"},
		{tar.Header{Name: "app/.git/config", Mode: 0o644}, "x"},
		{tar.Header{Name: "app/.wh.gone", Mode: 0o666}, ""},
		{tar.Header{Name: "var/lib/dpkg/info/p:amd64.list", Mode: 0o644}, "/bin/owned\n"},
		{tar.Header{Name: "etc/passwd", Mode: 0o644}, "root:x:0:0::/:\n"},
	} {
		h.Size = int64(len(h.content))
		if err := w.WriteHeader(&h.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, h.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	inv := inventoryOf(t, layer.Options{Tar: name})
	size := len(programFile)
	want := []string{
		"git app/.git  0:0 0 dir",
		fmt.Sprintf("program usr/bin/other 4755 7:0 %d", size),
		fmt.Sprintf("program usr/bin/tool 4755 7:0 %d", size),
		fmt.Sprintf("program usr/bin/twice 4711 0:0 %d", size+5),
		fmt.Sprintf("setgid usr/bin/twice 6755 0:0 %d", size), // its bytes and bits are in the blob
		fmt.Sprintf("setuid usr/bin/other 4755 7:0 %d", size),
		fmt.Sprintf("setuid usr/bin/owned 4755 0:0 %d p", size),
		fmt.Sprintf("setuid usr/bin/tool 4755 7:0 %d", size),
		fmt.Sprintf("setuid usr/bin/twice 4711 0:0 %d", size+5),
		"world-writable . 777 0:0 0 dir",
	}
	if diff := cmp.Diff(want, briefs(inv.Files)); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]scan.Owner{{UID: 7, Count: 2, Path: "usr/bin/other"}}, inv.Owners); diff != "" {
		t.Error(diff)
	}
	if inv.Accounts == nil || len(inv.Accounts.Users) != 1 || len(inv.Problems) > 0 {
		t.Errorf("accounts are %+v, problems %+v", inv.Accounts, inv.Problems)
	}
}
