package extract

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/layer"
)

func TestBrokenFilesBecomeProblems(t *testing.T) {
	stanza := debStanza("curl", "1", installed, "")
	manifest := strings.Repeat("X", maxEntry+1)
	nested := archive(t, "x.class", "")
	for range javaMaxDepth + 1 {
		nested = archive(t, "in.jar", nested)
	}
	for _, tt := range []struct {
		name  string
		files files
		fatal bool
	}{
		{"dpkg cut off within a line", files{"var/lib/dpkg/status": stanza + stanza[:len(stanza)-20]}, true},
		{"dpkg cut off before the version", files{"var/lib/dpkg/status": stanza + "Package: vim\nStatus: install ok installed\n"}, true},
		{"dpkg cut off before the status", files{"var/lib/dpkg/status": stanza + "Package: vim\n"}, true},
		{"dpkg overwritten", files{"var/lib/dpkg/status": "\x00\x00\x00\x00"}, true},
		{"dpkg emptied", files{"var/lib/dpkg/status": "", "var/lib/dpkg/info/curl.list": "/usr\n"}, true},
		{"dpkg with another kind of file", files{"var/lib/dpkg/status": "hello world\n"}, true},
		{"status.d cut off", files{"var/lib/dpkg/status.d/x": "Package: curl\n"}, true},
		{"apk cut off within a line", files{"lib/apk/db/installed": "P:musl\nV:1\n\nP:bus"}, true},
		{"apk cut off before the version", files{"lib/apk/db/installed": "P:musl\nV:1\n\nP:busybox\n"}, true},
		{"apk emptied", files{"lib/apk/db/installed": "", "etc/apk/world": "busybox\n"}, true},
		{"rpm that is none", files{"var/lib/rpm/Packages": strings.Repeat("not a database", 100)}, true},
		{"rpm emptied", files{"usr/lib/sysimage/rpm/rpmdb.sqlite": ""}, true},
		{"os-release that is too large", files{"etc/os-release": strings.Repeat("A=b\n", maxOSRelease)}, true},
		{"package.json that is no JSON", files{"a/package.json": "{"}, false},
		{"package.json that is too large", files{"a/package.json": "{" + strings.Repeat(" ", 9*mib) + "}"}, false},
		{"lock file that is no JSON", files{"a/package-lock.json": "<html>"}, false},
		{"lock file that is null", files{"a/package-lock.json": "null"}, false},
		{"package.json that nests without end", files{"a/package.json": strings.Repeat("[", 4*mib)}, false},
		{"lock file that nests without end", files{"a/package-lock.json": `{"dependencies":` + strings.Repeat(`{"a":`, 4*mib)}, false},
		{"TOML that nests without end", files{"a/Cargo.lock": "a=" + strings.Repeat("[", 16*mib)}, false},
		{"Rust binary with a list that inflates", files{"bin/app": auditable(t, deflated(t, strings.Repeat(" ", auditableMaxJSON+1)))}, false},
		{"Rust binary with a broken list", files{"bin/app": auditable(t, []byte("not zlib"))}, false},
		{"jar that is no zip", files{"a.jar": strings.Repeat("not a zip", 20)}, false},
		{"jar with a manifest that inflates", files{"a.jar": archive(t, "META-INF/MANIFEST.MF", manifest)}, false},
		{"egg with metadata that inflates", files{"a.egg": archive(t, "EGG-INFO/PKG-INFO", manifest)}, false},
		{"egg that is no zip", files{"a.egg": "not a zip"}, false},
		{"jar nested too deep", files{"a.jar": nested}, false},
		{"jar in a jar that is no zip", files{"a.jar": archive(t, "b.jar", "x")}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inv := analyse(t, tt.files)
			if len(inv.Problems) == 0 {
				t.Fatalf("no problem; packages are %v", brief(inv.Packages))
			}
			for _, p := range inv.Problems {
				if p.Fatal != tt.fatal || p.Message == "" || p.Path == "" || p.Extractor == "" {
					t.Errorf("problem is %+v", p)
				}
			}
			if len(inv.Evidence) == 0 {
				t.Error("a broken file is no evidence")
			}
		})
	}
}

func deflated(t testing.TB, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bomb is an archive of a few hundred kilobytes that says it holds gigabytes.
func bomb(t *testing.T) string {
	inner := archive(t, "data.bin", strings.Repeat("\x00", 64*mib))
	entries := make([]string, 0, 40)
	for i := range 20 {
		entries = append(entries, "lib/"+string(rune('a'+i))+".jar.stored", archive(t, "x.jar", archive(t, "y.jar", inner)))
	}
	big := strings.Repeat("\x00", 300*mib)
	return archive(t, append(entries, "lib/1.jar", big, "lib/2.jar", big, "lib/3.jar", big, "lib/4.jar", big)...)
}

func TestZipBombIsAProblem(t *testing.T) {
	if testing.Short() {
		t.Skip("inflates a gigabyte")
	}
	b := bomb(t)
	start := time.Now()
	inv := analyse(t, files{"app/bomb.jar": b})
	if len(inv.Problems) == 0 {
		t.Error("no problem")
	}
	if d := time.Since(start); d > 30*time.Second {
		t.Errorf("took %s", d)
	}
}

func TestOddNamesSurviveJSON(t *testing.T) {
	inv := analyse(t, files{
		"a\nb/package.json":    `{"name":"n","version":"1"}`,
		"\xff/package.json":    `{"name":"n","version":"2"}`,
		"\xfe/package.json":    `{"name":"bad\ud800","version":"3"}`,
		"x\xf0/yarn.lock":      "broken",
		"\xff/deep/index.html": "",
	})
	b, err := json.Marshal(inv)
	if err != nil {
		t.Fatal(err)
	}
	var back scan.LayerInventory
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i, p := range back.Packages {
		if p.Path != inv.Packages[i].Path || seen[p.Path] {
			t.Errorf("path %q became %q", inv.Packages[i].Path, p.Path)
		}
		seen[p.Path] = true
	}
	if !seen[`\xff/package.json`] || !seen["a\nb/package.json"] {
		t.Errorf("paths are %v", seen)
	}
}

func TestHugeSparseFileCostsNothing(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"tool", "package.json", "lib.so", "app.jar"} {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_WRONLY, 0o755)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(5 << 30); err != nil {
			t.Skip("no sparse files here: ", err)
		}
		f.Close()
	}
	start := time.Now()
	inv := analyseLayer(t, layer.Options{Child: dir}, Options{})
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %s", d)
	}
	if len(inv.Problems) != 2 {
		t.Errorf("problems are %+v", inv.Problems)
	}
}

func TestPanicBecomesAProblem(t *testing.T) {
	dir := t.TempDir()
	files{"a/package.json": "{}"}.in(t, dir)
	for name, tt := range map[string]struct {
		do   func(context.Context, *input) ([]scan.Package, error)
		want string
	}{
		"panic": {func(context.Context, *input) ([]scan.Package, error) { panic("boom") }, "panicked: boom"},
		"hang":  {func(context.Context, *input) ([]scan.Package, error) { select {} }, "longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := layer.Open(layer.Options{Child: dir})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			a := newAnalysis(l.View(), Options{FileTimeout: 100 * time.Millisecond})
			_, err = a.extract(context.Background(), &extractor{name: "x", extract: tt.do}, layer.File{Path: "a/package.json"})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v", err)
			}
		})
	}
}
