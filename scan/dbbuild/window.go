package dbbuild

import (
	"fmt"
	"strings"

	v6 "github.com/anchore/grype/grype/db/v6"
	"github.com/anchore/grype/grype/version"
	"github.com/pkg/errors"
)

// windows translates an affected package's ranges, each stretch from where the
// vulnerability was introduced to where it ends as one range of grype's. They
// are stored as separate records, so that a finding's fix is that of the
// stretch in which the installed version lies.
func (a advisory) windows(i int, e ecosystem) ([]v6.Range, error) {
	aff := a.Affected[i]
	var out []v6.Range
	for j, r := range aff.Ranges {
		field := fmt.Sprintf("affected[%d].ranges[%d]", i, j)
		switch r.Type {
		case "SEMVER", "ECOSYSTEM":
		case "GIT":
			continue
		default:
			return nil, a.errorAt(field+".type", "%q is not SEMVER, ECOSYSTEM or GIT", r.Type)
		}
		ranges, err := a.rangeWindows(field, r, e, aff)
		if err != nil {
			return nil, err
		}
		out = append(out, ranges...)
	}
	if len(out) > 0 {
		return out, nil
	}
	if len(aff.Versions) == 0 {
		return nil, a.errorAt(fmt.Sprintf("affected[%d]", i), "has neither a SEMVER or ECOSYSTEM range nor versions")
	}
	for k, v := range aff.Versions {
		if err := checkVersion(v, e); err != nil {
			return nil, a.errorAt(fmt.Sprintf("affected[%d].versions[%d]", i, k), "%q: %s", v, err)
		}
		out = append(out, v6.Range{
			Version: v6.Version{Type: e.format, Constraint: "= " + v},
			Fix:     noFix(aff),
		})
	}
	return out, nil
}

// rangeWindows reads a range's events, which must be in the order of versions.
func (a advisory) rangeWindows(field string, r affectedRange, e ecosystem, aff affected) ([]v6.Range, error) {
	var out []v6.Range
	open, from := false, ""
	end := func(constraint string, fix *v6.Fix) {
		parts := make([]string, 0, 2)
		if from != "" && from != "0" {
			parts = append(parts, ">= "+from)
		}
		if constraint != "" {
			parts = append(parts, constraint)
		}
		out = append(out, v6.Range{
			Version: v6.Version{Type: e.format, Constraint: strings.Join(parts, ", ")},
			Fix:     fix,
		})
		open = false
	}
	for k, ev := range r.Events {
		at := fmt.Sprintf("%s.events[%d]", field, k)
		kind, v := ev.kind()
		if kind == "" {
			return nil, a.errorAt(at, "has none of introduced, fixed, last_affected")
		}
		if v != "0" {
			if err := checkVersion(v, e); err != nil {
				return nil, a.errorAt(at+"."+kind, "%q: %s", v, err)
			}
		}
		switch {
		case kind == "introduced" && open:
			return nil, a.errorAt(at, "introduced again before it was fixed")
		case kind == "introduced":
			open, from = true, v
		case !open:
			return nil, a.errorAt(at, "%s without introduced before it (use \"introduced\": \"0\" for all earlier versions)", kind)
		case kind == "fixed":
			fix, err := a.fixedIn(v, field, r)
			if err != nil {
				return nil, err
			}
			end("< "+v, fix)
		case kind == "last_affected":
			end("<= "+v, noFix(aff))
		}
	}
	if open {
		end("", noFix(aff))
	}
	if len(out) == 0 {
		return nil, a.errorAt(field+".events", "is empty")
	}
	return out, nil
}

func (e event) kind() (name, version string) {
	switch {
	case e.Introduced != "":
		return "introduced", e.Introduced
	case e.Fixed != "":
		return "fixed", e.Fixed
	case e.LastAffected != "":
		return "last_affected", e.LastAffected
	}
	return "", ""
}

// fixedIn is the fix of a stretch that version v ends, with the day since which
// there has been that version, if the range says so.
func (a advisory) fixedIn(v, field string, r affectedRange) (*v6.Fix, error) {
	fix := &v6.Fix{Version: v, State: v6.FixedStatus}
	for k, d := range r.Database {
		if d.Version != v {
			continue
		}
		date, err := a.day(fmt.Sprintf("%s.database_specific.anchore.fixes[%d].date", field, k), d.Date)
		if err != nil {
			return nil, err
		}
		if date != nil {
			fix.Detail = &v6.FixDetail{Available: &v6.FixAvailability{Date: date, Kind: d.Kind}}
		}
		break
	}
	return fix, nil
}

// noFix is the fix of a stretch that no version ends.
func noFix(aff affected) *v6.Fix {
	if aff.Database.FixState == string(v6.WontFixStatus) || aff.Ecosystem.FixState == string(v6.WontFixStatus) {
		return &v6.Fix{State: v6.WontFixStatus}
	}
	return &v6.Fix{State: v6.NotFixedStatus}
}

// checkVersion tells whether grype can compare a version: one that it cannot
// would never match, silently.
func checkVersion(v string, e ecosystem) error {
	if strings.ContainsAny(v, "<>=|, \t") {
		return errors.New("not a version")
	}
	if err := version.New(v, version.ParseFormat(e.format)).Validate(); err != nil {
		return errors.Wrapf(err, "not a %s version", e.format)
	}
	return nil
}
