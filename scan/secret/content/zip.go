package content

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/pkg/errors"
)

// Methods of compression in a zip.
const (
	methodStore   = 0
	methodDeflate = 8
	methodBzip2   = 12
	methodZstd    = 93
)

// archive is one zip that is gone through.
type archive struct {
	*walk
	path  string
	at    io.ReaderAt
	size  int64
	depth int
	// unread is how many bytes entries may still have: no more than the archive,
	// or they lie over each other.
	unread int64
	header [localLen]byte
}

// errStop ends going through an archive without being an error.
var errStop = errors.New("stop")

// zip goes through a zip by its directory, or without one from its beginning.
func (w *walk) zip(path string, at io.ReaderAt, size int64, depth int) error {
	a := &archive{walk: w, path: path, at: at, size: size, depth: depth, unread: size}
	d, err := findDirectory(at, size)
	if err != nil {
		return a.salvage(err)
	}
	if err := a.before(d); err != nil {
		return err
	}
	var failed error
	err = d.each(at, func(e *entry) error {
		if !w.take(path) {
			return errStop
		}
		failed = a.entry(e)
		return failed
	})
	switch {
	case failed != nil && !errors.Is(failed, errStop):
		return failed
	case err != nil && !errors.Is(err, errStop):
		w.failed(path, err)
	}
	return nil
}

// before visits what lies before the archive: the script that starts it.
func (a *archive) before(d directory) error {
	if !isProgramAt(a.at) {
		return nil
	}
	first := d.start
	// An error is told when the entries are read.
	_ = d.each(a.at, func(e *entry) error { first = min(first, e.header); return nil })
	if first <= 0 {
		return nil
	}
	s := newStream(source{at: a.at, size: first})
	defer s.free()
	if head, _ := s.Peek(headLen); len(head) > 0 && head[0] == '#' {
		s.leaf = leaf{quiet: quiet{r: s}}
		return a.text(a.path, &s.leaf)
	}
	return nil
}

func isProgramAt(at io.ReaderAt) bool {
	var head [4]byte
	n, _ := at.ReadAt(head[:], 0)
	return isProgram(head[:n])
}

// entry goes on with one entry of the directory.
func (a *archive) entry(e *entry) error {
	if e.encrypted() || e.stored == 0 || isDull(e.name) {
		return nil
	}
	path := inside(a.path, string(e.name))
	data, err := a.data(e)
	if err != nil {
		a.failed(path, err)
		return nil
	}
	if a.unread -= e.stored; a.unread < 0 || e.stored < 0 {
		a.problem(a.path, "not searched to the end: its entries overlap or are larger than it")
		return errStop
	}
	return a.inflate(path, e, data)
}

// data is where an entry's content lies.
func (a *archive) data(e *entry) (int64, error) {
	b := a.header[:]
	if e.header < 0 || e.header > a.size-localLen {
		return 0, io.ErrUnexpectedEOF
	}
	if _, err := a.at.ReadAt(b, e.header); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if string(b[:4]) != localMagic {
		return 0, errors.New("has no header where the archive's directory says")
	}
	return e.header + localLen + int64(binary.LittleEndian.Uint16(b[26:])) + int64(binary.LittleEndian.Uint16(b[28:])), nil
}

// inflate goes on with an entry's content.
func (a *archive) inflate(path string, e *entry, data int64) error {
	size := max(min(e.stored, a.size-data), 0)
	if e.method == methodStore {
		if size < e.stored {
			a.failed(path, io.ErrUnexpectedEOF)
		}
		return a.enter(path, source{at: io.NewSectionReader(a.at, data, size), size: size}, a.depth)
	}
	i := inflaters.Get().(*inflater)
	defer i.free()
	i.open(a.walk, section{at: a.at, off: data, size: data + size})
	switch e.method {
	case methodDeflate:
		return a.enter(path, source{r: i.deflate()}, a.depth)
	case methodBzip2:
		return a.enter(path, source{r: &inflating{r: bzip2.NewReader(i.raw), w: a.walk}}, a.depth)
	case methodZstd:
		return a.zstd(path, i.raw, a.depth)
	}
	a.problem(path, fmt.Sprintf("not searched: is compressed in a way that is not known here (method %d)", e.method))
	return nil
}

// inflater is what inflating an entry needs, made once.
type inflater struct {
	section   section
	raw       *bufio.Reader
	z         io.ReadCloser
	inflating inflating
}

var inflaters = sync.Pool{New: func() any {
	raw := bufio.NewReaderSize(nil, streamBuffer)
	return &inflater{raw: raw, z: flate.NewReader(raw)}
}}

func (i *inflater) open(w *walk, s section) {
	i.section = s
	i.raw.Reset(&i.section)
	i.inflating = inflating{r: i.z, w: w}
}

func (i *inflater) deflate() io.Reader {
	// Resetting what was made by flate.NewReader cannot fail.
	_ = i.z.(flate.Resetter).Reset(i.raw, nil)
	return &i.inflating
}

func (i *inflater) free() {
	i.raw.Reset(nil)
	i.section, i.inflating = section{}, inflating{}
	inflaters.Put(i)
}

// dull are ends of names of entries that are not inflated to look at them: classes, most
// of what is in a jar, and images and fonts, which gitleaks' own rules leave out
// by the same names.
var dull = [][]byte{
	[]byte(".class"),
	[]byte(".png"), []byte(".gif"), []byte(".jpg"), []byte(".jpeg"), []byte(".bmp"), []byte(".tif"), []byte(".tiff"),
	[]byte(".eot"), []byte(".otf"), []byte(".ttf"), []byte(".woff"), []byte(".woff2"),
}

func isDull(name []byte) bool {
	if len(name) > 0 && name[len(name)-1] == '/' {
		return true
	}
	dot := bytes.LastIndexByte(name, '.')
	if dot < 0 || len(name)-dot > len(".woff2") {
		return false
	}
	for _, ext := range dull {
		if bytes.EqualFold(name[dot:], ext) {
			return true
		}
	}
	return false
}
