package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/scan-build/scan-build/scan"
)

// build makes the binary as it is shipped.
func build(t testing.TB) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "scan-analyze")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", name, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("failed to build: %v\n%s", err, out)
	}
	return name
}

func writeFiles(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func inventory(t testing.TB, out string) (scan.LayerInventory, []byte) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(out, inventoryFile))
	if err != nil {
		t.Fatal(err)
	}
	var inv scan.LayerInventory
	if err := json.Unmarshal(b, &inv); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(out)
	if err != nil || len(entries) != 1 {
		t.Errorf("the output folder holds %v", entries)
	}
	return inv, b
}

// The binary scans itself, as a layer on a read-only overlay mount, without a
// writable temporary folder and without a network.
func TestAnalyseMountedLayers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mounting overlayfs needs root")
	}
	bin := build(t)
	dir := t.TempDir()
	base, upper, view, parent := filepath.Join(dir, "base"), filepath.Join(dir, "upper"), filepath.Join(dir, "view"), filepath.Join(dir, "parent")
	self, err := os.ReadFile(bin)
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, base, map[string]string{
		"usr/lib/os-release":   "ID=alpine\nVERSION_ID=3.20\n",
		"lib/apk/db/installed": "P:musl\nV:1.2.5\n\n",
		"app/package.json":     `{"name":"old","version":"1.0.0"}`,
	})
	writeFiles(t, upper, map[string]string{
		"usr/bin/scan-analyze": string(self),
		"srv/package.json":     `{"name":"new","version":"2.0.0"}`,
		"srv/bad/package.json": `{`,
	})
	if err := unix.Mknod(filepath.Join(upper, "app"), unix.S_IFCHR, 0); err != nil {
		t.Fatal(err)
	}
	for at, lower := range map[string]string{view: upper + ":" + base, parent: base + ":" + t.TempDir()} {
		if err := os.Mkdir(at, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount("overlay", at, "overlay", unix.MS_RDONLY, "lowerdir="+lower); err != nil {
			t.Skip("overlayfs cannot be mounted here: ", err)
		}
		t.Cleanup(func() { _ = unix.Unmount(at, unix.MNT_DETACH) })
	}

	var first []byte
	for range 3 {
		out := t.TempDir()
		cmd := exec.CommandContext(t.Context(), bin, "--child", view, "--parent", parent, "--out", out)
		cmd.Env = []string{"TMPDIR=/nonexistent"}
		if b, err := cmd.CombinedOutput(); err != nil || len(b) > 0 {
			t.Fatalf("%v: %s", err, b)
		}
		inv, b := inventory(t, out)
		if first == nil {
			first = b
			checkMounted(t, inv)
		}
		if !bytes.Equal(first, b) {
			t.Error("two runs differ")
		}
	}
}

// A base image's layer comes as its blob.
func TestAnalyseBlob(t *testing.T) {
	bin := build(t)
	self, err := os.ReadFile(bin)
	if err != nil {
		t.Fatal(err)
	}
	blob := filepath.Join(t.TempDir(), "layer")
	f, err := os.Create(blob)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	w := tar.NewWriter(z)
	for _, e := range []struct{ name, content string }{
		{"usr/lib/os-release", "ID=debian\nVERSION_ID=12\n"},
		{"var/lib/dpkg/status", "Package: curl\nStatus: install ok installed\nVersion: 1\n\n"},
		{"usr/bin/tool", string(self)}, {"app/.wh.gone", ""},
	} {
		if err := w.WriteHeader(&tar.Header{Name: e.name, Mode: 0o755, Size: int64(len(e.content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []io.Closer{w, z, f} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	out := t.TempDir()
	if b, err := exec.CommandContext(t.Context(), bin, "--tar", blob, "--out", out).CombinedOutput(); err != nil || len(b) > 0 {
		t.Fatalf("%v: %s", err, b)
	}
	inv, _ := inventory(t, out)
	names := map[string]string{}
	for _, p := range inv.Packages {
		names[p.Name] = p.Version
	}
	if names["curl"] != "1" || !strings.HasPrefix(names["stdlib"], "go1.") || inv.OS == nil || inv.OS.ID != "debian" {
		t.Errorf("OS is %+v, packages are %v", inv.OS, names)
	}
	if len(inv.Removed) != 1 || inv.Removed[0] != "app/gone" || inv.Stats.Method != "tar" {
		t.Errorf("removed %v by %s", inv.Removed, inv.Stats.Method)
	}
}

func checkMounted(t *testing.T, inv scan.LayerInventory) {
	t.Helper()
	names := map[string]string{}
	for _, p := range inv.Packages {
		names[p.Name] = p.Version
	}
	if names["new"] != "2.0.0" || !strings.HasPrefix(names["stdlib"], "go1.") || !strings.HasPrefix(names["github.com/google/osv-scalibr"], "v") {
		t.Errorf("packages are %v", names)
	}
	if names["old"] != "" || names["musl"] != "" {
		t.Errorf("packages of the layer below are there: %v", names)
	}
	if len(inv.Removed) != 1 || inv.Removed[0] != "app" || inv.Stats.Method != "overlay" {
		t.Errorf("removed %v by %s", inv.Removed, inv.Stats.Method)
	}
	if len(inv.Problems) != 1 || inv.Problems[0].Path != "srv/bad/package.json" || inv.Problems[0].Fatal {
		t.Errorf("problems are %+v", inv.Problems)
	}
}

func TestItFailsWithOneClearLine(t *testing.T) {
	bin := build(t)
	tarball := filepath.Join(t.TempDir(), "layer")
	if err := os.WriteFile(tarball, []byte("this is no tar, and long enough to tell"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, want string
		args       []string
	}{
		{"no output folder", "--out", []string{"--child", "/"}},
		{"no input", "--child", []string{"--out", t.TempDir()}},
		{"two inputs", "--tar", []string{"--out", t.TempDir(), "--child", "/", "--tar", tarball}},
		{"parent without child", "--parent", []string{"--out", t.TempDir(), "--tar", tarball, "--parent", "/"}},
		{"unknown flag", "nonsense", []string{"--nonsense"}},
		{"stray argument", "stray", []string{"stray"}},
		{"mount missing", "/missing", []string{"--child", "/missing", "--out", t.TempDir()}},
		{"output missing", "/missing", []string{"--child", t.TempDir(), "--out", "/missing"}},
		{"rules missing", "/missing", []string{"--child", t.TempDir(), "--out", t.TempDir(), "--rules", "/missing"}},
		{"no rules", "*.toml", []string{"--child", t.TempDir(), "--out", t.TempDir(), "--rules", t.TempDir()}},
		{"broken rules", "b.toml", []string{"--child", t.TempDir(), "--out", t.TempDir(), "--rules", rulesDir(t, "[[rules]\nid = 1")}},
		{"rules with a broken expression", "b.toml", []string{"--child", t.TempDir(), "--out", t.TempDir(), "--rules", rulesDir(t, "[[rules]]\nid = \"x\"\nregex = '(('\nkeywords = [\"x\"]")}},
		{"no tar", "layer blob", []string{"--tar", tarball, "--out", t.TempDir()}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), bin, tt.args...).CombinedOutput()
			if err == nil {
				t.Fatal("exit code 0")
			}
			line := strings.TrimSuffix(string(out), "\n")
			if strings.Contains(line, "\n") || !strings.HasPrefix(line, "scan-analyze: ") || !strings.Contains(line, tt.want) {
				t.Errorf("output is %q", out)
			}
		})
	}
}
