package config

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// parseImageGlob checks a pattern of image references. They are written in full:
// a pattern without a registry would approve the same name in any.
func parseImageGlob(s string) (string, error) {
	glob, err := parseNameGlob(s)
	if err != nil {
		return "", err
	}
	registry, rest, ok := strings.Cut(glob, "/")
	switch {
	case strings.Contains(glob, "://"), strings.ContainsAny(glob, " \t"):
		return "", errors.Errorf("%q is no image, want e.g. docker.io/library/*", shorten(s))
	case glob == "**":
		return glob, nil
	case !ok || rest == "", !strings.ContainsAny(registry, ".:*{[") && registry != "localhost":
		return "", errors.Errorf("%q does not begin with a registry, want e.g. docker.io/library/*", shorten(s))
	}
	return glob, nil
}

// Approves says whether a base image is in every list of approved ones. A pattern
// is held against the repository's full name; one with a tag or a digest in it
// also against those. A base that no registry has is in no list.
func (b BaseImages) Approves(base scan.Base) bool {
	for _, list := range b.Approved {
		if !approves(list, base) {
			return false
		}
	}
	return true
}

func approves(list []string, base scan.Base) bool {
	if base.Name == "" {
		return false
	}
	for _, glob := range list {
		name := base.Name
		pattern, digest, pinned := strings.Cut(glob, "@")
		if strings.LastIndexByte(pattern, ':') > strings.LastIndexByte(pattern, '/') {
			name += ":" + base.Tag
		}
		ok, _ := doublestar.Match(pattern, name) // the pattern has been checked
		if ok && (!pinned || MatchStar(digest, base.Digest)) {
			return true
		}
	}
	return false
}
