package report

import (
	"regexp"
	"strings"

	"github.com/scan-build/scan-build/scan/internal/plain"
)

// mdCode shows a stranger's text in Markdown as code: nothing in it is markup, a
// mention, a reference or a link, and it cannot end a table's cell. It is empty
// for an empty text.
//
// A code span ends at a backtick, so a look-alike stands for it; a cell ends at a
// bar, which is escaped. Whether an escaped bar after a backslash ends the cell
// depends on who reads it: there a look-alike stands for it too.
func mdCode(s string, limit int) string {
	s = plain.Line(s, limit)
	if s == "" {
		return ""
	}
	return "`" + codeText.Replace(s) + "`"
}

var codeText = strings.NewReplacer("`", "ˋ", `\|`, `\¦`, "|", `\|`)

// mdProse is a stranger's sentence in Markdown as text: what could be markup or an
// address is escaped, and what code hosts make references of is broken up by an
// invisible space.
func mdProse(s string) string {
	s = plain.Line(s, sarifText)
	return mention.ReplaceAllString(punctuation.ReplaceAllString(s, `\$0`), "$1\u200b$2")
}

var (
	punctuation = regexp.MustCompile("[!#$&()*+.:<>@\\[\\\\\\]_`{|}~-]")
	mention     = regexp.MustCompile(`([@#!~%&])([A-Za-z0-9"\\])`)
)
