package rpmdb

import (
	"context"
	"database/sql"
	"encoding/binary"
	"io"
	"net/url"

	"github.com/pkg/errors"
	// The driver named "sqlite".
	_ "modernc.org/sqlite"
)

const sqliteMagic = "SQLite format 3\x00"

func readSQLite(ctx context.Context, r io.ReaderAt, size int64, path func() (string, error), add func([]byte) error) error {
	if err := checkSQLiteSize(r, size); err != nil {
		return err
	}
	name, err := path()
	if err != nil {
		return err
	}
	dsn := (&url.URL{Scheme: "file", Opaque: url.PathEscape(name), RawQuery: "_pragma=trusted_schema(0)&_pragma=cell_size_check(1)"}).String()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return errors.Wrap(err, "failed to open")
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SELECT blob FROM Packages ORDER BY hnum")
	if err != nil {
		return errors.Wrap(err, "failed to read the package table")
	}
	defer rows.Close()
	for rows.Next() {
		var blob sql.RawBytes
		if err := rows.Scan(&blob); err != nil {
			return errors.Wrap(err, "failed to read a package")
		}
		if err := add(blob); err != nil {
			return err
		}
	}
	return errors.Wrap(rows.Err(), "failed to read the package table")
}

// checkSQLiteSize holds the file to the size that its header gives, which
// SQLite itself does only when it comes to a missing page. The number of pages
// is valid if the change counter equals the version-valid-for number:
// https://www.sqlite.org/fileformat.html#in_header_database_size
func checkSQLiteSize(r io.ReaderAt, size int64) error {
	head := make([]byte, 100)
	if _, err := r.ReadAt(head, 0); err != nil {
		return errors.Wrap(err, "failed to read the header")
	}
	page := int64(binary.BigEndian.Uint16(head[16:]))
	if page == 1 {
		page = 65536
	}
	pages := int64(binary.BigEndian.Uint32(head[28:]))
	counter, valid := binary.BigEndian.Uint32(head[24:]), binary.BigEndian.Uint32(head[92:])
	if counter == valid && pages*page > size {
		return errors.Errorf("the database is truncated: %d bytes of %d", size, pages*page)
	}
	return nil
}
