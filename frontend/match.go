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

// match finds the vulnerabilities of all stages in one operation.
func match(ctx context.Context, s *solver, t *tools, db *database, r *scan.Report) error {
	req := scan.MatchRequest{SchemaVersion: scan.SchemaVersion}
	stages := r.AllStages()
	for _, st := range stages {
		req.Subjects = append(req.Subjects, scan.MatchSubject{OS: st.OS, Packages: forMatching(st.Packages)})
	}
	dt, err := json.Marshal(req)
	if err != nil {
		return errors.Wrap(err, "failed to write match request")
	}
	if dt, err = scan.Pack(dt); err != nil {
		return errors.Wrap(err, "failed to write match request")
	}
	if len(dt) > maxInline {
		return errors.Errorf("the build's stages hold too many packages to match: %d bytes packed, at most %d", len(dt), maxInline)
	}
	ref, err := s.solveState(ctx, matchPackages(t.match, db.st, dt, "[scan] match packages against vulnerability database", llb.Platform(s.native)))
	if err != nil {
		return errors.Wrap(err, "failed to match packages")
	}
	var res scan.MatchResult
	if err := readJSON(ctx, ref, resultFile, &res); err != nil {
		return errors.Wrap(err, "failed to match packages")
	}
	switch {
	case res.SchemaVersion != scan.SchemaVersion:
		return errors.Errorf("the scanner writes results of version %d, this program reads version %d", res.SchemaVersion, scan.SchemaVersion)
	case res.Error != "":
		return errors.Errorf("failed to match packages: %s", res.Error)
	case len(res.Subjects) != len(stages):
		return errors.Errorf("the scanner answered for %d stages of %d", len(res.Subjects), len(stages))
	}
	for i, sub := range res.Subjects {
		stages[i].Findings, stages[i].Unknown, stages[i].EndOfLife = sub.Findings, sub.Unknown, sub.EndOfLife
		placeFindings(stages[i])
	}
	return nil
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
