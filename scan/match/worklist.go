package match

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	v6 "github.com/anchore/grype/grype/db/v6"
	"github.com/anchore/grype/grype/pkg"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// worklist is the distinct packages of all subjects. Stages of a build mostly
// repeat each other's packages, and a package's findings depend on nothing but
// itself and its distribution.
type worklist struct {
	db       *database
	packages []pkg.Package
	byKey    map[string]pkg.ID
	// symbols are those of the packages that have any.
	symbols  map[pkg.ID][]string
	subjects []subject
	// ecosystems caches whether the database has data for a package type.
	ecosystems map[string]bool
}

// subject is one request's subject, resolved.
type subject struct {
	distro distroInfo
	// ids are the subject's packages in grype, in its order; empty for a
	// package that is not matched.
	ids     []pkg.ID
	unknown unknowns
}

func newWorklist(db *database) *worklist {
	return &worklist{
		db:         db,
		byKey:      map[string]pkg.ID{},
		symbols:    map[pkg.ID][]string{},
		ecosystems: map[string]bool{},
	}
}

// add takes up a subject's packages.
func (w *worklist) add(s scan.MatchSubject) error {
	info, err := w.db.lookUp(s.OS)
	if err != nil {
		return err
	}
	out := subject{distro: info, ids: make([]pkg.ID, len(s.Packages)), unknown: unknowns{}}
	owners := newOwners(s, info)
	for i, p := range s.Packages {
		e, ok := ecosystemOf(p.Type)
		switch {
		case !ok:
			out.unknown.count(p.Type, "this type of package cannot be matched")
			continue
		case p.Version == "":
			out.unknown.count(p.Type, "they have no version")
			continue
		case e.os && info.missing != "":
			out.unknown.count(p.Type, info.missing)
			if info.distro == nil {
				continue
			}
		case !e.os && owners.own(p):
			continue
		case !e.os:
			has, err := w.hasEcosystem(e)
			if err != nil {
				return err
			}
			if !has {
				out.unknown.count(p.Type, "no data for them in this database")
				continue
			}
		}
		out.ids[i] = w.intern(p, e, info)
	}
	w.subjects = append(w.subjects, out)
	return nil
}

// intern gives equal packages one ID, wherever they lie.
func (w *worklist) intern(p scan.Package, e ecosystem, info distroInfo) pkg.ID {
	g := newPackage(p, e, info)
	key := packageKey(p, g)
	if id, ok := w.byKey[key]; ok {
		return id
	}
	g.ID = pkg.ID(strconv.Itoa(len(w.packages) + 1))
	w.byKey[key] = g.ID
	w.packages = append(w.packages, g)
	if p.Go != nil && len(p.Go.Symbols) > 0 {
		w.symbols[g.ID] = p.Go.Symbols
	}
	return g.ID
}

// packageKey holds everything that a package's findings depend on.
func packageKey(p scan.Package, g pkg.Package) string {
	parts := []string{string(g.Type), g.Name, g.Version, p.Modularity}
	if g.Distro != nil {
		parts = append(parts, g.Distro.String(), strings.Join(g.Distro.IDLike, " "))
	}
	for _, u := range g.Upstreams {
		parts = append(parts, u.Name, u.Version)
	}
	if p.Type == "maven" {
		parts = append(parts, fmt.Sprint(g.Metadata), p.PURL)
	}
	if p.Go != nil {
		parts = append(parts, strconv.FormatBool(p.Go.Main), strings.Join(p.Go.Symbols, " "))
	}
	return strings.Join(parts, "\x00")
}

// hasEcosystem tells whether the database knows any package of an ecosystem: a
// database of a few private advisories has nothing to say about most.
func (w *worklist) hasEcosystem(e ecosystem) (bool, error) {
	name := string(e.typ)
	if has, ok := w.ecosystems[name]; ok {
		return has, nil
	}
	var n []int
	err := w.db.sql.Model(&v6.Package{}).Select("1").Where("ecosystem COLLATE NOCASE = ?", name).Limit(1).Pluck("1", &n).Error
	if err != nil {
		return false, errors.Wrap(err, "failed to read ecosystems from the vulnerability database")
	}
	w.ecosystems[name] = len(n) > 0
	return len(n) > 0, nil
}

// unknowns counts packages by the reason why they were not (properly) matched.
type unknowns map[[2]string]int

func (u unknowns) count(typ, reason string) { u[[2]string{typ, reason}]++ }

func (u unknowns) messages() []string {
	var out []string
	for k, n := range u {
		typ, reason := k[0], k[1]
		noun := "packages"
		if n == 1 {
			noun = "package"
		}
		out = append(out, fmt.Sprintf("%d %s %s: %s", n, typ, noun, reason))
	}
	slices.Sort(out)
	return out
}
