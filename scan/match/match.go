// Package match finds the known vulnerabilities of packages in a Grype database
// of schema v6, with grype's own matchers and its command line's defaults.
//
// It owns the translation of [scan.Package] into grype's packages and of
// grype's matches into [scan.Finding], and it makes grype's silences audible: a
// distribution that the database does not know, a package that could not be
// compared, a database error. It must not know how packages are extracted,
// where a database comes from, or what is done about a finding.
//
// Its SQLite driver clashes with the extractors': never link it into a binary
// that links scan/extract.
package match

import (
	"context"
	"slices"

	"github.com/anchore/grype/grype"
	grypematch "github.com/anchore/grype/grype/match"
	"github.com/anchore/grype/grype/pkg"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// Options choose how packages are matched. The zero value is what a scan uses.
type Options struct {
	// UseCPEs also matches the packages for which grype's command line does so
	// unasked (apk, composer) against CPEs. It finds more, much of it false.
	UseCPEs bool
}

// Matcher matches packages against one opened database. It is not safe for
// concurrent use.
type Matcher struct {
	db   *database
	opts Options
}

// Open opens the database in dir (vulnerability.db and import.json, as unpack
// leaves them) read-only. It is not hashed again: whoever unpacked it has
// verified it.
func Open(dir string, opts Options) (*Matcher, error) {
	db, err := openDatabase(dir)
	if err != nil {
		return nil, err
	}
	return &Matcher{db: db, opts: opts}, nil
}

// Close releases the database.
func (m *Matcher) Close() error { return m.db.provider.Close() }

// Database says which database is open.
func (m *Matcher) Database() scan.Database { return m.db.identity }

// Match finds the vulnerabilities of every subject's packages. Subjects come
// back in the request's order. A package that stands in several subjects is
// matched once. An error means that the result would not be trustworthy; what
// merely could not be matched is in the subjects' Unknown.
func (m *Matcher) Match(ctx context.Context, req scan.MatchRequest) (scan.MatchResult, error) {
	if req.SchemaVersion != scan.SchemaVersion {
		return scan.MatchResult{}, errors.Errorf("match request has schema version %d, want %d", req.SchemaVersion, scan.SchemaVersion)
	}
	work := newWorklist(m.db)
	for _, s := range req.Subjects {
		if err := work.add(s); err != nil {
			return scan.MatchResult{}, err
		}
	}
	byPackage, err := m.find(ctx, work)
	if err != nil {
		return scan.MatchResult{}, err
	}

	res := scan.MatchResult{SchemaVersion: scan.SchemaVersion, Database: m.db.identity}
	for i, s := range req.Subjects {
		out := scan.SubjectResult{
			Unknown:   work.subjects[i].unknown.messages(),
			EndOfLife: work.subjects[i].distro.endOfLife,
		}
		for j, p := range s.Packages {
			id := work.subjects[i].ids[j]
			for _, f := range byPackage[id] {
				out.Findings = append(out.Findings, f.of(p))
			}
			if err, ok := m.db.failed[id]; ok {
				out.Unknown = append(out.Unknown, p.Type+" package "+p.Name+" "+p.Version+" could not be matched: "+err.Error())
			}
		}
		slices.SortStableFunc(out.Findings, compareFindings)
		slices.Sort(out.Unknown)
		out.Unknown = slices.Compact(out.Unknown)
		res.Subjects = append(res.Subjects, out)
	}
	return res, nil
}

// find runs grype over the distinct packages of the worklist.
func (m *Matcher) find(ctx context.Context, work *worklist) (map[pkg.ID][]finding, error) {
	packages, err := m.db.onlyNamed(work.packages)
	if err != nil {
		return nil, err
	}
	m.db.begin()
	vm := grype.VulnerabilityMatcher{
		VulnerabilityProvider: m.db,
		Matchers:              m.matchers(),
		IgnoreRules:           kernelHeaderRules(),
	}
	matches, _, err := vm.FindMatchesContext(ctx, packages, pkg.Context{})
	if err == nil {
		err = m.db.err
	}
	if err != nil {
		return nil, errors.Wrap(err, "failed to match packages against the vulnerability database")
	}
	symbols := newSymbolFilter(m.db.sql, work.symbols)
	findings := map[pkg.ID][]finding{}
	for _, found := range sorted(matches) {
		used, err := symbols.uses(found)
		if err != nil {
			return nil, err
		}
		if !used {
			continue
		}
		f, err := newFinding(found, m.db)
		if err != nil {
			return nil, err
		}
		findings[found.Package.ID] = append(findings[found.Package.ID], f)
	}
	return findings, nil
}

// sorted returns matches in a stable order: grype keeps them in a map.
func sorted(matches *grypematch.Matches) []grypematch.Match {
	if matches == nil {
		return nil
	}
	return matches.Sorted()
}
