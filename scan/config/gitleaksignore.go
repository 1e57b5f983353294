package config

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// IgnoreFileName is where gitleaks keeps the findings that a repository accepts.
const IgnoreFileName = ".gitleaksignore"

// IgnoredSecret is one entry of a .gitleaksignore: a finding in a file of the
// repository.
type IgnoredSecret struct {
	// Path in the repository, slash-separated.
	Path string
	Rule string
	// Line in the file, 1-based; 0 for a rule that judges by the path alone.
	Line int
}

// Matches says whether the entry means this secret. A build copies the
// repository to where it likes, so a path in the image need only end in the
// entry's. The image's configuration is no file of the repository.
func (i IgnoredSecret) Matches(s scan.Secret) bool {
	return s.Source != scan.SecretInConfig && i.Rule == s.Rule && i.Line == s.Line &&
		(i.Path == s.Path || strings.HasSuffix(s.Path, "/"+i.Path))
}

// commitPrefix is what entries for one commit begin with. They are taken for any
// commit: an image does not know which one its files come from.
var commitPrefix = regexp.MustCompile(`^[0-9a-f]{40}(?:[0-9a-f]{24})?:`)

// ParseGitleaksIgnore reads gitleaks' format: a path:rule:line or
// commit:path:rule:line on each line, blank lines and lines that begin with #.
// Backslashes in paths are slashes.
//
// Any other line is an [*Error] that names it. gitleaks logs such a line and
// goes on; here nobody would see the log, and whoever wrote the line would see
// a build blocked by what they believe to be accepted.
func ParseGitleaksIgnore(name string, data []byte) ([]IgnoredSecret, error) {
	fail := func(line int, err error) error {
		return &Error{Road: RoadFile, File: name, Line: line, Err: err}
	}
	if len(data) > MaxFileSize {
		return nil, fail(0, errors.Errorf("is larger than %d bytes", MaxFileSize))
	}
	var out []IgnoredSecret
	n := 0
	for text := range strings.Lines(string(data)) {
		n++
		text = strings.TrimSpace(text)
		if n == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		entry, ok := parseIgnored(text)
		if !ok {
			return nil, fail(n, errors.Errorf("%q is neither path:rule:line nor commit:path:rule:line", shorten(text)))
		}
		out = append(out, entry)
	}
	return out, nil
}

// parseIgnored reads from the end: a path may contain colons.
func parseIgnored(s string) (IgnoredSecret, bool) {
	s = strings.TrimPrefix(s, commitPrefix.FindString(s))
	lineAt := strings.LastIndexByte(s, ':')
	if lineAt < 0 {
		return IgnoredSecret{}, false
	}
	ruleAt := strings.LastIndexByte(s[:lineAt], ':')
	if ruleAt < 0 {
		return IgnoredSecret{}, false
	}
	line, err := strconv.ParseUint(s[lineAt+1:], 10, 31)
	file := strings.TrimPrefix(path.Clean(strings.ReplaceAll(s[:ruleAt], `\`, "/")), "/")
	rule := s[ruleAt+1 : lineAt]
	if err != nil || rule == "" || strings.ContainsAny(rule, " \t") || ruleAt == 0 || file == "" || file == "." {
		return IgnoredSecret{}, false
	}
	return IgnoredSecret{Path: file, Rule: rule, Line: int(line)}, true
}
