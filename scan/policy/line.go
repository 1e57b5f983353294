package policy

import (
	"strings"
	"unicode/utf8"
)

// Role says what a piece of a message is, for whoever shows it in colour. The
// role of a severity is its name.
type Role string

// The roles besides severities.
const (
	RoleText    Role = ""
	RoleBlock   Role = "block" // the verdicts
	RoleWarn    Role = "warn"
	RolePass    Role = "pass"
	RoleHeading Role = "heading" // a place in the Dockerfile
	RoleSecret  Role = "secret"
	RolePath    Role = "path"
	RoleFix     Role = "fix"  // what to do
	RoleNote    Role = "note" // what is less important
)

// Span is a piece of a line, safe to print.
type Span struct {
	Role Role
	Text string
}

// Line is one line of a message.
type Line []Span

func (l Line) String() string {
	var b strings.Builder
	for _, s := range l {
		b.WriteString(s.Text)
	}
	return b.String()
}

func (l Line) width() int {
	n := 0
	for _, s := range l {
		n += utf8.RuneCountInString(s.Text)
	}
	return n
}

// plainText is lines without their roles.
func plainText(lines []Line) string {
	texts := make([]string, len(lines))
	for i, l := range lines {
		texts[i] = l.String()
	}
	return strings.Join(texts, "\n")
}

// wrap breaks a line at spaces, so that no part is wider than width (0: any)
// where words allow that. What follows the first part is indented by hang.
func (l Line) wrap(width, hang int) []Line {
	var out []Line
	for rest, room := l, width; ; room = width - hang {
		at, next := len([]rune(rest.String())), 0
		if width > 0 {
			at, next = breakAt([]rune(rest.String()), room)
		}
		part := rest.slice(0, at)
		if len(out) > 0 {
			part = append(Line{{Text: strings.Repeat(" ", hang)}}, part...)
		}
		out = append(out, part)
		if next == 0 {
			return out
		}
		rest = rest.slice(next, len([]rune(rest.String())))
	}
}

// breakAt finds the last space at which a text can be broken to fit, or the first
// one after that; next is where the text goes on, 0 if it does not.
func breakAt(text []rune, room int) (at, next int) {
	if len(text) <= room {
		return len(text), 0
	}
	start := 0
	for start < len(text) && text[start] == ' ' {
		start++
	}
	for i := min(room, len(text)-1); i > start; i-- {
		if text[i] == ' ' {
			at = i
			break
		}
	}
	for i := max(room, start); at == 0 && i < len(text); i++ {
		if text[i] == ' ' {
			at = i
		}
	}
	if at == 0 {
		return len(text), 0
	}
	for next = at; next < len(text) && text[next] == ' '; next++ { // the gap belongs to neither line
	}
	for at > 0 && text[at-1] == ' ' {
		at--
	}
	if next == len(text) {
		next = 0
	}
	return at, next
}

// slice is the part of a line between two of its characters.
func (l Line) slice(from, to int) Line {
	var out Line
	for _, s := range l {
		r := []rune(s.Text)
		if a, b := max(from, 0), min(to, len(r)); a < b {
			out = append(out, Span{s.Role, string(r[a:b])})
		}
		from, to = from-len(r), to-len(r)
	}
	return out
}
