package html

import (
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/policy"
)

// messageHeight is how many lines the message may have: more than a terminal
// shows, for a page has room.
const messageHeight = 400

// line of the message: how far it is indented, in the message's steps of two
// spaces, and whether it stands apart from what is above.
type line struct {
	Indent int
	Apart  bool
	Spans  []policy.Span
}

// ending is what the end of the build says: the verdict's line without the
// verdict, which the page shows in large, and the lines below it.
func ending(r *scan.Report) (headline string, message []line) {
	all := policy.Ending(r, policy.Layout{Height: messageHeight})
	_, headline, _ = strings.Cut(all[0].String(), ": ")
	apart := false
	for _, l := range all[1:] {
		text := l.String()
		indent := len(text) - len(strings.TrimLeft(text, " "))
		if indent == len(text) {
			apart = true
			continue
		}
		message = append(message, line{min(indent/2, 3), apart, unindented(l)})
		apart = false
	}
	return headline, message
}

// unindented is a line without the spaces that it begins with.
func unindented(l policy.Line) []policy.Span {
	var out []policy.Span
	for _, s := range l {
		if len(out) == 0 {
			s.Text = strings.TrimLeft(s.Text, " ")
		}
		if s.Text != "" {
			out = append(out, s)
		}
	}
	return out
}
