package analyze

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/extract"
	"github.com/scan-build/scan-build/scan/internal/lowest"
	"github.com/scan-build/scan-build/scan/layer"
	"github.com/scan-build/scan-build/scan/secret"
	"github.com/scan-build/scan-build/scan/secret/content"
)

// search looks for secrets in the files of one layer, several at once.
type search struct {
	ctx    context.Context
	rules  *secret.Rules
	limits content.Limits
	// scanners have read a file, askers never do and stay small.
	scanners, askers chan *secret.Scanner

	searched atomic.Int64

	mu sync.Mutex
	// dismissed are hits for which nobody has to act.
	hits, dismissed lowest.List[found]
	problems        lowest.List[trouble]
	// more is how many hits of a file were left out, by file.
	more map[string]int
}

// found is a hit in a file, or inside an archive that the file is.
type found struct {
	file string
	secret.Hit
	// rank counts the hits of the same rule in the same file, from 0.
	rank int
}

// trouble is why a file was not searched to the end.
type trouble struct {
	file string
	scan.Problem
}

func newSearch(ctx context.Context, opts Options) *search {
	return &search{
		ctx: ctx, rules: opts.Rules, limits: content.Limits{TempDir: opts.TempDir},
		scanners:  make(chan *secret.Scanner, layer.MaxVisits),
		askers:    make(chan *secret.Scanner, layer.MaxVisits),
		hits:      lowest.List[found]{Limit: maxSecrets, Compare: compareFound},
		dismissed: lowest.List[found]{Limit: maxDismissed, Compare: compareFound},
		problems:  lowest.List[trouble]{Limit: maxProblems, Compare: compareTroubles},
		more:      map[string]int{},
	}
}

// Wants implements [layer.Visitor]: a file is not opened if the rules decide by
// its path alone that nothing is to be found. As in gitleaks this goes for what
// is in an archive too.
func (s *search) Wants(path string) bool {
	asker := s.take(s.askers)
	defer give(s.askers, asker)
	var content probe
	hits, _ := asker.Scan(extract.ValidPath(path), &content) // it has nothing to fail with
	return bool(content) || len(hits) > 0
}

// probe is an empty text that becomes true when it is read.
type probe bool

func (p *probe) Read([]byte) (int, error) {
	*p = true
	return 0, io.EOF
}

// Visit implements [layer.Visitor].
func (s *search) Visit(f layer.File, r io.ReaderAt) {
	here := &fileSearch{
		search: s, file: f.Path, path: extract.ValidPath(f.Path), deadline: time.Now().Add(fileTimeout),
		hits: lowest.List[found]{Limit: maxPerFile, Compare: compareRanks},
	}
	switch {
	case f.Unread != "":
		here.problem("not searched: " + f.Unread)
	case f.Size > 0:
		here.walk(r, f.Size)
	}
	s.add(here)
}

func (s *search) add(f *fileSearch) {
	s.searched.Add(f.searched)
	if f.hits.Total()+len(f.dismissed)+len(f.problems) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range f.hits.All() {
		s.hits.Add(x)
	}
	for _, x := range f.dismissed {
		s.dismissed.Add(x)
	}
	if more := f.hits.Dropped(); more > 0 {
		s.more[f.file] += more
	}
	for _, p := range f.problems {
		s.problems.Add(trouble{file: f.file, Problem: p})
	}
}

// fileSearch is the search of one file and of what is in it.
type fileSearch struct {
	*search
	file string
	// path is the file's as it is reported.
	path      string
	deadline  time.Time
	searched  int64
	ranks     map[string]int
	hits      lowest.List[found]
	dismissed []found
	problems  []scan.Problem
}

// walk searches every text of the file. A defect of the search is a problem of
// this file; what it says of itself may be made of the text, and is not told.
func (f *fileSearch) walk(r io.ReaderAt, size int64) {
	defer func() {
		if recover() != nil {
			f.problem("not searched to the end: the search failed")
		}
	}()
	scanner := f.take(f.scanners)
	problems, err := content.Walk(f.path, r, size, f.limits, func(path string, r io.Reader) error {
		return f.text(scanner, path, r)
	})
	f.problems = append(f.problems, problems...)
	if err != nil {
		f.problem("not searched to the end: " + err.Error())
	}
	give(f.scanners, scanner)
}

func (f *fileSearch) text(scanner *secret.Scanner, path string, r io.Reader) error {
	text := &text{ctx: f.ctx, deadline: f.deadline, r: r}
	hits, err := scanner.Scan(path, text)
	f.searched += text.n
	if len(hits) > 0 && f.ranks == nil {
		f.ranks = map[string]int{}
	}
	for _, h := range hits {
		x := found{file: f.file, Hit: h, rank: f.ranks[h.Rule]}
		switch {
		case h.Dismissed() == "":
			f.hits.Add(x)
			f.ranks[h.Rule]++
		case len(f.dismissed) < maxDismissedPerFile:
			f.dismissed = append(f.dismissed, x)
		}
	}
	return err
}

func (f *fileSearch) problem(message string) {
	f.problems = append(f.problems, scan.Problem{Path: f.path, Extractor: extractor, Message: message})
}

// take returns a scanner that is free, or a new one.
func (s *search) take(free chan *secret.Scanner) *secret.Scanner {
	select {
	case scanner := <-free:
		return scanner
	default:
		return s.rules.Scanner()
	}
}

// give takes a scanner back.
func give(free chan *secret.Scanner, scanner *secret.Scanner) {
	select {
	case free <- scanner:
	default:
	}
}

// text counts what is read of a text, and ends with the analysis or when its file
// has taken too long.
type text struct {
	ctx      context.Context
	deadline time.Time
	r        io.Reader
	n        int64
}

func (t *text) Read(p []byte) (int, error) {
	if err := context.Cause(t.ctx); err != nil {
		return 0, err
	}
	if time.Now().After(t.deadline) {
		return 0, errors.Errorf("it takes longer than %s", fileTimeout)
	}
	n, err := t.r.Read(p)
	t.n += int64(n)
	return n, err
}
