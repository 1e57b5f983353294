package bundle

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"io"
	"path"
	"strings"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/config"
)

// maxArchive bounds an archive after decompression: files that are left out,
// and headers, come on top of a bundle's own.
const maxArchive = 2 * MaxSize

// maxEntries bounds the entries of an archive or folder, those that are left
// out included.
const maxEntries = 10000

// FromTar reads a bundle from a tar archive, which may be compressed with gzip.
// Links and devices are refused, whatever they are called.
func FromTar(r io.Reader) (*Bundle, error) {
	br := bufio.NewReader(r)
	if head, _ := br.Peek(2); isGzip(head) { // what is too short is no archive either
		zr, err := gzip.NewReader(br)
		if err != nil {
			return nil, errors.Wrap(err, "failed to decompress the policy")
		}
		return fromTar(zr)
	}
	return fromTar(br)
}

func isGzip(data []byte) bool { return len(data) > 1 && data[0] == 0x1f && data[1] == 0x8b }

func fromTar(r io.Reader) (*Bundle, error) {
	bounded := &io.LimitedReader{R: r, N: maxArchive + 1}
	files, err := readTar(tar.NewReader(bounded))
	switch {
	case bounded.N <= 0:
		return nil, errors.Errorf("archive has more than %d bytes when decompressed", maxArchive)
	case err != nil:
		return nil, errors.Wrap(err, "failed to read the policy's archive")
	}
	// The rest tells an archive that was cut off or changed: gzip's checksum is at
	// its end.
	if _, err := io.Copy(io.Discard, bounded); err != nil {
		return nil, errors.Wrap(err, "failed to read the policy's archive")
	}
	return New(files)
}

func readTar(tr *tar.Reader) ([]config.File, error) {
	var files []config.File
	kept := 0
	for n := 0; ; n++ {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		switch {
		case err != nil:
			return nil, err
		case n == maxEntries:
			return nil, errors.Errorf("there are more than %d entries", maxEntries)
		}
		name := strings.TrimPrefix(strings.TrimSuffix(h.Name, "/"), "./")
		switch h.Typeflag {
		case tar.TypeXGlobalHeader:
			continue
		case tar.TypeDir:
			if name != "." && name != "" {
				if err := checkName(name); err != nil {
					return nil, err
				}
			}
			continue
		case tar.TypeReg:
		default:
			return nil, errors.Errorf("%.80q is a link or device, only files and folders are taken", h.Name)
		}
		if err := checkName(name); err != nil {
			return nil, err
		}
		if !Kept(name) {
			continue
		}
		if kept++; kept > MaxFiles+1 {
			return nil, errors.Errorf("there are more than %d files", MaxFiles)
		}
		data, err := readBounded(tr, path.Base(name))
		if err != nil {
			return nil, err
		}
		files = append(files, config.File{Name: name, Data: data})
	}
}

// readBounded reads a file of at most MaxFile bytes.
func readBounded(r io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxFile {
		return nil, errors.Errorf("file %s is larger than %d bytes", name, MaxFile)
	}
	return data, nil
}
