package analyze

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/extract"
	"github.com/scan-build/scan-build/scan/layer"
	"github.com/scan-build/scan-build/scan/secret"
)

// testRules find "alpha-" and "beta-" with 8 digits, but not below vendor.
const testRules = `
[[allowlists]]
paths = ['''^vendor/''']
[[rules]]
id = "alpha"
regex = '''alpha-[0-9]{8}'''
keywords = ["alpha-"]
[[rules]]
id = "beta"
regex = '''beta-[0-9]{8}'''
keywords = ["beta-"]
[[rules]]
id = "by-name"
path = '''\.keystore$'''
`

// value is a secret that must not be in any result.
const value = "-48151623"

func compile(t testing.TB) *secret.Rules {
	t.Helper()
	rules, err := secret.Compile(secret.Set{Name: "test", TOML: []byte(testRules)})
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// analyse analyses a layer and sees that no value is in the inventory.
func analyse(t testing.TB, at layer.Options) *scan.LayerInventory {
	t.Helper()
	at.TempDir = t.TempDir()
	l, err := layer.Open(at)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	inv, err := Layer(context.Background(), l, Options{TempDir: at.TempDir, Rules: compile(t)})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(inv)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte(value)) {
		t.Errorf("the inventory holds a value: %s", b)
	}
	if left, _ := os.ReadDir(at.TempDir); len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
	return inv
}

// brief shows where secrets are: "path:line:column rule".
func brief(secrets []scan.Secret) []string {
	var out []string
	for _, s := range secrets {
		out = append(out, fmt.Sprintf("%s:%d:%d %s", s.Path, s.Line, s.Column, s.Rule))
	}
	return out
}

