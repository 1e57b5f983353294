package extract

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/extract/rpmdb/rpmdbtest"
)

func rpmHeaders() [][]byte {
	text := func(id uint32, s string) rpmdbtest.Tag { return rpmdbtest.Tag{ID: id, Text: s} }
	return [][]byte{
		rpmdbtest.Header(text(rpmdbtest.Name, "openssl-libs"), text(rpmdbtest.Version, "3.0.7"), text(rpmdbtest.Release, "27.el9"),
			rpmdbtest.Tag{ID: rpmdbtest.Epoch, Number: 1}, text(rpmdbtest.Arch, "x86_64"), text(rpmdbtest.License, "ASL 2.0"),
			text(rpmdbtest.SourceRPM, "openssl-3.0.7-27.el9.src.rpm"), text(rpmdbtest.Modularity, "m:1:2:3")),
		rpmdbtest.Header(text(rpmdbtest.Name, "bash"), text(rpmdbtest.Version, "5.1.8"), text(rpmdbtest.Release, "6.el9"),
			text(rpmdbtest.SourceRPM, "bash-5.1.8-6.el9.src.rpm")),
		rpmdbtest.Header(text(rpmdbtest.Name, "gpg-pubkey"), text(rpmdbtest.Version, "fd431d51"), text(rpmdbtest.Release, "4ae0493b")),
	}
}

func TestRPMDatabases(t *testing.T) {
	plain, _, err := rpmdbtest.SQLite(t.Context(), t.TempDir(), false, rpmHeaders())
	if err != nil {
		t.Fatal(err)
	}
	journaled, wal, err := rpmdbtest.SQLite(t.Context(), t.TempDir(), true, rpmHeaders())
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		files files
		path  string
	}{
		"Berkeley DB": {files{"var/lib/rpm/Packages": string(rpmdbtest.BDB(binary.LittleEndian, rpmHeaders()))}, "var/lib/rpm/Packages"},
		"ndb":         {files{"usr/lib/sysimage/rpm/Packages.db": string(rpmdbtest.NDB(rpmHeaders()))}, "usr/lib/sysimage/rpm/Packages.db"},
		"SQLite behind a symlink": {files{
			"var/lib/rpm": "-> ../../usr/lib/sysimage/rpm", "usr/lib/sysimage/rpm/rpmdb.sqlite": string(plain),
		}, "usr/lib/sysimage/rpm/rpmdb.sqlite"},
		"SQLite with a write-ahead log": {files{
			"var/lib/rpm/rpmdb.sqlite": string(journaled), "var/lib/rpm/rpmdb.sqlite-wal": string(wal),
		}, "var/lib/rpm/rpmdb.sqlite"},
	} {
		t.Run(name, func(t *testing.T) {
			inv := analyse(t, tt.files)
			want := []scan.Package{
				{Type: "rpm", Name: "bash", Version: "5.1.8-6.el9", Path: tt.path, Extractor: "os/rpm"},
				{
					Type: "rpm", Name: "openssl-libs", Version: "1:3.0.7-27.el9", Arch: "x86_64", Licenses: []string{"ASL 2.0"},
					Source: &scan.SourcePackage{Name: "openssl", Version: "3.0.7-27.el9"}, Modularity: "m:1:2:3", Path: tt.path, Extractor: "os/rpm",
				},
			}
			if diff := cmp.Diff(want, inv.Packages); diff != "" {
				t.Error(diff)
			}
			if len(inv.Problems) > 0 {
				t.Errorf("problems are %+v", inv.Problems)
			}
		})
	}
}

func TestTruncatedRPMDatabaseIsFatal(t *testing.T) {
	plain, _, err := rpmdbtest.SQLite(t.Context(), t.TempDir(), false, rpmHeaders())
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"Packages": rpmdbtest.BDB(binary.LittleEndian, rpmHeaders()), "Packages.db": rpmdbtest.NDB(rpmHeaders()), "rpmdb.sqlite": plain,
	} {
		t.Run(name, func(t *testing.T) {
			inv := analyse(t, files{"var/lib/rpm/" + name: string(b[:len(b)*3/4])})
			if len(inv.Problems) != 1 || !inv.Problems[0].Fatal || len(inv.Packages) > 0 {
				t.Errorf("problems are %+v, packages %v", inv.Problems, brief(inv.Packages))
			}
		})
	}
}

func TestPackagesMissingFromDpkgAreReported(t *testing.T) {
	inv := analyse(t, files{
		"var/lib/dpkg/status":                 debStanza("curl", "1", installed, "") + debStanza("old", "1", "deinstall ok config-files", ""),
		"var/lib/dpkg/info/curl.list":         "/usr/bin/curl\n",
		"var/lib/dpkg/info/old.list":          "/etc/old\n",
		"var/lib/dpkg/info/libssl:amd64.list": "/usr/lib/libssl.so\n",
	})
	if len(inv.Packages) != 1 || len(inv.Problems) != 1 || inv.Problems[0].Fatal {
		t.Errorf("packages are %v, problems %+v", brief(inv.Packages), inv.Problems)
	}
}
