package vex

import (
	"strings"

	"github.com/package-url/packageurl-go"
)

// maxPURL is far longer than any real package URL.
const maxPURL = 4096

// purl is a package URL in a document, which stands for every package that has
// what it says: any version if it has none, any value of a qualifier that it
// does not name. It is go-vex's PurlMatches with the parsing done once.
type purl struct {
	typ, namespace, name, version string
	qualifiers                    map[string]string
}

func parsePURL(s string) (purl, bool) {
	if len(s) > maxPURL || !strings.HasPrefix(s, "pkg:") {
		return purl{}, false
	}
	u, err := packageurl.FromString(s)
	if err != nil {
		return purl{}, false
	}
	return purl{typ: u.Type, namespace: u.Namespace, name: u.Name, version: u.Version, qualifiers: u.Qualifiers.Map()}, true
}

// key is what two package URLs that match have in common, without versions.
func (p purl) key() string { return p.typ + "/" + p.namespace + "/" + p.name }

// covers says whether the installed package, of the same key, is one that p
// stands for.
func (p purl) covers(installed purl) bool {
	if p.version != "" && p.version != installed.version {
		return false
	}
	for k, v := range p.qualifiers {
		if got, ok := installed.qualifiers[k]; !ok || got != v {
			return false
		}
	}
	return true
}

func (p purl) withVersion(version string) string {
	return packageurl.NewPackageURL(p.typ, p.namespace, p.name, version, packageurl.QualifiersFromMap(p.qualifiers), "").ToString()
}

// isImage says whether p names container images.
func (p purl) isImage() bool { return p.typ == packageurl.TypeOCI || p.typ == packageurl.TypeDocker }

func isImagePURL(s string) bool {
	p, ok := parsePURL(s)
	return ok && p.isImage()
}
