package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// Documents follow CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json.

// property begins the names of properties that are this program's own.
const property = "scan-build:"

// writeCycloneDX writes one document about the image: its packages, their
// vulnerabilities and what the policy made of them. With several platforms each
// is a container that the image depends on.
func writeCycloneDX(w io.Writer, r *scan.Report) error {
	doc := newCycloneDX(r)
	for i := range r.Platforms {
		p := &r.Platforms[i]
		final := p.FinalStage()
		if final == nil {
			return errors.Errorf("failed to describe platform %q: its final stage was not scanned", p.ID)
		}
		doc.platform(p, final, len(r.Platforms) > 1)
	}
	if err := doc.finish(); err != nil {
		return err
	}
	return cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).EncodeVersion(doc.bom, cdx.SpecVersion1_6)
}

// cycloneDX is a document in the making.
type cycloneDX struct {
	bom          *cdx.BOM
	root         string
	components   []cdx.Component
	dependencies map[string][]string
	licenses     *licenseReader
	refs         map[string]bool
	found        *vulnerabilities
}

func newCycloneDX(r *scan.Report) *cycloneDX {
	d := &cycloneDX{
		bom: cdx.NewBOM(), dependencies: map[string][]string{}, licenses: newLicenseReader(), refs: map[string]bool{},
		found: newVulnerabilities(r.Finished),
	}
	image := imageComponent(r)
	image.BOMRef = d.ref("image", r.Target)
	d.root = image.BOMRef
	d.bom.Metadata = &cdx.Metadata{
		Timestamp:  r.Finished.UTC().Truncate(time.Second).Format(time.RFC3339),
		Lifecycles: &[]cdx.Lifecycle{{Phase: cdx.LifecyclePhaseBuild}},
		Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{{
			Type: cdx.ComponentTypeApplication, Name: cmp.Or(plain.Line(r.Scanner.Name, cellWidth), "scan-build"), Version: plain.Line(r.Scanner.Version, cellWidth),
		}}},
		Component: &image,
		Properties: properties(
			"database:schema", r.Database.Schema, "database:built", day(r.Database.Built), "database:digest", r.Database.Digest,
			"verdict", string(r.Verdict.Outcome), "policy", r.Verdict.PolicyDigest,
		),
	}
	return d
}

// imageComponent is the image under the first name that it will have.
func imageComponent(r *scan.Report) cdx.Component {
	c := cdx.Component{Type: cdx.ComponentTypeContainer, Name: cmp.Or(plain.Line(r.Target, cellWidth), "image")}
	if names := imageNames(r); len(names) > 0 {
		c.Name, c.Version, c.PackageURL = names[0].repository, names[0].version(), names[0].purl()
	}
	if b := r.Build; b != nil {
		c.Properties = properties("target", r.Target, "revision", b.Revision, "branch", b.Branch, "source", sourceURL(b), "dockerfile", b.Dockerfile)
	}
	return c
}

// platform adds one platform's image and what it contains.
func (d *cycloneDX) platform(p *scan.Platform, s *scan.Stage, several bool) {
	parent := d.root
	if several {
		image := cdx.Component{Type: cdx.ComponentTypeContainer, Name: "platform " + plain.Line(p.ID, cellWidth), Properties: properties("platform", p.ID)}
		image.BOMRef = d.ref("platform", p.ID)
		d.add(parent, image)
		parent = image.BOMRef
	}
	if s.OS != nil {
		os := cdx.Component{
			Type: cdx.ComponentTypeOS, Name: cmp.Or(plain.Line(s.OS.ID, cellWidth), "unknown"), Version: plain.Line(s.OS.VersionID, cellWidth),
			Description: plain.Line(s.OS.PrettyName, cellWidth), Properties: properties("endOfLife", s.EndOfLife),
		}
		os.BOMRef = d.ref("os", p.ID, s.OS.ID, s.OS.VersionID)
		d.add(parent, os)
	}
	refs := map[packageKey]string{}
	for _, pkg := range s.Packages {
		c := d.pkg(s, pkg)
		c.BOMRef = d.ref("package", p.ID, pkg.Type, pkg.Name, pkg.Version, pkg.Arch, pkg.Path, pkg.PURL)
		d.add(parent, c)
		if k := keyOfPackage(pkg); refs[k] == "" {
			refs[k] = c.BOMRef
		}
	}
	for _, f := range s.Findings {
		ref := refs[keyOfFinding(f)]
		if ref == "" { // a report without its packages
			c := d.pkg(s, packageOf(f))
			c.BOMRef = d.ref("package", p.ID, f.Type, f.Package, f.Version, "", f.Path, f.PURL)
			d.add(parent, c)
			ref = c.BOMRef
			refs[keyOfFinding(f)] = ref
		}
		d.found.add(f, ref)
	}
}

