package config

import (
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// optionOfKey finds an option by its path of keys in the file, or by the name
// that sets it in short.
func optionOfKey(key string) (Option, bool) {
	for _, o := range All() {
		if o.FileKey() == key || o.Name == key {
			return o, true
		}
	}
	return Option{}, false
}

// isGroup says whether options have their keys below this one.
func isGroup(key string) bool { return len(fileKeys(key+".")) > 0 }

// fileKeys are the keys that a mapping may have, in the order of [All]. The
// prefix is the path that leads to the mapping, with a dot at its end.
func fileKeys(prefix string) []string {
	var keys []string
	if prefix == "" {
		keys = append(keys, versionKey)
	}
	for _, o := range All() {
		rest, ok := strings.CutPrefix(o.FileKey(), prefix)
		if !ok || o.Roads&RoadFile == 0 {
			continue
		}
		if key, _, _ := strings.Cut(rest, "."); !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// unknownKey is the error for a key that is none of these.
func unknownKey(key string, keys []string) error {
	if n := nearest(strings.ReplaceAll(strings.ToLower(key), "_", "-"), keys); n != "" {
		return errors.Errorf("unknown key, did you mean %s?", n)
	}
	return errors.Errorf("unknown key, want %s", orList(keys))
}
