package config

import (
	"strings"

	"github.com/pkg/errors"
)

// optionOfKey finds an option by its path of keys in the file, or by the name
// that sets it in short.
func optionOfKey(key string, inProfile bool) (Option, bool) {
	for _, o := range declared() {
		if (o.FileKey() == key || o.Name == key) && (!inProfile || o.across != own) {
			return o, true
		}
	}
	return Option{}, false
}

// isGroup says whether options have their keys below this one.
func isGroup(key string, inProfile bool) bool { return len(fileKeys(key+".", inProfile)) > 0 }

// fileKeys are the keys that a mapping may have, in the order of [All]. The
// prefix is the path that leads to the mapping, with a dot at its end.
func fileKeys(prefix string, inProfile bool) []string {
	var keys []string
	switch {
	case prefix != "":
	case inProfile:
		keys = append(keys, branchesKey)
	default:
		keys = append(keys, versionKey)
	}
	for _, o := range declared() {
		if o.Roads&RoadFile == 0 || inProfile && o.across == own {
			continue
		}
		for _, name := range []string{o.Name, o.FileKey()} {
			rest, ok := strings.CutPrefix(name, prefix)
			if ok {
				key, _, _ := strings.Cut(rest, ".")
				keys = appendNew(keys, key)
			}
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
