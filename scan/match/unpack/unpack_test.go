package unpack_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pkg/errors"
	"github.com/ulikunitz/xz"

	"github.com/scan-build/scan-build/scan/dbbuild/dbtest"
	"github.com/scan-build/scan-build/scan/match/unpack"
	"github.com/scan-build/scan-build/scan/vulndb"
)

// layout is a folder with v6/latest.json and its archive.
func layout(t *testing.T) (dir, archive string) {
	t.Helper()
	dir = dbtest.Layout(t, dbtest.Advisory{ID: "CVE-2026-1", Ecosystem: "npm", Package: "left-pad"})
	found, err := filepath.Glob(filepath.Join(dir, "v6", "*.tar.zst"))
	if err != nil || len(found) != 1 {
		t.Fatal(err, found)
	}
	return dir, found[0]
}

// database is an unpacked database's bytes.
func database(t *testing.T) []byte {
	t.Helper()
	dir, _ := layout(t)
	return read(t, filepath.Join(dbtest.Unpack(t, dir), "vulnerability.db"))
}

type member struct {
	name string
	typ  byte
	link string
	body []byte
}

func tarball(t *testing.T, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		if m.typ == 0 {
			m.typ = tar.TypeReg
		}
		h := &tar.Header{Name: m.name, Typeflag: m.typ, Linkname: m.link, Mode: 0o644, Size: int64(len(m.body))}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func compress(t *testing.T, content []byte, open func(io.Writer) (io.WriteCloser, error)) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := open(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gz(w io.Writer) (io.WriteCloser, error)  { return gzip.NewWriter(w), nil }
func xzw(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) }
func zst(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }

func TestEveryFormIsUnpacked(t *testing.T) {
	db := database(t)
	packed := tarball(t, member{name: "./", typ: tar.TypeDir}, member{name: "./vulnerability.db", body: db}, member{name: "provider-metadata.json", body: []byte("{}")})
	forms := map[string]func(t *testing.T) string{
		"listing": func(t *testing.T) string { dir, _ := layout(t); return dir },
		"listing at the top": func(t *testing.T) string {
			dir, _ := layout(t)
			return filepath.Join(dir, "v6")
		},
		"plain tar of any name": func(t *testing.T) string { return folder(t, "archive", packed) },
		"gzip":                  func(t *testing.T) string { return folder(t, "db.tar.gz", compress(t, packed, gz)) },
		"xz":                    func(t *testing.T) string { return folder(t, "archive", compress(t, packed, xzw)) },
		"zstd":                  func(t *testing.T) string { return folder(t, "download", compress(t, packed, zst)) },
		"database file":         func(t *testing.T) string { return folder(t, "vulnerability.db", db) },
		"database file of any name": func(t *testing.T) string {
			return folder(t, "blob", db)
		},
		"unpacked before": func(t *testing.T) string {
			dir, _ := layout(t)
			return dbtest.Unpack(t, dir)
		},
		"grype's cache folder": func(t *testing.T) string {
			dir, _ := layout(t)
			cache := t.TempDir()
			if err := os.Rename(dbtest.Unpack(t, dir), filepath.Join(cache, "6")); err != nil {
				t.Fatal(err)
			}
			return cache
		},
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			out := t.TempDir()
			got, err := unpack.Unpack(t.Context(), form(t), out, unpack.Options{Source: "here"})
			if err != nil {
				t.Fatal(err)
			}
			if got.Schema != "v6.1.4" || !got.Built.Equal(dbtest.Built()) || got.Source != "here" || !strings.HasPrefix(got.Digest, "xxh64:") {
				t.Errorf("got %+v", got)
			}
			if !bytes.Contains(read(t, filepath.Join(out, "import.json")), []byte(got.Digest)) {
				t.Error("import.json does not hold the digest")
			}
		})
	}
}

func TestSameArchiveGivesTheSameDatabase(t *testing.T) {
	dir, _ := layout(t)
	first := read(t, filepath.Join(dbtest.Unpack(t, dir), "vulnerability.db"))
	// Often enough to see an order that is left to chance.
	for range 10 {
		if !bytes.Equal(first, read(t, filepath.Join(dbtest.Unpack(t, dir), "vulnerability.db"))) {
			t.Fatal("the databases differ")
		}
	}
}

