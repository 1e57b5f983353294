package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/pkg/errors"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// Documents follow SPDX 2.3, https://spdx.github.io/spdx-spec/v2.3.

const (
	noAssertion = "NOASSERTION"
	// spdxNamespace is where documents' identifiers begin. They are names, not
	// addresses: nothing is served there.
	spdxNamespace = "https://github.com/scan-build/scan-build/spdx/"
)

// SPDX returns the SPDX document of one platform's image, as the predicate of
// an SBOM attestation: the packages of its final stage.
func SPDX(r *scan.Report, platform string) ([]byte, error) {
	for i := range r.Platforms {
		if r.Platforms[i].ID != platform {
			continue
		}
		var b bytes.Buffer
		err := encodeSPDX(&b, r, r.Platforms[i:i+1], "")
		return bytes.TrimSpace(b.Bytes()), err
	}
	return nil, errors.Errorf("failed to describe platform %q: it was not scanned", platform)
}

// writeSPDX writes one document that describes the image of every platform.
func writeSPDX(w io.Writer, r *scan.Report) error { return encodeSPDX(w, r, r.Platforms, "  ") }

func encodeSPDX(w io.Writer, r *scan.Report, platforms []scan.Platform, indent string) error {
	doc := newSPDX(r)
	for i := range platforms {
		final := platforms[i].FinalStage()
		if final == nil {
			return errors.Errorf("failed to describe platform %q: its final stage was not scanned", platforms[i].ID)
		}
		doc.image(r, platforms[i].ID, final)
	}
	if err := doc.finish(); err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	return enc.Encode(doc.Document)
}

// spdxDocument is a document in the making.
type spdxDocument struct {
	*v2_3.Document
	licenses *licenseReader
	ids      map[common.ElementID]bool
}

func newSPDX(r *scan.Report) *spdxDocument {
	created := r.Finished.UTC().Truncate(time.Second).Format(time.RFC3339)
	tool := strings.TrimSpace(cmp.Or(r.Scanner.Name, "scan-build") + "-" + r.Scanner.Version)
	return &spdxDocument{
		Document: &v2_3.Document{
			SPDXVersion:    v2_3.Version,
			DataLicense:    v2_3.DataLicense,
			SPDXIdentifier: "DOCUMENT",
			DocumentName:   cmp.Or(plain.Line(r.Target, cellWidth), "image"),
			CreationInfo: &v2_3.CreationInfo{
				Creators: []common.Creator{{CreatorType: "Tool", Creator: plain.Line(strings.TrimSuffix(tool, "-"), cellWidth)}},
				Created:  created,
			},
		},
		licenses: newLicenseReader(),
		ids:      map[common.ElementID]bool{},
	}
}

// image adds one platform's image and what it contains.
func (d *spdxDocument) image(r *scan.Report, platform string, s *scan.Stage) {
	root := newSPDXPackage(cmp.Or(plain.Line(r.Target, cellWidth), "image"), "")
	root.PackageSPDXIdentifier = d.newID("Image", platform, platform)
	root.PrimaryPackagePurpose = "CONTAINER"
	root.PackageSourceInfo = "platform " + plain.Line(platform, cellWidth)
	d.Packages = append(d.Packages, root)
	d.relate("DOCUMENT", common.TypeRelationshipDescribe, root.PackageSPDXIdentifier)

	if s.OS != nil {
		os := newSPDXPackage(cmp.Or(plain.Line(s.OS.ID, cellWidth), "unknown"), plain.Line(s.OS.VersionID, cellWidth))
		os.PackageSPDXIdentifier = d.newID("OperatingSystem-"+s.OS.ID, platform, s.OS.VersionID)
		os.PrimaryPackagePurpose = "OPERATING-SYSTEM"
		os.PackageDescription = plain.Line(s.OS.PrettyName, cellWidth)
		d.Packages = append(d.Packages, os)
		d.relate(root.PackageSPDXIdentifier, common.TypeRelationshipContains, os.PackageSPDXIdentifier)
	}
	for _, p := range s.Packages {
		pkg := d.pkg(platform, s, p)
		d.Packages = append(d.Packages, pkg)
		d.relate(root.PackageSPDXIdentifier, common.TypeRelationshipContains, pkg.PackageSPDXIdentifier)
	}
}

