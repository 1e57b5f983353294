package plugin

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/containerd/console"
	"github.com/morikuni/aec"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/policy"
)

// The lines that the end of a run takes.
const (
	screenLines   = 45
	fewestLines   = 24
	widestColumns = 200
	fewestColumns = 40
)

// Screen is where a run says how it ended. On a terminal it has colours and the
// terminal's width; anywhere else the same text goes out without either.
type Screen struct {
	w      io.Writer
	colour bool
	// width is 0 where lines are not wrapped.
	width, height int
}

// NewScreen makes the screen of a writer, a file mostly. Colours are left out
// where NO_COLOR is set (https://no-color.org) and on a terminal that has none.
func NewScreen(w io.Writer, lookup func(string) (string, bool)) *Screen {
	s := &Screen{w: w, height: screenLines}
	f, ok := w.(*os.File)
	if o, isStream := w.(interface{ File() (*os.File, bool) }); isStream {
		f, ok = o.File()
	}
	if !ok || f == nil {
		return s
	}
	c, err := console.ConsoleFromFile(f)
	if err != nil {
		return s
	}
	_, none := lookup("NO_COLOR")
	term, _ := lookup("TERM")
	s.colour = !none && term != "dumb"
	if size, err := c.Size(); err == nil && size.Width > 0 {
		s.width = min(max(int(size.Width), fewestColumns), widestColumns)
		s.height = min(max(int(size.Height), fewestLines), screenLines)
	}
	return s
}

// plain is the screen without colours.
func (s *Screen) plain() *Screen {
	out := *s
	out.colour = false
	return &out
}

// layout is how the end of a build is shown here; a run of several builds has
// one screen for all of them.
func (s *Screen) layout(label string, builds int) policy.Layout {
	return policy.Layout{
		Width: s.width, Height: max(s.height/max(builds, 1), fewestLines/2), Label: label, All: "--report table=-",
	}
}

func (s *Screen) print(lines ...policy.Line) {
	for _, l := range lines {
		fmt.Fprintln(s.w, strings.TrimRight(s.text(l), " "))
	}
}

func (s *Screen) text(l policy.Line) string {
	var b strings.Builder
	for _, span := range l {
		style, ok := styles[span.Role]
		if !s.colour || !ok || strings.TrimSpace(span.Text) == "" {
			b.WriteString(span.Text)
			continue
		}
		b.WriteString(style.Apply(span.Text))
	}
	return b.String()
}

// styles of roles: few, so that the worst is what is seen first. Colours are those
// of the terminal's palette, which people choose so that they can read them.
var styles = map[policy.Role]aec.ANSI{
	policy.RoleBlock:   aec.RedF.With(aec.Bold),
	policy.RoleWarn:    aec.YellowF.With(aec.Bold),
	policy.RolePass:    aec.GreenF.With(aec.Bold),
	policy.RoleHeading: aec.Bold,
	policy.RoleSecret:  aec.RedF.With(aec.Bold),
	policy.RolePath:    aec.CyanF,
	policy.RoleFix:     aec.GreenF,
	policy.RoleNote:    aec.Faint,

	policy.Role(scan.SeverityCritical.String()): aec.RedF.With(aec.Bold),
	policy.Role(scan.SeverityHigh.String()):     aec.RedF,
	policy.Role(scan.SeverityMedium.String()):   aec.YellowF,
	policy.Role(scan.SeverityLow.String()):      aec.Faint,
}
