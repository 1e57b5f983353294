// Package dbbuild makes a vulnerability database from a folder of OSV
// advisories, so that a team can add advisories of its own, and so that a demo
// and tests have real data without a network.
//
// It owns the reading of OSV records, their translation into grype's database
// records, and the layout in which databases are distributed; grype's own store
// writes the database. It must not know who serves or uses the result.
//
// Like package match it links grype's SQLite driver: never link it into a
// binary that links scan/extract.
package dbbuild

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"time"

	"github.com/anchore/grype/grype/db/provider"
	v6 "github.com/anchore/grype/grype/db/v6"
	builder "github.com/anchore/grype/grype/db/v6/build"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// Options of a build.
type Options struct {
	// Built is recorded as the time of the build: the age of the database is
	// counted from it. It must not be zero.
	Built time.Time
}

// Result says what was built.
type Result struct {
	Database scan.Database `json:"database"`
	// Listing is the path of latest.json; the archive lies beside it.
	Listing string `json:"listing"`
	// Advisories is the number of records taken up, Withdrawn that of those left
	// out because they were withdrawn.
	Advisories int `json:"advisories"`
	Withdrawn  int `json:"withdrawn"`
}

// Build reads every *.json file below folder in and writes v6/latest.json and
// the archive that it names into folder out: a layout that can be served over
// HTTP, or used as it is.
//
// An error about an advisory names its file and field.
func Build(ctx context.Context, in, out string, opts Options) (Result, error) {
	if opts.Built.IsZero() {
		return Result{}, errors.New("the build time is missing")
	}
	built := opts.Built.UTC().Truncate(time.Second)
	advisories, err := readFolder(ctx, in)
	if err != nil {
		return Result{}, err
	}
	res := Result{}
	rec := newRecords(built)
	for _, a := range advisories {
		if a.Withdrawn != nil {
			res.Withdrawn++
			continue
		}
		if err := rec.add(a); err != nil {
			return Result{}, err
		}
		res.Advisories++
	}
	if res.Advisories == 0 {
		return Result{}, errors.Errorf("%s holds no advisories (*.json)", in)
	}

	dir := filepath.Join(out, "v6")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Result{}, errors.Wrap(err, "failed to create the database folder")
	}
	work, err := os.MkdirTemp(out, ".build-")
	if err != nil {
		return Result{}, errors.Wrap(err, "failed to create a folder to build in")
	}
	defer os.RemoveAll(work)
	if err := writeDatabase(ctx, work, rec, built); err != nil {
		return Result{}, err
	}
	res.Listing, err = writeLayout(dir, filepath.Join(work, v6.VulnerabilityDBFileName), built)
	if err != nil {
		return Result{}, err
	}
	res.Database = scan.Database{Schema: schema(), Built: built, Source: in}
	return res, nil
}

// writeDatabase writes the records with grype's store into dir.
func writeDatabase(ctx context.Context, dir string, rec *records, built time.Time) error {
	w, err := builder.NewWriter(dir, provider.States{}, false, 0)
	if err != nil {
		return errors.Wrap(err, "failed to create the database")
	}
	for _, e := range rec.entries() {
		if err := w.Write(e); err != nil {
			return errors.Wrap(err, "failed to write to the database")
		}
	}
	if err := w.Close(); err != nil {
		return errors.Wrap(err, "failed to finish the database")
	}
	return setBuilt(ctx, filepath.Join(dir, v6.VulnerabilityDBFileName), built)
}

// setBuilt replaces the build time, for which grype's store takes the clock.
func setBuilt(ctx context.Context, file string, built time.Time) error {
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return errors.Wrap(err, "failed to open the new database")
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "UPDATE db_metadata SET build_timestamp = ?", built); err != nil {
		return errors.Wrap(err, "failed to set the database's build time")
	}
	return errors.Wrap(db.Close(), "failed to close the new database")
}
