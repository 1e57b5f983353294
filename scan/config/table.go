package config

import (
	"cmp"
	"slices"
	"strings"
	"sync"

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
	// Like names the option whose value this one has where it is not set.
	Like string
	// Help is one line, without a full stop.
	Help string
	// Roads it can come by, and Why not the others.
	Roads Road
	Why   string
	// Repeatable options collect the values given on one road.
	Repeatable bool
	// Map options are mappings of keys that are not known beforehand.
	Map bool
	// Entry are the keys of an option that is a list of mappings. The first of
	// them can be given alone where Brief says so, instead of an entry or the list.
	Entry []Field
	Brief bool

	set func(o *Options, s setting) error
	// schema of one value, and what else holds of a list and of an entry.
	schema, list, item schema
	// loose measures how much the option lets pass: what is greater is looser. An
	// option without it can be set by whoever extends a policy as they like.
	loose func(o Options) float64
	// fixed options cannot be measured: whoever extends a policy that sets one has
	// the same.
	fixed bool
	// weakens names options that are worth less when this one lets more pass: a
	// policy that sets one of them speaks of this one, too, with its default.
	weakens []string
	across  across
}

// Field is a key of an entry in a list of mappings.
type Field struct {
	Name, Help string
	Required   bool
	kind       fieldKind
	schema     schema
}

// fieldKind says what a key of an entry has: one value, if nothing is said.
type fieldKind uint8

const (
	_ fieldKind = iota // a single value
	// fieldList is a list of values, fieldMap a mapping of free keys to values.
	fieldList
	fieldMap
)

// across says what becomes of an option that a file and the policies that it
// extends set.
type across uint8

const (
	// overrides has the last one win, unless it is looser.
	overrides across = iota
	// unites collects all: more of it is never looser.
	unites
	// adds collects all, and more of it is looser.
	adds
	// addsWeakly collects all; what is added may be stricter but not looser.
	addsWeakly
	// own is for the file alone.
	own
)

// FileKey is the option's path of keys in the file, e.g. secrets.mode.
func (o Option) FileKey() string { return cmp.Or(o.Key, o.Name) }

// id is how a setting of the option is kept; key is for an option that is a Map.
func (o Option) id(key string) string {
	if !o.Map {
		return o.Name
	}
	return o.Name + "." + key
}

// BuildArg is the name of the option's build argument, e.g. SCAN_FAIL_ON.
func (o Option) BuildArg() string {
	return buildArgPrefix + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(o.Name))
}

// Flag is the option's flag with its dashes.
func (o Option) Flag() string { return "--" + o.Name }

// All returns every option, in the order they are documented in.
func All() []Option { return slices.Clone(declared()) }

// declared is All for whoever does not change it.
func declared() []Option {
	table.once.Do(func() {
		table.options = slices.Concat(extendOptions(), thresholdOptions(), urgencyOptions(), imageOptions(), checkOptions(),
			secretOptions(), exceptionOptions(), analyzerOptions(), databaseOptions(), profileOptions(), runOptions())
	})
	return table.options
}

// table is made when it is needed first, for its options refer to each other.
var table struct {
	once    sync.Once
	options []Option
}

// optionNamed finds an option by its name.
func optionNamed(name string) (Option, bool) {
	for _, o := range declared() {
		if o.Name == name {
			return o, true
		}
	}
	return Option{}, false
}

// optionOf finds the option that a setting is kept for.
func optionOf(id string) (Option, bool) {
	for _, o := range declared() {
		if o.Name == id || o.Map && strings.HasPrefix(id, o.Name+".") {
			return o, true
		}
	}
	return Option{}, false
}

func databaseOptions() []Option {
	return []Option{
		{
			Name: "db", Value: "REF", Default: DefaultDB, Roads: everyRoad, schema: text(0),
			Help:  "Vulnerability database: https URL of a listing, docker-image://, oci-layout://, local folder or archive",
			set:   one(setDB),
			fixed: true,
		},
		{
			Name: "max-db-age", Value: "DURATION", Default: "120h", Roads: everyRoad, schema: ageSchema(),
			Help:  "Refuse a vulnerability database older than this, e.g. 36h or 5d; 0 accepts any",
			set:   one(func(o *Options, s string, _ Road) (err error) { o.MaxDBAge, err = parseAge(s); return err }),
			loose: func(o Options) float64 { return looseAge(o.MaxDBAge) },
		},
	}
}

// runOptions are about one run, not about what it is worth.
func runOptions() []Option {
	return []Option{
		{
			Name: "advise", Default: "false", Roads: RoadBuildArg | RoadFlag,
			Why:  "who builds decides what to spend time on",
			Help: "Scan newer base images as well and say what they would change",
			set:  one(func(o *Options, s string, _ Road) (err error) { o.Advise, err = parseBool(s); return err }),
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
