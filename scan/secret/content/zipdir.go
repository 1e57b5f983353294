package content

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"

	"github.com/pkg/errors"
)

// The parts of a zip, as APPNOTE.TXT (PKWARE) describes them.
const (
	localMagic     = "PK\x03\x04"
	directoryMagic = "PK\x01\x02"
	endMagic       = "PK\x05\x06"
	end64Magic     = "PK\x06\x06"
	locator64Magic = "PK\x06\x07"

	localLen     = 30
	directoryLen = 46
	endLen       = 22
	end64Len     = 56
	locator64Len = 20
)

var errNoDirectory = errors.New("has no directory")

// directory is where a zip's directory lies.
type directory struct {
	start, end int64
	// base is where the archive begins, which offsets count from: other data may
	// lie before it.
	base int64
}

// entry is what the directory says of one file.
type entry struct {
	name          []byte
	method, flags uint16
	// stored is the size in the archive.
	stored, inflated int64
	// header is where the local header lies in the file.
	header int64
}

func (e *entry) encrypted() bool { return e.flags&1 != 0 }

// findDirectory finds a zip's directory by the record at its end.
func findDirectory(at io.ReaderAt, size int64) (directory, error) {
	end, record, err := findEnd(at, size)
	if err != nil {
		return directory{}, err
	}
	length, offset := int64(binary.LittleEndian.Uint32(record[12:])), int64(binary.LittleEndian.Uint32(record[16:]))
	if l, o, p, ok := findEnd64(at, end); ok {
		length, offset, end = l, o, p
	}
	if length < 0 || offset < 0 || length > end || offset > end-length {
		return directory{}, errNoDirectory
	}
	d := directory{start: end - length, end: end, base: end - length - offset}
	// Some writers count from the beginning of the file all the same.
	if d.base > 0 && hasMagic(at, offset, directoryMagic) {
		d.start, d.base = offset, 0
	}
	return d, nil
}

// findEnd finds the end record: at the very end, or before a comment.
func findEnd(at io.ReaderAt, size int64) (int64, []byte, error) {
	for _, n := range []int64{1 << 10, endLen + 1<<16} {
		b := make([]byte, min(n, size))
		if k, err := at.ReadAt(b, size-int64(len(b))); k < len(b) {
			if err != nil && !errors.Is(err, io.EOF) {
				return 0, nil, err
			}
			return 0, nil, errNoDirectory
		}
		for rest := b; ; {
			i := bytes.LastIndex(rest, []byte(endMagic))
			if i < 0 {
				break
			}
			if record := b[i:]; len(record) >= endLen && endLen+int(binary.LittleEndian.Uint16(record[20:])) <= len(record) {
				return size - int64(len(record)), record, nil
			}
			rest = b[:i]
		}
	}
	return 0, nil, errNoDirectory
}

// findEnd64 reads the end record for large archives, if there is one.
func findEnd64(at io.ReaderAt, end int64) (length, offset, position int64, ok bool) {
	var l [locator64Len]byte
	if _, err := at.ReadAt(l[:], end-locator64Len); err != nil || string(l[:4]) != locator64Magic {
		return 0, 0, 0, false
	}
	// It lies where the locator says, or if that counts from elsewhere, before it.
	for _, p := range []int64{int64(binary.LittleEndian.Uint64(l[8:])), end - locator64Len - end64Len} {
		var b [end64Len]byte
		if p < 0 || p > end {
			continue
		}
		if _, err := at.ReadAt(b[:], p); err == nil && string(b[:4]) == end64Magic {
			return int64(binary.LittleEndian.Uint64(b[40:])), int64(binary.LittleEndian.Uint64(b[48:])), p, true
		}
	}
	return 0, 0, 0, false
}

func hasMagic(at io.ReaderAt, offset int64, magic string) bool {
	var b [4]byte
	n, _ := at.ReadAt(b[:], offset)
	return string(b[:n]) == magic
}

// each reads the directory entry by entry, into the same memory each time: a
// directory may have more entries than fit. An error says that it ends early.
func (d directory) each(at io.ReaderAt, visit func(*entry) error) error {
	s := newStream(source{at: io.NewSectionReader(at, d.start, d.end-d.start), size: d.end - d.start})
	defer s.free()
	var e entry
	for {
		more, err := e.read(s.Reader, d.base)
		if err != nil || !more {
			return err
		}
		if err := visit(&e); err != nil {
			return err
		}
	}
}

// read reads the next record of a directory.
func (e *entry) read(r *bufio.Reader, base int64) (bool, error) {
	b, err := r.Peek(directoryLen)
	if len(b) == 0 && errors.Is(err, io.EOF) {
		return false, nil
	}
	if len(b) < directoryLen || string(b[:4]) != directoryMagic {
		return false, errors.New("has a damaged directory")
	}
	le := binary.LittleEndian
	e.flags, e.method = le.Uint16(b[8:]), le.Uint16(b[10:])
	e.stored, e.inflated = int64(le.Uint32(b[20:])), int64(le.Uint32(b[24:]))
	names, extras, comments := int(le.Uint16(b[28:])), int(le.Uint16(b[30:])), int(le.Uint16(b[32:]))
	header := int64(le.Uint32(b[42:]))
	if _, err := r.Discard(directoryLen); err != nil {
		return false, err
	}
	e.name = append(e.name[:0], make([]byte, names+extras)...)
	if _, err := io.ReadFull(r, e.name); err != nil {
		return false, errors.New("has a damaged directory")
	}
	header = e.large(e.name[names:], header)
	e.name, e.header = e.name[:names], header+base
	if _, err := r.Discard(comments); err != nil {
		return false, errors.New("has a damaged directory")
	}
	return true, nil
}

// large takes the numbers that did not fit into 32 bits from the extra fields.
func (e *entry) large(extra []byte, header int64) int64 {
	le := binary.LittleEndian
	for len(extra) >= 4 {
		tag, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			break
		}
		if field := extra[:n]; tag == 1 {
			for _, v := range []*int64{&e.inflated, &e.stored, &header} {
				if *v == 1<<32-1 && len(field) >= 8 {
					*v, field = int64(le.Uint64(field)), field[8:]
				}
			}
		}
		extra = extra[n:]
	}
	return header
}
