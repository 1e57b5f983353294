package config

import (
	"strings"

	"github.com/spf13/pflag"
)

// RegisterFlags adds the options' flags to fs and returns a function that,
// once fs has been parsed, reads those that were given.
func RegisterFlags(fs *pflag.FlagSet) func() (Values, error) {
	for _, o := range declared() {
		if o.Roads&RoadFlag == 0 {
			continue
		}
		f := fs.VarPF(&flagValue{option: o}, o.Name, "", o.Help)
		f.DefValue = o.Default
		if o.Value == "" {
			f.NoOptDefVal = "true"
		}
	}
	return func() (Values, error) {
		var v Values
		for _, o := range declared() {
			f := fs.Lookup(o.Name)
			if f == nil || !f.Changed {
				continue
			}
			flag, ok := f.Value.(*flagValue)
			if !ok {
				continue // a flag of this name that somebody else registered
			}
			if err := v.set(o, given(place{road: RoadFlag}, flag.values...)); err != nil {
				return Values{}, err
			}
		}
		return v, nil
	}
}

// flagValue collects what was given to one flag. It is checked later, so that
// errors read alike on every road.
type flagValue struct {
	option Option
	values []string
}

func (f *flagValue) Set(s string) error {
	if !f.option.Repeatable {
		f.values = nil // the last one wins
	}
	f.values = append(f.values, s)
	return nil
}

func (f *flagValue) String() string { return strings.Join(f.values, ",") }

// Type is what help texts show as the flag's value.
func (f *flagValue) Type() string {
	if f.option.Value == "" {
		return "bool"
	}
	return f.option.Value
}
