package layer

import (
	"archive/tar"
	"bytes"
	"io"

	"github.com/pkg/errors"
)

const (
	// maxBuffered is the size up to which a file of a tar is visited from memory,
	// while the tar is read on.
	maxBuffered = 1 << 20
	// maxHead is how much of the beginning of a larger one can be read again.
	maxHead = 64 << 10
	// maxScript and maxScripts are how large a script and all of them may be to be
	// remembered for their other names.
	maxScript  = 16 << 10
	maxScripts = 4 << 20
)

func (b *blob) startVisits(visit Visitor) {
	if b.visits = startVisits(visit); b.visits == nil {
		return
	}
	b.buffers = make(chan []byte, cap(b.visits.jobs)+1)
	for range cap(b.buffers) {
		b.buffers <- nil
	}
}

// buffered reads a small file, has it used, and visited under each of its names.
// It waits for a buffer, and so for the visits to keep up with the tar.
func (b *blob) buffered(size int64, r io.Reader, names []string, use func(content []byte) error) error {
	buf := <-b.buffers
	if int64(cap(buf)) < size {
		buf = make([]byte, min(2*size, maxBuffered))
	}
	content := buf[:size]
	_, err := io.ReadFull(r, content)
	err = errors.Wrapf(err, "failed to read %q from the layer blob", names[0])
	if err == nil {
		err = use(content)
	}
	if err != nil {
		b.buffers <- buf
		return err
	}
	b.visits.jobs <- func() {
		for _, name := range names {
			b.visits.Visit(File{Path: name, Size: size}, bytes.NewReader(content))
		}
		b.buffers <- buf
	}
	return nil
}

// rememberScript keeps what is likely to be linked to under another name: gunzip
// is uncompress. Reading the blob of a base image a second time for that would
// take longer than all else.
func (b *blob) rememberScript(h *tar.Header, name string, content []byte) {
	if h.FileInfo().Mode()&0o111 == 0 || len(content) > maxScript || b.scriptBytes+len(content) > maxScripts || isBinary(content) {
		return
	}
	b.scripts[name] = bytes.Clone(content)
	b.scriptBytes += len(content)
}

// visitLarge has a file visited that is in the spool, or in b.peek.
func (b *blob) visitLarge(name string, size, at int64, spooled bool) {
	k := kept{at: at, size: size, spooled: true}
	switch {
	case spooled && at < b.kept.next:
		b.visitSpooled([]string{name}, k)
	case spooled:
		// It was dropped: the next file takes its place.
		b.visits.now(func() { b.visits.Visit(File{Path: name, Size: size}, b.kept.open(k)) })
	default:
		b.visits.now(func() {
			b.visits.Visit(File{Path: name, Size: size}, &passing{r: b.peek, size: size, spool: b.kept})
		})
	}
}

// visitSpooled has a file visited that stays in the spool.
func (b *blob) visitSpooled(names []string, k kept) {
	b.visits.jobs <- func() {
		for _, name := range names {
			b.visits.Visit(File{Path: name, Size: k.size}, b.kept.open(k))
		}
	}
}

// passing is a file of a tar, while it passes by, as an io.ReaderAt. Its
// beginning is remembered, so that a reader can look at that and then read from
// there to the end. A reader that goes elsewhere while everything that passed is
// remembered (to the end, where a zip has its directory) gets the file from the
// spool, which holds it until the next one.
type passing struct {
	r     io.Reader
	size  int64
	spool *spool

	head []byte
	at   int64
	kept *io.SectionReader
}

var errPassed = errors.New("a large file of a layer blob cannot be read twice")

func (p *passing) ReadAt(b []byte, off int64) (int, error) {
	if p.kept != nil {
		return p.kept.ReadAt(b, off)
	}
	n := 0
	if off < int64(len(p.head)) {
		n = copy(b, p.head[off:])
	}
	switch off += int64(n); {
	case n == len(b):
		return n, nil
	case off >= p.size:
		return n, io.EOF
	case off == p.at:
		m, err := p.forward(b[n:])
		return n + m, err
	}
	if err := p.keep(); err != nil {
		return n, err
	}
	m, err := p.kept.ReadAt(b[n:], off)
	return n + m, err
}

func (p *passing) forward(b []byte) (int, error) {
	want := min(int64(len(b)), p.size-p.at)
	n, err := io.ReadFull(p.r, b[:want])
	if p.at == int64(len(p.head)) {
		p.head = append(p.head, b[:min(n, maxHead-len(p.head))]...)
	}
	p.at += int64(n)
	if err == nil && n < len(b) {
		err = io.EOF
	}
	return n, err
}

// keep puts the file into the spool without reserving the room.
func (p *passing) keep() error {
	if p.at > int64(len(p.head)) {
		return errPassed
	}
	at, _, err := p.spool.add(io.MultiReader(bytes.NewReader(p.head), p.r), p.size, nil)
	if err != nil {
		return err
	}
	p.spool.next = at
	p.kept = p.spool.open(kept{at: at, size: p.size})
	return nil
}