func (d *cycloneDX) add(parent string, c cdx.Component) {
	d.components = append(d.components, c)
	d.dependencies[parent] = append(d.dependencies[parent], c.BOMRef)
}

// packageKey is by what a finding names a package of its stage.
type packageKey struct{ kind, name, version, path string }

func keyOfPackage(p scan.Package) packageKey { return packageKey{p.Type, p.Name, p.Version, p.Path} }

func keyOfFinding(f scan.Finding) packageKey {
	return packageKey{f.Type, f.Package, f.Version, f.Path}
}

// packageOf is what a finding says of its package.
func packageOf(f scan.Finding) scan.Package {
	return scan.Package{Name: f.Package, Version: f.Version, Type: f.Type, PURL: f.PURL, Path: f.Path, First: f.First, Last: f.Last}
}

func (d *cycloneDX) pkg(s *scan.Stage, p scan.Package) cdx.Component {
	c := cdx.Component{
		Type: cdx.ComponentTypeLibrary, Name: cmp.Or(plain.Line(p.Name, 0), "unnamed"), Version: plain.Line(p.Version, 0),
		PackageURL: packageURL(p.PURL), Licenses: d.licenses.cycloneDX(p.Licenses),
	}
	if p.Dev {
		c.Scope = cdx.ScopeExcluded
	}
	if p.Java != nil && isSHA1(p.Java.SHA1) {
		c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA1, Value: strings.ToLower(p.Java.SHA1)}}
	}
	if p.Path != "" {
		c.Evidence = &cdx.Evidence{Occurrences: &[]cdx.EvidenceOccurrence{{Location: "/" + plain.Line(p.Path, messageWidth)}}}
	}
	c.Properties = properties(append([]string{"package:type", p.Type}, whereFrom(s, p)...)...)
	return c
}

// whereFrom are the properties of a package's place in image and Dockerfile.
func whereFrom(s *scan.Stage, p scan.Package) []string {
	out := []string{"package:found", "installed"}
	if p.Declared {
		out[1] = "declared"
	}
	if p.Source != nil {
		out = append(out, "package:source", strings.TrimSpace(p.Source.Name+" "+p.Source.Version))
	}
	if p.Last < 0 || p.Last >= len(s.Layers) {
		return out
	}
	l := s.Layers[p.Last]
	return append(out,
		"layer:index", fmt.Sprint(p.Last), "layer:digest", l.Digest, "layer:instruction", l.Instruction, "layer:stage", l.Stage,
		"layer:base", l.Base, "layer:location", plain.Location(l.File, l.StartLine, l.EndLine),
	)
}

// isSHA1 says whether s is such a hash in hexadecimal.
func isSHA1(s string) bool {
	return len(s) == 40 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

// properties makes properties of pairs of name and value; those without a value
// are left out.
func properties(pairs ...string) *[]cdx.Property {
	var out []cdx.Property
	for i := 0; i+1 < len(pairs); i += 2 {
		if v := plain.Line(pairs[i+1], messageWidth); v != "" {
			out = append(out, cdx.Property{Name: property + pairs[i], Value: v})
		}
	}
	if len(out) == 0 {
		return nil
	}
	return &out
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// ref makes an identifier that depends on the component alone, not on its place
// in the document.
func (d *cycloneDX) ref(kind string, parts ...string) string {
	for n := 0; ; n++ {
		sum := sha256.Sum256([]byte(fmt.Sprintf("%q %q %d", kind, parts, n)))
		ref := fmt.Sprintf("%s-%x", kind, sum[:12])
		if !d.refs[ref] {
			d.refs[ref] = true
			return ref
		}
	}
}

// finish gives the document the number that follows from its content: equal
// scans give equal documents, any others differ in number.
func (d *cycloneDX) finish() error {
	d.bom.Components = &d.components
	if d.components == nil {
		d.bom.Components = &[]cdx.Component{}
	}
	d.bom.Vulnerabilities = d.found.list(d)
	dependencies := []cdx.Dependency{d.dependency(d.root)}
	for _, c := range d.components {
		dependencies = append(dependencies, d.dependency(c.BOMRef))
	}
	d.bom.Dependencies = &dependencies
	raw, err := json.Marshal(d.bom)
	if err != nil {
		return errors.Wrap(err, "failed to encode the CycloneDX document")
	}
	d.bom.SerialNumber = "urn:uuid:" + contentUUID(raw)
	return nil
}

func (d *cycloneDX) dependency(ref string) cdx.Dependency {
	on := slices.Clone(d.dependencies[ref])
	out := cdx.Dependency{Ref: ref}
	if len(on) > 0 {
		out.Dependencies = &on
	}
	return out
}

// contentUUID is a UUID of version 8 (RFC 9562), made of a hash.
func contentUUID(content []byte) string {
	sum := sha256.Sum256(content)
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
