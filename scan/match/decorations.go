package match

import (
	"strings"

	v6 "github.com/anchore/grype/grype/db/v6"
	"github.com/pkg/errors"
	"gorm.io/gorm"
)

// decorations answers from memory what grype asks of every vulnerability that
// it meets, most of which no version matches: whether it is known to be
// exploited, how likely that is, and its weakness, which no finding shows. Each
// answer would be a query of its own.
type decorations struct {
	v6.Reader
	sql *gorm.DB
	// exploited are the CVEs of CISA's catalogue, in lower case: some 1,500.
	exploited map[string]bool
	hasEPSS   bool
	epss      map[string][]v6.EpssHandle
}

// withDecorations reads the catalogue. Databases before schema 6.0.2 lack one
// or both tables.
func withDecorations(r v6.Reader, sql *gorm.DB) (*decorations, error) {
	d := &decorations{Reader: r, sql: sql, exploited: map[string]bool{}, epss: map[string][]v6.EpssHandle{}}
	if sql.Migrator().HasTable(&v6.KnownExploitedVulnerabilityHandle{}) {
		var cves []string
		if err := sql.Model(&v6.KnownExploitedVulnerabilityHandle{}).Pluck("cve", &cves).Error; err != nil {
			return nil, errors.Wrap(err, "failed to read the known exploited vulnerabilities")
		}
		for _, c := range cves {
			d.exploited[strings.ToLower(c)] = true
		}
	}
	if sql.Migrator().HasTable(&v6.EpssHandle{}) {
		var some []string
		if err := sql.Model(&v6.EpssHandle{}).Limit(1).Pluck("cve", &some).Error; err != nil {
			return nil, errors.Wrap(err, "failed to read the exploit predictions")
		}
		d.hasEPSS = len(some) > 0
	}
	return d, nil
}

// GetKnownExploitedVulnerabilities implements [v6.VulnerabilityDecoratorStoreReader].
func (d *decorations) GetKnownExploitedVulnerabilities(cve string) ([]v6.KnownExploitedVulnerabilityHandle, error) {
	if !d.exploited[strings.ToLower(cve)] {
		return nil, nil
	}
	return d.Reader.GetKnownExploitedVulnerabilities(cve)
}

// GetEpss implements [v6.VulnerabilityDecoratorStoreReader].
func (d *decorations) GetEpss(cve string) ([]v6.EpssHandle, error) {
	if !d.hasEPSS {
		return nil, nil
	}
	key := strings.ToLower(cve)
	if got, ok := d.epss[key]; ok {
		return got, nil
	}
	got, err := d.Reader.GetEpss(cve)
	if err != nil {
		return nil, err
	}
	d.epss[key] = got
	return got, nil
}

// GetDB is what else grype needs of its store, to fill references in.
func (d *decorations) GetDB() *gorm.DB { return d.sql }

// GetCWEs implements [v6.VulnerabilityDecoratorStoreReader].
func (d *decorations) GetCWEs(string) ([]v6.CWEHandle, error) { return nil, nil }
