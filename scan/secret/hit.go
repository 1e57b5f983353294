package secret

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/scrypt"

	"github.com/scan-build/scan-build/scan"
)

// Hit is one finding. It holds the value, and must not outlive the analysis.
type Hit struct {
	Rule, Description string
	Path              string
	// Lines and columns are 1-based, columns in bytes, the end inclusive; zero for
	// a rule that finds a file by its path.
	Line, Column, EndLine, EndColumn int

	match, secret string
}

// Dismissed says why the hit is none that matters, see [scan.Secret]. Unlike
// Secret it costs next to nothing.
func (h Hit) Dismissed() string { return judge(h.Rule, h.Path) }

// Secret is the hit without its value. Source, Layer and Instruction are the
// caller's to set.
func (h Hit) Secret() scan.Secret {
	return scan.Secret{
		Rule: h.Rule, Description: h.Description, Path: h.Path,
		Line: h.Line, EndLine: h.EndLine, Column: h.Column,
		Redacted: redact(h.secret), Fingerprint: fingerprint(h.Rule, h.secret, h.Path),
		Dismissed: h.Dismissed(),
	}
}

// redact shows a long secret's first characters, which mostly are its kind's
// ("ghp_"), and nothing of a short one.
func redact(value string) string {
	const shown, long = 4, 20
	if value == "" {
		return ""
	}
	if len(value) < long || strings.ContainsFunc(value[:shown], func(r rune) bool { return r >= utf8.RuneSelf || !isWord(byte(r)) }) {
		return "******"
	}
	return value[:shown] + "******"
}

// salt makes fingerprints of no use for other lists of hashes. It is no secret:
// an analysis is reused between projects, and users write fingerprints into
// their policies.
const salt = "scan-build secret fingerprint 1\x00"

// fingerprint derives 80 bits of a rule and a value, at a price (8 ms) that makes
// guessing even a weak password a long job. A file that was found by its path
// has no value: its path stands for it.
func fingerprint(rule, value, path string) string {
	if value == "" {
		value = path
	}
	key, err := scrypt.Key([]byte(value), []byte(salt+rule), 1<<12, 8, 1, 10)
	if err != nil {
		panic(err) // the parameters are constant
	}
	return hex.EncodeToString(key)
}

// Redact returns the text with every secret in it replaced by its redacted form.
func (s *Scanner) Redact(path, text string) string {
	hits, _ := s.Scan(path, strings.NewReader(text)) // a string can be read
	for _, h := range hits {
		if h.secret != "" {
			text = strings.ReplaceAll(text, h.secret, redact(h.secret))
		}
	}
	return text
}
