package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"path"
	"slices"
	"time"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/config"
)

// Packed is a bundle as the layer of an image.
type Packed struct {
	// Layer is a tar archive, compressed with gzip.
	Layer []byte
	// DiffID is the digest of the archive before it was compressed.
	DiffID string
}

// Pack makes the archive that [FromTar] reads. The same files and signature
// give the same bytes.
func (b *Bundle) Pack() (*Packed, error) {
	files := slices.Clone(b.Files)
	if b.Signature != nil {
		files = append(files, config.File{Name: SignatureFile, Data: b.Signature})
	}
	archive, err := pack(files)
	if err != nil {
		return nil, errors.Wrap(err, "failed to pack the policy")
	}
	var layer bytes.Buffer
	zw, err := gzip.NewWriterLevel(&layer, gzip.BestCompression)
	if err != nil {
		return nil, errors.Wrap(err, "failed to compress the policy")
	}
	if _, err := zw.Write(archive); err != nil {
		return nil, errors.Wrap(err, "failed to compress the policy")
	}
	if err := zw.Close(); err != nil {
		return nil, errors.Wrap(err, "failed to compress the policy")
	}
	return &Packed{Layer: layer.Bytes(), DiffID: digestOf(archive)}, nil
}

// pack writes files and the folders above them, each before what is in it.
func pack(files []config.File) ([]byte, error) {
	var archive bytes.Buffer
	tw := tar.NewWriter(&archive)
	folders := map[string]bool{}
	for _, f := range files {
		for _, dir := range foldersOf(f.Name) {
			if folders[dir] {
				continue
			}
			folders[dir] = true
			if err := tw.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}); err != nil {
				return nil, err
			}
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Size: int64(len(f.Data)), Mode: 0o644, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
		if err := tw.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := tw.Write(f.Data); err != nil {
			return nil, err
		}
	}
	if err := tw.Close(); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}

// foldersOf are the folders above a file, the topmost first.
func foldersOf(name string) []string {
	var out []string
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		out = append(out, dir)
	}
	slices.Reverse(out)
	return out
}
