package unpack

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"os"
	"path"
	"strings"

	"github.com/OneOfOne/xxhash"
	v6 "github.com/anchore/grype/grype/db/v6"
	"github.com/klauspost/compress/zstd"
	"github.com/pkg/errors"
	"github.com/ulikunitz/xz"

	"github.com/scan-build/scan-build/scan/vulndb"
)

const (
	// maxWindow bounds a zstd decoder's memory.
	maxWindow = 256 << 20
	// maxEntries bounds the members of an archive, which should have one.
	maxEntries = 100
)

// extract writes the database that src is or contains to dst. The checksum is
// verified over every byte of the file, before the database is used for
// anything.
func extract(root *os.Root, src source, dst string, opts Options) error {
	f, err := openRegular(root, src.path)
	if err != nil {
		return errors.Wrap(err, "failed to open the vulnerability database")
	}
	defer f.Close()

	sum := sha256.New()
	raw := io.TeeReader(f, sum)
	in := bufio.NewReaderSize(raw, 1<<20)
	xx := xxhash.New64()
	if err := extractDatabase(in, dst, xx, opts.MaxSize); err != nil {
		// A wrong checksum explains a broken archive better than its symptom.
		if _, drainErr := io.Copy(io.Discard, in); drainErr == nil {
			if sumErr := checkSum(sum, src, opts); sumErr != nil && !isOutput(err) {
				return sumErr
			}
		}
		return err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return errors.Wrap(err, "failed to read the vulnerability database")
	}
	if err := checkSum(sum, src, opts); err != nil {
		return err
	}
	return checkImported(xx, src)
}

func isOutput(err error) bool {
	var out *OutputError
	return errors.As(err, &out)
}

func checkSum(sum hash.Hash, src source, opts Options) error {
	got := "sha256:" + hex.EncodeToString(sum.Sum(nil))
	want := []string{src.checksum}
	if opts.SHA256 != "" {
		want = append(want, "sha256:"+strings.ToLower(strings.TrimPrefix(opts.SHA256, "sha256:")))
	}
	for _, w := range want {
		if w != "" && w != got {
			return &vulndb.ChecksumError{Name: path.Base(src.path), Want: w, Got: got}
		}
	}
	return nil
}

// checkImported verifies a database that was unpacked before against the digest
// that was recorded then.
func checkImported(xx hash.Hash, src source) error {
	if src.digest == "" {
		return nil
	}
	if got := "xxh64:" + hex.EncodeToString(xx.Sum(nil)); got != src.digest {
		return &vulndb.ChecksumError{Name: path.Base(src.path), Want: src.digest, Got: got}
	}
	return nil
}

// extractDatabase finds out what in is by its first bytes.
func extractDatabase(in *bufio.Reader, dst string, xx hash.Hash, limit int64) error {
	head, err := in.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return errors.Wrap(err, "failed to read the vulnerability database")
	}
	switch {
	case bytes.HasPrefix(head, []byte("SQLite format 3\x00")):
		return writeDatabase(in, dst, xx, limit)
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(in, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(2))
		if err != nil {
			return errors.Wrap(err, "failed to read the zstd archive")
		}
		defer z.Close()
		return extractTar(z, dst, xx, limit)
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(in)
		if err != nil {
			return errors.Wrap(err, "failed to read the gzip archive")
		}
		return extractTar(z, dst, xx, limit)
	case bytes.HasPrefix(head, []byte{0xfd, '7', 'z', 'X', 'Z', 0}):
		z, err := xz.NewReader(in)
		if err != nil {
			return errors.Wrap(err, "failed to read the xz archive")
		}
		return extractTar(z, dst, xx, limit)
	case len(head) >= 262 && bytes.Equal(head[257:262], []byte("ustar")):
		return extractTar(in, dst, xx, limit)
	case len(head) == 0:
		return errors.New("vulnerability database is an empty file")
	}
	return errors.New("vulnerability database is neither a tar archive (plain, zstd, gzip, xz) nor a SQLite file")
}

// extractTar writes the archive's vulnerability.db to dst. Everything else in
// it is passed over, but a member that no database archive has (a link, a
// device, a path that leads out) condemns the archive.
func extractTar(in io.Reader, dst string, xx hash.Hash, limit int64) error {
	bounded := &boundedReader{r: in, left: limit}
	tr := tar.NewReader(bounded)
	found := false
	for n := 0; ; n++ {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errors.Wrap(err, "failed to read the vulnerability database's archive")
		}
		if n == maxEntries {
			return errors.Errorf("vulnerability database's archive has more than %d members", maxEntries)
		}
		if err := checkMember(h); err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg || path.Base(h.Name) != v6.VulnerabilityDBFileName {
			continue
		}
		if found {
			return errors.Errorf("vulnerability database's archive has more than one %s", v6.VulnerabilityDBFileName)
		}
		found = true
		if err := writeDatabase(tr, dst, xx, limit); err != nil {
			return err
		}
	}
	if !found {
		return errors.Errorf("archive holds no %s", v6.VulnerabilityDBFileName)
	}
	return nil
}

func checkMember(h *tar.Header) error {
	clean := path.Clean(h.Name)
	if path.IsAbs(clean) || clean == ".." || strings.HasPrefix(clean, "../") || strings.Contains(h.Name, `\`) {
		return errors.Errorf("vulnerability database's archive has a member outside of itself: %q", h.Name)
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeDir, tar.TypeXHeader, tar.TypeXGlobalHeader:
		return nil
	}
	return errors.Errorf("vulnerability database's archive has a member that is not a file: %q (type %q)", h.Name, h.Typeflag)
}

// writeDatabase copies r to dst and into xx.
func writeDatabase(r io.Reader, dst string, xx hash.Hash, limit int64) error {
	f, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return outputError(err, "failed to create the database")
	}
	defer f.Close()
	w := &markingWriter{w: f}
	if _, err := io.Copy(io.MultiWriter(w, xx), &boundedReader{r: r, left: limit}); err != nil {
		if w.failed {
			return outputError(err, "failed to write the database")
		}
		return errors.Wrap(err, "failed to read the vulnerability database")
	}
	return outputError(f.Close(), "failed to write the database")
}

// markingWriter remembers that it was the writing side that failed.
type markingWriter struct {
	w      io.Writer
	failed bool
}

func (m *markingWriter) Write(p []byte) (int, error) {
	n, err := m.w.Write(p)
	m.failed = m.failed || err != nil
	return n, err
}

// boundedReader fails, rather than ends, when the bound is passed.
type boundedReader struct {
	r    io.Reader
	left int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errors.New("it unpacks to more than the allowed size")
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, errors.New("it unpacks to more than the allowed size")
	}
	return n, err
}

// readImport reads the import metadata that grype leaves beside a database.
func readImport(r io.Reader) (digest, origin string, err error) {
	var m v6.ImportMetadata
	if err := json.NewDecoder(io.LimitReader(r, 1<<16)).Decode(&m); err != nil {
		return "", "", errors.Wrap(err, "failed to read the database's import metadata")
	}
	if !strings.HasPrefix(m.Digest, "xxh64:") {
		return "", "", errors.Errorf("database's import metadata has the digest %q, want xxh64:…", m.Digest)
	}
	return m.Digest, m.Source, nil
}
