package vex

import (
	"maps"
	"slices"
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
func (p purl) key() string { return p.typ + "\x00" + p.namespace + "\x00" + p.name }

// maxQualifiers of an installed package are looked at: ours have up to four.
const maxQualifiers = 6

// qualifierKey spells the qualifiers out in order.
func (p purl) qualifierKey() string {
	if len(p.qualifiers) == 0 {
		return ""
	}
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(p.qualifiers)) {
		writeQualifier(&b, k, p.qualifiers[k])
	}
	return b.String()
}

// qualifierKeys are the qualifierKeys of all package URLs that stand for p: of
// each subset of its qualifiers, as far as their names are known.
func (p purl) qualifierKeys(known map[string]bool) []string {
	var names []string
	for _, k := range slices.Sorted(maps.Keys(p.qualifiers)) {
		if known[k] && len(names) < maxQualifiers {
			names = append(names, k)
		}
	}
	out := make([]string, 0, 1<<len(names))
	for set := range 1 << len(names) {
		var b strings.Builder
		for i, k := range names {
			if set&(1<<i) != 0 {
				writeQualifier(&b, k, p.qualifiers[k])
			}
		}
		out = append(out, b.String())
	}
	return out
}

func writeQualifier(b *strings.Builder, k, v string) {
	b.WriteString(k)
	b.WriteByte('=')
	b.WriteString(v)
	b.WriteByte(0)
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
