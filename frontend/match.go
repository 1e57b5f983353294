package frontend

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/moby/buildkit/client/llb"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// maxInline keeps a file within the one message in which BuildKit takes a
// definition.
const maxInline = 12 << 20

// match finds the vulnerabilities of all stages, and of further subjects, in one
// operation. It reports whether there was room for those.
func match(ctx context.Context, s *solver, t *tools, db *database, r *scan.Report, further []*subject) (all bool, err error) {
	stages := r.AllStages()
	var subjects []scan.MatchSubject
	for _, st := range stages {
		subjects = append(subjects, scan.MatchSubject{OS: st.OS, Packages: st.Packages})
	}
	for _, sub := range further {
		subjects = append(subjects, sub.MatchSubject)
	}
	dt, err := matchRequest(subjects)
	if err != nil {
		return false, err
	}
	if len(dt) > maxInline && len(further) > 0 {
		_, err := match(ctx, s, t, db, r, nil)
		return false, err
	}
	results, err := matchSubjects(ctx, s, t, db, dt, len(subjects))
	if err != nil {
		return false, err
	}
	for i, res := range results {
		if i >= len(stages) {
			further[i-len(stages)].SubjectResult = res
			continue
		}
		stages[i].Findings, stages[i].Unknown, stages[i].EndOfLife = res.Findings, res.Unknown, res.EndOfLife
		placeFindings(stages[i])
	}
	return true, nil
}

// matchRequest packs the packages of subjects for the operation.
func matchRequest(subjects []scan.MatchSubject) ([]byte, error) {
	req := scan.MatchRequest{SchemaVersion: scan.SchemaVersion}
	for _, sub := range subjects {
		req.Subjects = append(req.Subjects, scan.MatchSubject{OS: sub.OS, Packages: forMatching(sub.Packages)})
	}
	dt, err := json.Marshal(req)
	if err != nil {
		return nil, errors.Wrap(err, "failed to write match request")
	}
	dt, err = scan.Pack(dt)
	return dt, errors.Wrap(err, "failed to write match request")
}

// matchSubjects runs the operation for a request of n subjects.
func matchSubjects(ctx context.Context, s *solver, t *tools, db *database, dt []byte, n int) ([]scan.SubjectResult, error) {
	if len(dt) > maxInline {
		return nil, errors.Errorf("the build's stages hold too many packages to match: %d bytes packed, at most %d", len(dt), maxInline)
	}
	ref, err := s.solveState(ctx, matchPackages(t.match, db.st, dt, "[scan] match packages against vulnerability database", llb.Platform(s.native)))
	if err != nil {
		return nil, errors.Wrap(err, "failed to match packages")
	}
	var res scan.MatchResult
	if err := readJSON(ctx, ref, resultFile, &res); err != nil {
		return nil, errors.Wrap(err, "failed to match packages")
	}
	switch {
	case res.SchemaVersion != scan.SchemaVersion:
		return nil, errors.Errorf("the scanner writes results of version %d, this program reads version %d", res.SchemaVersion, scan.SchemaVersion)
	case res.Error != "":
		return nil, errors.Errorf("failed to match packages: %s", res.Error)
	case len(res.Subjects) != n:
		return nil, errors.Errorf("the scanner answered for %d stages of %d", len(res.Subjects), n)
	}
	return res.Subjects, nil
}

// forMatching leaves out what does not decide a match, so that the operation's
// cache outlives changes of it: which layers the packages are in, above all.
func forMatching(pkgs []scan.Package) []scan.Package {
	out := slices.Clone(pkgs)
	for i := range out {
		p := &out[i]
		p.First, p.Last, p.Licenses, p.Extractor = 0, 0, nil, ""
	}
	return out
}

// placeFindings gives a stage's findings the layers of their packages.
func placeFindings(st *scan.Stage) {
	type key struct{ typ, name, version, path string }
	at := make(map[key]*scan.Package, len(st.Packages))
	for i := range st.Packages {
		p := &st.Packages[i]
		at[key{p.Type, p.Name, p.Version, p.Path}] = p
	}
	for i := range st.Findings {
		f := &st.Findings[i]
		if p := at[key{f.Type, f.Package, f.Version, f.Path}]; p != nil {
			f.First, f.Last = p.First, p.Last
		}
	}
}