func zipped(t testing.TB, name, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(f, content)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSecretsOfALayer(t *testing.T) {
	parent, child := t.TempDir(), t.TempDir()
	write(t, parent, map[string]string{"etc/old": "alpha" + value, "etc/same": "alpha" + value})
	write(t, child, map[string]string{
		"etc/old":           "the old alpha" + value,
		"etc/same":          "alpha" + value,
		"app/.env":          "A=1\nB=beta" + value + "\nC=alpha" + value,
		"app/app.zip":       zipped(t, "conf/x.properties", "x=alpha"+value),
		"app/empty":         "",
		"app/\xff.txt":      "alpha" + value,
		"app/my.keystore":   "binary",
		"vendor/lib/x.go":   "alpha" + value,
		"app/package.json":  `{"name":"p","version":"1","key":"alpha` + value + `"}`,
		"none/keystore.txt": "nothing",
	})
	if err := unix.Mkfifo(filepath.Join(child, "app/pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	inv := analyse(t, layer.Options{Child: child, Parent: parent})
	want := []string{
		"app/.env:2:3 beta", "app/.env:3:3 alpha", `app/\xff.txt:1:1 alpha`, "app/app.zip!conf/x.properties:1:3 alpha",
		"app/my.keystore:0:0 by-name", "app/package.json:1:34 alpha", "etc/old:1:9 alpha",
	}
	if diff := cmp.Diff(want, brief(inv.Secrets)); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
	for _, s := range inv.Secrets {
		if s.Source != scan.SecretInFile || s.Fingerprint == "" || s.Layer != 0 {
			t.Errorf("secret is %+v", s)
		}
	}
	if len(inv.Packages) != 1 || len(inv.Problems) != 0 {
		t.Errorf("packages are %v, problems %v", inv.Packages, inv.Problems)
	}
	if n := inv.Stats.Searched; n < 100 || n > 1000 {
		t.Errorf("searched %d bytes", n)
	}
}

func TestWithoutRulesNothingIsSearched(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a": "alpha" + value})
	l, err := layer.Open(layer.Options{Child: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	inv, err := Layer(context.Background(), l, Options{})
	if err != nil || len(inv.Secrets) > 0 || inv.Stats.Searched != 0 {
		t.Errorf("%+v, %v", inv, err)
	}
}

// A tar names a file as its writer did, holds what it takes back, and has one
// file under several names.
func TestSecretsOfABlob(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	add := func(name, content string, kind byte, link string) {
		h := &tar.Header{Name: name, Mode: 0o644, Typeflag: kind, Linkname: link, Size: int64(len(content))}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, content)
	}
	large := strings.Repeat("0123456789 some text\n", 100_000)
	add("lib", "", tar.TypeSymlink, "usr/lib")
	add("lib/conf", "alpha"+value, tar.TypeReg, "")
	add("run/key", "beta"+value, tar.TypeReg, "")
	add("run/.wh.key", "", tar.TypeReg, "")
	add("large.txt", large+"alpha"+value+"\n"+large, tar.TypeReg, "")
	add("large.zip", zipped(t, "x", "alpha"+value)+strings.Repeat("\x00", 2<<20), tar.TypeReg, "")
	add("app/link", "", tar.TypeLink, "run/key")
	add("twice", "alpha"+value, tar.TypeReg, "")
	add("twice", "alpha"+value, tar.TypeReg, "")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	blob := filepath.Join(t.TempDir(), "blob")
	if err := os.WriteFile(blob, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	inv := analyse(t, layer.Options{Tar: blob})
	want := []string{
		"app/link:1:1 beta", "large.txt:100001:1 alpha", "large.zip!x:1:1 alpha", "run/key:1:1 beta", "twice:1:1 alpha", "usr/lib/conf:1:1 alpha",
	}
	if diff := cmp.Diff(want, brief(inv.Secrets)); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
}

func TestInventoryIsTheSameEveryTime(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{"bad.zip": zipped(t, "x", "alpha"+value)[:40], "worse.gz": "\x1f\x8b\x08broken"}
	for i := range 60 {
		files[fmt.Sprintf("d%d/f%d", i%7, i)] = strings.Repeat("alpha"+value+" beta"+value+"\n", i%3)
	}
	write(t, dir, files)
	var first []byte
	for range 4 {
		b, err := json.Marshal(limited(t, dir, 20))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b
		}
		if !bytes.Equal(first, b) {
			t.Fatalf("inventories differ:\n%s\n%s", first, b)
		}
	}
}

// limited analyses a folder with room for fewer secrets.
func limited(t testing.TB, dir string, secrets int) *scan.LayerInventory {
	t.Helper()
	l, err := layer.Open(layer.Options{Child: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := newSearch(context.Background(), Options{Rules: compile(t)})
	s.hits.Limit, s.problems.Limit = secrets, 3
	inv, err := extract.Layer(context.Background(), l, extract.Options{Visitor: s})
	if err != nil {
		t.Fatal(err)
	}
	s.complete(inv, l.View())
	return inv
}

func TestMoreSecretsThanAreListed(t *testing.T) {
	t.Run("in a file", func(t *testing.T) {
		dir := t.TempDir()
		write(t, dir, map[string]string{"data": strings.Repeat("alpha"+value+"\n", 300) + "beta" + value})
		inv := analyse(t, layer.Options{Child: dir})
		rules := map[string]int{}
		for _, s := range inv.Secrets {
			rules[s.Rule]++
			if s.Rule == ruleTooMany && (!s.Counts() || s.Path != "data" || !strings.Contains(s.Description, "201 others")) {
				t.Errorf("what stands for the rest is %+v", s)
			}
		}
		// The rule that is seen last is seen all the same.
		if diff := cmp.Diff(map[string]int{"alpha": maxPerFile - 1, "beta": 1, ruleTooMany: 1}, rules); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("in a layer", func(t *testing.T) {
		dir := t.TempDir()
		files := map[string]string{"a": strings.Repeat("alpha"+value+"\n", 20)}
		for i := range 12 {
			files[fmt.Sprintf("f%02d", i)] = "beta" + value
		}
		write(t, dir, files)
		inv := limited(t, dir, 10)
		// The first of each rule in each file comes before any second one.
		want := []string{".:0:0 too-many-secrets", "a:1:1 alpha"}
		for i := range 9 {
			want = append(want, fmt.Sprintf("f%02d:1:1 beta", i))
		}
		if diff := cmp.Diff(want, brief(inv.Secrets)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestMoreProblemsThanAreListed(t *testing.T) {
	dir := t.TempDir()
	for i := range 10 {
		write(t, dir, map[string]string{fmt.Sprintf("f%d.gz", i): "\x1f\x8b\x08broken"})
	}
	inv := limited(t, dir, 10)
	if len(inv.Problems) != 4 || inv.Problems[0].Path != "" || !strings.HasPrefix(inv.Problems[0].Message, "7 more files") {
		t.Errorf("problems are %+v", inv.Problems)
	}
}

// hostile reads like a file that fails in some way.
type hostile func(p []byte, off int64) (int, error)

func (h hostile) ReadAt(p []byte, off int64) (int, error) { return h(p, off) }

func TestFilesThatCannotBeSearched(t *testing.T) {
	content := "x alpha" + value
	for _, tt := range []struct {
		name    string
		file    layer.File
		content io.ReaderAt
		problem string
		secrets int
	}{
		{"unread", layer.File{Unread: "failed to open: input/output error"}, nil, "not searched: failed to open: input/output error", 0},
		{"shrunk", layer.File{Size: 1 << 30}, strings.NewReader(content), "", 1},
		{"grown", layer.File{Size: 3}, strings.NewReader(content), "", 0},
		{"broken disk", layer.File{Size: 1 << 20}, hostile(func(p []byte, off int64) (int, error) {
			if off > 0 {
				return 0, unix.EIO
			}
			return copy(p, content+strings.Repeat(" ", len(p))), nil
		}), "input/output error", 1},
		{"defect", layer.File{Size: 100}, hostile(func([]byte, int64) (int, error) { panic("with alpha" + value) }), "the search failed", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSearch(context.Background(), Options{Rules: compile(t)})
			tt.file.Path = "a/file"
			s.Visit(tt.file, tt.content)
			s.Visit(layer.File{Path: "next", Size: int64(len(content))}, strings.NewReader(content))
			if n := len(s.hits.All()) - 1; n != tt.secrets {
				t.Errorf("%d secrets", n)
			}
			problems := s.problems.All()
			if tt.problem == "" {
				if len(problems) > 0 {
					t.Errorf("problems are %+v", problems)
				}
				return
			}
			if len(problems) != 1 || !strings.Contains(problems[0].Message, tt.problem) || problems[0].Path != "a/file" ||
				problems[0].Fatal || problems[0].Extractor == "" || strings.Contains(problems[0].Message, value) {
				t.Errorf("problems are %+v", problems)
			}
		})
	}
}

func TestSparseFile(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("\nalpha"+value+"\n"), 4<<30); err != nil {
		t.Skip("no sparse files here: ", err)
	}
	start := time.Now()
	inv := analyse(t, layer.Options{Child: dir})
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %s", d)
	}
	if len(inv.Secrets) != 1 || inv.Secrets[0].Path != "sparse" {
		t.Errorf("secrets are %+v", inv.Secrets)
	}
}

func TestManySmallFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 100,000 files")
	}
	dir := t.TempDir()
	for d := range 100 {
		at := filepath.Join(dir, fmt.Sprintf("d%02d", d))
		if err := os.Mkdir(at, 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range 1000 {
			if err := os.WriteFile(filepath.Join(at, fmt.Sprintf("f%03d", i)), []byte("nothing of interest\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(t, dir, map[string]string{"d50/key": "alpha" + value})
	start := time.Now()
	inv := analyse(t, layer.Options{Child: dir})
	if d := time.Since(start); d > 15*time.Second {
		t.Errorf("took %s", d)
	}
	if len(inv.Secrets) != 1 || inv.Stats.Changed != 100_001 {
		t.Errorf("%d files, secrets are %+v", inv.Stats.Changed, inv.Secrets)
	}
}

func TestACancelledAnalysisIsAnError(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a": strings.Repeat("text ", 1<<20)})
	l, err := layer.Open(layer.Options{Child: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(nil)
	if _, err := Layer(ctx, l, Options{Rules: compile(t)}); err == nil {
		t.Error("no error")
	}
}
