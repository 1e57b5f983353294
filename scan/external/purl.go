package external

import (
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/scan-build/scan-build/scan"
)

// packageOf makes a package of a package URL. ok is false for one that does not
// say which package it is, in which version: it could not be matched.
func packageOf(purl string) (p scan.Package, ok bool) {
	if len(purl) > maxURL {
		return p, false
	}
	u, err := packageurl.FromString(purl)
	if err != nil || u.Name == "" || u.Version == "" {
		return p, false
	}
	q := u.Qualifiers.Map()
	p = scan.Package{Type: text(u.Type, maxName), Name: u.Name, Version: text(u.Version, maxName), PURL: purl, Arch: text(q["arch"], maxName)}
	switch u.Type {
	case "deb", "apk", "rpm":
		p.Source = sourceOf(q["upstream"])
		if epoch := q["epoch"]; epoch != "" && epoch != "0" && !strings.Contains(p.Version, ":") {
			p.Version = text(epoch+":"+p.Version, maxName)
		}
	case "maven":
		p.Java = &scan.JavaArchive{GroupID: text(u.Namespace, maxName), ArtifactID: text(u.Name, maxName)}
		if u.Namespace != "" {
			p.Name = u.Namespace + ":" + u.Name
		}
	case "pypi":
		p.Name = strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(u.Name))
	default:
		if u.Namespace != "" {
			p.Name = u.Namespace + "/" + u.Name
		}
	}
	p.Name = text(p.Name, maxName)
	return p, true
}

// sourceOf reads syft's qualifier for the source package, name or name@version.
func sourceOf(upstream string) *scan.SourcePackage {
	if upstream == "" {
		return nil
	}
	name, version, _ := strings.Cut(upstream, "@")
	return &scan.SourcePackage{Name: text(name, maxName), Version: text(version, maxName)}
}

// identity is what makes a package found twice one package. Tools do not agree on
// the v of Go's versions.
type identity struct{ kind, name, version string }

func identityOf(p scan.Package) identity {
	version := p.Version
	if p.Type == "golang" {
		version = strings.TrimPrefix(strings.TrimPrefix(version, "go"), "v")
	}
	return identity{p.Type, p.Name, version}
}
