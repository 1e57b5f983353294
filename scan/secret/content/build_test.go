package content_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"io"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/secret/content"
)

// file is a file or an archive's entry.
type file struct{ name, text string }

func zipOf(t testing.TB, method uint16, files ...file) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		to, err := w.CreateHeader(&zip.FileHeader{Name: f.name, Method: method})
		check(t, err)
		_, err = io.WriteString(to, f.text)
		check(t, err)
	}
	check(t, w.Close())
	return b.String()
}

// sizedZip is a zip whose entries' sizes stand before them, not behind.
func sizedZip(t testing.TB, files ...file) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		to, err := w.CreateRaw(&zip.FileHeader{
			Name: f.name, CompressedSize64: uint64(len(f.text)), UncompressedSize64: uint64(len(f.text)),
		})
		check(t, err)
		_, err = io.WriteString(to, f.text)
		check(t, err)
	}
	check(t, w.Close())
	return b.String()
}

func tarOf(t testing.TB, files ...file) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		check(t, w.WriteHeader(&tar.Header{Name: f.name, Size: int64(len(f.text)), Mode: 0o644}))
		_, err := io.WriteString(w, f.text)
		check(t, err)
	}
	check(t, w.Close())
	return b.String()
}

func gzipOf(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	check(t, err)
	check(t, w.Close())
	return b.String()
}

func zstdOf(t testing.TB, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	check(t, err)
	return string(w.EncodeAll([]byte(text), nil))
}

func utf16Of(text string, high int) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		pair := [2]byte{}
		pair[high], pair[1-high] = byte(u>>8), byte(u)
		b = append(b, pair[:]...)
	}
	return string(b)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// walked is what a walk gave.
type walked struct {
	Texts    []file
	Problems []scan.Problem
}

func walk(t testing.TB, data string, limits content.Limits) walked {
	t.Helper()
	return walkAt(t, bytes.NewReader([]byte(data)), int64(len(data)), limits)
}

func walkAt(t testing.TB, at io.ReaderAt, size int64, limits content.Limits) walked {
	t.Helper()
	var out walked
	var err error
	out.Problems, err = content.Walk("f", at, size, limits, out.collect)
	check(t, err)
	return out
}

func (w *walked) collect(path string, r io.Reader) error {
	b, err := io.ReadAll(r)
	w.Texts = append(w.Texts, file{path, string(b)})
	return err
}
