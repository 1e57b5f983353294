// Package rpmdb reads the package list of rpm's three database formats:
// Berkeley DB ("Packages"), ndb ("Packages.db") and SQLite ("rpmdb.sqlite").
//
// It reads what is needed to name a package, and it is strict: a database that
// is cut off or damaged is an error and never a shorter list. It must not know
// where databases lie in an image.
package rpmdb

import (
	"context"
	"encoding/binary"
	"io"

	"github.com/pkg/errors"
)

// Package is an entry of the database.
type Package struct {
	Name, Version, Release string
	// Epoch is nil for a package without one.
	Epoch *int
	Arch  string
	// SourceRPM is the file name of the source package.
	SourceRPM string
	License   string
	// Modularity is the module label, "name:stream:version:context".
	Modularity string
}

const (
	// maxHeader is rpm's own limit for one package's header.
	maxHeader = 256 << 20
	// maxPackages is far above what any system has installed.
	maxPackages = 1 << 20
)

// Read lists the packages of a database of the given size. path is where the
// database lies as a file of its own: SQLite opens it by name, with the
// write-ahead log beside it; it is called for that format only.
func Read(ctx context.Context, r io.ReaderAt, size int64, path func() (string, error)) ([]Package, error) {
	var packages []Package
	add := func(blob []byte) error {
		if len(packages) >= maxPackages {
			return errors.New("too many packages")
		}
		p, err := parseHeader(blob)
		if err != nil {
			return errors.Wrapf(err, "failed to read package %d", len(packages)+1)
		}
		packages = append(packages, p)
		return nil
	}
	return packages, each(ctx, r, size, path, add)
}

// Files calls visit for every file that a package of the database owns: the
// package's name, the directory as the package spells it, and the file's name
// there. The other parameters are Read's.
func Files(ctx context.Context, r io.ReaderAt, size int64, path func() (string, error), visit func(pkg, dir, base string)) error {
	n := 0
	return each(ctx, r, size, path, func(blob []byte) error {
		if n++; n > maxPackages {
			return errors.New("too many packages")
		}
		return errors.Wrapf(parseFiles(blob, visit), "failed to read package %d", n)
	})
}

// each calls add with the header of every package.
func each(ctx context.Context, r io.ReaderAt, size int64, path func() (string, error), add func([]byte) error) error {
	var head [32]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return errors.Wrap(err, "failed to read the database's beginning")
	}
	switch {
	case string(head[:16]) == sqliteMagic:
		return readSQLite(ctx, r, size, path, add)
	case string(head[:4]) == ndbMagic:
		return readNDB(ctx, r, size, add)
	case isBDB(head[:]):
		return readBDB(ctx, r, size, add)
	default:
		return errors.New("not an rpm database")
	}
}

func isBDB(head []byte) bool {
	return binary.LittleEndian.Uint32(head[12:]) == bdbMagic || binary.BigEndian.Uint32(head[12:]) == bdbMagic
}
