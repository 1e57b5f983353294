package dbbuild

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	v6 "github.com/anchore/grype/grype/db/v6"
	dist "github.com/anchore/grype/grype/db/v6/distribution"
	"github.com/klauspost/compress/zstd"
	"github.com/pkg/errors"
)

func schema() string { return fmt.Sprintf("v%d.%d.%d", v6.ModelVersion, v6.Revision, v6.Addition) }

// writeLayout packs the database into dir and writes the listing that names it,
// the listing last: a reader of the folder never sees one without its archive.
func writeLayout(dir, database string, built time.Time) (string, error) {
	// grype's name for an archive: schema, age of the oldest data, build time.
	name := fmt.Sprintf("vulnerability-db_%s_%s_%d.tar.zst", schema(), built.Format(time.RFC3339), built.Unix())
	archive := filepath.Join(dir, name)
	if err := writeArchive(archive, database, built); err != nil {
		_ = os.Remove(archive)
		return "", err
	}
	entry, err := dist.NewArchive(archive, built, v6.ModelVersion, v6.Revision, v6.Addition)
	if err != nil {
		return "", errors.Wrap(err, "failed to describe the database's archive")
	}
	doc := dist.NewLatestDocument(*entry)
	if doc == nil {
		return "", errors.New("failed to describe the database's archive")
	}
	var b bytes.Buffer
	if err := doc.Write(&b); err != nil {
		return "", errors.Wrap(err, "failed to encode the listing")
	}
	listing := filepath.Join(dir, dist.LatestFileName)
	if err := os.WriteFile(listing+".tmp", append(b.Bytes(), '\n'), 0o644); err != nil {
		return "", errors.Wrap(err, "failed to write the listing")
	}
	return listing, errors.Wrap(os.Rename(listing+".tmp", listing), "failed to write the listing")
}

// writeArchive writes a tar.zst of the one file.
func writeArchive(archive, database string, mtime time.Time) error {
	in, err := os.Open(database)
	if err != nil {
		return errors.Wrap(err, "failed to open the new database")
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return errors.Wrap(err, "failed to open the new database")
	}
	out, err := os.Create(archive)
	if err != nil {
		return errors.Wrap(err, "failed to create the database's archive")
	}
	defer out.Close()
	z, err := zstd.NewWriter(out, zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return errors.Wrap(err, "failed to create the database's archive")
	}
	t := tar.NewWriter(z)
	header := &tar.Header{Name: v6.VulnerabilityDBFileName, Mode: 0o644, Size: info.Size(), ModTime: mtime, Format: tar.FormatPAX}
	if err := t.WriteHeader(header); err != nil {
		return errors.Wrap(err, "failed to write the database's archive")
	}
	if _, err := io.Copy(t, in); err != nil {
		return errors.Wrap(err, "failed to write the database's archive")
	}
	for _, c := range []io.Closer{t, z, out} {
		if err := c.Close(); err != nil {
			return errors.Wrap(err, "failed to write the database's archive")
		}
	}
	return nil
}
