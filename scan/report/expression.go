package report

import (
	"strings"

	"github.com/github/go-spdx/v2/spdxexp/spdxlicenses"
)

// longestExpression is what is tried to be read as a license expression;
// anything longer is a license's text.
const longestExpression = 200

// licenseList is SPDX's list of licenses and of exceptions to them, by
// identifier in lower case.
type licenseList struct {
	licenses, exceptions map[string]string
}

func newLicenseList() *licenseList {
	l := &licenseList{licenses: map[string]string{}, exceptions: map[string]string{}}
	for _, id := range append(spdxlicenses.GetLicenses(), spdxlicenses.GetDeprecated()...) {
		l.licenses[strings.ToLower(id)] = id
	}
	for _, id := range spdxlicenses.GetExceptions() {
		l.exceptions[strings.ToLower(id)] = id
	}
	return l
}

// normalize returns an expression of listed licenses spelled as in the list,
// e.g. "(MIT OR Apache-2.0) AND GPL-2.0-only WITH Classpath-exception-2.0", and
// false for any other text. It reads from left to right without recursion: the
// text is a stranger's, and the list's own library does not survive "((((".
func (l *licenseList) normalize(s string) (string, bool) {
	if len(s) > longestExpression {
		return "", false
	}
	var out []string
	open := 0
	// What may come next: an operand (a license or "("), an exception, or,
	// after an operand, an operator or ")".
	const (
		operand = iota
		exception
		operator
	)
	want := operand
	for _, token := range tokens(s) {
		word := strings.ToUpper(token)
		switch {
		case want == operand && token == "(":
			open++
		case want == operator && token == ")" && open > 0:
			open--
		case want == operator && (word == "AND" || word == "OR"):
			token, want = word, operand
		case want == operator && word == "WITH" && out[len(out)-1] != ")":
			token, want = word, exception
		case want == operand:
			id, ok := l.license(token)
			if !ok {
				return "", false
			}
			token, want = id, operator
		case want == exception:
			id, ok := l.exceptions[strings.ToLower(token)]
			if !ok {
				return "", false
			}
			token, want = id, operator
		default:
			return "", false
		}
		out = append(out, token)
	}
	return spell(out), want == operator && open == 0
}

// license finds a license by its identifier; "+" after it means "or any later
// version".
func (l *licenseList) license(token string) (string, bool) {
	if id, ok := l.licenses[strings.ToLower(token)]; ok {
		return id, true
	}
	base, later := strings.CutSuffix(token, "+")
	id, ok := l.licenses[strings.ToLower(base)]
	return id + "+", later && ok
}

// tokens splits an expression into words and parentheses.
func tokens(s string) []string {
	return strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(s))
}

func spell(tokens []string) string {
	return strings.NewReplacer("( ", "(", " )", ")").Replace(strings.Join(tokens, " "))
}
