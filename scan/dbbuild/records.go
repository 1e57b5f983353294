package dbbuild

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/anchore/grype/grype/db/data"
	v6 "github.com/anchore/grype/grype/db/v6"
	"github.com/anchore/grype/grype/db/v6/build/transformers"
)

// records collects the database's entries. They are made as grype's GitHub and
// operating-system transformers make them; its OSV transformer is no way in,
// because it accepts the ids of a few sources only and knows no language.
type records struct {
	built      time.Time
	list       []data.Entry
	ecosystems map[string]ecosystem
	epssDate   string
}

func newRecords(built time.Time) *records {
	return &records{built: built, ecosystems: map[string]ecosystem{}}
}

func (r *records) entries() []data.Entry { return r.list }

// add takes up one advisory: a record for each source that its packages are
// counted to, because a record has one.
func (r *records) add(a advisory) error {
	if !idPattern.MatchString(a.ID) {
		return a.errorAt("id", "%q is not an id", a.ID)
	}
	if len(a.Affected) == 0 {
		return a.errorAt("affected", "is empty")
	}
	severities, err := a.severities()
	if err != nil {
		return err
	}
	var providers []string
	related := map[string][]any{}
	for i := range a.Affected {
		e, handles, err := r.affected(a, i)
		if err != nil {
			return err
		}
		p := providerOf(a.ID, e)
		if !slices.Contains(providers, p) {
			providers = append(providers, p)
		}
		related[p] = append(related[p], handles...)
	}
	for _, p := range providers {
		models := append([]any{a.handle(r.provider(p), severities)}, related[p]...)
		r.list = append(r.list, transformers.NewEntries(models...)...)
	}
	return r.exploitation(a)
}

// affected makes the package handles of one affected package.
func (r *records) affected(a advisory, i int) (ecosystem, []any, error) {
	p := a.Affected[i].Package
	if p.Name == "" {
		return ecosystem{}, nil, a.errorAt(fmt.Sprintf("affected[%d].package.name", i), "is missing")
	}
	e, ok := r.ecosystems[p.Ecosystem]
	if !ok {
		var err error
		if e, err = ecosystemOf(p.Ecosystem); err != nil {
			return ecosystem{}, nil, a.errorAt(fmt.Sprintf("affected[%d].package.ecosystem", i), "%s", err)
		}
		r.ecosystems[p.Ecosystem] = e
	}
	if e.format == "maven" && !strings.Contains(p.Name, ":") {
		return ecosystem{}, nil, a.errorAt(fmt.Sprintf("affected[%d].package.name", i), "%q is not group:artifact", p.Name)
	}
	ranges, err := a.windows(i, e)
	if err != nil {
		return ecosystem{}, nil, err
	}
	var out []any
	for _, rg := range ranges {
		h := v6.AffectedPackageHandle{
			Package:   e.newPackage(p.Name),
			BlobValue: &v6.PackageBlob{CVEs: a.Aliases, Ranges: []v6.Range{rg}},
		}
		if e.os != nil {
			os := *e.os
			h.OperatingSystem = &os
		}
		if e.format == "rpm" {
			none := ""
			h.BlobValue.Qualifiers = &v6.PackageQualifiers{RpmModularity: &none}
		}
		out = append(out, h)
	}
	return e, out, nil
}

func (r *records) provider(id string) *v6.Provider {
	return &v6.Provider{ID: id, Version: "1", Processor: "scan-build", DateCaptured: &r.built}
}

func (a advisory) handle(p *v6.Provider, severities []v6.Severity) v6.VulnerabilityHandle {
	refs := make([]v6.Reference, 0, len(a.References))
	for _, ref := range a.References {
		refs = append(refs, v6.Reference{URL: ref.URL, Tags: []string{strings.ToLower(ref.Type)}})
	}
	description := a.Summary
	if description == "" {
		description = a.Details
	}
	return v6.VulnerabilityHandle{
		Name:          a.ID,
		ProviderID:    p.ID,
		Provider:      p,
		Status:        v6.VulnerabilityActive,
		PublishedDate: a.Published,
		ModifiedDate:  a.Modified,
		BlobValue: &v6.VulnerabilityBlob{
			ID:          a.ID,
			Description: strings.TrimSpace(description),
			References:  transformers.DeduplicateReferences(refs),
			Aliases:     a.Aliases,
			Severities:  severities,
		},
	}
}

var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]*$`)

// providerOf names the source of a record: it becomes the first part of a
// finding's namespace. A distribution's records are its own; elsewhere the id's
// prefix tells, and a private one (ACME-2026-0001) is its own source.
func providerOf(id string, e ecosystem) string {
	if e.provider != "" {
		return e.provider
	}
	prefix, _, _ := strings.Cut(id, "-")
	switch prefix = strings.ToLower(prefix); prefix {
	case "ghsa":
		return "github"
	case "go":
		return "govulndb"
	case "pysec":
		return "pypa"
	case "cve":
		return "osv"
	}
	return prefix
}

// exploitation adds what the advisory says of exploitation: grype keeps that
// by CVE.
func (r *records) exploitation(a advisory) error {
	d := a.Database
	if d.KEV == nil && d.EPSS == nil {
		return nil
	}
	cve := a.cve()
	if cve == "" {
		return a.errorAt("database_specific", "kev and epss need a CVE as the id or an alias")
	}
	if d.KEV != nil {
		added, err := a.day("database_specific.kev.date_added", d.KEV.DateAdded)
		if err != nil {
			return err
		}
		due, err := a.day("database_specific.kev.due_date", d.KEV.DueDate)
		if err != nil {
			return err
		}
		r.list = append(r.list, transformers.NewEntries(*r.provider("kev"), v6.KnownExploitedVulnerabilityHandle{
			Cve: cve,
			BlobValue: &v6.KnownExploitedVulnerabilityBlob{
				Cve: cve, DateAdded: added, DueDate: due, KnownRansomwareCampaignUse: strings.ToLower(d.KEV.Ransomware),
			},
		})...)
	}
	if d.EPSS == nil {
		return nil
	}
	return r.epss(a, cve, *d.EPSS)
}

func (r *records) epss(a advisory, cve string, e epss) error {
	const field = "database_specific.epss"
	if e.Score < 0 || e.Score > 1 || e.Percentile < 0 || e.Percentile > 1 {
		return a.errorAt(field, "score and percentile are between 0 and 1")
	}
	date, err := a.day(field+".date", e.Date)
	if err != nil {
		return err
	}
	if date == nil {
		return a.errorAt(field+".date", "is missing")
	}
	if r.epssDate != "" && r.epssDate != e.Date {
		return a.errorAt(field+".date", "%s differs from the other advisories' %s: a database has one", e.Date, r.epssDate)
	}
	r.epssDate = e.Date
	r.list = append(r.list, transformers.NewEntries(*r.provider("epss"), v6.EpssHandle{
		Cve: cve, Epss: e.Score, Percentile: e.Percentile, Date: *date,
	})...)
	return nil
}

func (a advisory) cve() string {
	for _, id := range append([]string{a.ID}, a.Aliases...) {
		if strings.HasPrefix(id, "CVE-") {
			return id
		}
	}
	return ""
}

func (a advisory) day(field, s string) (*time.Time, error) {
	if s == "" {
		return nil, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return nil, a.errorAt(field, "%q is not a date (YYYY-MM-DD)", s)
	}
	return &t, nil
}
