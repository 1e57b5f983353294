package extract

import (
	"context"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	scalibr "github.com/google/osv-scalibr/extractor"
	"github.com/google/osv-scalibr/extractor/filesystem"
	javaarchive "github.com/google/osv-scalibr/extractor/filesystem/language/java/archive/metadata"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/requirements"
	apkmeta "github.com/google/osv-scalibr/extractor/filesystem/os/apk/metadata"
	dpkgmeta "github.com/google/osv-scalibr/extractor/filesystem/os/dpkg/metadata"
	"github.com/google/osv-scalibr/extractor/filesystem/osv"

	"github.com/scan-build/scan-build/scan"
)

// viaScalibr wraps one of scalibr's extractors.
func viaScalibr(e filesystem.Extractor) func(context.Context, *input) ([]scan.Package, error) {
	return func(ctx context.Context, in *input) ([]scan.Package, error) {
		packages, err := runScalibr(ctx, e, in, in.path, in.reader, in.size)
		return convert(packages), err
	}
}

// runScalibr calls an extractor for a file of the given name and content; the
// view is there for what lies beside it.
func runScalibr(ctx context.Context, e filesystem.Extractor, in *input, name string, r io.Reader, size int64) ([]*scalibr.Package, error) {
	inv, err := e.Extract(ctx, &filesystem.ScanInput{
		FS: in.view, Path: name, Reader: r,
		Info: info{name: path.Base(name), size: size},
	})
	return inv.Packages, err
}

// info is the fs.FileInfo that scalibr's extractors look at: for the size.
type info struct {
	name string
	size int64
}

func (i info) Name() string     { return i.name }
func (i info) Size() int64      { return i.size }
func (info) Mode() fs.FileMode  { return 0o444 }
func (info) ModTime() time.Time { return time.Time{} }
func (info) IsDir() bool        { return false }
func (info) Sys() any           { return nil }

// purlTypes are the package URL types that can be matched.
var purlTypes = map[string]bool{
	"deb": true, "apk": true, "npm": true, "pypi": true, "golang": true, "maven": true,
	"gem": true, "composer": true, "cargo": true, "nuget": true,
}

// convert makes our packages of scalibr's. What has no version, or a range for
// one, or is no package of an ecosystem (a git commit), is left out.
func convert(packages []*scalibr.Package) []scan.Package {
	out := make([]scan.Package, 0, len(packages))
	for _, p := range packages {
		if p == nil || !purlTypes[p.PURLType] || p.Name == "" || p.Version == "" {
			continue
		}
		if p.PURLType == "golang" && p.Name == "stdlib" {
			// go.mod gives the least version that will do, not the one in use.
			continue
		}
		q := scan.Package{Name: p.Name, Version: p.Version, Type: p.PURLType, Licenses: licenses(p.Licenses)}
		if !metadata(&q, p.Metadata) {
			continue
		}
		if q.Type == "golang" && !strings.HasPrefix(q.Version, "v") {
			q.Version = "v" + q.Version
		}
		out = append(out, q)
	}
	return out
}

// metadata takes over what scalibr knows beyond name and version, and says
// whether the package is one to report.
func metadata(q *scan.Package, m any) bool {
	switch m := m.(type) {
	case *dpkgmeta.Metadata:
		q.Arch = m.Architecture
		q.Source = source(m.SourceName, m.SourceVersion, q.Name)
	case *apkmeta.Metadata:
		q.Arch = m.Architecture
		q.Source = source(m.OriginName, "", q.Name)
	case *javaarchive.Metadata:
		q.Java = &scan.JavaArchive{GroupID: m.GroupID, ArtifactID: m.ArtifactID}
	case *requirements.Metadata:
		return m.VersionComparator == "==" || m.VersionComparator == "==="
	}
	if g, ok := m.(osv.DepGroups); ok {
		q.Dev = onlyDev(g.DepGroups())
	}
	return true
}

// source is the source package where it says more than the package itself.
func source(name, version, binary string) *scan.SourcePackage {
	if name == "" || (name == binary && version == "") {
		return nil
	}
	return &scan.SourcePackage{Name: name, Version: version}
}

// onlyDev says whether all the groups that a package is in are for development.
func onlyDev(groups []string) bool {
	for _, g := range groups {
		switch strings.ToLower(g) {
		case "dev", "development", "dev-dependencies", "test", "tests", "lint", "docs":
		default:
			return false
		}
	}
	return len(groups) > 0
}

func licenses(in []string) []string {
	var out []string
	for _, l := range in {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}
