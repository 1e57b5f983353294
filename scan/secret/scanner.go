package secret

import (
	"bytes"
	"io"

	"github.com/zricethezav/gitleaks/v8/config"
)

// Sizes in bytes.
const (
	// maxMatch is the longest match that is found for sure. gitleaks looks at
	// pieces of 125 kB.
	maxMatch = 256 << 10
	// maxOpen is how long a stretch in which a match may still be going on gets
	// before it is searched piece by piece.
	maxOpen = 2 * maxMatch
	// lineContext is how much of a match's line is seen on either side.
	lineContext = 2 * lineBlock
	// edge is what an expression may need to see beside a match: one rune.
	edge     = 4
	readSize = 512 << 10
	// maxBuffer is more than what is read at once and what rules keep of before.
	maxBuffer = 4 << 20
)

// maxHits bounds the findings in one file.
const maxHits = 4096

// Scanner scans one file at a time, again and again. It belongs to one
// goroutine.
type Scanner struct {
	*Rules
	paths *pathMatcher

	// step is how much is read at a time, states the limit of each automaton.
	step, states int

	path string
	plan *plan
	// buf holds the file from offset base. Words that end at or before buf[scanned]
	// have been taken up, spots are those after it.
	buf     []byte
	base    int64
	scanned int
	spots   []spot
	eof     bool
	// cursors by rule; touched are those in use.
	cursors []cursor
	touched []int
	seen    []bool
	lines   lineCounter
	// lastLine is the one that was judged last.
	lastLine *lineText
	testers  map[*config.Allowlist]*tester
	found    []found
}

// Scanner returns a scanner. It keeps its buffers (at most 4 MiB) between files.
func (r *Rules) Scanner() *Scanner {
	return &Scanner{
		Rules: r, paths: r.paths.matcher(), step: readSize, states: maxStates,
		testers: map[*config.Allowlist]*tester{},
		cursors: make([]cursor, len(r.rules)), seen: make([]bool, r.keywords),
	}
}

// Scan searches one file's content, read once from beginning to end, of any
// size, in bounded memory. The path is what rules and allow lists see. Hits are
// sorted by position; after 4,096 no more are looked for. An error is the
// reader's, and comes with what was found before it.
func (s *Scanner) Scan(path string, r io.Reader) ([]Hit, error) {
	s.begin(path)
	if !s.plan.search {
		return s.finish(), nil
	}
	for {
		err := s.fill(r)
		s.search()
		s.settle()
		if s.eof {
			return s.finish(), err
		}
		s.discard()
	}
}

func (s *Scanner) begin(path string) {
	s.path, s.plan = path, s.paths.plan(path)
	s.buf, s.base, s.scanned, s.eof, s.spots = s.buf[:0], 0, 0, false, s.spots[:0]
	s.lines, s.lastLine = lineCounter{}, nil
	s.found = nil
	clear(s.seen)
	for _, i := range s.touched {
		s.cursors[i].reset()
	}
	s.touched = s.touched[:0]
	for _, i := range s.everywhere {
		if s.plan.active[i] {
			s.touch(i).always = true
		}
	}
}

// fill reads the next piece. At the file's end, or where it cannot be read any
// further, eof is set.
func (s *Scanner) fill(r io.Reader) error {
	if cap(s.buf) == 0 {
		s.buf = make([]byte, 0, 64<<10)
	}
	idle := 0
	for until := min(len(s.buf)+s.step, maxBuffer); len(s.buf) < until; {
		if len(s.buf) == cap(s.buf) {
			s.buf = append(make([]byte, 0, min(2*cap(s.buf), maxBuffer)), s.buf...)
		}
		n, err := r.Read(s.buf[len(s.buf):min(cap(s.buf), until)])
		s.buf = s.buf[:len(s.buf)+n]
		if err != nil {
			s.eof = true
			if err == io.EOF {
				err = nil
			}
			return err
		}
		if idle++; n > 0 {
			idle = 0
		} else if idle > 100 {
			s.eof = true
			return io.ErrNoProgress
		}
	}
	return nil
}

// search looks for literals and keywords in what is new. Those that might end
// behind what has been read wait for more.
func (s *Scanner) search() {
	to := len(s.buf) - maxLiteralLen
	if s.eof {
		to = len(s.buf) - 1
	}
	if to > s.scanned {
		s.spots = s.finder.find(s.buf, s.scanned, to, s.spots)
		s.scanned = to
	}
	if s.eof {
		s.scanned = len(s.buf)
	}
	n := 0
	for ; n < len(s.spots) && s.spots[n].end <= s.scanned; n++ {
		s.hit(s.spots[n])
	}
	s.spots = append(s.spots[:0], s.spots[n:]...)
}

// hit takes up a word.
func (s *Scanner) hit(at spot) {
	w := &s.words[at.number]
	if w.keyword >= 0 {
		s.seen[w.keyword] = true
	}
	start := at.end - len(w.text)
	for i := range w.uses {
		u := &w.uses[i]
		if !s.plan.active[u.rule] ||
			u.wordBefore && start > 0 && isWord(s.buf[start-1]) ||
			u.exact && string(s.buf[start:at.end]) != u.spelling {
			continue
		}
		s.follow(u, start, at.end)
	}
}

// settle searches what cannot change any more.
func (s *Scanner) settle() {
	for _, i := range s.touched {
		s.settleRule(i)
	}
}

// discard forgets what no rule needs any more.
func (s *Scanner) discard() {
	keep := s.base + int64(s.scanned) - maxLiteralLen - edge - int64(s.mostBack)
	for _, i := range s.touched {
		keep = min(keep, s.cursors[i].needs(keep))
	}
	n := int(max(keep-lineContext-s.base, 0))
	s.lines.drop(s.buf, n)
	s.buf = s.buf[:copy(s.buf, s.buf[n:])]
	s.scanned -= n
	for i := range s.spots {
		s.spots[i].end -= n
	}
	s.base += int64(n)
}

// lineCounter counts lines up to a place, from where it counted last.
type lineCounter struct {
	// before is the number of newlines in what was dropped, and column how many
	// bytes came after the last of them.
	before, column int
	// counted is the number of newlines in buf[:upTo].
	counted, upTo int
}

// at returns the line and column of buf[i] in the file, both 1-based.
func (l *lineCounter) at(buf []byte, i int) (line, column int) {
	if i < l.upTo {
		l.counted, l.upTo = 0, 0
	}
	l.counted += bytes.Count(buf[l.upTo:i], newline)
	l.upTo = i
	column = i - bytes.LastIndexByte(buf[:i], '\n')
	if l.counted == 0 {
		column += l.column
	}
	return l.before + l.counted + 1, column
}

// drop forgets buf[:n].
func (l *lineCounter) drop(buf []byte, n int) {
	line, column := l.at(buf, n)
	*l = lineCounter{before: line - 1, column: column - 1}
}

var newline = []byte{'\n'}
