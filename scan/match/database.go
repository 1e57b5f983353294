package match

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	v6 "github.com/anchore/grype/grype/db/v6"
	"github.com/anchore/grype/grype/distro"
	"github.com/anchore/grype/grype/pkg"
	"github.com/anchore/grype/grype/vulnerability"
	"github.com/pkg/errors"
	"gorm.io/gorm"

	"github.com/scan-build/scan-build/scan"
)

// database is grype's provider with three habits changed: an error is kept
// instead of only logged, metadata that grype wants for its progress display is
// not read, and what is read twice is remembered.
type database struct {
	provider vulnerability.Provider
	reader   v6.Reader
	sql      *gorm.DB
	identity scan.Database

	// err is the first error since begin.
	err error
	// failed are the packages that a matcher gave up on since begin.
	failed  map[pkg.ID]error
	related map[vulnerability.Reference]*vulnerability.Metadata
	// dates are days of publication.
	dates map[vulnerability.Reference]string
}

// openDatabase opens dir's database for reading: immutable, so that SQLite
// takes no locks and the folder may be mounted read-only.
func openDatabase(dir string) (*database, error) {
	file := filepath.Join(dir, v6.VulnerabilityDBFileName)
	switch info, err := os.Stat(file); {
	case errors.Is(err, os.ErrNotExist):
		return nil, errors.Errorf("no vulnerability database: %s does not exist", file)
	case err != nil:
		return nil, errors.Wrap(err, "failed to open the vulnerability database")
	case !info.Mode().IsRegular() || info.Size() == 0:
		return nil, errors.Errorf("no vulnerability database: %s is empty or not a file", file)
	}
	reader, err := v6.NewReader(v6.Config{DBDirPath: dir})
	if err != nil {
		return nil, errors.Wrap(err, "failed to open the vulnerability database")
	}
	store, ok := reader.(interface{ GetDB() *gorm.DB })
	if !ok {
		return nil, errors.New("failed to open the vulnerability database: grype's store gives no access to its tables")
	}
	decorated, err := withDecorations(reader, store.GetDB())
	if err != nil {
		_ = reader.Close()
		return nil, err
	}
	db := &database{
		provider: v6.NewVulnerabilityProvider(decorated),
		reader:   reader,
		sql:      store.GetDB(),
		related:  map[vulnerability.Reference]*vulnerability.Metadata{},
		dates:    map[vulnerability.Reference]string{},
	}
	if db.identity, err = identify(reader, dir); err != nil {
		_ = reader.Close()
		return nil, err
	}
	db.begin()
	return db, nil
}

// identify reads what the database says of itself.
func identify(reader v6.Reader, dir string) (scan.Database, error) {
	meta, err := reader.GetDBMetadata()
	if err != nil {
		return scan.Database{}, errors.Wrap(err, "failed to read the vulnerability database's metadata")
	}
	desc := v6.DescriptionFromMetadata(meta)
	id := scan.Database{Schema: desc.SchemaVersion.String(), Built: desc.Built.UTC().Truncate(time.Second)}
	f, err := os.Open(filepath.Join(dir, v6.ImportMetadataFileName))
	if errors.Is(err, os.ErrNotExist) {
		return id, nil
	}
	if err != nil {
		return scan.Database{}, errors.Wrap(err, "failed to read the vulnerability database's import metadata")
	}
	defer f.Close()
	var imported v6.ImportMetadata
	if err := json.NewDecoder(io.LimitReader(f, 1<<16)).Decode(&imported); err != nil {
		return scan.Database{}, errors.Wrap(err, "failed to read the vulnerability database's import metadata")
	}
	id.Digest, id.Source = imported.Digest, imported.Source
	return id, nil
}

// begin forgets the errors of earlier work.
func (d *database) begin() {
	d.err = nil
	d.failed = map[pkg.ID]error{}
}

func (d *database) keep(err error) error {
	if err != nil && d.err == nil {
		d.err = err
	}
	return err
}

