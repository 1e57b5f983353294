package content

import (
	"fmt"
	"io"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// Limits bound the work on one file with all that is in it. Zero values stand
// for the defaults.
type Limits struct {
	// Depth is how many archives and compressions may lie around a text; a
	// .tar.gz is two. 8 by default.
	Depth int
	// Inflated is how many bytes may come out of decompression, in all; 1 GiB by
	// default.
	Inflated int64
	// Ratio bounds Inflated for small files: that many times the file's size, and
	// 8 MiB more. 200 by default.
	Ratio int64
	// Entries is how many entries of archives may be looked at, in all; 500,000
	// by default.
	Entries int
	// Memory is how many bytes of compressed archives within archives may be held
	// in memory at once; 4 MiB by default. More goes to temporary files.
	Memory int64
	// TempDir is where temporary files are made, which have no name as soon as
	// they are open; the system's folder by default. They are bounded by Inflated.
	TempDir string
}

const (
	defaultDepth    = 8
	defaultInflated = 1 << 30
	defaultRatio    = 200
	defaultEntries  = 500_000
	defaultMemory   = 4 << 20
	// freely is how much any file may inflate to.
	freely = 8 << 20
	// maxProblems is how many problems of one file are told.
	maxProblems = 20
)

// Walk calls visit for each text in the file, in the order in which they lie
// there. Paths of entries are "outer.zip!inner"; compression alone adds nothing
// to a path. Readers are valid during the call and only ever end with io.EOF:
// what cannot be read ends a text early and is a problem.
//
// The error is visit's, which ends the walk. If f is an [*os.File], its offset
// may move.
func Walk(path string, f io.ReaderAt, size int64, limits Limits, visit func(path string, r io.Reader) error) ([]scan.Problem, error) {
	w := newWalk(size, limits, visit)
	err := w.enter(path, source{at: f, size: size}, 0)
	return w.done(path), err
}

// WalkReader is [Walk] for a file that can be read only once, of about the given
// size. An archive that needs random access is copied first, as [Limits] allow.
func WalkReader(path string, r io.Reader, size int64, limits Limits, visit func(path string, r io.Reader) error) ([]scan.Problem, error) {
	w := newWalk(size, limits, visit)
	err := w.enter(path, source{r: r}, 0)
	return w.done(path), err
}

// walk is the work on one file.
type walk struct {
	limits Limits
	visit  func(path string, r io.Reader) error
	// left is how many bytes may still be inflated; entries and memory likewise.
	left    int64
	entries int
	memory  int64
	// spent says that a limit of the whole walk was reached: nothing follows.
	spent    bool
	problems []scan.Problem
	untold   int
}

func newWalk(size int64, limits Limits, visit func(path string, r io.Reader) error) *walk {
	l := limits
	l.Depth = or(l.Depth, defaultDepth)
	l.Inflated = or(l.Inflated, defaultInflated)
	l.Ratio = or(l.Ratio, defaultRatio)
	l.Entries = or(l.Entries, defaultEntries)
	l.Memory = or(l.Memory, defaultMemory)
	// Compared by division: the product may overflow.
	if size = max(size, 0); size < (l.Inflated-freely)/l.Ratio {
		l.Inflated = freely + size*l.Ratio
	}
	return &walk{limits: l, visit: visit, left: l.Inflated, entries: l.Entries, memory: l.Memory}
}

func or[T int | int64](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}

// source is where one file's or entry's bytes come from.
type source struct {
	// r is read once, from the beginning; nil if there is at.
	r io.Reader
	// at gives random access to size bytes; nil for a stream.
	at   io.ReaderAt
	size int64
}

// enter looks at what a file or an entry is, and goes on with that. The depth
// counts what lies around it.
func (w *walk) enter(path string, src source, depth int) error {
	s := newStream(src)
	defer s.free()
	head, err := s.Peek(headLen)
	if len(head) == 0 && err != nil && !errors.Is(err, io.EOF) {
		w.failed(path, err)
		return nil
	}
	k := classify(head, src)
	if k.isContainer() {
		if depth >= w.limits.Depth {
			w.problem(path, fmt.Sprintf("not searched: lies within %d archives, more than are opened", depth))
			return nil
		}
		return w.open(path, k, s, src, depth+1)
	}
	switch k {
	case kindEmpty, kindBinary:
		return nil
	case kindUTF16LE, kindUTF16BE:
		s.leaf = leaf{quiet: quiet{r: utf16Reader(s, k)}}
	default:
		s.leaf = leaf{quiet: quiet{r: s}, holes: s}
	}
	return w.text(path, &s.leaf)
}

// open goes into an archive or a compressed file.
func (w *walk) open(path string, k kind, s *stream, src source, depth int) error {
	switch k {
	case kindTar:
		return w.tar(path, s, src, depth)
	case kindZip:
		if src.at != nil {
			return w.zip(path, src.at, src.size, depth)
		}
		return w.spooled(path, s, func(at io.ReaderAt, size int64) error {
			return w.zip(path, at, size, depth)
		})
	}
	return w.compressed(path, k, s, depth)
}

// text lets visit see a text.
func (w *walk) text(path string, l *leaf) error {
	if err := w.visit(path, l); err != nil {
		return err
	}
	if l.err != nil {
		w.failed(path, l.err)
	}
	return nil
}

// take counts an entry of an archive; false says that there were enough.
func (w *walk) take(path string) bool {
	if w.entries--; w.entries < 0 {
		w.spend(path, fmt.Sprintf("not searched to the end: more than %d entries in archives", w.limits.Entries))
	}
	return !w.spent
}

// spend tells of a limit of the whole walk, once.
func (w *walk) spend(path, message string) {
	if !w.spent {
		w.spent = true
		w.problems = append(w.problems, problem(path, message))
	}
}

// errInflated is what reading more than may be inflated fails with.
var errInflated = errors.New("inflates to too much")

// failed tells why something could not be read to its end.
func (w *walk) failed(path string, err error) {
	if errors.Is(err, errInflated) {
		w.spend(path, fmt.Sprintf("not searched to the end: inflates to more than %d bytes", w.limits.Inflated))
		return
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		w.problem(path, "not searched to the end: is cut off")
		return
	}
	w.problem(path, "not searched to the end: "+err.Error())
}

func (w *walk) problem(path, message string) {
	if len(w.problems) >= maxProblems {
		w.untold++
		return
	}
	w.problems = append(w.problems, problem(path, message))
}

func (w *walk) done(path string) []scan.Problem {
	if w.untold > 0 {
		w.problems = append(w.problems, problem(path, fmt.Sprintf("%d more entries not searched to the end", w.untold)))
	}
	return w.problems
}

func problem(path, message string) scan.Problem {
	return scan.Problem{Path: path, Extractor: "secrets", Message: message}
}
