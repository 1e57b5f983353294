package content

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"sync"

	"github.com/pkg/errors"
	"golang.org/x/sys/unix"
)

// streamBuffer is what is read of anything at first; most files are smaller, and
// larger ones are read past the buffer.
const streamBuffer = 16 << 10

// stream reads one source, and can look ahead.
type stream struct {
	*bufio.Reader
	section section
	leaf    leaf
}

var streams = sync.Pool{New: func() any {
	return &stream{Reader: bufio.NewReaderSize(nil, streamBuffer)}
}}

func newStream(src source) *stream {
	s := streams.Get().(*stream)
	if src.at != nil {
		s.section = section{at: src.at, size: src.size}
		s.Reset(&s.section)
	} else {
		s.Reset(src.r)
	}
	return s
}

// free gives the stream back; it and what reads from it must not be used again.
func (s *stream) free() {
	s.Reset(nil)
	s.section, s.leaf = section{}, leaf{}
	streams.Put(s)
}

// section reads from the beginning up to size or the end of the file, whichever
// comes first: a file may shrink.
type section struct {
	at        io.ReaderAt
	off, size int64
}

func (s *section) Read(p []byte) (int, error) {
	if s.off >= s.size {
		return 0, io.EOF
	}
	if left := s.size - s.off; int64(len(p)) > left {
		p = p[:left]
	}
	n, err := s.at.ReadAt(p, s.off)
	s.off += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// skipHole goes on at the next byte that the file system stores, if it can tell.
func (s *section) skipHole() {
	f, ok := s.at.(*os.File)
	if !ok {
		return
	}
	next, err := f.Seek(s.off, unix.SEEK_DATA)
	switch {
	case err == nil && next > s.off:
		s.off = next
	case errors.Is(err, unix.ENXIO): // nothing but a hole
		s.off = s.size
	}
}

// keptNULs is how many bytes of a run of NULs a text keeps at least; more would
// make holes of gigabytes cost as much as text.
const keptNULs = 64 << 10

// quiet ends with io.EOF also where an error ends it, and keeps that.
type quiet struct {
	r   io.Reader
	err error
}

func (q *quiet) Read(p []byte) (int, error) {
	if q.err != nil {
		return 0, io.EOF
	}
	n, err := q.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		q.err, err = err, io.EOF
	}
	return n, err
}

// leaf is what visit reads: a text without its long runs of NULs.
type leaf struct {
	quiet
	// holes is what is read, if holes in it can be skipped; else nil.
	holes *stream
	nuls  int
}

func (l *leaf) Read(p []byte) (int, error) {
	for {
		n, err := l.quiet.Read(p)
		if n < len(zeros) || !isZero(p[:n]) {
			l.nuls = 0
			return n, err
		}
		if l.nuls < keptNULs || err != nil {
			l.nuls += n
			return n, err
		}
		if l.holes != nil && l.holes.Buffered() == 0 {
			l.holes.section.skipHole()
		}
	}
}

var zeros [4096]byte

func isZero(p []byte) bool {
	if p[0] != 0 || p[len(p)-1] != 0 {
		return false
	}
	for len(p) > len(zeros) {
		if !bytes.Equal(p[:len(zeros)], zeros[:]) {
			return false
		}
		p = p[len(zeros):]
	}
	return bytes.Equal(p, zeros[:len(p)])
}
