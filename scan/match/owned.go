package match

import (
	"slices"
	"strings"

	"github.com/anchore/grype/grype/distro"

	"github.com/scan-build/scan-build/scan"
)

// owners are a distribution's packages, for telling which libraries they brought
// along. A library that the distribution packages is the distribution's to
// judge: it fixes without changing the library's version, and its advisories
// say so. grype drops such libraries by the package manager's file lists
// (grype/pkg/package.go, excludePackage). An inventory has no file lists, so
// the owner is recognised by where the library lies, its name and its version;
// in doubt the library is matched.
type owners []owner

type owner struct{ name, source, version string }

// newOwners is empty unless the distribution's advisories cover all of its
// packages, fixed or not, and the database has them.
func newOwners(s scan.MatchSubject, info distroInfo) owners {
	if info.distro == nil || info.missing != "" || !comprehensive(info.distro) {
		return nil
	}
	var out owners
	for _, p := range s.Packages {
		if e, ok := ecosystemOf(p.Type); !ok || !e.os || p.Version == "" {
			continue
		}
		o := owner{name: bare(p.Name), version: p.Version}
		if p.Source != nil {
			o.source = bare(p.Source.Name)
		}
		out = append(out, o)
	}
	return out
}

// comprehensive is grype's list of distributions whose feeds include what is
// not fixed.
func comprehensive(d *distro.Distro) bool {
	if d.Type == distro.AmazonLinux {
		return false
	}
	for _, t := range []distro.Type{distro.ArchLinux, distro.Azure, distro.Debian, distro.Mariner, distro.RedHat, distro.Ubuntu} {
		if d.Type == t || slices.Contains(d.IDLike, string(t)) {
			return true
		}
	}
	return false
}

// own tells whether an installed library came with one of the distribution's packages:
// it lies in /usr, outside of /usr/local, which is the distribution's alone
// (FHS 3.0, 4.1); a package's name or source contains its name; and one of the
// two versions begins with the other, as grype demands.
func (o owners) own(p scan.Package) bool {
	if p.Declared || !strings.HasPrefix(p.Path, "usr/") || strings.HasPrefix(p.Path, "usr/local/") {
		return false
	}
	name := bare(p.Name[strings.LastIndexAny(p.Name, "/:")+1:])
	if len(name) < 3 || p.Version == "" {
		return false
	}
	return slices.ContainsFunc(o, func(o owner) bool {
		return (strings.HasPrefix(o.version, p.Version) || strings.HasPrefix(p.Version, o.version)) &&
			(strings.Contains(o.name, name) || strings.Contains(o.source, name))
	})
}

// bare is a name without case and punctuation.
func bare(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		}
		return -1
	}, name)
}
