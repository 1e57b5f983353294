package files

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/layer"
)

func TestFactsByKind(t *testing.T) {
	size := len(programFile)
	for _, tt := range []struct {
		name string
		make func(tree)
		want []string
	}{
		{"setuid and setgid", func(r tree) {
			r.write("a", "#!/bin/sh", 0o4755)
			r.write("b", "#!/bin/sh", 0o2710)
			r.write("both", "#!/bin/sh", 0o6711)
			r.write("locking", "no program", 0o2644)
			r.write("not-executable", "no program", 0o4644)
			r.mkdir("dir", 0o2755)
		}, []string{"setgid b 2710 0:0 9", "setgid both 6711 0:0 9", "setuid a 4755 0:0 9", "setuid both 6711 0:0 9"}},
		{"world-writable", func(r tree) {
			r.mkdir("tmp", 0o1777)
			r.mkdir("open", 0o777)
			r.write("open/file", "x", 0o666)
			r.write("only-others", "x", 0o602)
			r.write("group", "x", 0o664)
			r.symlink("file", "open/link")
		}, []string{"world-writable only-others 602 0:0 1", "world-writable open 777 0:0 0 dir", "world-writable open/file 666 0:0 1"}},
		{"repositories", func(r tree) {
			r.write("app/.git/config", "x", 0o644)
			r.write("app/.git/modules/m/.git/config", "x", 0o644)
			r.write("app/sub/.git", "gitdir: ../.git", 0o644)
			r.write("app/.gitignore", "x", 0o644)
			r.write("app/x.git/config", "x", 0o644)
			r.mkdir(".git", 0o700)
			r.symlink("x", "app/x.git/.git")
		}, []string{"git .git 700 0:0 0 dir", "git app/.git 755 0:0 0 dir", "git app/sub/.git 644 0:0 15"}},
		{"environment files", func(r tree) {
			for _, name := range []string{".env", "app/.env.production", ".env.example", ".env.local.Sample", ".env.template", ".env.dist", ".env.", ".envrc", "x.env"} {
				r.write(name, "A=1", 0o600)
			}
			r.mkdir("venv/.env", 0o755)
		}, []string{"env .env 600 0:0 3", "env app/.env.production 600 0:0 3"}},
		{"keys", func(r tree) {
			for _, name := range []string{"root/.ssh/id_rsa", "root/.ssh/id_ed25519", "root/.ssh/id_rsa.pub", "etc/ssh/ssh_host_rsa_key", "etc/ssh/ssh_host_rsa_key.pub", "id_rsa/x"} {
				r.write(name, "k", 0o600)
			}
		}, []string{"ssh-key etc/ssh/ssh_host_rsa_key 600 0:0 1", "ssh-key root/.ssh/id_ed25519 600 0:0 1", "ssh-key root/.ssh/id_rsa 600 0:0 1"}},
		{"core dumps", func(r tree) {
			r.write("core", coreFile, 0o600)
			r.write("app/core.123", coreFile, 0o600)
			r.write("app/core.js", coreFile, 0o600)
			r.write("app/core", "not one", 0o600)
			r.write("app/dump", coreFile, 0o600)
		}, []string{fmt.Sprintf("core-dump app/core.123 600 0:0 %d", size), fmt.Sprintf("core-dump core 600 0:0 %d", size)}},
		{"programs", func(r tree) {
			r.write("bin/fixed", programFile, 0o755)
			r.write("bin/pie", pieFile, 0o700)
			r.write("bin/static-pie", elfFile(3, false, 0x1000), 0o755)
			r.write("bin/not-executable", programFile, 0o644)
			r.write("bin/script", "#!/bin/sh\n"+strings.Repeat("x", 100), 0o755)
			r.write("lib/libc.so.6", pieFile, 0o755)
			r.write("lib/lib.so", pieFile, 0o755)
			r.write("lib/nameless", libraryFile, 0o755)
			r.write("lib/object", elfFile(1, false, 0), 0o755)
			r.write("bin/short", "\x7fELF", 0o755)
		}, []string{fmt.Sprintf("program bin/fixed 755 0:0 %d", size), fmt.Sprintf("program bin/pie 700 0:0 %d", size), fmt.Sprintf("program bin/static-pie 755 0:0 %d", size)}},
		{"caches", func(r tree) {
			r.write("var/cache/apt/archives/a.deb", "12", 0o644)
			r.write("var/cache/apt/archives/b.deb", "345", 0o644)
			r.write("var/cache/apt/archives/lock", "", 0o644)
			r.write("var/cache/apt/pkgcache.bin", "1234", 0o644)
			r.write("var/lib/apt/lists/lock", "", 0o644)
			r.mkdir("var/lib/apt/lists/partial", 0o700)
			r.write("var/cache/apk/APKINDEX.1.tar.gz", "1", 0o644)
			r.write("root/.cache/pip/http/a/b", "12345", 0o644)
			r.write("root/.cache/other", "12345", 0o644)
			r.write("home/me/.npm/_cacache/x", "1", 0o644)
			r.write("home/.npm/_cacache/x", "1", 0o644)
		}, []string{
			"package-cache home/me/.npm/_cacache  0:0 1 dir", "package-cache root/.cache/pip  0:0 5 dir",
			"package-cache var/cache/apk  0:0 1 dir", "package-cache var/cache/apt  0:0 4 dir", "package-cache var/cache/apt/archives  0:0 5 dir",
		}},
		{"sockets", func(r tree) { r.socket("docker.sock") }, []string{"socket docker.sock 755 0:0 0"}},
		{"owned by packages", func(r tree) {
			r.mkdir("usr/bin", 0o755)
			r.symlink("usr/bin", "bin")
			r.write("usr/bin/su", programFile, 0o4755)
			r.write("usr/bin/ls", programFile, 0o755)
			r.write("usr/bin/mine", programFile, 0o4755)
			r.write("var/lib/dpkg/info/login.list", "/bin/su\n/bin/ls\n", 0o644)
		}, []string{
			fmt.Sprintf("program usr/bin/mine 4755 0:0 %d", size),
			fmt.Sprintf("setuid usr/bin/mine 4755 0:0 %d", size), fmt.Sprintf("setuid usr/bin/su 4755 0:0 %d login", size),
		}},
		{"names that are not text", func(r tree) { r.write("a\xff/.env", "x", 0o644) }, []string{`env a\xff/.env 644 0:0 1`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			tt.make(tree{t, dir})
			inv := inventoryOf(t, layer.Options{Child: dir})
			if diff := cmp.Diff(tt.want, briefs(inv.Files)); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
			if len(inv.Problems)+len(inv.Cleared) > 0 {
				t.Errorf("problems are %+v, cleared %v", inv.Problems, cleared(inv))
			}
		})
	}
}

