package match

import (
	"strconv"
	"strings"

	"github.com/anchore/grype/grype/pkg"
	"github.com/anchore/packageurl-go"
	syftcpe "github.com/anchore/syft/syft/cpe"
	syftpkg "github.com/anchore/syft/syft/pkg"

	"github.com/scan-build/scan-build/scan"
)

// ecosystem is what a package URL type is called in grype.
type ecosystem struct {
	typ      syftpkg.Type
	language syftpkg.Language
	// os marks packages that are matched by distribution.
	os bool
}

// ecosystemOf maps a package URL type. ok is false for one that grype has no
// matcher for.
func ecosystemOf(purlType string) (e ecosystem, ok bool) {
	switch purlType {
	case "deb":
		return ecosystem{typ: syftpkg.DebPkg, os: true}, true
	case "apk":
		return ecosystem{typ: syftpkg.ApkPkg, os: true}, true
	case "rpm":
		return ecosystem{typ: syftpkg.RpmPkg, os: true}, true
	case "npm":
		return ecosystem{typ: syftpkg.NpmPkg, language: syftpkg.JavaScript}, true
	case "pypi":
		return ecosystem{typ: syftpkg.PythonPkg, language: syftpkg.Python}, true
	case "golang":
		return ecosystem{typ: syftpkg.GoModulePkg, language: syftpkg.Go}, true
	case "maven":
		return ecosystem{typ: syftpkg.JavaPkg, language: syftpkg.Java}, true
	case "gem":
		return ecosystem{typ: syftpkg.GemPkg, language: syftpkg.Ruby}, true
	case "composer":
		return ecosystem{typ: syftpkg.PhpComposerPkg, language: syftpkg.PHP}, true
	case "cargo":
		return ecosystem{typ: syftpkg.RustPkg, language: syftpkg.Rust}, true
	case "nuget":
		return ecosystem{typ: syftpkg.DotnetPkg, language: syftpkg.Dotnet}, true
	}
	return ecosystem{}, false
}

// newPackage makes grype's package from ours: directly, because a detour over
// an SBOM or a package URL loses the source package and the distribution, and
// grype then finds nothing and says nothing. The caller gives it its ID.
func newPackage(p scan.Package, e ecosystem, d distroInfo) pkg.Package {
	out := pkg.Package{
		Name:     p.Name,
		Version:  p.Version,
		Type:     e.typ,
		Language: e.language,
		PURL:     p.PURL,
	}
	if e.os {
		out.Distro = d.distro
		out.Upstreams = upstreams(p)
	}
	switch p.Type {
	case "rpm":
		out.Version = withEpoch(p)
		out.Metadata = rpmMetadata(p)
	case "maven":
		out.Metadata = javaMetadata(p)
	case "golang":
		out.Metadata = goMetadata(p)
		out.CPEs = stdlibCPE(p)
	}
	return out
}

// upstreams is the source package, if it says more than the package itself.
func upstreams(p scan.Package) []pkg.UpstreamPackage {
	if p.Source == nil || p.Source.Name == "" {
		return nil
	}
	name, version := p.Source.Name, p.Source.Version
	if name == p.Name && (version == "" || version == p.Version) {
		return nil
	}
	if p.Type == "apk" {
		// An apk's origin is always built at the apk's own version.
		version = ""
	}
	return []pkg.UpstreamPackage{{Name: name, Version: version}}
}

// withEpoch takes an rpm's epoch from its package URL where the version lacks
// it: without one, grype compares as if it were zero.
func withEpoch(p scan.Package) string {
	if strings.Contains(p.Version, ":") || p.PURL == "" {
		return p.Version
	}
	u, err := packageurl.FromString(p.PURL)
	if err != nil {
		return p.Version
	}
	epoch := u.Qualifiers.Map()["epoch"]
	if n, err := strconv.Atoi(epoch); err != nil || n <= 0 {
		return p.Version
	}
	return epoch + ":" + p.Version
}

// rpmMetadata always carries a module label, if an empty one: a nil label means
// "not known" to grype and matches the advisories of every module stream.
func rpmMetadata(p scan.Package) pkg.RpmMetadata {
	label := p.Modularity
	return pkg.RpmMetadata{ModularityLabel: &label}
}

func javaMetadata(p scan.Package) pkg.JavaMetadata {
	var m pkg.JavaMetadata
	if group, artifact, ok := strings.Cut(p.Name, ":"); ok {
		m.PomGroupID, m.PomArtifactID = group, artifact
	}
	if p.Java != nil {
		if p.Java.GroupID != "" {
			m.PomGroupID = p.Java.GroupID
		}
		if p.Java.ArtifactID != "" {
			m.PomArtifactID = p.Java.ArtifactID
		}
		if p.Java.SHA1 != "" {
			m.ArchiveDigests = []pkg.Digest{{Algorithm: "sha1", Value: p.Java.SHA1}}
		}
	}
	return m
}

func goMetadata(p scan.Package) any {
	if p.Go == nil {
		return pkg.GolangModMetadata{}
	}
	var m pkg.GolangBinMetadata
	if p.Go.Main {
		m.MainModule = p.Name
	}
	return m
}

// stdlibCPE is the one CPE that grype's command line uses for a language: NVD
// knows the standard library's vulnerabilities as the Go toolchain's.
func stdlibCPE(p scan.Package) []syftcpe.CPE {
	if p.Name != "stdlib" {
		return nil
	}
	version := strings.TrimPrefix(p.Version, "go")
	update := "-"
	for _, pre := range []string{"rc", "beta", "alpha"} {
		if i := strings.Index(version, pre); i > 0 {
			version, update = strings.TrimRight(version[:i], "-."), version[i:]
			break
		}
	}
	c, err := syftcpe.New("cpe:2.3:a:golang:go:"+version+":"+update+":*:*:*:*:*:*", syftcpe.GeneratedSource)
	if err != nil {
		return nil
	}
	return []syftcpe.CPE{c}
}
