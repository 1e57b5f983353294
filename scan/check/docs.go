package check

import "strings"

// Markdown returns the documentation of all checks and of the controls that they
// serve: CHECKS.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Configuration checks\n\nThis file is generated from the checks' own texts.\n\n")
	b.WriteString("| check | severity | title | what to do | controls |\n|---|---|---|---|---|\n")
	for _, c := range All() {
		row(&b, "["+c.ID+"](#"+c.ID+")", c.Severity.String(), c.Title, c.Remedy, strings.Join(c.Controls, "<br>"))
	}
	for _, c := range All() {
		b.WriteString("\n## " + c.ID + "\n\n**" + c.Title + "** (" + c.Severity.String() + ")\n\n" + c.Description + "\n\n" + c.Remedy + "\n\n")
		b.WriteString("Looks at: " + c.Looks + ".\n")
		for _, u := range c.References {
			b.WriteString("See <" + u + ">.\n")
		}
	}
	b.WriteString("\n# Controls\n\nA control passes if everything that could break it was looked at and nothing does. " +
		"One with a remark can fail, but never pass.\n")
	for _, f := range Frameworks() {
		b.WriteString("\n## " + f.Name + "\n\n<" + f.URL + ">\n\n| control | title | assessed by | remark |\n|---|---|---|---|\n")
		for _, c := range f.Controls {
			row(&b, "`"+c.Ref()+"`", c.Title, strings.Join(c.assessedBy(), ", "), c.Reason)
		}
	}
	return b.String()
}

func (c Control) assessedBy() []string {
	var out []string
	if c.Vulnerabilities {
		out = append(out, "vulnerabilities that block")
	}
	if c.Secrets {
		out = append(out, "secrets")
	}
	if c.SecretsInText {
		out = append(out, "secrets in the Dockerfile and configuration")
	}
	for _, k := range c.Checks() {
		out = append(out, "["+k.ID+"](#"+k.ID+")")
	}
	for _, l := range append(append([]string(nil), c.Lint...), c.Violations...) {
		out = append(out, "`"+l+"`")
	}
	if len(out) == 0 {
		out = append(out, "not assessable")
	}
	return out
}

func row(b *strings.Builder, cells ...string) {
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", `\|`)
	}
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}