// FindVulnerabilities implements [vulnerability.Provider]. A vulnerability that
// came without its metadata is an error: its severity would be missing.
func (d *database) FindVulnerabilities(criteria ...vulnerability.Criteria) ([]vulnerability.Vulnerability, error) {
	found, err := d.provider.FindVulnerabilities(criteria...)
	if err != nil {
		return nil, d.keep(err)
	}
	for _, v := range found {
		if v.Metadata == nil {
			return nil, d.keep(errors.Errorf("failed to read the metadata of %s", v.ID))
		}
	}
	return found, nil
}

// VulnerabilityMetadata implements [vulnerability.Provider]. grype asks for it
// only to count severities for a progress display that nobody sees: three
// queries for each match.
func (d *database) VulnerabilityMetadata(vulnerability.Reference) (*vulnerability.Metadata, error) {
	return nil, nil
}

// PackageSearchNames implements [vulnerability.Provider].
func (d *database) PackageSearchNames(p pkg.Package) []string {
	return d.provider.PackageSearchNames(p)
}

// Close implements [vulnerability.Provider].
func (d *database) Close() error { return d.provider.Close() }

// GetOperatingSystemEOL implements [vulnerability.EOLChecker].
func (d *database) GetOperatingSystemEOL(o *distro.Distro) (eol, eoas *time.Time, err error) {
	return d.provider.(vulnerability.EOLChecker).GetOperatingSystemEOL(o)
}

// relatedMetadata reads the record that another one refers to, e.g. NVD's of a
// distribution's CVE. Its severity is grype's "Unknown" if there is none.
func (d *database) relatedMetadata(ref vulnerability.Reference) (*vulnerability.Metadata, error) {
	if m, ok := d.related[ref]; ok {
		return m, nil
	}
	m, err := d.provider.VulnerabilityMetadata(ref) //nolint:staticcheck // grype's own reports read related records this way
	if err != nil {
		return nil, errors.Wrapf(err, "failed to read the related record %s", ref.ID)
	}
	d.related[ref] = m
	return m, nil
}

// nameBatch stays below SQLite's limit of 999 parameters.
const nameBatch = 500

// onlyNamed drops the packages of whose names the database holds nothing,
// asking for all names at once: most packages of most images, each of which
// would otherwise cost grype several queries.
func (d *database) onlyNamed(packages []pkg.Package) ([]pkg.Package, error) {
	names := make(map[string]bool)
	for _, p := range packages {
		for _, n := range d.searchNames(p) {
			names[strings.ToLower(n)] = false
		}
	}
	batch := make([]string, 0, nameBatch)
	for n := range names {
		batch = append(batch, n)
		if len(batch) == nameBatch {
			if err := d.markKnown(names, batch); err != nil {
				return nil, err
			}
			batch = batch[:0]
		}
	}
	if err := d.markKnown(names, batch); err != nil {
		return nil, err
	}
	var out []pkg.Package
	for _, p := range packages {
		known := len(p.CPEs) > 0
		for _, n := range d.searchNames(p) {
			known = known || names[strings.ToLower(n)]
		}
		if known {
			out = append(out, p)
		}
	}
	return out, nil
}

func (d *database) markKnown(names map[string]bool, batch []string) error {
	if len(batch) == 0 {
		return nil
	}
	var known []string
	err := d.sql.Model(&v6.Package{}).Where("name COLLATE NOCASE IN ?", batch).Distinct().Pluck("name", &known).Error
	if err != nil {
		return errors.Wrap(err, "failed to read package names from the vulnerability database")
	}
	for _, n := range known {
		names[strings.ToLower(n)] = true
	}
	return nil
}

// searchNames are the names under which grype's matchers look a package up.
func (d *database) searchNames(p pkg.Package) []string {
	names := append([]string{p.Name}, d.provider.PackageSearchNames(p)...)
	for _, u := range p.Upstreams {
		names = append(names, u.Name)
	}
	return names
}
