package predicate

import (
	"slices"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// ScanReport is the body of [TypeReport]: the report restricted to one platform,
// whose verdict becomes the report's. It shares memory with r.
func ScanReport(r scan.Report, platform string) (scan.Report, error) {
	if platform == "" {
		return r, nil
	}
	for _, p := range r.Platforms {
		if p.ID == platform {
			r.Platforms = []scan.Platform{p}
			r.Verdict = p.Verdict
			return r, nil
		}
	}
	return scan.Report{}, errors.Errorf("report has no platform %q", platform)
}

// Aggregate joins the reports of an image's platforms into what is said of the
// image index: every platform's findings, the worst verdict, a time frame that
// covers them all and the oldest of the databases. Package lists are left out:
// each platform's own report has them, and an index may join many platforms.
func Aggregate(reports []scan.Report) (scan.Report, error) {
	if len(reports) == 0 {
		return scan.Report{}, errors.New("no reports to aggregate")
	}
	out := reports[0]
	out.Platforms, out.Notices = nil, nil
	for i, r := range reports {
		if r.SchemaVersion != out.SchemaVersion {
			return scan.Report{}, errors.Errorf("reports of schema versions %d and %d cannot be joined", out.SchemaVersion, r.SchemaVersion)
		}
		if r.Started.Before(out.Started) {
			out.Started = r.Started
		}
		if r.Finished.After(out.Finished) {
			out.Finished = r.Finished
		}
		if r.Database.Built.Before(out.Database.Built) {
			out.Database = r.Database
		}
		for _, n := range r.Notices {
			if !slices.Contains(out.Notices, n) {
				out.Notices = append(out.Notices, n)
			}
		}
		for _, p := range r.Platforms {
			out.Platforms = append(out.Platforms, withoutPackages(p))
		}
		if i > 0 {
			out.Verdict = out.Verdict.Join(r.Verdict)
		}
	}
	return out, nil
}

func withoutPackages(p scan.Platform) scan.Platform {
	stages := make([]scan.Stage, len(p.Stages))
	for i, s := range p.Stages {
		s.Packages = nil
		stages[i] = s
	}
	p.Stages = stages
	return p
}