func TestBadInputIsRefused(t *testing.T) {
	db := database(t)
	packed := tarball(t, member{name: "vulnerability.db", body: db})
	bomb := compress(t, tarball(t, member{name: "vulnerability.db", body: make([]byte, 4<<20)}), zst)
	tests := []struct {
		name string
		in   func(t *testing.T) string
		opts unpack.Options
		want string
	}{
		{"empty folder", func(t *testing.T) string { return t.TempDir() }, unpack.Options{}, "no vulnerability database"},
		{"no folder", func(t *testing.T) string { return filepath.Join(t.TempDir(), "none") }, unpack.Options{}, "failed to open the database folder"},
		{"several files", func(t *testing.T) string {
			dir := folder(t, "a.tar.zst", packed)
			put(t, filepath.Join(dir, "b.tar.zst"), packed)
			return dir
		}, unpack.Options{}, "several files"},
		{"empty file", func(t *testing.T) string { return folder(t, "db", nil) }, unpack.Options{}, "empty file"},
		{"web page", func(t *testing.T) string { return folder(t, "db", []byte("<html>404</html>")) }, unpack.Options{}, "neither a tar archive"},
		{"truncated archive", func(t *testing.T) string { return folder(t, "db", compress(t, packed, zst)[:2000]) }, unpack.Options{}, "unexpected EOF"},
		{"truncated database", func(t *testing.T) string { return folder(t, "vulnerability.db", db[:len(db)/2]) }, unpack.Options{}, "malformed"},
		{"archive without a database", func(t *testing.T) string { return folder(t, "db", tarball(t, member{name: "README"})) }, unpack.Options{}, "holds no vulnerability.db"},
		{"two databases", func(t *testing.T) string {
			return folder(t, "db", tarball(t, member{name: "vulnerability.db", body: db}, member{name: "a/vulnerability.db", body: db}))
		}, unpack.Options{}, "more than one"},
		{"member outside", func(t *testing.T) string {
			return folder(t, "db", tarball(t, member{name: "../vulnerability.db", body: db}))
		}, unpack.Options{}, "outside of itself"},
		{"absolute member", func(t *testing.T) string {
			return folder(t, "db", tarball(t, member{name: "/vulnerability.db", body: db}))
		}, unpack.Options{}, "outside of itself"},
		{"link as member", func(t *testing.T) string {
			return folder(t, "db", tarball(t, member{name: "vulnerability.db", typ: tar.TypeSymlink, link: "/etc/passwd"}))
		}, unpack.Options{}, "not a file"},
		{"device as member", func(t *testing.T) string {
			return folder(t, "db", tarball(t, member{name: "vulnerability.db", typ: tar.TypeChar}))
		}, unpack.Options{}, "not a file"},
		{"too large", func(t *testing.T) string { return folder(t, "db", bomb) }, unpack.Options{MaxSize: 1 << 20}, "more than the allowed size"},
		{"too large without an archive", func(t *testing.T) string { return folder(t, "vulnerability.db", db) }, unpack.Options{MaxSize: 4096}, "more than the allowed size"},
		{"wrong checksum asked for", func(t *testing.T) string { return folder(t, "db", packed) }, unpack.Options{SHA256: strings.Repeat("0", 64)}, "has checksum"},
		{"wrong checksum in the listing", func(t *testing.T) string {
			dir, archive := layout(t)
			put(t, archive, compress(t, packed, zst))
			return dir
		}, unpack.Options{}, "has checksum"},
		{"truncated archive of a listing", func(t *testing.T) string {
			dir, archive := layout(t)
			put(t, archive, read(t, archive)[:1000])
			return dir
		}, unpack.Options{}, "has checksum"},
		{"listing without its archive", func(t *testing.T) string {
			dir, archive := layout(t)
			if err := os.Remove(archive); err != nil {
				t.Fatal(err)
			}
			return dir
		}, unpack.Options{}, "no such file"},
		{"listing of another schema", func(t *testing.T) string {
			dir, _ := layout(t)
			listing := filepath.Join(dir, "v6", "latest.json")
			put(t, listing, bytes.ReplaceAll(read(t, listing), []byte(`"v6.`), []byte(`"v5.`)))
			return dir
		}, unpack.Options{}, "schema v5."},
		{"listing that leads out", func(t *testing.T) string {
			dir, archive := layout(t)
			listing := filepath.Join(dir, "v6", "latest.json")
			put(t, listing, bytes.ReplaceAll(read(t, listing), []byte(filepath.Base(archive)), []byte("../../../etc/passwd")))
			return dir
		}, unpack.Options{}, "leads out"},
		{"archive that is a link out", func(t *testing.T) string {
			dir, archive := layout(t)
			outside := filepath.Join(t.TempDir(), "x")
			if err := os.Rename(archive, outside); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(outside, archive); err != nil {
				t.Fatal(err)
			}
			return dir
		}, unpack.Options{}, "escapes"},
		{"listing that is a FIFO", func(t *testing.T) string {
			dir := t.TempDir()
			if err := syscall.Mkfifo(filepath.Join(dir, "latest.json"), 0o600); err != nil {
				t.Fatal(err)
			}
			return dir
		}, unpack.Options{}, "not a regular file"},
		{"damaged since it was unpacked", func(t *testing.T) string {
			dir, _ := layout(t)
			ready := dbtest.Unpack(t, dir)
			file := filepath.Join(ready, "vulnerability.db")
			content := read(t, file)
			content[len(content)-1] ^= 1
			put(t, file, content)
			return ready
		}, unpack.Options{}, "has checksum"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			out := t.TempDir()
			_, err := unpack.Unpack(t.Context(), tc.in(t), out, tc.opts)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
			var output *unpack.OutputError
			if errors.As(err, &output) {
				t.Errorf("%v counts as a failure to write", err)
			}
			if left, _ := os.ReadDir(out); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestChecksumIsATypedError(t *testing.T) {
	content := tarball(t, member{name: "vulnerability.db", body: database(t)})
	dir := folder(t, "db", content)
	_, err := unpack.Unpack(t.Context(), dir, t.TempDir(), unpack.Options{SHA256: "sha256:" + strings.Repeat("ab", 32)})
	var sum *vulndb.ChecksumError
	if !errors.As(err, &sum) {
		t.Fatalf("got %v", err)
	}
	want := sha256.Sum256(content)
	if sum.Got != "sha256:"+hex.EncodeToString(want[:]) {
		t.Errorf("got %s", sum.Got)
	}
}

func TestFailureToWriteIsNotBlamedOnTheInput(t *testing.T) {
	dir, _ := layout(t)
	_, err := unpack.Unpack(t.Context(), dir, filepath.Join(t.TempDir(), "none"), unpack.Options{})
	var output *unpack.OutputError
	if !errors.As(err, &output) {
		t.Errorf("got %v, want an OutputError", err)
	}
}

func folder(t *testing.T, name string, content []byte) string {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, name), content)
	return dir
}

func put(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
