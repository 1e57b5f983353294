package diff

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/scan-build/scan-build/scan/internal/plain"
)

// writeMarkdown renders a diff for a comment on a pull request: the summary, then
// tables that fold. Whatever comes from the reports is escaped, so that it is
// neither markup nor a mention.
func writeMarkdown(w io.Writer, d *Diff) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "**%s**\n\n%s → %s. %s.\n", d.Summary(), code(d.From.Name), code(d.To.Name), escape(d.verdicts()))
	for _, n := range d.Notes {
		fmt.Fprintf(b, "\n> %s\n", escape(plain.Line(n, 0)))
	}
	for _, k := range d.kinds() {
		k.markdown(b, "New", k.New, true)
		k.markdown(b, "Gone", k.Gone, false)
	}
	markdownPackages(b, d.Packages)
	fmt.Fprintf(b, "\nUnchanged: %s\n", d.unchanged())
	return b.Flush()
}

func (k kind) markdown(w io.Writer, title string, found []Finding, open bool) {
	if len(found) == 0 {
		return
	}
	attribute := ""
	if open {
		attribute = " open"
	}
	fmt.Fprintf(w, "\n<details%s><summary>%s %s (%d)</summary>\n\n", attribute, title, k.many, len(found))
	fmt.Fprint(w, "| Severity | ID | What | Where | |\n|---|---|---|---|---|\n")
	for _, f := range found[:min(len(found), maxShown)] {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", k.rank(f), code(f.ID), code(f.subject()), code(f.where()), escape(strings.Join(f.remarks(), "; ")))
	}
	markdownRest(w, len(found))
	fmt.Fprint(w, "\n</details>\n")
}

func markdownRest(w io.Writer, n int) {
	if n > maxShown {
		fmt.Fprintf(w, "\n… and %d more\n", n-maxShown)
	}
}

func markdownPackages(w io.Writer, p Packages) {
	if len(p.Added)+len(p.Removed)+len(p.Changed) == 0 {
		return
	}
	fmt.Fprintf(w, "\n<details><summary>Packages: %s</summary>\n\n| | Package | Type |\n|---|---|---|\n", p.summary())
	rest := 0
	for _, part := range []struct {
		verb string
		list []Package
	}{{"added", p.Added}, {"removed", p.Removed}, {"changed", p.Changed}} {
		for _, x := range part.list[:min(len(part.list), maxShown)] {
			fmt.Fprintf(w, "| %s | %s | %s |\n", part.verb, code(x.text()), code(x.Type))
		}
		rest += max(0, len(part.list)-maxShown)
	}
	markdownRest(w, rest+min(rest, 1)*maxShown)
	fmt.Fprint(w, "\n</details>\n")
}

// code is text in the letters of code. It is HTML, because in a table a code span
// of Markdown can be left by a backslash and a pipe.
func code(s string) string {
	if s = plain.Line(s, textWidth); s == "" {
		return ""
	}
	return "<code>" + escape(s) + "</code>"
}

// escape is text in which no character is markup, begins a mention or an address.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_[]|~@#<>&\"'", r) {
			fmt.Fprintf(&b, "&#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	return strings.NewReplacer("://", "&#58;//", "www.", "www&#46;").Replace(b.String())
}
