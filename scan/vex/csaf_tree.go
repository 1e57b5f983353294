package vex

import (
	"cmp"
	"fmt"
	"strings"
)

// csafTree is the product_tree: products in full_product_names, at the leaves of
// branches, and made of two others by relationships.
type csafTree struct {
	Names         []csafProduct      `json:"full_product_names"`
	Branches      []csafBranch       `json:"branches"`
	Relationships []csafRelationship `json:"relationships"`
	Groups        []struct {
		ID       string   `json:"group_id"`
		Products []string `json:"product_ids"`
	} `json:"product_groups"`
}

type csafBranch struct {
	Category string       `json:"category"`
	Name     string       `json:"name"`
	Branches []csafBranch `json:"branches"`
	Product  *csafProduct `json:"product"`
}

type csafProduct struct {
	ID     string `json:"product_id"`
	Helper struct {
		PURL   string `json:"purl"`
		Hashes []struct {
			Files []struct {
				Algorithm string `json:"algorithm"`
				Value     string `json:"value"`
			} `json:"file_hashes"`
		} `json:"hashes"`
	} `json:"product_identification_helper"`
}

// csafRelationship makes a product of Product as a component of Of, or as
// installed on it or with it.
type csafRelationship struct {
	Category string      `json:"category"`
	Name     csafProduct `json:"full_product_name"`
	Product  string      `json:"product_reference"`
	Of       string      `json:"relates_to_product_reference"`
}

func (p csafProduct) identifiers() []string {
	var out []string
	if p.Helper.PURL != "" {
		out = append(out, p.Helper.PURL)
	}
	for _, h := range p.Helper.Hashes {
		for _, f := range h.Files {
			if strings.EqualFold(f.Algorithm, "sha256") && f.Value != "" {
				out = append(out, digestPrefix+f.Value)
			}
		}
	}
	return out
}

func (r csafRelationship) String() string {
	return fmt.Sprintf("%q", cmp.Or(r.Name.ID, r.Product+" of "+r.Of))
}
