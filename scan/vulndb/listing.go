// Package vulndb obtains vulnerability databases: it fetches the listing and
// the archive of a Grype v6 database, checks schema, age and checksum, and
// keeps them in a folder that can be handed to a build as it is.
//
// It knows the layout in which such databases are distributed, and nothing of
// what is inside one: it must not import grype, because the plugin links it.
package vulndb

import (
	"encoding/json"
	"io"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/pkg/errors"
)

const (
	// DefaultURL is where the official databases are listed.
	DefaultURL = "https://grype.anchore.io/databases"
	// Model is the schema's major version: the only one that can be read.
	Model = 6
	// ListingFile is the listing's name in a folder or below a base URL.
	ListingFile = "latest.json"
	// DefaultMaxAge is the age beyond which a database is refused: grype's.
	DefaultMaxAge = 120 * time.Hour

	maxListing = 1 << 20
)

// Listing is latest.json: the newest database of one schema, as grype's client
// reads it (anchore/grype grype/db/v6/distribution/latest.go).
type Listing struct {
	// Status is "active", "deprecated" or "eol": whether databases of this
	// schema are still being made.
	Status string
	// Schema is the database's schema version, e.g. "v6.1.10".
	Schema string
	// Built is when the database was built.
	Built time.Time
	// Path is the archive's, relative to the listing: slash-separated, without
	// "..", never a URL.
	Path string
	// Checksum of the archive: "sha256:" and 64 hexadecimal digits.
	Checksum string
}

type listingJSON struct {
	Status        string    `json:"status"`
	SchemaVersion string    `json:"schemaVersion"`
	Built         time.Time `json:"built"`
	Path          string    `json:"path"`
	Checksum      string    `json:"checksum"`
}

// ParseListing reads and validates a listing from an untrusted source. The
// error is a [*SchemaError] if the listing is of another schema.
func ParseListing(r io.Reader) (Listing, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxListing+1))
	if err != nil {
		return Listing{}, errors.Wrap(err, "failed to read the database listing")
	}
	if len(b) > maxListing {
		return Listing{}, errors.Errorf("database listing is larger than %d bytes", maxListing)
	}
	var l listingJSON
	if err := json.Unmarshal(b, &l); err != nil {
		return Listing{}, errors.Wrap(err, "failed to parse the database listing")
	}
	out := Listing{Status: l.Status, Schema: l.SchemaVersion, Built: l.Built.UTC(), Path: l.Path, Checksum: l.Checksum}
	if err := out.validate(); err != nil {
		return Listing{}, errors.Wrap(err, "database listing is not valid")
	}
	return out, nil
}

var checksumPattern = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

func (l Listing) validate() error {
	if err := CheckSchema(l.Schema); err != nil {
		return err
	}
	if l.Built.IsZero() {
		return errors.New("built is missing")
	}
	if err := checkPath(l.Path); err != nil {
		return err
	}
	if !checksumPattern.MatchString(l.Checksum) {
		return errors.Errorf("checksum %q is not sha256:<64 hexadecimal digits>", l.Checksum)
	}
	return nil
}

func checkPath(p string) error {
	switch {
	case p == "":
		return errors.New("path is missing")
	case strings.ContainsFunc(p, unicode.IsControl), strings.Contains(p, `\`), strings.Contains(p, "://"):
		return errors.Errorf("path %q is not a relative path", p)
	case path.IsAbs(p), path.Clean(p) == "..", strings.HasPrefix(path.Clean(p), "../"):
		return errors.Errorf("path %q leads out of the listing's folder", p)
	}
	return nil
}

// CheckSchema tells whether a database of schema version s ("v6.1.10", with or
// without the "v") can be read. The error is a [*SchemaError] if not.
func CheckSchema(s string) error {
	parts := strings.Split(strings.TrimPrefix(s, "v"), ".")
	if len(parts) != 3 {
		return errors.Errorf("schema version %q is not of the form v6.1.10", s)
	}
	for _, p := range parts {
		if n, err := strconv.Atoi(p); err != nil || n < 0 {
			return errors.Errorf("schema version %q is not of the form v6.1.10", s)
		}
	}
	if parts[0] != strconv.Itoa(Model) {
		return &SchemaError{Schema: s}
	}
	return nil
}

// ListingURL completes a base URL as grype's client does: a URL that does not
// name a .json file gets /v6/latest.json appended.
func ListingURL(base string) string {
	if strings.HasSuffix(base, ".json") {
		return base
	}
	if u, err := url.Parse(base); err == nil && u.Host != "" {
		if strings.HasSuffix(u.Path, ".json") {
			return base
		}
		u.Path = strings.TrimRight(u.Path, "/") + "/v" + strconv.Itoa(Model) + "/" + ListingFile
		return u.String()
	}
	return strings.TrimRight(base, "/") + "/v" + strconv.Itoa(Model) + "/" + ListingFile
}

// ArchiveURL is where the listing at listingURL says its archive is: beside the
// listing. A query (a signed URL's) is kept, as grype's client keeps it.
func (l Listing) ArchiveURL(listingURL string) (string, error) {
	u, err := url.Parse(listingURL)
	if err != nil {
		return "", errors.Wrapf(err, "failed to parse the listing's URL %q", redact(listingURL))
	}
	u.Path = path.Join("/", path.Dir(u.Path), l.Path)
	u.RawPath = ""
	u.Fragment = ""
	return u.String(), nil
}

// write renders the listing as grype's own tools do.
func (l Listing) write() ([]byte, error) {
	b, err := json.MarshalIndent(listingJSON{
		Status:        l.Status,
		SchemaVersion: l.Schema,
		Built:         l.Built.UTC(),
		Path:          l.Path,
		Checksum:      l.Checksum,
	}, "", " ")
	return append(b, '\n'), errors.Wrap(err, "failed to encode the database listing")
}

// redact hides a URL's password, and its query, which may be a signature.
func redact(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(unparsable URL)"
	}
	if u.RawQuery != "" {
		u.RawQuery = "…"
	}
	return u.Redacted()
}
