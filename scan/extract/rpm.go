package extract

import (
	"context"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/extract/rpmdb"
)

const rpmMaxSize = gib

// rpmDatabases are the paths of rpm's database in its three formats.
var rpmDatabases = []string{
	"var/lib/rpm/Packages", "var/lib/rpm/Packages.db", "var/lib/rpm/rpmdb.sqlite",
	"usr/lib/sysimage/rpm/Packages", "usr/lib/sysimage/rpm/Packages.db", "usr/lib/sysimage/rpm/rpmdb.sqlite",
	"usr/share/rpm/Packages", "usr/share/rpm/Packages.db", "usr/share/rpm/rpmdb.sqlite",
}

// rpmDatabase reads an rpm database. It is not scalibr's extractor: that one
// lets a damaged database pass as a shorter one or ends the process, and it
// drops the module label, without which advisories for another module stream
// would match.
func rpmDatabase(ctx context.Context, in *input) ([]scan.Package, error) {
	dir := ""
	defer func() {
		if dir != "" {
			_ = os.RemoveAll(dir)
		}
	}()
	found, err := rpmdb.Read(ctx, in.reader, in.size, func() (file string, err error) {
		dir, file, err = tempSQLite(in)
		return file, err
	})
	if err != nil {
		return nil, err
	}
	var out []scan.Package
	for _, p := range found {
		if p.Name == "gpg-pubkey" {
			// A key that rpm keeps as if it were a package.
			continue
		}
		out = append(out, rpmPackage(p))
	}
	return out, nil
}

// tempSQLite copies a database into a new folder, which the caller removes.
func tempSQLite(in *input) (dir, file string, err error) {
	if dir, err = os.MkdirTemp(in.temp, "rpm-"); err != nil {
		return "", "", errors.Wrap(err, "failed to copy the database")
	}
	file, err = copySQLite(in, dir)
	return dir, file, err
}

// copySQLite puts a database where SQLite can lock it and replay its write-ahead
// log: the snapshot is read-only.
func copySQLite(in *input, dir string) (string, error) {
	name := filepath.Join(dir, "rpmdb.sqlite")
	if err := copyFile(name, io.NewSectionReader(in.reader, 0, in.size)); err != nil {
		return "", err
	}
	wal, err := in.view.Open(in.path + "-wal")
	if err != nil {
		return name, nil //nolint:nilerr // most databases have none
	}
	defer wal.Close()
	st, err := wal.Stat()
	if err != nil || st.Size() > rpmMaxSize {
		return "", errors.New("failed to copy the database's write-ahead log: it is too large")
	}
	return name, copyFile(name+"-wal", io.LimitReader(wal, rpmMaxSize))
}

func copyFile(name string, r io.Reader) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return errors.Wrap(err, "failed to copy the database")
	}
	if _, err := io.Copy(f, r); err != nil {
		_ = f.Close()
		return errors.Wrap(err, "failed to copy the database")
	}
	return errors.Wrap(f.Close(), "failed to copy the database")
}

// rpmPackage spells a version as grype expects it: [epoch:]version-release.
func rpmPackage(p rpmdb.Package) scan.Package {
	version := p.Version
	if p.Release != "" {
		version += "-" + p.Release
	}
	if p.Epoch != nil {
		version = strconv.Itoa(*p.Epoch) + ":" + version
	}
	q := scan.Package{Name: p.Name, Version: version, Type: "rpm", Arch: p.Arch, Modularity: p.Modularity, Licenses: licenses([]string{p.License})}
	if q.Modularity == "(none)" {
		q.Modularity = ""
	}
	if name, v := splitSourceRPM(p.SourceRPM); name != "" && name != p.Name {
		q.Source = &scan.SourcePackage{Name: name, Version: v}
	}
	return q
}

// splitSourceRPM takes name and version-release out of
// "openssl-1.1.1k-9.el8.src.rpm".
func splitSourceRPM(file string) (name, version string) {
	nvr := strings.TrimSuffix(strings.TrimSuffix(path.Base(file), ".rpm"), path.Ext(strings.TrimSuffix(path.Base(file), ".rpm")))
	release := strings.LastIndexByte(nvr, '-')
	if release <= 0 {
		return "", ""
	}
	v := strings.LastIndexByte(nvr[:release], '-')
	if v <= 0 {
		return "", ""
	}
	return nvr[:v], nvr[v+1:]
}
