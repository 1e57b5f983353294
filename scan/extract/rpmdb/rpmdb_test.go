package rpmdb

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan/extract/rpmdb/rpmdbtest"
)

func sample() [][]byte {
	text := func(id uint32, s string) rpmdbtest.Tag { return rpmdbtest.Tag{ID: id, Text: s} }
	return [][]byte{
		rpmdbtest.Header(text(rpmdbtest.Name, "bash"), text(rpmdbtest.Version, "5.1"), text(rpmdbtest.Release, "2.el9"),
			text(rpmdbtest.Arch, "x86_64"), text(rpmdbtest.SourceRPM, "bash-5.1-2.el9.src.rpm"), text(rpmdbtest.License, "GPLv3+")),
		rpmdbtest.Header(text(rpmdbtest.Name, "nodejs"), text(rpmdbtest.Version, "18.0"), text(rpmdbtest.Release, "1"),
			rpmdbtest.Tag{ID: rpmdbtest.Epoch, Number: 1}, text(rpmdbtest.Modularity, "nodejs:18:x:y"), text(9999, strings.Repeat("x", 9000))),
	}
}

func makeSQLite(t testing.TB, blobs [][]byte) []byte {
	t.Helper()
	b, _, err := rpmdbtest.SQLite(t.Context(), t.TempDir(), false, blobs)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read(t testing.TB, b []byte) ([]Package, error) {
	t.Helper()
	return Read(context.Background(), bytes.NewReader(b), int64(len(b)), func() (string, error) {
		name := filepath.Join(t.TempDir(), "copy ?#%.sqlite")
		return name, os.WriteFile(name, b, 0o600)
	})
}

func formats(t testing.TB) map[string][]byte {
	t.Helper()
	return map[string][]byte{
		"Berkeley DB":             rpmdbtest.BDB(binary.LittleEndian, sample()),
		"Berkeley DB, big endian": rpmdbtest.BDB(binary.BigEndian, sample()),
		"ndb":                     rpmdbtest.NDB(sample()),
		"SQLite":                  makeSQLite(t, sample()),
	}
}

func TestEveryFormat(t *testing.T) {
	one := 1
	want := []Package{
		{Name: "bash", Version: "5.1", Release: "2.el9", Arch: "x86_64", SourceRPM: "bash-5.1-2.el9.src.rpm", License: "GPLv3+"},
		{Name: "nodejs", Version: "18.0", Release: "1", Epoch: &one, Modularity: "nodejs:18:x:y"},
	}
	for name, b := range formats(t) {
		t.Run(name, func(t *testing.T) {
			got, err := read(t, b)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTruncatedDatabaseIsAnError(t *testing.T) {
	for name, b := range formats(t) {
		t.Run(name, func(t *testing.T) {
			for cut := 1; cut < len(b); cut += 509 {
				if p, err := read(t, b[:len(b)-cut]); err == nil {
					t.Fatalf("%d of %d bytes pass as a database of %d packages", len(b)-cut, len(b), len(p))
				}
			}
		})
	}
}

func TestPackageWithoutNameIsAnError(t *testing.T) {
	broken := [][]byte{rpmdbtest.Header(rpmdbtest.Tag{ID: rpmdbtest.Version, Text: "1"})}
	for name, b := range map[string][]byte{"bdb": rpmdbtest.BDB(binary.LittleEndian, broken), "ndb": rpmdbtest.NDB(broken), "sqlite": makeSQLite(t, broken)} {
		t.Run(name, func(t *testing.T) {
			if _, err := read(t, b); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestOverflowLoopEnds(t *testing.T) {
	b := rpmdbtest.BDB(binary.LittleEndian, sample())
	// The second overflow page leads back to itself.
	for at := 2 * 4096; at < len(b); at += 4096 {
		if next := binary.LittleEndian.Uint32(b[at+16:]); next != 0 {
			binary.LittleEndian.PutUint32(b[at+16:], uint32(at/4096))
		}
	}
	if _, err := read(t, b); err == nil {
		t.Error("no error")
	}
}

func FuzzRead(f *testing.F) {
	for name, b := range formats(f) {
		if name != "SQLite" {
			f.Add(b)
		}
	}
	f.Add(sample()[0])
	f.Fuzz(func(t *testing.T, b []byte) {
		if bytes.HasPrefix(b, []byte(sqliteMagic)) {
			t.Skip("SQLite's own code")
		}
		_, _ = read(t, b)
		_, _ = parseHeader(b)
	})
}
