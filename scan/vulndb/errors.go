package vulndb

import (
	"fmt"
	"time"
)

// MissingError says that there is no database where one was looked for.
type MissingError struct {
	// Where is the folder or URL.
	Where string
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("no vulnerability database in %s: run `docker-scan-build db update`, or name one with --db", e.Where)
}

// SchemaError says that a database has a schema that cannot be read.
type SchemaError struct {
	// Schema is the schema version found, e.g. "v5.0.0".
	Schema string
}

func (e *SchemaError) Error() string {
	return fmt.Sprintf("vulnerability database has schema %s, want v%d", e.Schema, Model)
}

// ChecksumError says that an archive is not the one that its listing names.
type ChecksumError struct {
	// Name of the archive.
	Name string
	// Want and Got are "sha256:…".
	Want, Got string
}

func (e *ChecksumError) Error() string {
	return fmt.Sprintf("vulnerability database %s has checksum %s, want %s", e.Name, e.Got, e.Want)
}

// StaleError says that a database is older than allowed.
type StaleError struct {
	Built time.Time
	Age   time.Duration
	Max   time.Duration
}

func (e *StaleError) Error() string {
	return fmt.Sprintf("vulnerability database was built %s ago (%s), the limit is %s: update it, or raise --max-db-age",
		e.Age.Truncate(time.Hour), e.Built.UTC().Format(time.RFC3339), e.Max)
}

// FutureError says that a database claims to be built after now: a wrong clock
// here or there, with which no age can be told.
type FutureError struct {
	Built, Now time.Time
}

func (e *FutureError) Error() string {
	return fmt.Sprintf("vulnerability database claims to be built at %s, which is in the future (now is %s)",
		e.Built.UTC().Format(time.RFC3339), e.Now.UTC().Format(time.RFC3339))
}

// clockSkew is how far ahead a database's build date may be.
const clockSkew = time.Hour

// CheckAge tells whether a database built at built is at now no older than
// maxAge; 0 allows any age. The error is a [*StaleError], or a [*FutureError]
// for a build date that lies more than an hour ahead.
func CheckAge(built, now time.Time, maxAge time.Duration) error {
	if maxAge <= 0 {
		return nil
	}
	age := now.Sub(built)
	if age < -clockSkew {
		return &FutureError{Built: built, Now: now}
	}
	if age > maxAge {
		return &StaleError{Built: built, Age: age, Max: maxAge}
	}
	return nil
}
