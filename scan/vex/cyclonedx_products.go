package vex

import (
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/pkg/errors"
)

// cycloneDXComponents resolves the targets of a document's vulnerabilities.
type cycloneDXComponents struct {
	serial string
	byRef  map[string]cycloneDXComponent
	// image are the identifiers of the image that the document is about; empty if
	// it is about none.
	image []string
}

type cycloneDXComponent struct {
	identifiers []string
	image       bool
}

func newCycloneDXComponents(bom *cdx.BOM) (*cycloneDXComponents, error) {
	c := &cycloneDXComponents{serial: bom.SerialNumber, byRef: map[string]cycloneDXComponent{}}
	if bom.Metadata != nil && bom.Metadata.Component != nil {
		root := bom.Metadata.Component
		if err := c.add(*root); err != nil {
			return nil, err
		}
		if root.Type == cdx.ComponentTypeContainer {
			c.image = componentIdentifiers(*root)
		}
	}
	return c, c.addAll(bom.Components)
}

func (c *cycloneDXComponents) addAll(components *[]cdx.Component) error {
	if components == nil {
		return nil
	}
	for _, component := range *components {
		if err := c.add(component); err != nil {
			return err
		}
	}
	return nil
}

func (c *cycloneDXComponents) add(component cdx.Component) error {
	if ref := component.BOMRef; ref != "" {
		if _, ok := c.byRef[ref]; ok {
			return errors.Errorf("bom-ref %q is there twice", ref)
		}
		c.byRef[ref] = cycloneDXComponent{componentIdentifiers(component), component.Type == cdx.ComponentTypeContainer}
	}
	return c.addAll(component.Components)
}

// componentIdentifiers are a component's package URL and digests and, of an
// image, its reference: the name, with the version as tag or digest.
func componentIdentifiers(c cdx.Component) []string {
	var out []string
	if c.PackageURL != "" {
		out = append(out, c.PackageURL)
	}
	if c.Hashes != nil {
		for _, h := range *c.Hashes {
			if h.Algorithm == cdx.HashAlgoSHA256 && h.Value != "" {
				out = append(out, digestPrefix+h.Value)
			}
		}
	}
	if c.Type != cdx.ComponentTypeContainer || c.Name == "" {
		return out
	}
	r, ok := parseReference(c.Name)
	switch {
	case !ok:
	case len(r.tags) > 0 || len(r.digests) > 0 || c.Version == "":
		out = append(out, c.Name)
	case isDigest(c.Version):
		out = append(out, c.Name+"@"+c.Version)
	default:
		out = append(out, c.Name+":"+c.Version)
	}
	return out
}

// products are the targets of a vulnerability that can be named. A target that
// the document neither describes nor spells as a package URL is an error, unless
// it is in another document.
func (c *cycloneDXComponents) products(affects *[]cdx.Affects) ([]Product, error) {
	if affects == nil || len(*affects) == 0 {
		return nil, errors.New("affects: is empty")
	}
	var out []Product
	for i, a := range *affects {
		component, err := c.target(a.Ref)
		if err != nil {
			return nil, errors.Wrapf(err, "affects[%d].ref", i)
		}
		ids := component.identifiers
		if !component.image {
			ids = inVersions(ids, a.Range)
		}
		switch {
		case len(ids) == 0:
		case component.image || len(c.image) == 0:
			out = append(out, Product{Identifiers: ids})
		default:
			out = append(out, Product{Identifiers: c.image, Subcomponents: ids})
		}
	}
	return out, nil
}

// target finds a component of this document by its bom-ref or by a BOM-Link. Of
// a link to another document only a package URL in its fragment can be
// understood, which is how scanners name components.
func (c *cycloneDXComponents) target(ref string) (cycloneDXComponent, error) {
	if got, ok := c.byRef[ref]; ok {
		return got, nil
	}
	name, elsewhere := ref, false
	if strings.HasPrefix(ref, "urn:cdx:") {
		link, err := cdx.ParseBOMLink(ref)
		if err != nil {
			return cycloneDXComponent{}, errors.Errorf("%q is no BOM-Link", ref)
		}
		name, elsewhere = link.Reference(), link.SerialNumber() != c.serial
		if got, ok := c.byRef[name]; ok && !elsewhere {
			return got, nil
		}
	}
	if p, ok := parsePURL(name); ok {
		return cycloneDXComponent{[]string{name}, p.isImage()}, nil
	}
	if elsewhere {
		return cycloneDXComponent{}, nil
	}
	return cycloneDXComponent{}, errors.Errorf("%q is no component of the document", ref)
}

// inVersions limits package URLs without a version to those that the target
// lists. Ranges are not evaluated: such a target is left out.
func inVersions(ids []string, versions *[]cdx.AffectedVersions) []string {
	if versions == nil || len(*versions) == 0 {
		return ids
	}
	var out []string
	for _, id := range ids {
		p, ok := parsePURL(id)
		if !ok || p.version != "" {
			out = append(out, id)
			continue
		}
		for _, v := range *versions {
			if v.Version != "" {
				out = append(out, p.withVersion(v.Version))
			}
		}
	}
	return out
}
