package report

import (
	"strings"

	"github.com/distribution/reference"
	"github.com/package-url/packageurl-go"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// imageName is a name of the image that a report is about.
type imageName struct {
	// repository in full, e.g. "docker.io/library/debian"; tag and digest as far as
	// they are known.
	repository, tag, digest string
}

// imageNames are those of the report's image, as far as they are known: those it
// was built for, and by digest once it was pushed. What is no reference is left
// out.
func imageNames(r *scan.Report) []imageName {
	if r.Build == nil {
		return nil
	}
	var out []imageName
	seen := map[imageName]bool{}
	for _, s := range r.Build.Images {
		named, err := reference.ParseNormalizedNamed(s)
		if err != nil {
			continue
		}
		n := imageName{repository: named.Name()}
		if t, ok := named.(reference.Tagged); ok {
			n.tag = t.Tag()
		}
		if d, ok := named.(reference.Digested); ok {
			n.digest = d.Digest().String()
		}
		if n.tag == "" && n.digest == "" {
			n.tag = "latest"
		}
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// version is what tells images of the repository apart.
func (n imageName) version() string {
	if n.digest != "" {
		return n.digest
	}
	return n.tag
}

// purl is the image's package URL, with what is known of it:
// https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md.
func (n imageName) purl() string {
	qualifiers := map[string]string{"repository_url": n.repository}
	if n.tag != "" {
		qualifiers["tag"] = n.tag
	}
	name := n.repository[strings.LastIndexByte(n.repository, '/')+1:]
	return packageurl.NewPackageURL(packageurl.TypeOCI, "", name, n.digest, packageurl.QualifiersFromMap(qualifiers), "").ToString()
}

// packageURL is a package's URL, or "" if it has none that can be written down as
// it is.
func packageURL(s string) string {
	if !strings.HasPrefix(s, "pkg:") || s != plain.Line(s, 0) || strings.Contains(s, " ") {
		return ""
	}
	if _, err := packageurl.FromString(s); err != nil {
		return ""
	}
	return s
}
