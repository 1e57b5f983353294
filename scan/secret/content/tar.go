package content

import (
	"archive/tar"
	"io"

	"github.com/pkg/errors"
)

// tar goes through a tar's regular files. Where the tar can be accessed at
// random, so can they.
func (w *walk) tar(path string, s *stream, src source, depth int) error {
	from := counter{r: s}
	t := tar.NewReader(&from)
	for !w.spent {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			w.failed(path, err)
			return nil
		}
		if !w.take(path) {
			return nil
		}
		if (h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeGNUSparse) || h.Size == 0 {
			continue
		}
		entry := source{r: &expanding{r: t, from: &from, w: w}}
		if src.at != nil && !isSparse(h) {
			entry = source{at: io.NewSectionReader(src.at, from.n, h.Size), size: min(h.Size, max(src.size-from.n, 0))}
		}
		if err := w.enter(inside(path, h.Name), entry, depth); err != nil {
			return err
		}
	}
	return nil
}

// isSparse says whether an entry's bytes are not simply what follows its header.
func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for _, key := range []string{"GNU.sparse.major", "GNU.sparse.map", "GNU.sparse.size", "GNU.sparse.realsize"} {
		if _, ok := h.PAXRecords[key]; ok {
			return true
		}
	}
	return false
}

// counter counts what was read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// expanding reads an entry of a tar. What it gives beyond what it reads, the
// holes of sparse files, counts like what is inflated.
type expanding struct {
	r    io.Reader
	from *counter
	w    *walk
}

func (e *expanding) Read(p []byte) (int, error) {
	before := e.from.n
	n, err := e.r.Read(p)
	if more := int64(n) - (e.from.n - before); more > 0 {
		if e.w.left -= more; e.w.left < 0 {
			e.w.left = 0
			return n, errInflated
		}
	}
	return n, err
}
