package extract

import (
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/scan-build/scan-build/scan"
)

// finish completes a package that an extractor found in a file.
func finish(p *scan.Package, ext *extractor, file string) {
	p.Name, p.Version, p.Arch = validText(p.Name), validText(p.Version), validText(p.Arch)
	if p.Type == "pypi" {
		p.Name = pypiName(p.Name)
	}
	p.Path = file + validText(p.Path)
	p.Extractor = ext.name
	p.Declared = ext.declared
	for i, l := range p.Licenses {
		p.Licenses[i] = validText(l)
	}
	if p.Source != nil {
		p.Source = &scan.SourcePackage{Name: validText(p.Source.Name), Version: validText(p.Source.Version)}
	}
	p.PURL = purl(p)
}

// pypiName is the one spelling of a Python package's name: metadata says Foo_Bar
// where lock files say foo-bar. https://peps.python.org/pep-0503/#normalized-names
func pypiName(name string) string {
	parts := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '-' || r == '_' || r == '.' })
	return strings.Join(parts, "-")
}

// purl is a language package's package URL. An operating system's package gets
// its own when layers are merged: it names the distribution, which may be in
// another layer.
func purl(p *scan.Package) string {
	namespace, name := "", p.Name
	switch p.Type {
	case "deb", "apk", "rpm":
		return ""
	case "npm", "golang", "composer":
		if i := strings.LastIndexByte(name, '/'); i > 0 {
			namespace, name = name[:i], name[i+1:]
		}
	case "maven":
		if group, artifact, ok := strings.Cut(name, ":"); ok {
			namespace, name = group, artifact
		}
	}
	return packageurl.NewPackageURL(p.Type, namespace, name, p.Version, nil, "").ToString()
}
