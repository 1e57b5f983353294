package secret

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/viper"
	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/report"
	"github.com/zricethezav/gitleaks/v8/sources"
)

// reference is gitleaks itself with the rules of one set.
type reference struct {
	detector *detect.Detector
}

func newReference(t testing.TB, toml string) *reference {
	t.Helper()
	v := viper.New()
	v.SetConfigType("toml")
	if err := v.ReadConfig(bytes.NewBufferString(toml)); err != nil {
		t.Fatal(err)
	}
	var raw config.ViperConfig
	if err := v.Unmarshal(&raw); err != nil {
		t.Fatal(err)
	}
	c, err := raw.Translate()
	if err != nil {
		t.Fatal(err)
	}
	return &reference{detect.NewDetector(c)}
}

func (r *reference) detect(f sources.Fragment) []report.Finding {
	return r.detector.Detect(detect.Fragment(f)) //nolint:staticcheck // it takes no other, and will take a sources.Fragment
}

// whole returns what gitleaks finds in a file that is one fragment.
func (r *reference) whole(path string, content []byte) []finding {
	text := string(content)
	var out []finding
	for _, f := range r.detect(sources.Fragment{Raw: text, FilePath: path, StartLine: 1}) {
		out = append(out, located(text, f))
	}
	return out
}

// located returns a finding with its place as an editor shows it. gitleaks'
// numbers lead to where the expression matched, but they are not all right:
//   - Behind the first line its columns are one too large: it counts the newline
//     before.
//   - A match of several lines that ends in a last line without a newline ends, it
//     says, in its first line.
//   - Newlines around a match are no part of it, but those before it are taken for
//     its beginning.
func located(text string, f report.Finding) finding {
	out := finding{rule: f.RuleID, match: f.Match, secret: f.Secret}
	if f.StartLine == 0 && strings.HasPrefix(f.Match, "file detected: ") {
		out.match = ""
		return out
	}
	start := lineEnd(text, f.StartLine-1) + f.StartColumn - 1
	for start < len(text) && text[start] == '\n' {
		start++
	}
	if !strings.HasPrefix(text[start:], f.Match) {
		panic(fmt.Sprintf("gitleaks' place %d:%d has not %q", f.StartLine, f.StartColumn, f.Match))
	}
	end := start + len(f.Match)
	out.line = strings.Count(text[:start], "\n") + 1
	out.column = start - strings.LastIndexByte(text[:start], '\n')
	out.endLine = strings.Count(text[:end], "\n") + 1
	out.endColumn = end - strings.LastIndexByte(text[:end], '\n') - 1
	return out
}

// lineEnd returns the offset of the n-th newline, counted from 1, and 0 for the
// text's begin: where gitleaks begins to count columns.
func lineEnd(text string, n int) int {
	at := -1
	for range n {
		at += 1 + strings.IndexByte(text[at+1:], '\n')
	}
	return max(at, 0)
}

// chunk is a part of a file as gitleaks reads it, and what it finds there.
type chunk struct {
	start, end int // offsets in the file
	text       string
	findings   []finding
}

// chunked returns what gitleaks finds as its program reads files: in chunks of
// 100 kB and what follows up to an empty line. A file that it takes for a binary
// or an archive has no chunks.
func (r *reference) chunked(path string, content []byte) ([]chunk, error) {
	var chunks []chunk
	file := &sources.File{Content: bytes.NewReader(content), Path: path}
	err := file.Fragments(context.Background(), func(f sources.Fragment, err error) error {
		if err != nil {
			return err
		}
		start := 0
		if n := len(chunks); n > 0 {
			start = chunks[n-1].end
		}
		// The fragment's bytes are the reader's buffer, used again for the next.
		chunks = append(chunks, chunk{start, start + len(f.Raw), f.Raw, lines(r.detect(f))})
		return nil
	})
	return chunks, err
}

// finding is what must be the same: everything that a reader of a report sees.
type finding struct {
	rule, match, secret              string
	line, column, endLine, endColumn int
}

func (f finding) String() string {
	return fmt.Sprintf("%s at %d:%d-%d:%d match %q secret %q", f.rule, f.line, f.column, f.endLine, f.endColumn, cut(f.match), cut(f.secret))
}

// cut keeps messages readable.
func cut(s string) string {
	if len(s) > 300 {
		return s[:200] + "…" + s[len(s)-100:]
	}
	return s
}

// lines returns findings without their columns, which begin anew in each chunk.
func lines(found []report.Finding) []finding {
	var out []finding
	for _, f := range found {
		out = append(out, finding{rule: f.RuleID, match: f.Match, secret: f.Secret, line: f.StartLine})
	}
	return out
}

func hitFindings(hits []Hit) []finding {
	var out []finding
	for _, h := range hits {
		out = append(out, finding{h.Rule, h.match, h.secret, h.Line, h.Column, h.EndLine, h.EndColumn})
	}
	return out
}
