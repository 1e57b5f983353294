package config

import (
	"strconv"
	"strings"
	"time"

	"github.com/pkg/errors"
)

// Road is a way by which options reach a scan.
type Road uint8

// The roads in rising precedence: what comes by a later one wins.
const (
	RoadFile Road = 1 << iota
	RoadBuildArg
	RoadFlag

	everyRoad = RoadFile | RoadBuildArg | RoadFlag
)

// Option declares one option.
type Option struct {
	// Name is the key in the file and the name of the flag.
	Name string
	// Value is the placeholder for its value in help texts; empty for a switch.
	Value string
	// Default as it would be written; empty for none.
	Default string
	// Help is one line, without a full stop.
	Help string
	// Roads it can come by, and Why not the others.
	Roads Road
	Why   string
	// Repeatable options collect the values given on one road.
	Repeatable bool

	set func(o *Options, values []string, by Road) error
}

// BuildArg is the name of the option's build argument, e.g. SCAN_FAIL_ON.
func (o Option) BuildArg() string {
	return buildArgPrefix + strings.ToUpper(strings.ReplaceAll(o.Name, "-", "_"))
}

// Flag is the option's flag with its dashes.
func (o Option) Flag() string { return "--" + o.Name }

// All returns every option, in the order they are documented in.
func All() []Option {
	return []Option{
		{
			Name: "fail-on", Value: "SEVERITY", Default: "high", Roads: everyRoad,
			Help: "Block the build at findings of this severity and above: critical, high, medium, low, negligible or none",
			set:  one(func(o *Options, s string, _ Road) (err error) { o.FailOn, err = ParseThreshold(s); return err }),
		},
		{
			Name: "only-fixed", Default: "false", Roads: everyRoad,
			Help: "Block only at findings for which a fixed version exists",
			set:  one(func(o *Options, s string, _ Road) (err error) { o.OnlyFixed, err = parseBool(s); return err }),
		},
		{
			Name: "db", Value: "REF", Default: DefaultDB, Roads: everyRoad,
			Help: "Vulnerability database: https URL of a listing, docker-image://, oci-layout://, local folder or archive",
			set:  one(setDB),
		},
		{
			Name: "max-db-age", Value: "DURATION", Default: "120h", Roads: everyRoad,
			Help: "Refuse a vulnerability database older than this, e.g. 36h or 5d; 0 accepts any",
			set:  one(func(o *Options, s string, _ Road) (err error) { o.MaxDBAge, err = parseAge(s); return err }),
		},
		{
			Name: "report", Value: "FORMAT=FILE", Roads: RoadFlag, Repeatable: true,
			Why:  "only the plugin writes files, and only where its user says",
			Help: "Write a report in this format to this file, - for standard output; repeatable",
			set:  setReports,
		},
		{
			Name: "scanner", Value: "REF", Roads: RoadBuildArg | RoadFlag,
			Why:  "what is scanned does not choose its scanner",
			Help: "Scanner to run inside the build: docker-image://, oci-layout:// or a local build of it",
			set: one(func(o *Options, s string, _ Road) (err error) {
				o.Scanner, err = ParseRef(s, RefImage, RefOCILayout, RefPath)
				return err
			}),
		},
	}
}

func lookup(name string) (Option, bool) {
	for _, o := range All() {
		if o.Name == name {
			return o, true
		}
	}
	return Option{}, false
}

// one makes a setter of a single value.
func one(set func(*Options, string, Road) error) func(*Options, []string, Road) error {
	return func(o *Options, values []string, by Road) error {
		if len(values) != 1 {
			return errors.Errorf("want one value, got %d", len(values))
		}
		return set(o, values[0], by)
	}
}

// setDB takes any kind of reference, but not a local one from the file: it may
// come with a remote context, and must not choose files of this machine.
func setDB(o *Options, s string, by Road) (err error) {
	kinds := []RefKind{RefURL, RefImage}
	if by != RoadFile {
		kinds = append(kinds, RefOCILayout, RefPath)
	}
	o.DB, err = ParseRef(s, kinds...)
	return err
}

func setReports(o *Options, values []string, _ Road) error {
	for _, v := range values {
		format, file, ok := strings.Cut(v, "=")
		if !ok || format == "" || file == "" {
			return errors.Errorf("%q is not FORMAT=FILE", v)
		}
	}
	o.Reports = append([]string(nil), values...)
	return nil
}

func parseBool(s string) (bool, error) {
	b, err := strconv.ParseBool(s)
	if err != nil {
		return false, errors.Errorf("%q is neither true nor false", s)
	}
	return b, nil
}

// maxAgeDays keeps days × 24h far from overflow; nobody means more.
const maxAgeDays = 36500

// parseAge reads a duration as Go writes it, or a whole number of days ("5d").
func parseAge(s string) (time.Duration, error) {
	bad := errors.Errorf("%q is not a duration, want e.g. 120h, 5d, or 0 for any age", s)
	if n, ok := strings.CutSuffix(s, "d"); ok {
		days, err := strconv.ParseUint(n, 10, 32)
		if err != nil || days > maxAgeDays {
			return 0, bad
		}
		return time.Duration(days) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, bad
	}
	return d, nil
}
