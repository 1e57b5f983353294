package report

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/scan-build/scan-build/scan/internal/plain"
)

// licenseRef begins the identifier of a license that is none of SPDX's.
const licenseRef = "LicenseRef-"

// licenseReader turns what packages say of their licenses into SPDX license
// expressions (annex D). What is none becomes a LicenseRef of the document.
type licenseReader struct {
	list  *licenseList
	read  map[string]string // as declared → expression
	other map[string]string // LicenseRef → as declared
}

func newLicenseReader() *licenseReader {
	return &licenseReader{list: newLicenseList(), read: map[string]string{}, other: map[string]string{}}
}

// declared is the expression for a package's licenses: all of them apply.
func (l *licenseReader) declared(licenses []string) string {
	var terms []string
	for _, raw := range licenses {
		raw = plain.Line(raw, messageWidth)
		if raw == "" || raw == noAssertion || raw == "NONE" {
			continue
		}
		if t := l.expression(raw); !slices.Contains(terms, t) {
			terms = append(terms, t)
		}
	}
	switch len(terms) {
	case 0:
		return noAssertion
	case 1:
		return terms[0]
	}
	for i, t := range terms {
		if strings.Contains(t, " ") {
			terms[i] = "(" + t + ")"
		}
	}
	return strings.Join(terms, " AND ")
}

func (l *licenseReader) expression(raw string) string {
	if e, ok := l.read[raw]; ok {
		return e
	}
	e, ok := l.list.normalize(raw)
	if !ok {
		sum := sha256.Sum256([]byte(raw))
		label := unsafeInID.ReplaceAllString(raw, "-")
		label = strings.Trim(label[:min(len(label), 40)], "-")
		e = strings.TrimSuffix(licenseRef+label, "-") + "-" + hex.EncodeToString(sum[:6])
		l.other[e] = raw
	}
	l.read[raw] = e
	return e
}

// others lists the licenses that are not SPDX's, sorted.
func (l *licenseReader) others() []*v2_3.OtherLicense {
	var out []*v2_3.OtherLicense
	for ref, raw := range l.other {
		out = append(out, &v2_3.OtherLicense{LicenseIdentifier: ref, ExtractedText: raw, LicenseName: raw})
	}
	slices.SortFunc(out, func(a, b *v2_3.OtherLicense) int { return strings.Compare(a.LicenseIdentifier, b.LicenseIdentifier) })
	return out
}

// cycloneDX is what a package says of its licenses in CycloneDX's form: one
// expression where all are expressions, a list of names where one is not.
func (l *licenseReader) cycloneDX(licenses []string) *cdx.Licenses {
	e := l.declared(licenses)
	switch {
	case e == noAssertion:
		return nil
	case !strings.Contains(e, licenseRef):
		return &cdx.Licenses{{Expression: e, Acknowledgement: ptr(cdx.LicenseAcknowledgementDeclared)}}
	}
	var out cdx.Licenses
	var seen []string
	for _, raw := range licenses {
		if raw = plain.Line(raw, messageWidth); raw == "" || slices.Contains(seen, raw) {
			continue
		}
		seen = append(seen, raw)
		out = append(out, cdx.LicenseChoice{License: &cdx.License{Name: raw, Acknowledgement: cdx.LicenseAcknowledgementDeclared}})
	}
	return &out
}

func ptr[T any](v T) *T { return &v }
