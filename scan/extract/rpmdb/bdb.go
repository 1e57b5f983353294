package rpmdb

import (
	"context"
	"encoding/binary"
	"io"

	"github.com/pkg/errors"
)

// Berkeley DB's hash format, from libdb's src/dbinc/db_page.h.
const (
	bdbMagic        = 0x061561
	bdbPageHeader   = 26
	bdbHashUnsorted = 2
	bdbOffPage      = 3
	bdbOverflow     = 7
	bdbHashMeta     = 8
	bdbHash         = 13
)

// bdb is a Berkeley DB hash whose values, rpm headers, lie on overflow pages.
type bdb struct {
	r     io.ReaderAt
	order binary.ByteOrder
	page  int64
	last  uint32
}

func readBDB(ctx context.Context, r io.ReaderAt, size int64, add func([]byte) error) error {
	db, err := openBDB(r, size)
	if err != nil {
		return err
	}
	buf := make([]byte, db.page)
	for n := range uint64(db.last) + 1 {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := db.read(uint32(n), buf); err != nil {
			return err
		}
		if typ := buf[25]; typ != bdbHash && typ != bdbHashUnsorted {
			continue
		}
		if err := db.values(ctx, buf, add); err != nil {
			return errors.Wrapf(err, "failed to read page %d", n)
		}
	}
	return nil
}

func openBDB(r io.ReaderAt, size int64) (*bdb, error) {
	meta := make([]byte, 512)
	if _, err := r.ReadAt(meta, 0); err != nil {
		return nil, errors.Wrap(err, "failed to read the first page")
	}
	db := &bdb{r: r, order: binary.LittleEndian}
	if binary.LittleEndian.Uint32(meta[12:]) != bdbMagic {
		db.order = binary.BigEndian
	}
	db.page, db.last = int64(db.order.Uint32(meta[20:])), db.order.Uint32(meta[32:])
	switch {
	case meta[24] != 0 || meta[25] != bdbHashMeta:
		return nil, errors.New("not a plain hash database")
	case db.page < 512 || db.page > 65536 || db.page&(db.page-1) != 0:
		return nil, errors.Errorf("page size %d is none", db.page)
	case (int64(db.last)+1)*db.page > size:
		return nil, errors.Errorf("the database is truncated: %d bytes of %d", size, (int64(db.last)+1)*db.page)
	}
	return db, nil
}

func (db *bdb) read(n uint32, buf []byte) error {
	if n > db.last {
		return errors.Errorf("page %d is beyond the last, %d", n, db.last)
	}
	_, err := db.r.ReadAt(buf, int64(n)*db.page)
	return errors.Wrapf(err, "failed to read page %d", n)
}

// values reads the values of a hash page. The page's index has the offsets of
// keys and values in turn.
func (db *bdb) values(ctx context.Context, page []byte, add func([]byte) error) error {
	count := int(db.order.Uint16(page[20:]))
	if count%2 != 0 || bdbPageHeader+2*count > len(page) {
		return errors.New("index is broken")
	}
	for i := 1; i < count; i += 2 {
		at := int(db.order.Uint16(page[bdbPageHeader+2*i:]))
		if at >= len(page) {
			return errors.New("index points outside of its page")
		}
		if page[at] != bdbOffPage {
			continue
		}
		if at+12 > len(page) {
			return errors.New("entry is cut off")
		}
		value, err := db.overflow(ctx, db.order.Uint32(page[at+4:]), db.order.Uint32(page[at+8:]))
		if err != nil {
			return err
		}
		if err := add(value); err != nil {
			return err
		}
	}
	return nil
}

// overflow reads a value that spans pages.
func (db *bdb) overflow(ctx context.Context, n, length uint32) ([]byte, error) {
	if int64(length) > maxHeader || int64(length) > (int64(db.last)+1)*db.page {
		return nil, errors.Errorf("value of %d bytes is larger than the database", length)
	}
	value, page := make([]byte, 0, length), make([]byte, db.page)
	for n != 0 {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		if err := db.read(n, page); err != nil {
			return nil, err
		}
		used := int(db.order.Uint16(page[22:]))
		n = db.order.Uint32(page[16:])
		if page[25] != bdbOverflow || bdbPageHeader+used > len(page) || used == 0 {
			return nil, errors.New("value leads to a page that is no overflow page")
		}
		value = append(value, page[bdbPageHeader:bdbPageHeader+used]...)
		if len(value) > int(length) {
			return nil, errors.New("value is longer than it says")
		}
	}
	if len(value) != int(length) {
		return nil, errors.Errorf("value has %d of %d bytes", len(value), length)
	}
	return value, nil
}
