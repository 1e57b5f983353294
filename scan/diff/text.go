package diff

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/scan-build/scan-build/scan/internal/plain"
)

// What is shown of a text at most, and of a list. JSON has all.
const (
	nameWidth = 80
	textWidth = 120
	maxShown  = 50
)

// writeText renders a diff for people, as plain text without escape sequences.
func writeText(w io.Writer, d *Diff) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s → %s\n%s\n", plain.Line(d.From.Name, textWidth), plain.Line(d.To.Name, textWidth), d.Summary())
	fmt.Fprintln(b, d.verdicts()+".")
	for _, n := range d.Notes {
		fmt.Fprintf(b, "note: %s\n", plain.Line(n, 0))
	}
	for _, k := range d.kinds() {
		k.text(b, "New", k.New)
		k.text(b, "Gone", k.Gone)
	}
	writeTextPackages(b, d.Packages)
	fmt.Fprintf(b, "\nUnchanged: %s\n", d.unchanged())
	return b.Flush()
}

// verdicts says whether the change makes the verdict another one.
func (d *Diff) verdicts() string {
	from, to := plain.Line(string(d.From.Outcome), nameWidth), plain.Line(string(d.To.Outcome), nameWidth)
	if from == to {
		return "Verdict: " + to + ", as before"
	}
	return "Verdict: " + from + " → " + to
}

func (d *Diff) unchanged() string {
	var parts []string
	for _, k := range d.kinds() {
		if n := len(k.Unchanged); n > 0 {
			parts = append(parts, plain.Count(n, k.one, k.many))
		}
	}
	return strings.Join(append(parts, plain.Count(d.Packages.Unchanged, "package", "packages")), ", ")
}

func (k kind) text(w io.Writer, title string, found []Finding) {
	if len(found) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s %s\n", title, k.many)
	var rows [][]string
	for _, f := range found[:min(len(found), maxShown)] {
		rows = append(rows, append([]string{"  " + k.rank(f), plain.Line(f.ID, nameWidth)}, f.cells()...))
	}
	for _, l := range plain.Align(rows) {
		fmt.Fprintln(w, l)
	}
	writeRest(w, len(found))
}

// rank is the severity of a finding that has one.
func (k kind) rank(f Finding) string {
	if k.one == "secret" {
		return k.one
	}
	return f.Severity.String()
}

func writeRest(w io.Writer, n int) {
	if n > maxShown {
		fmt.Fprintf(w, "  … and %d more\n", n-maxShown)
	}
}

// cells are what a finding is about, where it is, and what else there is to say.
func (f Finding) cells() []string {
	return []string{f.subject(), f.where(), strings.Join(f.remarks(), "; ")}
}

// subject is a package with its versions or what else was found.
func (f Finding) subject() string {
	if f.Package == "" {
		return plain.Line(f.Subject, textWidth)
	}
	return strings.TrimSpace(plain.Line(f.Package, nameWidth) + " " + plain.Line(strings.Join(f.Versions, ", "), nameWidth))
}

// where is the instruction, else the first of the files.
func (f Finding) where() string {
	switch {
	case f.Package == "" && len(f.Paths) > 0:
		path := plain.Tail(f.Paths[0], nameWidth)
		if f.Location != "" {
			path += " (" + f.Location + ")"
		}
		return path
	default:
		return f.Location
	}
}

func (f Finding) remarks() []string {
	var out []string
	if len(f.Fixed) > 0 {
		out = append(out, "fixed in "+plain.Line(strings.Join(f.Fixed, ", "), nameWidth))
	}
	if f.Ignored != "" {
		out = append(out, "ignored: "+plain.Line(f.Ignored, nameWidth))
	}
	return out
}

func writeTextPackages(w io.Writer, p Packages) {
	if len(p.Added)+len(p.Removed)+len(p.Changed) == 0 {
		return
	}
	fmt.Fprintf(w, "\nPackages: %s\n", p.summary())
	for _, part := range []struct {
		mark string
		list []Package
	}{{"+", p.Added}, {"-", p.Removed}, {"~", p.Changed}} {
		for _, x := range part.list[:min(len(part.list), maxShown)] {
			fmt.Fprintf(w, "  %s %s (%s)\n", part.mark, x.text(), plain.Line(x.Type, nameWidth))
		}
		writeRest(w, len(part.list))
	}
}

func (p Packages) summary() string {
	return fmt.Sprintf("%d added, %d removed, %d changed", len(p.Added), len(p.Removed), len(p.Changed))
}

// text is a package's name with its versions, "curl 1", or "curl 1 → 2".
func (p Package) text() string {
	var versions []string
	for _, v := range [][]string{p.From, p.To} {
		if len(v) > 0 {
			versions = append(versions, plain.Line(strings.Join(v, ", "), nameWidth))
		}
	}
	return plain.Line(p.Name, nameWidth) + " " + strings.Join(versions, " → ")
}
