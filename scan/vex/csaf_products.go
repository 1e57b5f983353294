package vex

import (
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// csafProducts resolves the product ids of a CSAF document.
type csafProducts struct {
	leaves    map[string]csafLeaf
	relations map[string]csafRelationship
	groups    map[string][]string
	// grouped counts what groups were expanded to.
	grouped int
	// resolved are the products made of relations, by id.
	resolved map[string]Product
}

// csafLeaf is a product that stands for itself.
type csafLeaf struct{ identifiers []string }

var csafRelations = []string{"default_component_of", "external_component_of", "installed_on", "installed_with", "optional_component_of"}

func newCSAFProducts(tree csafTree) (*csafProducts, error) {
	p := &csafProducts{
		leaves:    map[string]csafLeaf{},
		relations: map[string]csafRelationship{},
		groups:    map[string][]string{},
		resolved:  map[string]Product{},
	}
	for _, n := range tree.Names {
		if err := p.addLeaf(n, n.identifiers()); err != nil {
			return nil, err
		}
	}
	for _, b := range tree.Branches {
		if err := p.addBranch(b); err != nil {
			return nil, err
		}
	}
	for _, r := range tree.Relationships {
		if !slices.Contains(csafRelations, r.Category) {
			return nil, errors.Errorf("relationship %s: category %q is none of %s", r, r.Category, strings.Join(csafRelations, ", "))
		}
		if err := p.free(r.Name.ID); err != nil {
			return nil, err
		}
		p.relations[r.Name.ID] = r
	}
	for _, g := range tree.Groups {
		if _, ok := p.groups[g.ID]; ok || g.ID == "" {
			return nil, errors.Errorf("product_groups: %q is no id or there twice", g.ID)
		}
		p.groups[g.ID] = g.Products
	}
	return p, nil
}

func (p *csafProducts) addLeaf(product csafProduct, identifiers []string) error {
	if err := p.free(product.ID); err != nil {
		return err
	}
	p.leaves[product.ID] = csafLeaf{identifiers}
	return nil
}

// free refuses ids that are there twice: which one a statement means could be
// chosen by whoever adds the second.
func (p *csafProducts) free(id string) error {
	_, leaf := p.leaves[id]
	_, relation := p.relations[id]
	switch {
	case id == "":
		return errors.New("a product has no product_id")
	case leaf || relation:
		return errors.Errorf("product %q is there twice", id)
	}
	return nil
}

func (p *csafProducts) addBranch(b csafBranch) error {
	if b.Product != nil {
		if err := p.addLeaf(*b.Product, b.identifiers()); err != nil {
			return err
		}
	}
	for _, child := range b.Branches {
		if err := p.addBranch(child); err != nil {
			return err
		}
	}
	return nil
}

// identifiers are those of the branch's product. A package URL that leaves the
// version to the branch gets it from there; for a range of versions it would
// mean all, so that it is dropped.
func (b csafBranch) identifiers() []string {
	ids := b.Product.identifiers()
	if b.Category != "product_version" && b.Category != "product_version_range" {
		return ids
	}
	var out []string
	for _, id := range ids {
		if id = versioned(id, b.Category, b.Name); id != "" {
			out = append(out, id)
		}
	}
	return out
}

func versioned(id, category, version string) string {
	u, ok := parsePURL(id)
	if !ok || u.version != "" {
		return id
	}
	if category != "product_version" || version == "" {
		return ""
	}
	return u.withVersion(version)
}

// product is what a product id stands for: a leaf, or the innermost component of
// a chain of relationships in its outermost product.
func (p *csafProducts) product(id string) (Product, error) {
	if leaf, ok := p.leaves[id]; ok {
		return Product{Identifiers: leaf.identifiers}, nil
	}
	if got, ok := p.resolved[id]; ok {
		return got, nil
	}
	r, ok := p.relations[id]
	if !ok {
		return Product{}, errors.Errorf("%q is no product of the product tree", id)
	}
	component, err := p.walk(id, csafRelationship.component)
	if err != nil {
		return Product{}, err
	}
	whole, err := p.walk(id, csafRelationship.whole)
	if err != nil {
		return Product{}, err
	}
	out := relatedProduct(r.Name.identifiers(), component, whole)
	p.resolved[id] = out
	return out, nil
}

func (r csafRelationship) component() string { return r.Product }
func (r csafRelationship) whole() string     { return r.Of }

// maxRelations bounds chains of relationships: a package in a module of a product
// has two.
const maxRelations = 20

// walk follows one side of relationships to the leaf at its end.
func (p *csafProducts) walk(id string, next func(csafRelationship) string) ([]string, error) {
	start := id
	for range maxRelations + 1 {
		if leaf, ok := p.leaves[id]; ok {
			return leaf.identifiers, nil
		}
		r, ok := p.relations[id]
		if !ok {
			return nil, errors.Errorf("%q is no product of the product tree", id)
		}
		id = next(r)
	}
	return nil, errors.Errorf("the relationships of %q run in a circle, or more than %d deep", start, maxRelations)
}

// relatedProduct is a component in a whole. What names the relationship itself
// names the component in this place: the package or, for one in an image, the
// image.
func relatedProduct(own, component, whole []string) Product {
	for _, id := range own {
		if isImagePURL(id) {
			whole = append(slices.Clip(whole), id)
		} else {
			component = append(slices.Clip(component), id)
		}
	}
	switch {
	case len(component) == 0:
		return Product{} // it would be said of all that is in the whole
	case len(whole) > 0:
		return Product{Identifiers: whole, Subcomponents: component}
	case len(own) > 0:
		return Product{Identifiers: component}
	}
	return Product{} // a part of something that is named in words or by a CPE
}
