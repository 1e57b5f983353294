package unpack

import (
	"context"
	"database/sql"

	v6 "github.com/anchore/grype/grype/db/v6"
	"github.com/pkg/errors"
)

// index creates the indexes of grype's schema by name. Its own migration, which
// runs after this and finds nothing to do, creates them in the order of a Go map,
// so that one archive would give as many databases, and digests, as machines.
func index(ctx context.Context, file string) error {
	indexes, err := schemaIndexes(ctx)
	if err != nil {
		return err
	}
	// grype registers the driver.
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		return errors.WithStack(err)
	}
	defer db.Close()
	// Settings belong to a connection.
	db.SetMaxOpenConns(1)
	for _, s := range []string{"PRAGMA synchronous = OFF", "PRAGMA journal_mode = MEMORY"} {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return errors.WithStack(err)
		}
	}
	for _, i := range indexes {
		var n int
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?1 AND NOT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ?2)", i.table, i.name).Scan(&n); err != nil {
			return errors.WithStack(err)
		}
		if n == 0 {
			continue
		}
		if _, err := db.ExecContext(ctx, i.sql); err != nil {
			return errors.Wrapf(err, "failed to create index %s", i.name)
		}
	}
	return errors.WithStack(db.Close())
}

type schemaIndex struct{ name, table, sql string }

// schemaIndexes reads them from an empty database, in the order of their names.
func schemaIndexes(ctx context.Context) ([]schemaIndex, error) {
	empty, err := v6.NewLowLevelDB("", true, true, false)
	if err != nil {
		return nil, errors.Wrap(err, "failed to read the database schema")
	}
	db, err := empty.DB()
	if err != nil {
		return nil, errors.WithStack(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name")
	if err != nil {
		return nil, errors.WithStack(err)
	}
	defer rows.Close()
	var out []schemaIndex
	for rows.Next() {
		var i schemaIndex
		if err := rows.Scan(&i.name, &i.table, &i.sql); err != nil {
			return nil, errors.WithStack(err)
		}
		out = append(out, i)
	}
	return out, errors.WithStack(rows.Err())
}
