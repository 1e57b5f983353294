package predicate

import (
	"maps"
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
	out.Platforms, out.Notices, out.Verdict = nil, nil, scan.Verdict{}
	for _, r := range reports {
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
		out.Verdict = worst(out.Verdict, r.Verdict)
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

// worst joins two verdicts. The thresholds are those of the worse one, so that
// the outcome can be explained.
func worst(a, b scan.Verdict) scan.Verdict {
	out := a
	if rank(b.Outcome) > rank(a.Outcome) {
		out = b
	}
	out.Blocking = append(slices.Clone(a.Blocking), b.Blocking...)
	out.Secrets = append(slices.Clone(a.Secrets), b.Secrets...)
	out.Expired = slices.Clone(a.Expired)
	for _, e := range b.Expired {
		if !slices.Contains(out.Expired, e) {
			out.Expired = append(out.Expired, e)
		}
	}
	out.Counts = maps.Clone(a.Counts)
	if out.Counts == nil && b.Counts != nil {
		out.Counts = map[string]int{}
	}
	for severity, n := range b.Counts {
		out.Counts[severity] += n
	}
	return out
}

// rank orders outcomes; one that this version does not know is the worst.
func rank(o scan.Outcome) int {
	switch o {
	case "":
		return 0
	case scan.OutcomePass:
		return 1
	case scan.OutcomeWarn:
		return 2
	case scan.OutcomeBlock:
		return 3
	default:
		return 4
	}
}
