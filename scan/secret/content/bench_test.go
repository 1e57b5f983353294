package content_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/h2non/filetype"

	"github.com/scan-build/scan-build/scan/secret/content"
)

// drain reads a text as the search would: in large pieces.
func drain() func(string, io.Reader) error {
	buf := make([]byte, 256<<10)
	return func(_ string, r io.Reader) error {
		_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, buf)
		return err
	}
}

// BenchmarkSmallFiles is the walk of files of 3 kB: each with an open and a read,
// and "kind alone" without.
func BenchmarkSmallFiles(b *testing.B) {
	for name, data := range map[string]string{
		"text":           noise(3000),
		"program":        "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 2990),
		"unknown binary": "\x00\x01\x02\x03" + strings.Repeat("\x04", 2990),
	} {
		b.Run(name+", kind alone", func(b *testing.B) {
			visit := func(string, io.Reader) error { return nil }
			r := bytes.NewReader([]byte(data))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = content.Walk("f", r, int64(len(data)), content.Limits{}, visit)
			}
		})
		b.Run(name+", filetype.Match for comparison", func(b *testing.B) {
			for b.Loop() {
				_, _ = filetype.Match([]byte(data))
			}
		})
	}
	dir := b.TempDir()
	const files = 100_000
	for i := range files {
		name := filepath.Join(dir, fmt.Sprint(i%100), fmt.Sprint(i))
		if i < 100 {
			check(b, os.Mkdir(filepath.Dir(name), 0o755))
		}
		check(b, os.WriteFile(name, []byte(noise(3000)), 0o600))
	}
	for name, read := range map[string]func(f *os.File, visit func(string, io.Reader) error) error{
		"100,000 files": func(f *os.File, visit func(string, io.Reader) error) error {
			_, err := content.Walk("f", f, 3000, content.Limits{}, visit)
			return err
		},
		"100,000 files, read for comparison": func(f *os.File, visit func(string, io.Reader) error) error { return visit("f", f) },
	} {
		b.Run(name, func(b *testing.B) {
			visit := drain()
			for b.Loop() {
				for i := range files {
					f, err := os.Open(filepath.Join(dir, fmt.Sprint(i%100), fmt.Sprint(i)))
					check(b, err)
					check(b, read(f, visit))
					f.Close()
				}
			}
		})
	}
}

// BenchmarkJar is a jar of 2,000 classes of 4 kB and 200 properties of 2 kB; set
// CONTENT_JAR to measure another.
func BenchmarkJar(b *testing.B) {
	var files []file
	for i := range 2000 {
		files = append(files, file{fmt.Sprintf("org/example/C%d.class", i), "\xca\xfe\xba\xbe\x00\x00\x00\x41" + noise(4000)})
	}
	for i := range 200 {
		files = append(files, file{fmt.Sprintf("org/example/c%d.properties", i), noise(2000)})
	}
	jar := zipOf(b, 8, files...)
	if name := os.Getenv("CONTENT_JAR"); name != "" {
		data, err := os.ReadFile(name)
		check(b, err)
		jar = string(data)
	}
	for name, data := range map[string]string{"plain": jar, "in a jar": zipOf(b, 8, file{"a.jar", jar}), "in a tar.gz": gzipOf(b, tarOf(b, file{"a.jar", jar}))} {
		b.Run(name, func(b *testing.B) {
			visit := drain()
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				_, err := content.Walk("f", strings.NewReader(data), int64(len(data)), content.Limits{}, visit)
				check(b, err)
			}
		})
	}
}

// BenchmarkPlain is what a large text costs on its way.
func BenchmarkPlain(b *testing.B) {
	data := []byte(noise(64 << 20))
	visit := drain()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		_, err := content.Walk("f", bytes.NewReader(data), int64(len(data)), content.Limits{}, visit)
		check(b, err)
	}
}
