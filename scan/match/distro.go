package match

import (
	"fmt"
	"slices"
	"strings"
	"time"

	v6 "github.com/anchore/grype/grype/db/v6"
	"github.com/anchore/grype/grype/distro"
	"github.com/anchore/syft/syft/linux"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// distroInfo is what the database knows of a distribution.
type distroInfo struct {
	// distro is nil if packages cannot be matched by distribution.
	distro *distro.Distro
	// missing says why, or what it is matched against instead; empty if the
	// database has the very release.
	missing   string
	endOfLife string
}

// lookUp finds the release in the database as grype's search will do, to say
// what grype would not: that it has no data for the release, or takes those of
// another.
func (d *database) lookUp(os *scan.OSRelease) (distroInfo, error) {
	if os == nil {
		return distroInfo{missing: "the distribution is not known (no os-release file)"}, nil
	}
	rel, err := distro.NewFromRelease(linux.Release{
		ID:              os.ID,
		IDLike:          slices.Clone(os.IDLike),
		VersionID:       os.VersionID,
		Version:         os.Version,
		VersionCodename: os.Codename,
		PrettyName:      os.PrettyName,
		SupportEnd:      os.SupportEnd,
	}, distro.DefaultFixChannels())
	if err != nil {
		return distroInfo{missing: noData(os)}, nil
	}
	systems, err := d.reader.GetOperatingSystems(specOf(rel))
	if err != nil && !errors.Is(err, v6.ErrMissingOSIdentification) {
		return distroInfo{}, errors.Wrapf(err, "failed to look up %s in the vulnerability database", rel)
	}
	if len(systems) == 0 {
		return distroInfo{missing: noData(os)}, nil
	}
	info := distroInfo{distro: rel}
	if other := otherRelease(rel, systems); other != "" {
		info.missing = fmt.Sprintf("%s, only for %s: findings are those of another release", noData(os), other)
	}
	eol, _, err := d.GetOperatingSystemEOL(rel)
	if err != nil {
		return distroInfo{}, errors.Wrapf(err, "failed to look up the end of life of %s", rel)
	}
	if eol != nil {
		info.endOfLife = eol.UTC().Format(time.DateOnly)
	}
	return info, nil
}

// specOf is the query that grype's matchers make of a distribution (handleDistro
// in grype/db/v6/search_query.go). Channels only add to the plain release's data.
func specOf(d *distro.Distro) v6.OSSpecifier {
	return v6.OSSpecifier{
		Name:             d.Name(),
		MajorVersion:     d.MajorVersion(),
		MinorVersion:     d.MinorVersion(),
		RemainingVersion: d.RemainingVersion(),
		LabelVersion:     d.LabelVersion(),
	}
}

// otherRelease names the release that grype fell back to, if the database has
// neither the very release nor data for its whole major version (alpine 3.99 is
// matched against any 3.x). It is empty if the data fit.
func otherRelease(d *distro.Distro, systems []v6.OperatingSystem) string {
	var names []string
	for _, s := range systems {
		// Rolling distributions have no version in the database, and data with
		// nothing but a major version are for all of its minor versions.
		if s.MajorVersion == "" || s.MinorVersion == "" || d.MinorVersion() == "" || sameNumber(s.MinorVersion, d.MinorVersion()) {
			if d.MajorVersion() != "" || d.LabelVersion() != "" || len(systems) == 1 {
				return ""
			}
		}
		names = append(names, s.Name+" "+s.Version())
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) > 3 {
		names = append(names[:3], "…")
	}
	return strings.Join(names, ", ")
}

// sameNumber compares version components as the database stores them, without
// leading zeros (ubuntu 22.04 is 22.4).
func sameNumber(a, b string) bool {
	trim := func(s string) string {
		for len(s) > 1 && s[0] == '0' {
			s = s[1:]
		}
		return s
	}
	return trim(a) == trim(b)
}

func noData(os *scan.OSRelease) string {
	name := os.ID
	for _, v := range []string{os.VersionID, os.Codename} {
		if v != "" {
			name += " " + v
			break
		}
	}
	if name == "" {
		name = "an unnamed distribution"
	}
	return "no data for " + name + " in this database"
}
