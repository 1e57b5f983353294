package match

import (
	"slices"
	"strings"
	"time"

	v6 "github.com/anchore/grype/grype/db/v6"
	grypematch "github.com/anchore/grype/grype/match"
	"github.com/anchore/grype/grype/pkg"
	"github.com/anchore/grype/grype/version"
	"github.com/anchore/grype/grype/vulnerability"
	"github.com/pkg/errors"
)

// day is t's day (YYYY-MM-DD) in UTC, empty if t is unset: some of grype's
// transformers write the zero time where a source has no date.
func day(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// published is the day on which the matched record was published. Most records
// of distributions have none: theirs is the earliest of the records that they
// refer to, mostly the CVE's in NVD.
func published(v vulnerability.Vulnerability, db *database) (string, error) {
	if h, ok := v.Internal.(*v6.VulnerabilityHandle); ok {
		if d := day(h.PublishedDate); d != "" {
			return d, nil
		}
	}
	var first string
	for _, r := range v.RelatedVulnerabilities {
		d, err := db.published(r)
		if err != nil {
			return "", err
		}
		first = earlier(first, d)
	}
	return first, nil
}

// published reads the day on which a record that another one refers to was
// published, empty if there is no such record. It is grype's way of finding the
// record without its description and references, which are most of the cost.
func (d *database) published(ref vulnerability.Reference) (string, error) {
	key := vulnerability.Reference{ID: ref.ID, Namespace: ref.Namespace}
	if got, ok := d.dates[key]; ok {
		return got, nil
	}
	provider, _, _ := strings.Cut(ref.Namespace, ":")
	var found []v6.VulnerabilityHandle
	err := d.sql.Model(&v6.VulnerabilityHandle{}).Select("published_date").
		Where("name = ? COLLATE NOCASE AND provider_id = ?", ref.ID, provider).Limit(1).Find(&found).Error
	if err != nil {
		return "", errors.Wrapf(err, "failed to read when %s was published", ref.ID)
	}
	var out string
	if len(found) > 0 {
		out = day(found[0].PublishedDate)
	}
	d.dates[key] = out
	return out, nil
}

// fixAvailable is the first day on which there was a fixed version above the
// installed one. A version that cannot be compared counts: with an earlier day
// a period of grace ends earlier.
func fixAvailable(m grypematch.Match) string {
	format := pkg.VersionFormat(m.Package)
	installed := []string{m.Package.Version}
	for _, u := range m.Package.Upstreams {
		if u.Version != "" {
			installed = append(installed, u.Version)
		}
	}
	var first string
	for _, a := range m.Vulnerability.Fix.Available {
		fixed := version.New(a.Version, format)
		above := func(v string) bool {
			n, err := fixed.Compare(version.New(v, format))
			return err != nil || n > 0
		}
		if slices.ContainsFunc(installed, above) {
			first = earlier(first, day(&a.Date))
		}
	}
	return first
}

// earlier is the earlier of two days, either of which may be unknown.
func earlier(a, b string) string {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}
