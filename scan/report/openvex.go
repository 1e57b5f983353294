package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	openvex "github.com/openvex/go-vex/pkg/vex"
	"github.com/package-url/packageurl-go"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// openVEXNamespace is where documents' identifiers begin; see [spdxNamespace].
const openVEXNamespace = "https://github.com/scan-build/scan-build/openvex/"

// writeOpenVEX writes what the report knows of the effect of each vulnerability
// in the image, by package. The product is the image under each of its names or,
// where it has none, the package itself.
func writeOpenVEX(w io.Writer, r *scan.Report) error {
	at := r.Finished.UTC().Truncate(time.Second)
	tool := strings.TrimSpace(cmp.Or(plain.Line(r.Scanner.Name, cellWidth), "scan-build") + " " + plain.Line(r.Scanner.Version, cellWidth))
	doc := &openvex.VEX{
		Metadata: openvex.Metadata{
			Context: openvex.ContextLocator(), Author: tool, AuthorRole: "Scanner and the policy of the build", Timestamp: &at, Version: 1, Tooling: tool,
		},
		Statements: []openvex.Statement{},
	}
	for _, s := range statements(r) {
		doc.Statements = append(doc.Statements, s.openVEX(imageNames(r)))
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return errors.Wrap(err, "failed to encode the OpenVEX document")
	}
	doc.ID = openVEXNamespace + fmt.Sprintf("%x", sha256.Sum256(raw))
	var b bytes.Buffer
	if err := doc.ToJSON(&b); err != nil {
		return err
	}
	_, err = b.WriteTo(w)
	return err
}

// statement is what is said of one vulnerability in several packages.
type statement struct {
	vulnerability string
	aliases       []string
	assessment
	packages []string // package URLs, sorted
}

// statements groups the findings of all platforms' images by what is said. Of a
// package that is in the image several times the most cautious is said.
func statements(r *scan.Report) []statement {
	type place struct{ id, purl string }
	said := map[place]assessment{}
	aliases := map[string]map[string]bool{}
	for i := range r.Platforms {
		final := r.Platforms[i].FinalStage()
		if final == nil {
			continue
		}
		for _, f := range final.Findings {
			id := cmp.Or(plain.Line(f.ID, cellWidth), "unknown")
			k, a := place{id, findingURL(f)}, assess(f)
			if old, ok := said[k]; !ok || moreCautious(a, old) {
				said[k] = a
			}
			if aliases[id] == nil {
				aliases[id] = map[string]bool{}
			}
			for _, alias := range f.Aliases {
				if alias = plain.Line(alias, cellWidth); alias != "" && alias != id {
					aliases[id][alias] = true
				}
			}
		}
	}
	type group struct {
		id string
		assessment
	}
	packages := map[group][]string{}
	for k, a := range said {
		g := group{k.id, a}
		packages[g] = append(packages[g], k.purl)
	}
	var out []statement
	for g, purls := range packages {
		slices.Sort(purls)
		out = append(out, statement{vulnerability: g.id, aliases: slices.Sorted(maps.Keys(aliases[g.id])), assessment: g.assessment, packages: purls})
	}
	slices.SortFunc(out, func(a, b statement) int {
		return cmp.Or(strings.Compare(a.vulnerability, b.vulnerability), slices.Compare(a.packages, b.packages), a.compare(b.assessment))
	})
	return out
}

func moreCautious(a, b assessment) bool { return a.compare(b) > 0 }

func (s statement) openVEX(images []imageName) openvex.Statement {
	out := openvex.Statement{
		Vulnerability: openvex.Vulnerability{Name: openvex.VulnerabilityID(s.vulnerability)}, Status: s.status,
		Justification: s.justification, ImpactStatement: s.impact,
	}
	for _, a := range s.aliases {
		out.Vulnerability.Aliases = append(out.Vulnerability.Aliases, openvex.VulnerabilityID(a))
	}
	if s.status == openvex.StatusAffected {
		out.ActionStatement = cmp.Or(s.action, s.accepted)
	}
	for _, n := range images {
		product := openvex.Product{Component: component(n.purl())}
		if hex, ok := strings.CutPrefix(n.digest, "sha256:"); ok {
			product.Hashes = map[openvex.Algorithm]openvex.Hash{openvex.SHA256: openvex.Hash(hex)}
		}
		for _, p := range s.packages {
			product.Subcomponents = append(product.Subcomponents, openvex.Subcomponent{Component: component(p)})
		}
		out.Products = append(out.Products, product)
	}
	if len(images) == 0 {
		for _, p := range s.packages {
			out.Products = append(out.Products, openvex.Product{Component: component(p)})
		}
	}
	return out
}

func component(purl string) openvex.Component {
	return openvex.Component{ID: purl, Identifiers: map[openvex.IdentifierType]string{openvex.PURL: purl}}
}

// findingURL is the package URL of a finding's package, one of type generic if it
// has none.
func findingURL(f scan.Finding) string {
	if p := packageURL(f.PURL); p != "" {
		return p
	}
	name := cmp.Or(plain.Line(f.Package, 0), "unnamed")
	return packageurl.NewPackageURL(packageurl.TypeGeneric, "", name, plain.Line(f.Version, 0), nil, "").ToString()
}
