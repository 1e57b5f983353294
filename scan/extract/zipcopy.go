package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"path"
	"strings"

	"github.com/google/osv-scalibr/extractor/filesystem"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// maxEntry is the largest entry of an archive that is read to identify it.
const maxEntry = mib

// copyEntries makes an archive of the given entries alone, stored as they are.
// take is asked for each entry's size.
func copyEntries(entries []*zip.File, take func(int64) error) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	// scalibr takes anything below 30 bytes for no archive at all.
	if err := w.SetComment("identity only"); err != nil {
		return nil, err
	}
	for _, f := range entries {
		if f.UncompressedSize64 > maxEntry {
			return nil, errors.Errorf("%s has %d bytes, more than %d", path.Base(f.Name), f.UncompressedSize64, maxEntry)
		}
		if err := take(int64(f.UncompressedSize64)); err != nil {
			return nil, err
		}
		if err := copyEntry(w, f); err != nil {
			return nil, errors.Wrapf(err, "failed to read %s", path.Base(f.Name))
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func copyEntry(w *zip.Writer, f *zip.File) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	to, err := w.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Store})
	if err != nil {
		return err
	}
	_, err = io.Copy(to, io.LimitReader(r, maxEntry))
	return err
}

// pythonArchive reads an egg that was left packed, as Python can import it,
// through a copy that holds its metadata only. A wheel is no such thing: it is
// what packages are installed from, and Python carries some for ensurepip.
func pythonArchive(e filesystem.Extractor) func(context.Context, *input) ([]scan.Package, error) {
	return func(ctx context.Context, in *input) ([]scan.Package, error) {
		z, err := zip.NewReader(in.reader, in.size)
		if err != nil {
			return nil, errors.Wrap(err, "failed to read archive")
		}
		var metadata []*zip.File
		for _, f := range z.File {
			base := path.Base(f.Name)
			if (base == "METADATA" || base == "PKG-INFO") && pythonMetadata(f.Name, base) {
				metadata = append(metadata, f)
			}
		}
		left := int64(16 * maxEntry)
		b, err := copyEntries(metadata, func(n int64) error {
			if left -= n; left < 0 {
				return errors.New("too much metadata")
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		packages, err := runScalibr(ctx, e, in, in.path, bytes.NewReader(b), int64(len(b)))
		return convert(packages), err
	}
}

// pythonRecord reads the metadata of an installed Python package; a folder and a
// zip may be called .egg-info and .egg alike.
func pythonRecord(e filesystem.Extractor) func(context.Context, *input) ([]scan.Package, error) {
	file, packed := viaScalibr(e), pythonArchive(e)
	return func(ctx context.Context, in *input) ([]scan.Package, error) {
		if strings.EqualFold(path.Ext(in.path), ".egg") {
			return packed(ctx, in)
		}
		return file(ctx, in)
	}
}
