package content

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/pkg/errors"
)

// salvage goes through a zip that has no directory, most often as it is cut off,
// from its beginning and entry by entry. What follows the last one that can be
// made out is not searched, so this is always a problem.
func (a *archive) salvage(why error) error {
	if errors.Is(why, errNoDirectory) {
		why = errors.New("is cut off or damaged (has no directory)")
	}
	a.failed(a.path, why)
	at := a.nextHeader(0)
	for at >= 0 && !a.spent {
		if !a.take(a.path) {
			return nil
		}
		next, err := a.salvageEntry(at)
		if err != nil {
			return err
		}
		if next <= at {
			return nil
		}
		at = a.nextHeader(next)
	}
	return nil
}

// nextHeader looks for an entry's header near a place: a descriptor of the entry
// before may lie between. -1 if there is none.
func (a *archive) nextHeader(from int64) int64 {
	var b [32]byte
	n, _ := a.at.ReadAt(b[:], from)
	if i := bytes.Index(b[:n], []byte(localMagic)); i >= 0 {
		return from + int64(i)
	}
	return -1
}

// salvageEntry goes on with the entry whose header is there, and says where it
// ends; 0 if that cannot be known.
func (a *archive) salvageEntry(header int64) (int64, error) {
	var b [localLen]byte
	if n, _ := a.at.ReadAt(b[:], header); n < localLen {
		return 0, nil
	}
	le := binary.LittleEndian
	e := entry{
		flags: le.Uint16(b[6:]), method: le.Uint16(b[8:]),
		stored: int64(le.Uint32(b[18:])), inflated: int64(le.Uint32(b[22:])), header: header,
	}
	names, extras := int(le.Uint16(b[26:])), int(le.Uint16(b[28:]))
	rest := make([]byte, names+extras)
	if n, _ := a.at.ReadAt(rest, header+localLen); n < len(rest) {
		return 0, nil
	}
	e.name = rest[:names]
	e.large(rest[names:], 0)
	data := header + localLen + int64(len(rest))
	if e.flags&8 != 0 && e.stored == 0 {
		return a.salvageUnsized(&e, data)
	}
	if e.stored < 0 {
		return 0, nil
	}
	if e.encrypted() || e.stored == 0 || isDull(e.name) {
		return data + e.stored, nil
	}
	return data + e.stored, a.inflate(inside(a.path, string(e.name)), &e, data)
}

// salvageUnsized goes on with an entry whose size follows it: where deflate ends,
// it ends.
func (a *archive) salvageUnsized(e *entry, data int64) (int64, error) {
	if e.method != methodDeflate || e.encrypted() {
		return 0, nil
	}
	e.stored = max(a.size-data, 0)
	if !isDull(e.name) {
		if err := a.inflate(inside(a.path, string(e.name)), e, data); err != nil {
			return 0, err
		}
	}
	return data + a.deflated(data, e.stored), nil
}

// deflated is the length of what is deflated there.
func (a *archive) deflated(data, most int64) int64 {
	i := inflaters.Get().(*inflater)
	defer i.free()
	i.open(a.walk, section{at: a.at, off: data, size: data + most})
	if _, err := io.Copy(io.Discard, i.deflate()); err != nil {
		return most
	}
	return i.section.off - int64(i.raw.Buffered()) - data
}