func TestOwnersAreCounted(t *testing.T) {
	dir := t.TempDir()
	r := tree{t, dir}
	for _, name := range []string{"b/x", "b/y", "a/z", "c"} {
		r.write(name, "x", 0o644)
	}
	r.chown("b", 1000, 1000)
	r.chown("b/x", 1000, 1000)
	r.chown("a/z", 1000, 1000)
	r.chown("c", 0, 999)
	inv := inventoryOf(t, layer.Options{Child: dir})
	want := []scan.Owner{{UID: 0, GID: 999, Count: 1, Path: "c"}, {UID: 1000, GID: 1000, Count: 3, Path: "a/z"}}
	if diff := cmp.Diff(want, inv.Owners); diff != "" {
		t.Error(diff)
	}
}

func TestAccountsAreReadWhereTheyChanged(t *testing.T) {
	dir := t.TempDir()
	r := tree{t, dir}
	r.write("etc/passwd", "root:x:0:0::/root:/bin/sh\n# comment\n+nis\napp:x:1000:1000::/:\nbroken\nbad:x:-1:0\napp:x:7:7::/:\nlarge:x:4294967295:0::/:\n", 0o644)
	r.write("etc/group", "root:x:0:\napp:x:1000:app\n", 0o644)
	inv := inventoryOf(t, layer.Options{Child: dir})
	want := &scan.Accounts{Users: []int{0, 7, 1000, 4294967295}, Groups: []int{0, 1000}, Names: map[string]int{"root": 0, "app": 1000, "large": 4294967295}}
	if diff := cmp.Diff(want, inv.Accounts); diff != "" {
		t.Error(diff)
	}
	s := makeSnapshots(t, func(r tree) { r.write("etc/passwd", "root:x:0:0::/:\n", 0o644) }, func(r tree) { r.write("etc/group", "root:x:0:\n", 0o644) })
	for name, tt := range map[string]struct {
		at   layer.Options
		want *scan.Accounts
	}{
		"both files of the snapshot": {layer.Options{Child: s.snapshot, Parent: s.below}, &scan.Accounts{Users: []int{0}, Groups: []int{0}, Names: map[string]int{"root": 0}}},
		"what is in the tar":         {layer.Options{Tar: s.blob(s.child)}, &scan.Accounts{Groups: []int{0}}},
		"neither was changed":        {layer.Options{Child: s.below, Parent: s.below}, nil},
	} {
		if diff := cmp.Diff(tt.want, inventoryOf(t, tt.at).Accounts); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAccountsThatCannotBeReadAreAProblem(t *testing.T) {
	dir := t.TempDir()
	tree{t, dir}.write("etc/passwd", strings.Repeat("x:x:1:1\n", maxAccountFile/8+1), 0o644)
	inv := inventoryOf(t, layer.Options{Child: dir})
	if len(inv.Problems) != 1 || inv.Problems[0].Path != "etc/passwd" || inv.Problems[0].Extractor != "files" {
		t.Errorf("problems are %+v", inv.Problems)
	}
}

func TestMoreFactsThanAreListed(t *testing.T) {
	dir := t.TempDir()
	r := tree{t, dir}
	for i := range maxFacts + 7 {
		r.write(fmt.Sprintf("%d/%04d", i%5, i), programFile, 0o777)
		r.chown(fmt.Sprintf("%d/%04d", i%5, i), 5000+i%(maxOwners+3), 0)
	}
	var first []byte
	for range 4 {
		inv := inventoryOf(t, layer.Options{Child: dir})
		b, err := json.Marshal(inv)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b
			var problems []string
			for _, p := range inv.Problems {
				problems = append(problems, p.Message)
			}
			want := []string{
				"27 files belong to more users and groups than are listed",
				`7 more files of kind "program" are in this layer than are listed`,
				`7 more files of kind "world-writable" are in this layer than are listed`,
			}
			if diff := cmp.Diff(want, problems); diff != "" || len(inv.Files) != 2*maxFacts || len(inv.Owners) != maxOwners {
				t.Errorf("%d facts, %d owners, problems %s", len(inv.Files), len(inv.Owners), diff)
			}
		}
		if !bytes.Equal(first, b) {
			t.Fatal("two inventories differ")
		}
	}
}
