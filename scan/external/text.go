package external

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// What is kept of a text, in bytes.
const (
	maxName    = 256
	maxMessage = 4 << 10
	maxPath    = 4 << 10
	maxURL     = 2 << 10
)

// text is valid and bounded. It may still hold anything that a terminal or a page
// would take for more than text.
func text(s string, most int) string {
	s = strings.ToValidUTF8(strings.TrimSpace(s), "\uFFFD")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most-len("…")], "") + "…"
	}
	return s
}

// link is a URL that a person may be led to, empty for any other.
func link(s string) string {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURL || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return s
}

// within is a file's path from the root of what was looked at, empty for what is
// no file. An absolute path of the analyzer's is one below where it found that;
// any other is taken for the image's own.
//
//	/run/src/core/sbom/etc/passwd, etc/passwd, file:///etc/passwd   etc/passwd
func within(uri string) string {
	p := uri
	if u, err := url.Parse(uri); err == nil {
		switch u.Scheme {
		case "", "file":
			p = u.Path
		default:
			return ""
		}
	}
	return cleaned(p)
}

// cleaned is within for a path that is no URI.
func cleaned(p string) string {
	if p == "" || strings.ContainsRune(p, 0) || len(p) > maxPath {
		return ""
	}
	p = path.Clean("/" + p)
	if rest, ok := strings.CutPrefix(p, SourcePath); ok && (rest == "" || rest[0] == '/') {
		p = rest
	}
	return strings.ToValidUTF8(strings.TrimPrefix(p, "/"), "\uFFFD")
}

// identify gives a finding a fingerprint that is the same in every run: of what
// the tool says identifies it or, if it says nothing, of its message. Those that
// are alike in a file are counted. Lines are no part of it: they move.
func (r *reader) identify(f *scan.ExternalFinding, parts []string) {
	h := sha256.New()
	if len(parts) == 0 {
		parts = []string{f.Message}
	}
	for _, s := range append([]string{f.Analyzer, f.Rule, f.Path}, parts...) {
		h.Write([]byte(strconv.Quote(s)))
	}
	sum := hex.EncodeToString(h.Sum(nil))
	if r.seen == nil {
		r.seen = map[string]int{}
	}
	r.seen[sum]++
	if n := r.seen[sum]; n > 1 {
		again := sha256.Sum256([]byte(sum + strconv.Itoa(n)))
		sum = hex.EncodeToString(again[:])
	}
	f.Fingerprint = sum[:32]
}
