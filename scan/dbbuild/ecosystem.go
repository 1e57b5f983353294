package dbbuild

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/anchore/grype/grype/db/processors"
	"github.com/anchore/grype/grype/db/provider"
	v6 "github.com/anchore/grype/grype/db/v6"
	"github.com/anchore/grype/grype/db/v6/build/transformers"
	ostransform "github.com/anchore/grype/grype/db/v6/build/transformers/os"
	"github.com/anchore/grype/grype/db/v6/name"
	syftpkg "github.com/anchore/syft/syft/pkg"
	"github.com/pkg/errors"
)

// ecosystem is how an OSV ecosystem is stored in grype's database.
type ecosystem struct {
	typ syftpkg.Type
	// format is the version format, as grype's own transformers name it.
	format string
	// os is nil for a language.
	os *v6.OperatingSystem
	// provider is the source that records of this ecosystem are counted to, for
	// ids that do not name one.
	provider string
}

// languages are the ecosystems that need no distribution.
func languages() map[string]ecosystem {
	return map[string]ecosystem{
		"npm":       {typ: syftpkg.NpmPkg, format: "npm"},
		"PyPI":      {typ: syftpkg.PythonPkg, format: "python"},
		"Go":        {typ: syftpkg.GoModulePkg, format: "go"},
		"Maven":     {typ: syftpkg.JavaPkg, format: "maven"},
		"RubyGems":  {typ: syftpkg.GemPkg, format: "gem"},
		"crates.io": {typ: syftpkg.RustPkg, format: "semver"},
		"Packagist": {typ: syftpkg.PhpComposerPkg, format: "composer"},
		"NuGet":     {typ: syftpkg.DotnetPkg, format: "nuget"},
	}
}

// distribution is how an OSV ecosystem with a release is called in grype's
// feeds, e.g. "Alpine:v3.20" is alpine:3.20.
type distribution struct {
	id, format string
	// rolling distributions have no releases.
	rolling bool
}

func distributions() map[string]distribution {
	return map[string]distribution{
		"Debian":     {id: "debian", format: "dpkg"},
		"Ubuntu":     {id: "ubuntu", format: "dpkg"},
		"Alpine":     {id: "alpine", format: "apk"},
		"Red Hat":    {id: "rhel", format: "rpm"},
		"Wolfi":      {id: "wolfi", format: "apk", rolling: true},
		"Chainguard": {id: "chainguard", format: "apk", rolling: true},
	}
}

// ecosystemOf reads an OSV ecosystem, e.g. "npm", "Debian:12", "Alpine:v3.20",
// "Ubuntu:22.04:LTS".
func ecosystemOf(osv string) (ecosystem, error) {
	if e, ok := languages()[osv]; ok {
		return e, nil
	}
	family, rest, _ := strings.Cut(osv, ":")
	d, ok := distributions()[family]
	if !ok {
		if family == "Rocky Linux" || family == "AlmaLinux" {
			return ecosystem{}, errors.Errorf("%q is matched against Red Hat's records: use \"Red Hat:<major version>\"", osv)
		}
		return ecosystem{}, errors.Errorf("%q is not supported, want one of %s", osv, strings.Join(supported(), ", "))
	}
	release, _, _ := strings.Cut(rest, ":")
	release = strings.TrimPrefix(release, "v")
	switch {
	case d.rolling:
		release = "rolling"
	case release == "":
		return ecosystem{}, errors.Errorf("%q names no release, want e.g. \"Debian:12\"", osv)
	}
	os, typ, err := operatingSystem(d.id + ":" + release)
	if err != nil {
		return ecosystem{}, err
	}
	return ecosystem{typ: typ, format: d.format, os: os, provider: d.id}, nil
}

func supported() []string {
	var out []string
	for n := range languages() {
		out = append(out, n)
	}
	for n, d := range distributions() {
		if !d.rolling {
			n += ":<release>"
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// operatingSystem asks grype's transformer for the record of a distribution
// ("debian:12"): the codename in it, by which releases are looked up too, comes
// from a table that grype does not export.
func operatingSystem(namespace string) (*v6.OperatingSystem, syftpkg.Type, error) {
	type m = map[string]any
	probe, err := json.Marshal(m{"Vulnerability": m{
		"Name": "probe", "NamespaceName": namespace,
		"FixedIn": []m{{"Name": "probe", "NamespaceName": namespace, "VersionFormat": "dpkg"}},
	}})
	if err != nil {
		return nil, "", errors.Wrap(err, "failed to encode a distribution")
	}
	entries, err := processors.NewV2OSProcessor(ostransform.Transform).Process(strings.NewReader(string(probe)), provider.State{})
	if err != nil {
		return nil, "", errors.Wrapf(err, "grype does not know %s", namespace)
	}
	for _, e := range entries {
		related, ok := e.Data.(transformers.RelatedEntries)
		if !ok {
			continue
		}
		for _, r := range related.Related {
			if h, ok := r.(v6.AffectedPackageHandle); ok && h.OperatingSystem != nil {
				return h.OperatingSystem, syftpkg.Type(h.Package.Ecosystem), nil
			}
		}
	}
	return nil, "", errors.Errorf("grype does not know %s", namespace)
}

// newPackage is the package's record. Names are normalised as lookups are.
func (e ecosystem) newPackage(n string) *v6.Package {
	return &v6.Package{Ecosystem: string(e.typ), Name: name.Normalize(n, e.typ)}
}
