package merge

import (
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/scan-build/scan-build/scan"
)

// completePURL gives an operating system's package its package URL. That names
// the distribution, which a layer alone may not know: os-release is in the base
// image's first layer, the package database in all.
//
// Qualifiers are as in the purl specification's type definitions for deb, apk
// and rpm, with "distro" and "upstream" spelled as syft spells them.
func completePURL(p *scan.Package, os *scan.OSRelease) {
	if !isOS(*p) || p.PURL != "" {
		return
	}
	namespace, version := "", p.Version
	q := map[string]string{}
	if p.Arch != "" {
		q["arch"] = p.Arch
	}
	if os != nil && os.ID != "" {
		namespace = os.ID
		q["distro"] = os.ID
		if os.VersionID != "" {
			q["distro"] += "-" + os.VersionID
		}
	}
	if p.Source != nil && p.Source.Name != "" {
		q["upstream"] = p.Source.Name
		if p.Source.Version != "" {
			q["upstream"] += "@" + p.Source.Version
		}
	}
	if p.Type == "rpm" {
		if epoch, rest, ok := strings.Cut(version, ":"); ok {
			q["epoch"], version = epoch, rest
		}
		if p.Modularity != "" {
			q["rpmmod"] = p.Modularity
		}
	}
	p.PURL = packageurl.NewPackageURL(p.Type, namespace, p.Name, version, packageurl.QualifiersFromMap(q), "").ToString()
}
