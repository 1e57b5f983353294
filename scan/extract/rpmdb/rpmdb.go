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
	var head [32]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return nil, errors.Wrap(err, "failed to read the database's beginning")
	}
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
	var err error
	switch {
	case string(head[:16]) == sqliteMagic:
		err = readSQLite(ctx, r, size, path, add)
	case string(head[:4]) == ndbMagic:
		err = readNDB(ctx, r, size, add)
	case isBDB(head[:]):
		err = readBDB(ctx, r, size, add)
	default:
		err = errors.New("not an rpm database")
	}
	return packages, err
}

func isBDB(head []byte) bool {
	return binary.LittleEndian.Uint32(head[12:]) == bdbMagic || binary.BigEndian.Uint32(head[12:]) == bdbMagic
}