func (d *spdxDocument) pkg(platform string, s *scan.Stage, p scan.Package) *v2_3.Package {
	pkg := newSPDXPackage(cmp.Or(plain.Line(p.Name, 0), "unnamed"), plain.Line(p.Version, 0))
	pkg.PackageSPDXIdentifier = d.newID("Package-"+p.Type+"-"+p.Name, platform, p.Type, p.Name, p.Version, p.Arch, p.Path, p.PURL)
	pkg.PackageLicenseDeclared = d.licenses.declared(p.Licenses)
	pkg.PackageSourceInfo = origin(s, p)
	if p.PURL != "" && p.PURL == plain.Line(p.PURL, 0) && !strings.Contains(p.PURL, " ") {
		pkg.PackageExternalReferences = []*v2_3.PackageExternalReference{{
			Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: p.PURL,
		}}
	}
	if p.Java != nil && len(p.Java.SHA1) == 40 {
		pkg.PackageChecksums = []common.Checksum{{Algorithm: common.SHA1, Value: strings.ToLower(p.Java.SHA1)}}
	}
	return pkg
}

// origin says where in the image and in the Dockerfile a package comes from.
func origin(s *scan.Stage, p scan.Package) string {
	verb := "installed"
	if p.Declared {
		verb = "declared"
	}
	parts := []string{fmt.Sprintf("%s according to /%s", verb, plain.Line(p.Path, messageWidth))}
	if p.Source != nil {
		parts = append(parts, "built from source package "+plain.Line(p.Source.Name+" "+p.Source.Version, cellWidth))
	}
	if p.Last >= 0 && p.Last < len(s.Layers) {
		l := s.Layers[p.Last]
		if at := plain.Location(l.File, l.StartLine, l.EndLine); at != "" {
			parts = append(parts, "from "+at)
		}
		if l.Base != "" {
			parts = append(parts, "part of base image "+plain.Line(l.Base, cellWidth))
		}
	}
	return strings.Join(parts, "; ")
}

// newSPDXPackage returns a package with the fields that every one must have.
func newSPDXPackage(name, version string) *v2_3.Package {
	return &v2_3.Package{
		PackageName:             name,
		PackageVersion:          version,
		PackageSupplier:         &common.Supplier{Supplier: noAssertion},
		PackageDownloadLocation: noAssertion,
		PackageLicenseConcluded: noAssertion,
		PackageLicenseDeclared:  noAssertion,
		PackageCopyrightText:    noAssertion,
	}
}

func (d *spdxDocument) relate(a common.ElementID, how string, b common.ElementID) {
	d.Relationships = append(d.Relationships, &v2_3.Relationship{
		RefA: common.DocElementID{ElementRefID: a}, Relationship: how, RefB: common.DocElementID{ElementRefID: b},
	})
}

// unsafeInID is what an element's identifier must not contain (3.2).
var unsafeInID = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// newID makes an identifier that people can read and that depends on the
// element alone, not on its place in the document.
func (d *spdxDocument) newID(label string, parts ...string) common.ElementID {
	label = unsafeInID.ReplaceAllString(label, "-")
	label = label[:min(len(label), 80)]
	for n := 0; ; n++ {
		sum := sha256.Sum256([]byte(fmt.Sprintf("%q %d", parts, n)))
		id := common.ElementID(label + "-" + hex.EncodeToString(sum[:8]))
		if !d.ids[id] {
			d.ids[id] = true
			return id
		}
	}
}

// finish names the document by its content: equal scans at the same time give
// equal documents, any others differ in name (6.5).
func (d *spdxDocument) finish() error {
	d.OtherLicenses = d.licenses.others()
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(d.Document); err != nil {
		return errors.Wrap(err, "failed to encode the SPDX document")
	}
	name := unsafeInID.ReplaceAllString(d.DocumentName, "-")
	d.DocumentNamespace = spdxNamespace + name + "-" + hex.EncodeToString(h.Sum(nil))
	return nil
}
