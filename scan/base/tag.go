package base

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// tag is an image tag taken apart, e.g. "3.11-slim-bookworm" into version
// [3 11], variant "-slim-?" and distribution bookworm.
type tag struct {
	text string
	// prefix is what stands before the version: "v" or nothing.
	prefix  string
	version []int
	// variant is the rest of the tag with "?" in the distribution's place. Tags of
	// one variant differ in versions only.
	variant string
	distro  distribution
}

// distribution is a release that a tag names: family and its place in the
// family's order. The zero value is none.
type distribution struct {
	family string
	order  []int
}

var (
	// A year, month and day in one number, as in bookworm-20240101: no version.
	datePart = regexp.MustCompile(`^20\d{6}`)
	// versionPart takes what follows the numbers only if it is a part of its own, so
	// "3.13rc1" and "8u402" are no versions.
	versionPart = regexp.MustCompile(`^(v?)(\d{1,9}(?:\.\d{1,9}){0,3})$`)
	// numberedDistro is a distribution with its number, e.g. alpine3.19, ubi9, fc40.
	numberedDistro = regexp.MustCompile(`^(alpine|ubi|el|fc|debian|ubuntu|rockylinux|almalinux|bci)(\d{1,4}(?:\.\d{1,4}){0,2})$`)
	// preRelease are the words by which images say that a version is none yet.
	preRelease = regexp.MustCompile(`^(rc|alpha|beta|pre|preview|dev|snapshot|nightly|unstable|testing|experimental|edge|canary|next|insiders|ea|m|b)[.\d]*$`)
)

// codenames are the releases of distributions that images name by codename, in
// order. Ubuntu's between two with long-term support are left out: nobody is
// well advised to move to them. What is not released yet is none.
var codenames = map[string][]string{
	"debian": {"wheezy", "jessie", "stretch", "buster", "bullseye", "bookworm", "trixie"},
	"ubuntu": {"trusty", "xenial", "bionic", "focal", "jammy", "noble"},
}

// maxTag is what the OCI distribution specification allows.
const maxTag = 128

// parseTag takes a tag apart. ok is false for one without any version, and for
// a pre-release: nothing can be said to be newer than "latest".
func parseTag(s string) (t tag, ok bool) {
	if s == "" || len(s) > maxTag {
		return tag{}, false
	}
	t = tag{text: s}
	parts := strings.Split(s, "-")
	for i, p := range parts {
		lower := strings.ToLower(p)
		if preRelease.MatchString(lower) || datePart.MatchString(p) {
			return tag{}, false
		}
		if i == 0 {
			if m := versionPart.FindStringSubmatch(p); m != nil {
				t.prefix, t.version = m[1], numbers(m[2])
				parts[i] = ""
				continue
			}
		}
		if d, ok := parseDistro(lower); ok && t.distro.family == "" {
			t.distro = d
			parts[i] = "?"
		}
	}
	t.variant = strings.Join(parts, "-")
	return t, len(t.version) > 0 || t.distro.family != ""
}

func parseDistro(word string) (distribution, bool) {
	for family, names := range codenames {
		if i := slices.Index(names, word); i >= 0 {
			return distribution{family, []int{i}}, true
		}
	}
	if m := numberedDistro.FindStringSubmatch(word); m != nil {
		return distribution{m[1], numbers(m[2])}, true
	}
	return distribution{}, false
}

func numbers(s string) []int {
	var out []int
	for _, f := range strings.Split(s, ".") {
		n, _ := strconv.Atoi(f) // at most nine digits
		out = append(out, n)
	}
	return out
}

// calendar reports whether the version is a year and a month, as Ubuntu's
// "22.04": the next one in the same year is no patch of it.
func (t tag) calendar() bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(t.text, t.prefix), "-")
	_, second, ok := strings.Cut(first, ".")
	return ok && len(second) == 2 && len(t.version) == 2 && (second[0] == '0' || second == "10") && t.version[0] >= 14
}

// sameShape reports whether tags differ in numbers and releases only: as many
// numbers, the same variant, releases of the same family.
func (t tag) sameShape(o tag) bool {
	return t.prefix == o.prefix && t.variant == o.variant && len(t.version) == len(o.version) &&
		t.distro.family == o.distro.family && len(t.distro.order) == len(o.distro.order)
}

func (t tag) compareVersion(o tag) int { return slices.Compare(t.version, o.version) }

func (t tag) compareDistro(o tag) int {
	return cmp.Or(slices.Compare(t.distro.order, o.distro.order), strings.Compare(t.distro.family, o.distro.family))
}
