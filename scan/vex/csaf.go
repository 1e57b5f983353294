package vex

import (
	"slices"
	"strings"
	"time"

	"github.com/pkg/errors"
)

// csafDocument is what is read of a CSAF document:
// https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html.
type csafDocument struct {
	Document struct {
		Category string `json:"category"`
		Tracking struct {
			ID      string     `json:"id"`
			Current *time.Time `json:"current_release_date"`
		} `json:"tracking"`
	} `json:"document"`
	ProductTree     csafTree            `json:"product_tree"`
	Vulnerabilities []csafVulnerability `json:"vulnerabilities"`
}

type csafVulnerability struct {
	CVE string `json:"cve"`
	IDs []struct {
		Text string `json:"text"`
	} `json:"ids"`
	Status struct {
		FirstAffected      []string `json:"first_affected"`
		KnownAffected      []string `json:"known_affected"`
		LastAffected       []string `json:"last_affected"`
		FirstFixed         []string `json:"first_fixed"`
		Fixed              []string `json:"fixed"`
		KnownNotAffected   []string `json:"known_not_affected"`
		UnderInvestigation []string `json:"under_investigation"`
	} `json:"product_status"`
	Flags        []csafNote `json:"flags"`
	Threats      []csafNote `json:"threats"`
	Remediations []csafNote `json:"remediations"`
}

// csafNote is a flag, a threat or a remediation: something said of products,
// directly or by groups. One that names neither is said of all.
type csafNote struct {
	Label    string   `json:"label"`
	Category string   `json:"category"`
	Details  string   `json:"details"`
	Products []string `json:"product_ids"`
	Groups   []string `json:"group_ids"`
}

// csafStatuses are the product statuses from the most to the least cautious. A
// version that is "recommended" is left out: that says nothing of the
// vulnerability, and such a version is also among the fixed ones.
func (v csafVulnerability) statuses() []csafStatus {
	return []csafStatus{
		{Affected, "known_affected", v.Status.KnownAffected},
		{Affected, "first_affected", v.Status.FirstAffected},
		{Affected, "last_affected", v.Status.LastAffected},
		{UnderInvestigation, "under_investigation", v.Status.UnderInvestigation},
		{Fixed, "fixed", v.Status.Fixed},
		{Fixed, "first_fixed", v.Status.FirstFixed},
		{NotAffected, "known_not_affected", v.Status.KnownNotAffected},
	}
}

type csafStatus struct {
	status   Status
	field    string
	products []string
}

// csafProfile is the category of documents that must justify not_affected.
const csafProfile = "csaf_vex"

func parseCSAF(data []byte, version string) (*Document, error) {
	if version != "2.0" {
		return nil, errors.Errorf("document.csaf_version: %q is not known, want 2.0", version)
	}
	var doc csafDocument
	if err := decode(data, &doc); err != nil {
		return nil, err
	}
	if doc.Document.Tracking.Current == nil {
		return nil, errors.New("document.tracking.current_release_date: is missing")
	}
	tree, err := newCSAFProducts(doc.ProductTree)
	if err != nil {
		return nil, errors.Wrap(err, "product_tree")
	}
	var b builder
	for i, v := range doc.Vulnerabilities {
		if err := addCSAF(&b, doc, v, tree); err != nil {
			return nil, errors.Wrapf(err, "vulnerabilities[%d]", i)
		}
	}
	return &Document{ID: doc.Document.Tracking.ID, Format: "CSAF", Statements: b.statements}, nil
}

