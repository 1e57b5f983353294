package external

import (
	"fmt"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// cyclonedx takes components that have a package URL, and vulnerabilities.
func (r *reader) cyclonedx(data []byte) error {
	var head struct {
		Format  string `json:"bomFormat"`
		Version string `json:"specVersion"`
	}
	if err := decode(data, &head); err != nil {
		return err
	}
	if head.Format != cdx.BOMFormat || !strings.HasPrefix(head.Version, "1.") {
		return errors.Errorf("bomFormat: %q of version %q is not known, want CycloneDX 1", text(head.Format, 40), text(head.Version, 40))
	}
	var bom cdx.BOM
	if err := decode(data, &bom); err != nil {
		return err
	}
	refs := map[string]*cdx.Component{}
	if err := r.components(bom.Components, refs); err != nil {
		return err
	}
	for i := range each(bom.Vulnerabilities) {
		if err := r.vulnerability(&(*bom.Vulnerabilities)[i], refs); err != nil {
			return err
		}
	}
	return nil
}

// each makes a list that is missing an empty one.
func each[T any](list *[]T) []T {
	if list == nil {
		return nil
	}
	return *list
}

// components takes them with those within them; how deep they go has been bounded.
func (r *reader) components(list *[]cdx.Component, refs map[string]*cdx.Component) error {
	for i := range each(list) {
		c := &(*list)[i]
		if c.BOMRef != "" {
			refs[c.BOMRef] = c
		}
		if p, ok := packageOf(c.PackageURL); ok {
			p.Path, p.Licenses = placeOf(c), licensesOf(c)
			if err := r.addPackage(p); err != nil {
				return err
			}
		}
		if err := r.components(c.Components, refs); err != nil {
			return err
		}
	}
	return nil
}

// placeOf is the file that a component was found in, as the format says it or as
// the best known tools did before it could.
func placeOf(c *cdx.Component) string {
	if c == nil {
		return ""
	}
	if c.Evidence != nil {
		for _, o := range each(c.Evidence.Occurrences) {
			if p := cleaned(o.Location); p != "" {
				return p
			}
		}
	}
	for _, p := range each(c.Properties) {
		switch p.Name {
		case "syft:location:0:path", "aquasecurity:trivy:FilePath":
			return cleaned(p.Value)
		}
	}
	return ""
}

func licensesOf(c *cdx.Component) []string {
	var out []string
	if c.Licenses == nil {
		return nil
	}
	for _, l := range *c.Licenses {
		s := l.Expression
		if l.License != nil {
			s = firstOf(l.License.ID, l.License.Name)
		}
		if s = text(s, maxName); s != "" && len(out) < 50 {
			out = append(out, s)
		}
	}
	return out
}

func (r *reader) vulnerability(v *cdx.Vulnerability, refs map[string]*cdx.Component) error {
	if a := v.Analysis; a != nil {
		switch a.State {
		case cdx.IASResolved, cdx.IASResolvedWithPedigree, cdx.IASFalsePositive, cdx.IASNotAffected:
			r.out.Suppressed++
			return nil
		}
	}
	f := scan.ExternalFinding{Rule: firstOf(v.ID, "unnamed"), Severity: rated(v), Message: firstOf(v.Description, v.Detail), URL: referenceOf(v)}
	affects := each(v.Affects)
	if len(affects) == 0 {
		return r.add(f)
	}
	for _, a := range affects {
		of, name := f, text(a.Ref, maxName)
		if c := refs[a.Ref]; c != nil {
			of.Path = placeOf(c)
			name = strings.TrimSpace(text(c.Name, maxName) + " " + text(c.Version, maxName))
		}
		of.Message = strings.TrimSuffix(fmt.Sprintf("%s: %s", name, f.Message), ": ")
		if err := r.add(of, name); err != nil {
			return err
		}
	}
	return nil
}

// rated is the worst of a vulnerability's ratings: who rated better need not be
// right.
func rated(v *cdx.Vulnerability) scan.Severity {
	worst := scan.SeverityUnknown
	for _, rating := range each(v.Ratings) {
		s := scan.SeverityUnknown
		switch rating.Severity {
		case cdx.SeverityNone, cdx.SeverityInfo:
			s = scan.SeverityNegligible
		case "":
			if rating.Score != nil && strings.HasPrefix(string(rating.Method), "CVSS") {
				s = ofScore(*rating.Score)
			}
		default:
			s, _ = scan.ParseSeverity(string(rating.Severity))
		}
		worst = max(worst, s)
	}
	return worst
}

func referenceOf(v *cdx.Vulnerability) string {
	if v.Source != nil && link(v.Source.URL) != "" {
		return v.Source.URL
	}
	for _, a := range each(v.Advisories) {
		if link(a.URL) != "" {
			return a.URL
		}
	}
	return ""
}
