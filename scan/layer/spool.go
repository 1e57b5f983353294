package layer

import (
	"bytes"
	"io"
	"os"

	"github.com/pkg/errors"
)

var errSpoolFull = errors.New("the layer has more files of interest than there is room for")

// spool keeps files one after the other in a temporary file that has no name
// any more: it goes away with the process.
type spool struct {
	f    *os.File
	next int64
	max  int64
	buf  []byte
}

func newSpool(dir string, limit int64) (*spool, error) {
	f, err := os.CreateTemp(dir, "layer-")
	if err != nil {
		return nil, errors.Wrap(err, "failed to make a temporary file")
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, errors.Wrap(err, "failed to unlink a temporary file")
	}
	return &spool{f: f, max: limit, buf: make([]byte, 256<<10)}, nil
}

func (s *spool) Close() error { return s.f.Close() }

// add stores size bytes and returns where. With marks, found says whether one of
// them is in the bytes; if none is, the bytes are dropped.
func (s *spool) add(r io.Reader, size int64, marks [][]byte) (at int64, found bool, err error) {
	if size > s.max-s.next {
		return 0, false, errSpoolFull
	}
	at, found = s.next, len(marks) == 0
	overlap := 0
	for _, m := range marks {
		overlap = max(overlap, len(m)-1)
	}
	tail := 0
	for done := int64(0); done < size; {
		n := min(int64(len(s.buf)-tail), size-done)
		if _, err := io.ReadFull(r, s.buf[tail:tail+int(n)]); err != nil {
			return 0, false, err
		}
		window := s.buf[:tail+int(n)]
		if _, err := s.f.WriteAt(window[tail:], at+done); err != nil {
			return 0, false, errors.Wrap(err, "failed to write a temporary file")
		}
		done += n
		for _, m := range marks {
			found = found || bytes.Contains(window, m)
		}
		tail = copy(s.buf, window[max(0, len(window)-overlap):])
	}
	if found {
		s.next = at + size
	}
	return at, found, nil
}

// open returns a stored file's content.
func (s *spool) open(k kept) *io.SectionReader { return io.NewSectionReader(s.f, k.at, k.size) }
