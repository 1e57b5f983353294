package rpmdb

import (
	"context"
	"encoding/binary"
	"hash/adler32"
	"io"

	"github.com/pkg/errors"
)

// rpm's own database format, from rpm's lib/backend/ndb/rpmpkg.c. The file has a
// header in place of the first two slots, pages of slots, and blobs at the
// blocks that slots point at; all little-endian.
const (
	ndbMagic     = "RpmP"
	ndbSlotMagic = "Slot"
	ndbHeadMagic = "BlbS"
	ndbTailMagic = "BlbE"
	ndbHead      = 16
	ndbTail      = 12
	ndbPage      = 4096
	ndbSlot      = 16
	ndbBlock     = 16
	ndbMaxPages  = 2048
)

func readNDB(ctx context.Context, r io.ReaderAt, size int64, add func([]byte) error) error {
	head := make([]byte, 2*ndbSlot)
	if _, err := r.ReadAt(head, 0); err != nil {
		return errors.Wrap(err, "failed to read the header")
	}
	version, pages := binary.LittleEndian.Uint32(head[4:]), binary.LittleEndian.Uint32(head[12:])
	switch {
	case version != 0:
		return errors.Errorf("unknown ndb version %d", version)
	case pages == 0 || pages > ndbMaxPages:
		return errors.Errorf("number of slot pages %d is out of range", pages)
	case int64(pages)*ndbPage > size:
		return errors.New("the database is truncated: it ends within its slots")
	}
	slots := make([]byte, int(pages)*ndbPage)
	if _, err := r.ReadAt(slots, 0); err != nil {
		return errors.Wrap(err, "failed to read the slots")
	}
	for at := 2 * ndbSlot; at < len(slots); at += ndbSlot {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		slot := slots[at:]
		if string(slot[:4]) != ndbSlotMagic {
			return errors.Errorf("slot %d is broken", at/ndbSlot)
		}
		if binary.LittleEndian.Uint32(slot[4:]) == 0 {
			continue
		}
		blob, err := ndbBlob(r, size, slot)
		if err != nil {
			return err
		}
		if err := add(blob); err != nil {
			return err
		}
	}
	return nil
}

// ndbBlob reads the blob of a package: a head, the header, padding and a tail
// that ends with the last block. The tail has the checksum of all before it.
func ndbBlob(r io.ReaderAt, size int64, slot []byte) ([]byte, error) {
	index := binary.LittleEndian.Uint32(slot[4:])
	at, length := int64(binary.LittleEndian.Uint32(slot[8:]))*ndbBlock, int64(binary.LittleEndian.Uint32(slot[12:]))*ndbBlock
	if length < ndbHead+ndbTail || length > maxHeader {
		return nil, errors.Errorf("package %d has a size that is none", index)
	}
	if at+length > size {
		return nil, errors.Errorf("the database is truncated: package %d lies beyond its end", index)
	}
	blob := make([]byte, length)
	if _, err := r.ReadAt(blob, at); err != nil {
		return nil, errors.Wrapf(err, "failed to read package %d", index)
	}
	body, tail := blob[:length-ndbTail], blob[length-ndbTail:]
	header := int64(binary.LittleEndian.Uint32(blob[12:]))
	switch {
	case string(blob[:4]) != ndbHeadMagic || string(tail[8:]) != ndbTailMagic || binary.LittleEndian.Uint32(blob[4:]) != index:
		return nil, errors.Errorf("package %d is not where its slot says", index)
	case header > length-ndbHead-ndbTail:
		return nil, errors.Errorf("package %d is longer than its blocks", index)
	case adler32.Checksum(body) != binary.LittleEndian.Uint32(tail):
		return nil, errors.Errorf("package %d is damaged: wrong checksum", index)
	}
	return blob[ndbHead : ndbHead+header], nil
}
