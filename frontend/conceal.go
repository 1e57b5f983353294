package frontend

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/secret"
)

// finder finds secrets in what this process sees of a build, the Dockerfile and
// the image's configuration, and keeps their values out of all that is shown.
// The values do not leave it. It is for one goroutine.
type finder struct {
	scanner *secret.Scanner
	// values by which to know them again where no rule does: a token that is
	// recognised by the name of its variable, and stands elsewhere without it.
	values map[string]string
	// replacer replaces them; nil when one was learned since.
	replacer *strings.Replacer
}

func newFinder(rules *secret.Rules) *finder {
	return &finder{scanner: rules.Scanner(), values: map[string]string{}}
}

// find finds the secrets in a text, and learns their values.
func (f *finder) find(path, text string) ([]scan.Secret, error) {
	hits, err := f.scanner.Scan(path, strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	var out []scan.Secret
	for _, h := range hits {
		s := h.Secret()
		f.learn(path, matched(text, h), s.Redacted)
		out = append(out, s)
	}
	return out, nil
}

// minValue is the length from which on a value is replaced wherever it stands.
// A shorter one is as likely to be part of something else.
const minValue = 6

// learn keeps the value of what a rule matched: what redacting the match
// replaces.
func (f *finder) learn(path, match, redacted string) {
	before, after, ok := strings.Cut(f.scanner.Redact(path, match), redacted)
	value := match
	if ok && redacted != "" {
		value = strings.TrimSuffix(strings.TrimPrefix(match, before), after)
	}
	if len(value) < minValue {
		return
	}
	if redacted == "" {
		redacted = "REDACTED"
	}
	f.values[value] = redacted
	f.replacer = nil
}

// matched cuts a hit's match out of its text.
func matched(text string, h secret.Hit) string {
	start, end := offset(text, h.Line, h.Column), offset(text, h.EndLine, h.EndColumn)
	if end < start {
		return ""
	}
	return text[start:end]
}

// offset is the place of a line and column, both from 1, in a text.
func offset(text string, line, column int) int {
	at := 0
	for ; line > 1; line-- {
		n := strings.IndexByte(text[at:], '\n')
		if n < 0 {
			return len(text)
		}
		at += n + 1
	}
	return min(at+max(column-1, 0), len(text))
}

// conceal replaces every secret in a text of the Dockerfile by its redacted
// form. The text keeps its lines.
func (f *finder) conceal(text string) string {
	if f.replacer == nil {
		f.replacer = f.newReplacer()
	}
	text = f.replacer.Replace(text)
	out := f.scanner.Redact(dockerfileName, text)
	if strings.Count(out, "\n") == strings.Count(text, "\n") {
		return out
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = f.scanner.Redact(dockerfileName, l)
	}
	return strings.Join(lines, "\n")
}

// newReplacer replaces longer values first: one may be part of another.
func (f *finder) newReplacer() *strings.Replacer {
	values := slices.SortedFunc(maps.Keys(f.values), func(a, b string) int {
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
	var pairs []string
	for _, v := range values {
		pairs = append(pairs, v, f.values[v]+strings.Repeat("\n", strings.Count(v, "\n")))
	}
	return strings.NewReplacer(pairs...)
}
