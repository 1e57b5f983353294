package external

import (
	"strings"

	"github.com/pkg/errors"
)

// The parts of SPDX 2 that are read: https://spdx.github.io/spdx-spec/v2.3/.
type (
	spdxDocument struct {
		Version       string             `json:"spdxVersion"`
		Packages      []spdxPackage      `json:"packages"`
		Files         []spdxFile         `json:"files"`
		Relationships []spdxRelationship `json:"relationships"`
	}
	spdxPackage struct {
		ID       string `json:"SPDXID"`
		Declared string `json:"licenseDeclared"`
		Refs     []struct {
			Type    string `json:"referenceType"`
			Locator string `json:"referenceLocator"`
		} `json:"externalRefs"`
	}
	spdxFile struct {
		ID   string `json:"SPDXID"`
		Name string `json:"fileName"`
	}
	spdxRelationship struct {
		Element string `json:"spdxElementId"`
		Related string `json:"relatedSpdxElement"`
	}
)

// spdx takes packages that have a package URL; any other, such as the one that
// stands for what was looked at, could not be matched.
func (r *reader) spdx(data []byte) error {
	var doc spdxDocument
	if err := decode(data, &doc); err != nil {
		return err
	}
	if !strings.HasPrefix(doc.Version, "SPDX-2.") {
		return errors.Errorf("spdxVersion: %q is no version of SPDX that is known, want SPDX-2.2 or SPDX-2.3", text(doc.Version, 40))
	}
	at := doc.evidence()
	for _, sp := range doc.Packages {
		p, ok := packageOf(sp.purl())
		if !ok {
			continue
		}
		p.Path = at[sp.ID]
		if l := text(sp.Declared, maxName); l != "" && l != "NOASSERTION" && l != "NONE" {
			p.Licenses = []string{l}
		}
		if err := r.addPackage(p); err != nil {
			return err
		}
	}
	return nil
}

func (p *spdxPackage) purl() string {
	for _, ref := range p.Refs {
		if ref.Type == "purl" {
			return ref.Locator
		}
	}
	return ""
}

// evidence is the first file that each package is in relation to, by the id of
// the package.
func (d *spdxDocument) evidence() map[string]string {
	names := make(map[string]string, len(d.Files))
	for _, f := range d.Files {
		names[f.ID] = cleaned(f.Name)
	}
	out := map[string]string{}
	for _, rel := range d.Relationships {
		name := names[rel.Related]
		if have, ok := out[rel.Element]; name != "" && (!ok || name < have) {
			out[rel.Element] = name
		}
	}
	return out
}
