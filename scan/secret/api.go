package secret

import (
	"io"

	"github.com/scan-build/scan-build/scan"
)

// Set is a named set of rules in gitleaks' TOML format.
type Set struct {
	// Name for messages: a file's name, or "default".
	Name string
	TOML []byte
}

// Default is gitleaks' own set of rules.
func Default() Set { return Set{Name: "default"} }

// Files is the set for files that hold credentials by their name.
func Files() Set { return Set{Name: "files"} }

// Rules are compiled sets of rules. They can be used by any number of scanners
// at once.
type Rules struct{}

// Compile reads and combines sets of rules. Allow lists of a set apply to the
// rules of that set.
func Compile(sets ...Set) (*Rules, error) { return &Rules{}, nil }

// Scanner scans one file at a time, again and again.
type Scanner struct{}

// Scanner returns a scanner. It keeps its buffers (about 2 MiB) between files.
func (r *Rules) Scanner() *Scanner { return &Scanner{} }

// Hit is one finding. It holds the value, and must not outlive the analysis.
type Hit struct {
	Rule, Description                string
	Path                             string
	Line, Column, EndLine, EndColumn int
	match, secret                    string
}

// Scan searches one file's content, read once from beginning to end, of any
// size, in bounded memory. The path is what rules and allow lists see. Hits are
// sorted by position.
func (s *Scanner) Scan(path string, r io.Reader) ([]Hit, error) { return nil, nil }

// Redact returns the text with every secret in it replaced by its redacted form.
func (s *Scanner) Redact(path, text string) string { return text }

// Secret is the hit without its value. Source, Layer and Instruction are the
// caller's to set.
func (h Hit) Secret() scan.Secret { return scan.Secret{} }
