package extract

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/scan-build/scan-build/scan/layer"
)

// npmTree makes what npm install leaves behind: for each package a manifest and
// some twenty files of code.
func npmTree(b *testing.B, packages int) string {
	b.Helper()
	dir := b.TempDir()
	manifest := `{"name":"p%d","version":"1.0.0","license":"MIT","dependencies":{` + strings.Repeat(`"left-pad":"^1.0.0",`, 20) + `"x":"1"}}`
	for i := range packages {
		at := filepath.Join(dir, "app/node_modules", fmt.Sprintf("p%d", i))
		if err := os.MkdirAll(filepath.Join(at, "lib"), 0o755); err != nil {
			b.Fatal(err)
		}
		names := map[string]string{"package.json": fmt.Sprintf(manifest, i), "README.md": "x", "LICENSE": "MIT"}
		for j := range 17 {
			names[fmt.Sprintf("lib/%d.js", j)] = "module.exports = 1\n"
		}
		for name, content := range names {
			if err := os.WriteFile(filepath.Join(at, name), []byte(content), 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
	return dir
}

func benchmarkLayer(b *testing.B, dir string) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		l, err := layer.Open(layer.Options{Child: dir})
		if err != nil {
			b.Fatal(err)
		}
		inv, err := Layer(context.Background(), l, Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(inv.Stats.Changed), "files")
		l.Close()
	}
}

func BenchmarkNpmTree(b *testing.B) { benchmarkLayer(b, npmTree(b, 1000)) }

func BenchmarkDpkg(b *testing.B) {
	dir := b.TempDir()
	var s strings.Builder
	for i := range 500 {
		s.WriteString(debStanza(fmt.Sprintf("package%d", i), "1.0-1", installed, "Source: source (1.0)\nDepends: "+strings.Repeat("libc6 (>= 2.36), ", 20)+"x\n"))
	}
	p := filepath.Join(dir, "var/lib/dpkg")
	if err := os.MkdirAll(p, 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p, "status"), []byte(s.String()), 0o644); err != nil {
		b.Fatal(err)
	}
	benchmarkLayer(b, dir)
}

func BenchmarkTable(b *testing.B) {
	l, err := layer.Open(layer.Options{Child: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	t := newTable(l.View())
	for b.Loop() {
		t.choose("app/node_modules/some-package/dist/lib/index.js")
	}
}