// addCSAF adds a vulnerability's statements: one for all products that have the
// same said of them.
func addCSAF(b *builder, doc csafDocument, v csafVulnerability, tree *csafProducts) error {
	names := v.names()
	if len(names) == 0 {
		return errors.New("has neither cve nor ids")
	}
	notes, err := newCSAFNotes(v, tree)
	if err != nil {
		return err
	}
	type said struct {
		status                        Status
		justification, impact, action string
	}
	groups := map[said]*Statement{}
	var order []said
	for _, status := range v.statuses() {
		for j, id := range status.products {
			product, err := tree.product(id)
			if err != nil {
				return errors.Wrapf(err, "product_status.%s[%d]", status.field, j)
			}
			key := said{status: status.status}
			switch status.status {
			case NotAffected:
				key.justification, key.impact = notes.flags.of(id), notes.impacts.of(id)
				if doc.Document.Category == csafProfile && key.justification == "" && key.impact == "" {
					return errors.Errorf("product_status.%s[%d]: %q has neither a flag nor a threat of category impact", status.field, j, id)
				}
			case Affected:
				key.action = notes.actions.of(id)
			}
			if len(product.Identifiers) == 0 {
				continue // named in words or by a CPE alone
			}
			s := groups[key]
			if s == nil {
				s = &Statement{
					Vulnerability: names[0], Aliases: names[1:], Status: key.status, Justification: key.justification,
					ImpactStatement: key.impact, ActionStatement: key.action, Timestamp: *doc.Document.Tracking.Current,
				}
				groups[key] = s
				order = append(order, key)
			}
			if b.names++; b.names > maxNames {
				return errTooManyNames
			}
			s.Products = append(s.Products, product)
		}
	}
	for _, key := range order {
		if err := b.add(*groups[key]); err != nil {
			return err
		}
	}
	return nil
}

func (v csafVulnerability) names() []string {
	ids := []string{v.CVE}
	for _, id := range v.IDs {
		ids = append(ids, id.Text)
	}
	var out []string
	for _, id := range ids {
		if id = strings.TrimSpace(id); id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// csafNotes are the notes of one vulnerability.
type csafNotes struct{ flags, impacts, actions csafText }

// csafText is what is said of products, by id.
type csafText struct {
	all []string
	by  map[string][]string
}

func newCSAFNotes(v csafVulnerability, tree *csafProducts) (*csafNotes, error) {
	out := &csafNotes{}
	for i, f := range v.Flags {
		if !slices.Contains(csafFlags, f.Label) {
			return nil, errors.Errorf("flags[%d].label: %q is none of %s", i, f.Label, strings.Join(csafFlags, ", "))
		}
		if err := out.flags.add(f.Label, f, tree); err != nil {
			return nil, errors.Wrapf(err, "flags[%d]", i)
		}
	}
	for i, t := range v.Threats {
		if t.Category != "impact" {
			continue
		}
		if err := out.impacts.add(t.Details, t, tree); err != nil {
			return nil, errors.Wrapf(err, "threats[%d]", i)
		}
	}
	for i, r := range v.Remediations {
		text := r.Details
		if text == "" {
			text = r.Category
		}
		if err := out.actions.add(text, r, tree); err != nil {
			return nil, errors.Wrapf(err, "remediations[%d]", i)
		}
	}
	return out, nil
}

// csafFlags are the labels of flags: OpenVEX's justifications.
var csafFlags = []string{
	"component_not_present", "inline_mitigations_already_exist", "vulnerable_code_cannot_be_controlled_by_adversary",
	"vulnerable_code_not_in_execute_path", "vulnerable_code_not_present",
}

func (t *csafText) add(text string, n csafNote, tree *csafProducts) error {
	if len(n.Products) == 0 && len(n.Groups) == 0 {
		t.all = append(t.all, text)
		return nil
	}
	ids := n.Products
	for _, g := range n.Groups {
		group, ok := tree.groups[g]
		if !ok {
			return errors.Errorf("group_ids: %q is no group of the product tree", g)
		}
		if tree.grouped += len(group); tree.grouped > maxNames {
			return errTooManyNames
		}
		ids = append(slices.Clip(ids), group...)
	}
	if t.by == nil {
		t.by = map[string][]string{}
	}
	for _, id := range ids {
		t.by[id] = append(t.by[id], text)
	}
	return nil
}

// maxTexts bounds how many remediations are told of one product.
const maxTexts = 4

func (t csafText) of(id string) string {
	texts := slices.Concat(t.by[id][:min(len(t.by[id]), maxTexts)], t.all[:min(len(t.all), maxTexts)])
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), "; ")
}
