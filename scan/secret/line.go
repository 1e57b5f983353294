package secret

import (
	"bytes"

	"github.com/zricethezav/gitleaks/v8/config"
)

// allowComment on a line accepts what is found there.
const allowComment = "gitleaks:allow"

// lineBlock is how far a long line is seen, beyond the block of this size that a
// match begins in, on either side.
const lineBlock = 64 << 10

// lineText is the text of the lines that a match is on, and what allow lists made
// of it. Matches in one block of a long line share it.
type lineText struct {
	from, to int64
	text     string
	comment  bool
	lists    map[*config.Allowlist]bool
}

// line returns the lines of a match, buf[start:end]. Behind the first line of a
// file they begin with the newline before, as gitleaks' do, which expressions of
// allow lists may see.
func (s *Scanner) line(start, end int) *lineText {
	block := (s.base + int64(start)) / lineBlock * lineBlock
	first := max(int(block-lineBlock-s.base), 0)
	last := min(int(block+2*lineBlock-s.base), len(s.buf))
	from := max(bytes.LastIndexByte(s.buf[first:min(start+1, len(s.buf))], '\n'), 0) + first
	to := max(last, end)
	if n := bytes.IndexByte(s.buf[end:to], '\n'); n >= 0 {
		to = end + n
	}
	at := lineText{from: s.base + int64(from), to: s.base + int64(to)}
	if l := s.lastLine; l == nil || l.from != at.from || l.to != at.to {
		at.text = string(s.buf[from:to])
		at.comment = bytes.Contains(s.buf[from:to], []byte(allowComment))
		s.lastLine = &at
	}
	return s.lastLine
}

// allowed says whether a list that looks at lines accepts this one.
func (l *lineText) allowed(a *config.Allowlist) bool {
	yes, ok := l.lists[a]
	if !ok {
		if l.lists == nil {
			l.lists = map[*config.Allowlist]bool{}
		}
		yes = a.RegexAllowed(l.text)
		l.lists[a] = yes
	}
	return yes
}
