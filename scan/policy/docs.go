package policy

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Markdown documents the rules that come with the program, from their own
// annotations.
func Markdown() (string, error) {
	var b strings.Builder
	b.WriteString("# The rules that come with the program\n\nMade from the annotations in [rules](rules). Where several decide about the same thing, " +
		"an `ignore` wins, then `deny`, `warn` and `info`.\n")
	for _, f := range builtinFiles() {
		m, err := parseModule(f.Name, f.Data)
		if err != nil {
			return "", err
		}
		if rows := documented(m); len(rows) > 0 {
			fmt.Fprintf(&b, "\n## [%s](%s)\n\n%s\n\n| rule | does | when |\n|---|---|---|\n%s", packageName(m), f.Name, head(m), strings.Join(rows, ""))
		}
	}
	return b.String(), nil
}

// documented are the table rows of a module's rules.
func documented(m *ast.Module) []string {
	var rows []string
	for _, a := range m.Annotations {
		rule, ok := ruleOfAnnotation(m, a)
		if !ok {
			continue
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s |\n", a.Title, rule, strings.TrimSpace(a.Description)))
	}
	return rows
}

// ruleOfAnnotation is the set that an annotation's rule adds to.
func ruleOfAnnotation(m *ast.Module, a *ast.Annotations) (string, bool) {
	for _, r := range m.Rules {
		if r.Location.Row > a.Location.Row {
			return string(r.Head.Name), a.Title != ""
		}
	}
	return "", false
}

// head is the comment above a module's package.
func head(m *ast.Module) string {
	var lines []string
	for _, c := range m.Comments {
		if c.Location.Row >= m.Package.Location.Row {
			break
		}
		lines = append(lines, strings.TrimSpace(string(c.Text)))
	}
	return strings.Join(lines, " ")
}
