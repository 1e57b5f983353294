// Package rpmdbtest makes rpm databases for tests, in all three formats.
package rpmdbtest

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"hash/adler32"
	"os"
	"path/filepath"

	"github.com/pkg/errors"
	// The driver named "sqlite".
	_ "modernc.org/sqlite"
)

// Tag is one value of a header: a string, a number for the epoch, or the values of
// a list.
type Tag struct {
	ID      uint32
	Text    string
	Number  uint32
	Texts   []string
	Numbers []uint32
}

// The tags that tests set.
const (
	Name       = 1000
	Version    = 1001
	Release    = 1002
	Epoch      = 1003
	License    = 1014
	Arch       = 1022
	SourceRPM  = 1044
	DirIndexes = 1116
	Basenames  = 1117
	Dirnames   = 1118
	Modularity = 5096
)

const (
	typeInt32  = 4
	typeString = 6
	typeList   = 8

	ndbPage  = 4096
	ndbSlot  = 16
	ndbBlock = 16
	ndbTail  = 12

	bdbPage       = 4096
	bdbPageHeader = 26
)

// Header makes a package's header as rpm stores it.
func Header(tags ...Tag) []byte {
	var index, data bytes.Buffer
	be := binary.BigEndian
	put := func(v ...uint32) {
		for _, x := range v {
			_ = binary.Write(&index, be, x)
		}
	}
	for _, t := range tags {
		switch {
		case t.Texts != nil:
			put(t.ID, typeList, uint32(data.Len()), uint32(len(t.Texts)))
			for _, s := range t.Texts {
				data.WriteString(s + "\x00")
			}
			continue
		case t.ID == Epoch:
			t.Numbers = []uint32{t.Number}
		}
		if t.Numbers != nil {
			for data.Len()%4 != 0 {
				data.WriteByte(0)
			}
			put(t.ID, typeInt32, uint32(data.Len()), uint32(len(t.Numbers)))
			_ = binary.Write(&data, be, t.Numbers)
			continue
		}
		put(t.ID, typeString, uint32(data.Len()), 1)
		data.WriteString(t.Text + "\x00")
	}
	out := be.AppendUint32(nil, uint32(len(tags)))
	out = be.AppendUint32(out, uint32(data.Len()))
	return append(append(out, index.Bytes()...), data.Bytes()...)
}

// NDB makes a database in rpm's own format.
func NDB(blobs [][]byte) []byte {
	le := binary.LittleEndian
	out := append([]byte("RpmP"), make([]byte, ndbPage-4)...)
	le.PutUint32(out[8:], 1)
	le.PutUint32(out[12:], 1)
	for i := 2; i < ndbPage/ndbSlot; i++ {
		copy(out[i*ndbSlot:], "Slot")
	}
	for i, b := range blobs {
		at, index := len(out), uint32(i+1)
		block := []byte("BlbS")
		block = le.AppendUint32(block, index)
		block = le.AppendUint32(block, 1)
		block = le.AppendUint32(block, uint32(len(b)))
		block = append(block, b...)
		for (len(block)+ndbTail)%ndbBlock != 0 {
			block = append(block, 0)
		}
		block = le.AppendUint32(block, adler32.Checksum(block))
		block = le.AppendUint32(block, uint32(len(b)))
		block = append(block, "BlbE"...)
		slot := out[(i+2)*ndbSlot:]
		le.PutUint32(slot[4:], index)
		le.PutUint32(slot[8:], uint32(at/ndbBlock))
		le.PutUint32(slot[12:], uint32(len(block)/ndbBlock))
		out = append(out, block...)
	}
	return out
}

// BDB makes a Berkeley DB hash.
func BDB(order binary.ByteOrder, blobs [][]byte) []byte {
	page := func(n, next uint32, count, free int, typ byte) []byte {
		p := make([]byte, bdbPage)
		order.PutUint32(p[8:], n)
		order.PutUint32(p[16:], next)
		order.PutUint16(p[20:], uint16(count))
		order.PutUint16(p[22:], uint16(free))
		p[25] = typ
		return p
	}
	hash := page(1, 0, 2*len(blobs), 0, 13)
	pages := [][]byte{nil, hash}
	for i, b := range blobs {
		key, value := bdbPage-32*(i+1), bdbPage-32*(i+1)+16
		order.PutUint16(hash[bdbPageHeader+4*i:], uint16(key))
		order.PutUint16(hash[bdbPageHeader+4*i+2:], uint16(value))
		hash[key], hash[value] = 1, 3
		order.PutUint32(hash[value+4:], uint32(len(pages)))
		order.PutUint32(hash[value+8:], uint32(len(b)))
		for len(b) > 0 {
			n := min(len(b), bdbPage-bdbPageHeader)
			next := uint32(0)
			if len(b) > n {
				next = uint32(len(pages) + 1)
			}
			p := page(uint32(len(pages)), next, 0, n, 7)
			copy(p[bdbPageHeader:], b[:n])
			pages = append(pages, p)
			b = b[n:]
		}
	}
	meta := page(0, 0, 0, 0, 8)
	order.PutUint32(meta[12:], 0x061561)
	order.PutUint32(meta[16:], 9)
	order.PutUint32(meta[20:], bdbPage)
	order.PutUint32(meta[32:], uint32(len(pages)-1))
	pages[0] = meta
	return bytes.Join(pages, nil)
}

// SQLite makes a database with a driver that the caller need not know of; dir is
// for its file. With wal, its content is in the write-ahead log and not in the
// file.
func SQLite(ctx context.Context, dir string, wal bool, blobs [][]byte) (file, log []byte, err error) {
	name := filepath.Join(dir, "rpmdb.sqlite")
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, nil, errors.Wrap(err, "failed to make a database")
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	statements := []string{"CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)"}
	if wal {
		statements = append(statements, "PRAGMA journal_mode=WAL", "PRAGMA wal_autocheckpoint=0")
	}
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return nil, nil, errors.Wrap(err, "failed to make a database")
		}
	}
	for _, b := range blobs {
		if _, err := db.ExecContext(ctx, "INSERT INTO Packages (blob) VALUES (?)", b); err != nil {
			return nil, nil, errors.Wrap(err, "failed to make a database")
		}
	}
	if wal {
		if log, err = os.ReadFile(name + "-wal"); err != nil {
			return nil, nil, errors.Wrap(err, "failed to read the write-ahead log")
		}
	}
	file, err = os.ReadFile(name)
	return file, log, errors.Wrap(err, "failed to read the database")
}
