package diff

import (
	"slices"
	"strings"
	"time"

	"github.com/scan-build/scan-build/scan"
)

// SchemaVersion is the version of a [Diff] in JSON. As in a report, fields are only
// added within one.
const SchemaVersion = 1

// Diff is what changed from one report to another. All lists are sorted, the worst
// first where there are severities.
type Diff struct {
	SchemaVersion int  `json:"schemaVersion"`
	From          Side `json:"from"`
	To            Side `json:"to"`
	// Platforms are those that were compared: those of both reports or, if there
	// are none, all.
	Platforms []string `json:"platforms"`
	// Notes are what a reader must know to understand the rest.
	Notes             []string `json:"notes,omitempty"`
	Vulnerabilities   Changes  `json:"vulnerabilities"`
	Secrets           Changes  `json:"secrets"`
	Misconfigurations Changes  `json:"misconfigurations"`
	External          Changes  `json:"external"`
	Packages          Packages `json:"packages"`
}

// Side is one of the two reports.
type Side struct {
	// Name is what the caller calls it: an image, a file.
	Name     string       `json:"name"`
	Outcome  scan.Outcome `json:"outcome"`
	Finished time.Time    `json:"finished"`
	// Database of vulnerabilities that its findings came from.
	Database string `json:"database,omitempty"`
}

// Changes are the findings of one kind. What the later policy ignores, or, if it
// is gone, the earlier one did, is listed with that and not counted.
type Changes struct {
	New       []Finding `json:"new"`
	Gone      []Finding `json:"gone"`
	Unchanged []Finding `json:"unchanged"`
}

// Finding is one thing that was found, wherever in the image it is.
type Finding struct {
	// ID is the vulnerability, the rule or the check.
	ID string `json:"id"`
	// Severity of anything but a secret, which has none: unknown.
	Severity scan.Severity `json:"severity"`
	// Package and Versions of a vulnerability.
	Package  string   `json:"package,omitempty"`
	Versions []string `json:"versions,omitempty"`
	// Fixed are the versions that have the fix.
	Fixed []string `json:"fixed,omitempty"`
	// Subject is what anything else is about: a redacted secret, a message.
	Subject string `json:"subject,omitempty"`
	// Paths where it is, sorted, at most 20.
	Paths []string `json:"paths,omitempty"`
	// Location is the instruction that brought it in, e.g. "Dockerfile:7".
	Location string `json:"location,omitempty"`
	// Platforms that have it.
	Platforms []string `json:"platforms"`
	// Ignored says by which rule it was taken out of account; empty if it counts.
	Ignored string `json:"ignored,omitempty"`
	// Was is the package that had the vulnerability before, if it was another one.
	Was string `json:"was,omitempty"`
}

// Packages are the changes of what is installed or declared.
type Packages struct {
	Added   []Package `json:"added"`
	Removed []Package `json:"removed"`
	Changed []Package `json:"changed"`
	// Unchanged counts those that are the same.
	Unchanged int `json:"unchanged"`
}

// Package is one package in all its versions: From those before, To those after.
type Package struct {
	Type string   `json:"type"`
	Name string   `json:"name"`
	From []string `json:"from,omitempty"`
	To   []string `json:"to,omitempty"`
}

// Named is a report and what to call it.
type Named struct {
	Name   string
	Report *scan.Report
}

// Compare says what changed between two reports.
func Compare(from, to Named) *Diff {
	d := &Diff{SchemaVersion: SchemaVersion, From: side(from), To: side(to)}
	a, b := d.images(from.Report, to.Report)
	d.Vulnerabilities = changes(vulnerabilities(a), vulnerabilities(b), renamed)
	d.Secrets = changes(secrets(a), secrets(b), nil)
	d.Misconfigurations = changes(misconfigurations(a), misconfigurations(b), nil)
	d.External = changes(external(a), external(b), nil)
	d.Packages = comparePackages(a, b)
	if d.From.Database != "" && d.To.Database != "" && d.From.Database != d.To.Database {
		d.Notes = append(d.Notes, "the reports come from different vulnerability databases: what is new may have been there before it was known")
	}
	return d
}

func side(n Named) Side {
	db := n.Report.Database
	s := Side{Name: n.Name, Outcome: n.Report.Verdict.Outcome, Finished: n.Report.Finished.UTC(), Database: db.Digest}
	if s.Database == "" && !db.Built.IsZero() {
		s.Database = db.Built.UTC().Format(time.RFC3339)
	}
	return s
}

// image is the final stage of one platform.
type image struct {
	platform string
	*scan.Stage
}

// images are what is compared of both. A platform that only one of them has says
// nothing about a change.
func (d *Diff) images(from, to *scan.Report) (a, b []image) {
	ours, theirs := platforms(from), platforms(to)
	for _, p := range ours {
		if slices.Contains(theirs, p) {
			d.Platforms = append(d.Platforms, p)
		}
	}
	if len(d.Platforms) == 0 {
		d.Platforms = slices.Compact(slices.Sorted(slices.Values(slices.Concat(ours, theirs))))
		if len(d.Platforms) > 0 {
			d.Notes = append(d.Notes, "the reports have no platform in common: all were compared with all")
		}
		return images(from, ours), images(to, theirs)
	}
	for _, other := range []struct {
		name string
		of   []string
	}{{d.From.Name, ours}, {d.To.Name, theirs}} {
		left := slices.DeleteFunc(slices.Clone(other.of), func(p string) bool { return slices.Contains(d.Platforms, p) })
		if len(left) > 0 {
			d.Notes = append(d.Notes, "only "+other.name+" has "+strings.Join(left, ", ")+": left out")
		}
	}
	return images(from, d.Platforms), images(to, d.Platforms)
}

func platforms(r *scan.Report) []string {
	var out []string
	for _, p := range r.Platforms {
		out = append(out, p.ID)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func images(r *scan.Report, ids []string) []image {
	var out []image
	for i := range r.Platforms {
		p := &r.Platforms[i]
		if final := p.FinalStage(); final != nil && slices.Contains(ids, p.ID) {
			out = append(out, image{p.ID, final})
		}
	}
	return out
}
