package base

// maxTags bounds a repository's list: a repository of nightly builds has tens of
// thousands of tags.
const maxTags = 100_000

// Siblings chooses, of a repository's tags, those worth comparing with the one
// in use: at most three, and only tags of the same shape. In this order:
//
//	3.11.4-slim-bookworm → 3.11.9-slim-bookworm   the newest patch of the same minor version
//	                     → 3.13.1-slim-bookworm   the newest minor version of the same major one
//	                     → 3.11.4-slim-trixie     the same on the newest release of the distribution
//
// A new major version is left to people: it is another product. Pre-releases
// and dated builds are never chosen, nor is anything for a tag that names no
// version ("latest").
func Siblings(current string, tags []string) []string {
	have, ok := parseTag(current)
	if !ok {
		return nil
	}
	if len(tags) > maxTags {
		tags = tags[:maxTags]
	}
	var patch, minor, release tag
	for _, s := range tags {
		t, ok := parseTag(s)
		if !ok || s == current || !t.sameShape(have) {
			continue
		}
		newer, sameDistro := t.compareVersion(have) > 0, t.compareDistro(have) == 0
		switch {
		case newer && sameDistro && samePrefix(have, t, 2):
			patch = newest(patch, t)
		case newer && sameDistro && samePrefix(have, t, 1):
			minor = newest(minor, t)
		case t.compareVersion(have) == 0 && t.compareDistro(have) > 0:
			release = newest(release, t)
		}
	}
	var out []string
	for _, t := range []tag{patch, minor, release} {
		if t.text != "" {
			out = append(out, t.text)
		}
	}
	return out
}

// samePrefix reports whether the first n numbers of two versions are the same
// and more follow, which alone can be said to be newer within them.
func samePrefix(a, b tag, n int) bool {
	if len(a.version) <= n || a.calendar() {
		return false
	}
	for i := range n {
		if a.version[i] != b.version[i] {
			return false
		}
	}
	return true
}

// newest is the newer of two tags; the first may be none.
func newest(a, b tag) tag {
	if a.text == "" || b.compareVersion(a) > 0 || b.compareVersion(a) == 0 && b.compareDistro(a) > 0 {
		return b
	}
	return a
}
