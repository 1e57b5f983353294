package content

import (
	"bufio"
	"compress/bzip2"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pkg/errors"
)

// inflating counts what comes out of decompression, and stops it when it is too
// much.
type inflating struct {
	r io.Reader
	w *walk
}

func (i *inflating) Read(p []byte) (int, error) {
	n, err := i.r.Read(p)
	if i.w.left -= int64(n); i.w.left < 0 {
		n += int(i.w.left)
		i.w.left = 0
		return n, errInflated
	}
	return n, err
}

// compressed goes on with what a compressed file holds, under the same path.
func (w *walk) compressed(path string, k kind, s *stream, depth int) error {
	switch k {
	case kindGzip:
		return w.gzip(path, s, depth)
	case kindZstd:
		return w.zstd(path, s, depth)
	}
	return w.enter(path, source{r: &inflating{r: bzip2.NewReader(s), w: w}}, depth)
}

// gzip goes on with all members as one, and with what follows them.
func (w *walk) gzip(path string, s *stream, depth int) error {
	z := gzips.Get().(*gzip.Reader)
	defer gzips.Put(z)
	m := members{z: z, in: s.Reader}
	if err := m.next(); err != nil {
		w.failed(path, err)
		return nil
	}
	if err := w.enter(path, source{r: &inflating{r: &m, w: w}}, depth); err != nil || !m.ended || w.spent {
		return err
	}
	// Padding is no text; anything else might be.
	if rest, _ := s.Peek(headLen); len(rest) == 0 || isZero(rest) {
		return nil
	}
	return w.enter(path, source{r: s}, depth)
}

var gzips = sync.Pool{New: func() any { return new(gzip.Reader) }}

// members reads the members of a gzip file one after another. It leaves what is
// no member unread.
type members struct {
	z     *gzip.Reader
	in    *bufio.Reader
	ended bool
}

func (m *members) next() error {
	if err := m.z.Reset(m.in); err != nil {
		return err
	}
	m.z.Multistream(false)
	return nil
}

func (m *members) Read(p []byte) (int, error) {
	for !m.ended {
		n, err := m.z.Read(p)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		if head, _ := m.in.Peek(3); string(head) != "\x1f\x8b\x08" {
			m.ended = true
		} else if err := m.next(); err != nil {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, io.EOF
}

// zstdWindow is the largest window that zstd's decoders must support, and what
// zstd makes unless it is asked for "ultra" or "long".
const zstdWindow = 8 << 20

var zstds sync.Pool

// zstd goes on with what zstd compressed.
func (w *walk) zstd(path string, r io.Reader, depth int) error {
	d, err := zstdReader(r)
	if err != nil {
		w.failed(path, err)
		return nil
	}
	defer func() {
		if d.Reset(nil) == nil {
			zstds.Put(d)
		}
	}()
	return w.enter(path, source{r: &inflating{r: d, w: w}}, depth)
}

func zstdReader(r io.Reader) (*zstd.Decoder, error) {
	if d, ok := zstds.Get().(*zstd.Decoder); ok {
		return d, d.Reset(r)
	}
	// One at a time decodes in the caller's goroutine: nothing to close.
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
}
