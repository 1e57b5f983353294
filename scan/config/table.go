package config

import (
	"cmp"
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
	// Name is the name of the flag and, without a Key, the key in the file.
	Name string
	// Key is the path of keys in the file, joined by dots, where it is not Name.
	// Name alone then sets the option in short.
	Key string
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
	// Entry names the keys of an option that is a list of mappings.
	Entry []string

	set func(o *Options, s setting) error
}

// FileKey is the option's path of keys in the file, e.g. secrets.mode.
func (o Option) FileKey() string { return cmp.Or(o.Key, o.Name) }

// BuildArg is the name of the option's build argument, e.g. SCAN_FAIL_ON.
func (o Option) BuildArg() string {
	return buildArgPrefix + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(o.Name))
}

// Flag is the option's flag with its dashes.
func (o Option) Flag() string { return "--" + o.Name }

// All returns every option, in the order they are documented in.
func All() []Option {
	return []Option{
		{
			Name: "fail-on", Value: "SEVERITY", Default: "high", Roads: everyRoad,
			Help: "Block the build at findings of this severity and above: critical, high, medium, low, negligible or none",
			set: one(func(o *Options, s string, _ Road) (err error) {
				o.Thresholds.Image.Block, err = ParseThreshold(s)
				return err
			}),
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
			Name: "secrets", Key: "secrets.mode", Value: "MODE", Default: string(SecretsBlock), Roads: everyRoad,
			Help: "What a secret in the image does to the build: block, warn, or off to search for none",
			set:  one(func(o *Options, s string, _ Road) (err error) { o.Secrets.Mode, err = ParseSecretMode(s); return err }),
		},
		{
			Name: "secrets.rules", Roads: RoadFile, Repeatable: true,
			Why:  "sets of rules are files beside the Dockerfile",
			Help: "Sets of rules in gitleaks' format to search by: files of the build context, and default for gitleaks' own",
			set:  setRules,
		},
		{
			Name: "secrets.allow", Roads: RoadFile, Repeatable: true, Entry: allowKeys,
			Why:  "what is accepted is written down with a reason",
			Help: "Secrets to accept, by rule, path or fingerprint, each with a reason and the day it expires",
			set:  setAllow,
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

// one makes a setter of a single value.
func one(set func(*Options, string, Road) error) func(*Options, setting) error {
	return func(o *Options, s setting) error {
		if len(s.values) != 1 {
			return errors.Errorf("want one value, got %d", len(s.values))
		}
		return set(o, s.values[0].text, s.at.road)
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

func setReports(o *Options, s setting) error {
	o.Reports = nil
	for _, v := range s.values {
		format, file, ok := strings.Cut(v.text, "=")
		if !ok || format == "" || file == "" {
			return errors.Errorf("%q is not FORMAT=FILE", v.text)
		}
		o.Reports = append(o.Reports, v.text)
	}
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
