package content

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is how many bytes of an entry's name are shown: its end, which rules
// look at.
const maxName = 1 << 10

// inside is the path of an archive's entry. Names are an attacker's text: they
// are made relative and printable, and are never opened.
func inside(archive, name string) string {
	if len(name) > maxName {
		name = name[len(name)-maxName:]
		for name != "" && !utf8.RuneStart(name[0]) {
			name = name[1:]
		}
		name = "…" + name
	}
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return utf8.RuneError
		}
		return r
	}, name)
	return archive + "!" + strings.TrimPrefix(path.Clean("/"+name), "/")
}
