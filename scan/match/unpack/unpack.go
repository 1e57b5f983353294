// Package unpack makes a distributed vulnerability database ready for matching:
// it finds the archive, verifies its checksum, extracts the one file in it,
// builds the indexes and records where it came from, as grype's own import
// does.
//
// It owns the layouts in which databases are handed over and the bounds within
// which they are trusted. It must not know who hands them over.
package unpack

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	v6 "github.com/anchore/grype/grype/db/v6"
	"github.com/pkg/errors"
	"github.com/spf13/afero"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/vulndb"
)

// DefaultMaxSize bounds the unpacked database. The official one is about 1.5 GB.
const DefaultMaxSize = 8 << 30

// Options of an unpacking. The zero value is usable.
type Options struct {
	// SHA256 is the checksum that the archive must have, "sha256:<hex>" or just
	// the digits; empty for none but the listing's.
	SHA256 string
	// Source is recorded as the database's origin.
	Source string
	// MaxSize bounds the unpacked bytes; 0 is [DefaultMaxSize].
	MaxSize int64
}

// OutputError is a failure to write the result. Every other error is about the
// input and will come again with the same input.
type OutputError struct{ Err error }

func (e *OutputError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *OutputError) Unwrap() error { return e.Err }

func outputError(err error, what string) error {
	if err == nil {
		return nil
	}
	return &OutputError{Err: errors.Wrap(err, what)}
}

// Unpack makes the database in folder in ready in folder out
// (vulnerability.db, import.json). in holds one of: a listing layout
// (latest.json or v6/latest.json beside its archive), one archive of any name,
// or a vulnerability.db, with or without an import.json. After an error nothing
// of a database is left in out.
func Unpack(ctx context.Context, in, out string, opts Options) (_ scan.Database, err error) {
	if opts.MaxSize == 0 {
		opts.MaxSize = DefaultMaxSize
	}
	defer func() {
		if err != nil {
			_ = os.Remove(filepath.Join(out, v6.VulnerabilityDBFileName))
			_ = os.Remove(filepath.Join(out, v6.ImportMetadataFileName))
		}
	}()
	root, err := os.OpenRoot(in)
	if err != nil {
		return scan.Database{}, errors.Wrap(err, "failed to open the database folder")
	}
	defer root.Close()
	src, err := locate(root)
	if err != nil {
		return scan.Database{}, err
	}
	if opts.Source == "" {
		opts.Source = src.origin
	}
	if err := extract(root, src, filepath.Join(out, v6.VulnerabilityDBFileName), opts); err != nil {
		return scan.Database{}, err
	}
	return ready(ctx, out, opts.Source)
}

// source is what was found in the input folder.
type source struct {
	// path of the archive or database, relative to the root.
	path string
	// checksum that the listing gives, or empty.
	checksum string
	// digest is the import metadata's, for a database that was already unpacked.
	digest string
	origin string
}

// locate finds the database. Layouts are tried from the most to the least
// explicit one.
func locate(root *os.Root) (source, error) {
	for _, dir := range []string{".", "v6"} {
		src, err := locateListing(root, dir)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return src, err
		}
	}
	for _, dir := range []string{".", "6"} {
		src, err := locateUnpacked(root, dir)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return src, err
		}
	}
	return locateSingle(root)
}

func locateListing(root *os.Root, dir string) (source, error) {
	f, err := openRegular(root, filepath.Join(dir, vulndb.ListingFile))
	if err != nil {
		return source{}, err
	}
	defer f.Close()
	l, err := vulndb.ParseListing(f)
	if err != nil {
		return source{}, err
	}
	return source{path: filepath.Join(dir, filepath.FromSlash(l.Path)), checksum: l.Checksum}, nil
}

func locateUnpacked(root *os.Root, dir string) (source, error) {
	file := filepath.Join(dir, v6.VulnerabilityDBFileName)
	if _, err := root.Lstat(file); err != nil {
		return source{}, err
	}
	src := source{path: file}
	f, err := openRegular(root, filepath.Join(dir, v6.ImportMetadataFileName))
	if errors.Is(err, fs.ErrNotExist) {
		return src, nil
	}
	if err != nil {
		return source{}, err
	}
	defer f.Close()
	if src.digest, src.origin, err = readImport(f); err != nil {
		return source{}, err
	}
	return src, nil
}

// locateSingle takes the only regular file, whatever its name.
func locateSingle(root *os.Root) (source, error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return source{}, errors.Wrap(err, "failed to read the database folder")
	}
	var files []string
	for _, e := range entries {
		if e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
			files = append(files, e.Name())
		}
	}
	switch len(files) {
	case 0:
		return source{}, errors.New("no vulnerability database: the folder holds no latest.json, no archive and no vulnerability.db")
	case 1:
		return source{path: files[0]}, nil
	}
	return source{}, errors.Errorf("no vulnerability database: the folder holds several files (%s …) and no latest.json that names the archive",
		strings.Join(files[:2], ", "))
}

// openRegular opens a file below the root, and nothing that is not a file.
func openRegular(root *os.Root, name string) (*os.File, error) {
	info, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.Errorf("%s is not a regular file", name)
	}
	return root.Open(name)
}

// ready checks the extracted database, builds its indexes and writes its import
// metadata.
func ready(ctx context.Context, out, origin string) (scan.Database, error) {
	file := filepath.Join(out, v6.VulnerabilityDBFileName)
	desc, err := v6.ReadDescription(file)
	if err != nil {
		return scan.Database{}, errors.Wrap(err, "archive holds no readable vulnerability database")
	}
	if err := vulndb.CheckSchema(desc.SchemaVersion.String()); err != nil {
		return scan.Database{}, err
	}
	if err := index(ctx, file); err != nil {
		return scan.Database{}, hydrateError(err)
	}
	if err := v6.Hydrater()(out); err != nil {
		return scan.Database{}, hydrateError(err)
	}
	imported, err := v6.WriteImportMetadata(afero.NewOsFs(), out, origin)
	if err != nil {
		return scan.Database{}, outputError(err, "failed to write the import metadata")
	}
	return scan.Database{
		Schema: desc.SchemaVersion.String(),
		Built:  desc.Built.UTC().Truncate(time.Second),
		Digest: imported.Digest,
		Source: origin,
	}, nil
}

// hydrateError tells a full disk from a broken database.
func hydrateError(err error) error {
	err = errors.Wrap(err, "failed to index the vulnerability database")
	for _, s := range []string{"disk is full", "disk I/O error", "readonly database", "unable to open"} {
		if strings.Contains(err.Error(), s) {
			return &OutputError{Err: err}
		}
	}
	return err
}
