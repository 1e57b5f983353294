package vex

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/pkg/errors"
)

// cycloneDXVersions are those that have vulnerabilities and that the library
// reads: https://cyclonedx.org/docs/1.7/json/#vulnerabilities.
var cycloneDXVersions = []string{"1.4", "1.5", "1.6", "1.7"}

const cycloneDXNamespace = "http://cyclonedx.org/schema/bom/"

func parseCycloneDXJSON(data []byte, h header) (*Document, error) {
	if f := h.string(h.BOMFormat); f != cdx.BOMFormat {
		return nil, errors.Errorf("bomFormat: %q is not known, want CycloneDX", f)
	}
	if err := checkCycloneDXVersion("specVersion", h.string(h.SpecVersion)); err != nil {
		return nil, err
	}
	var bom cdx.BOM
	if err := decode(data, &bom); err != nil {
		return nil, err
	}
	return cycloneDXDocument(&bom)
}

func parseCycloneDXXML(data []byte) (*Document, error) {
	var bom cdx.BOM
	err := decodeXML(func() error {
		return cdx.NewBOMDecoder(bytes.NewReader(data), cdx.BOMFileFormatXML).Decode(&bom)
	})
	if err != nil {
		return nil, err
	}
	version, ok := strings.CutPrefix(bom.XMLNS, cycloneDXNamespace)
	if !ok || bom.XMLName.Local != "bom" {
		return nil, errors.Errorf("is XML, but no CycloneDX: its root is <%s xmlns=%q>", bom.XMLName.Local, bom.XMLNS)
	}
	if err := checkCycloneDXVersion("xmlns", version); err != nil {
		return nil, err
	}
	return cycloneDXDocument(&bom)
}

func checkCycloneDXVersion(field, version string) error {
	if !slices.Contains(cycloneDXVersions, version) {
		return errors.Errorf("%s: %q is a version of CycloneDX that is not known, want one of %s", field, version, strings.Join(cycloneDXVersions, ", "))
	}
	return nil
}

// cycloneDXDocument takes the vulnerabilities that have an analysis: without one
// a vulnerability is only listed.
func cycloneDXDocument(bom *cdx.BOM) (*Document, error) {
	components, err := newCycloneDXComponents(bom)
	if err != nil {
		return nil, err
	}
	var issued string
	if bom.Metadata != nil {
		issued = bom.Metadata.Timestamp
	}
	var b builder
	if bom.Vulnerabilities != nil {
		for i, v := range *bom.Vulnerabilities {
			if v.Analysis == nil || v.Analysis.State == "" {
				continue
			}
			s, err := cycloneDXStatement(v, issued)
			if err == nil {
				s.Products, err = components.products(v.Affects)
			}
			if err == nil && len(s.Products) > 0 {
				err = b.add(s)
			}
			if err != nil {
				return nil, errors.Wrapf(err, "vulnerabilities[%d]", i)
			}
		}
	}
	return &Document{ID: bom.SerialNumber, Format: "CycloneDX", Statements: b.statements}, nil
}

func cycloneDXStatement(v cdx.Vulnerability, issued string) (Statement, error) {
	status, ok := cycloneDXStates[v.Analysis.State]
	if !ok {
		return Statement{}, errors.Errorf("analysis.state: %q is not known", v.Analysis.State)
	}
	names := cycloneDXNames(v)
	if len(names) == 0 {
		return Statement{}, errors.New("id: is missing")
	}
	s := Statement{Vulnerability: names[0], Aliases: names[1:], Status: status}
	when := cmp.Or(v.Analysis.LastUpdated, v.Analysis.FirstIssued, issued)
	if when == "" {
		return s, errors.New("analysis: has no time, nor has metadata.timestamp")
	}
	var err error
	if s.Timestamp, err = time.Parse(time.RFC3339, when); err != nil {
		return s, errors.Errorf("analysis: %q is no time (RFC 3339)", when)
	}
	switch status {
	case NotAffected:
		if s.Justification, err = cycloneDXJustification(v.Analysis); err != nil {
			return s, err
		}
		s.ImpactStatement = v.Analysis.Detail
	case Affected:
		s.ActionStatement = cycloneDXAction(v)
	}
	return s, nil
}

var cycloneDXStates = map[cdx.ImpactAnalysisState]Status{
	cdx.IASResolved:             Fixed,
	cdx.IASResolvedWithPedigree: Fixed,
	cdx.IASExploitable:          Affected,
	cdx.IASInTriage:             UnderInvestigation,
	cdx.IASFalsePositive:        NotAffected,
	cdx.IASNotAffected:          NotAffected,
}

// cycloneDXJustifications gives OpenVEX's word where it means the same.
var cycloneDXJustifications = map[cdx.ImpactAnalysisJustification]string{
	cdx.IAJCodeNotPresent:               "vulnerable_code_not_present",
	cdx.IAJCodeNotReachable:             "vulnerable_code_not_in_execute_path",
	cdx.IAJRequiresConfiguration:        string(cdx.IAJRequiresConfiguration),
	cdx.IAJRequiresDependency:           string(cdx.IAJRequiresDependency),
	cdx.IAJRequiresEnvironment:          string(cdx.IAJRequiresEnvironment),
	cdx.IAJProtectedByCompiler:          "inline_mitigations_already_exist",
	cdx.IAJProtectedAtRuntime:           "inline_mitigations_already_exist",
	cdx.IAJProtectedAtPerimeter:         string(cdx.IAJProtectedAtPerimeter),
	cdx.IAJProtectedByMitigatingControl: string(cdx.IAJProtectedByMitigatingControl),
}

func cycloneDXJustification(a *cdx.VulnerabilityAnalysis) (string, error) {
	if a.Justification == "" {
		if a.State == cdx.IASFalsePositive {
			return string(cdx.IASFalsePositive), nil
		}
		return "", nil
	}
	j, ok := cycloneDXJustifications[a.Justification]
	if !ok {
		return "", errors.Errorf("analysis.justification: %q is not known", a.Justification)
	}
	return j, nil
}

func cycloneDXAction(v cdx.Vulnerability) string {
	var out []string
	for _, s := range []string{v.Recommendation, v.Workaround, v.Analysis.Detail} {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	if v.Analysis.Response != nil && len(out) == 0 {
		for _, r := range *v.Analysis.Response {
			out = append(out, string(r))
		}
	}
	return strings.Join(out, "; ")
}

func cycloneDXNames(v cdx.Vulnerability) []string {
	ids := []string{v.ID}
	if v.References != nil {
		for _, r := range *v.References {
			ids = append(ids, r.ID)
		}
	}
	var out []string
	for _, id := range ids {
		if id = strings.TrimSpace(id); id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
