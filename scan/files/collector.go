package files

import (
	"cmp"
	"io/fs"
	"path"
	"strconv"
	"sync"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/lowest"
	"github.com/scan-build/scan-build/scan/layer"
)

const (
	// maxFacts is how many facts of one kind an inventory holds.
	maxFacts = 1000
	// maxPrograms is of how many programs the owner is looked up.
	maxPrograms = 100_000
	// maxOwners is how many pairs of user and group an inventory counts for.
	maxOwners = 100
)

// Collector is a [layer.Observer] that keeps what is noteworthy about one layer.
type Collector struct {
	mu sync.Mutex
	// facts by kind, but those in git and caches.
	facts map[string]*lowest.List[fact]
	// cleared likewise.
	cleared map[string]*lowest.List[fact]
	// links are a tar's hard links to what may turn out to be a program.
	links  lowest.List[fact]
	git    lowest.Map[string, fact]
	caches lowest.Map[string, int64]
	owners lowest.Map[pair, tally]
	// unread are files of which the beginning could not be read.
	unread lowest.List[scan.Problem]
	// notRoot counts all that the owners are counted for.
	notRoot int
	// accounts says that etc/passwd or etc/group was changed.
	accounts bool

	heads sync.Pool
}

// fact is a scan.FileFact whose path is not made fit for JSON yet.
type fact struct {
	path string
	layer.Attributes
	link string
}

type pair struct{ uid, gid int }

type tally struct {
	count int
	path  string
}

// New returns a collector for one layer.
func New() *Collector {
	return &Collector{
		facts: map[string]*lowest.List[fact]{}, cleared: map[string]*lowest.List[fact]{},
		links:  lowest.List[fact]{Limit: maxPrograms, Compare: compareFacts},
		git:    lowest.Strings[fact](maxFacts),
		caches: lowest.Strings[int64](maxFacts),
		owners: lowest.Map[pair, tally]{Limit: maxOwners, Compare: func(a, b pair) int {
			return cmp.Or(cmp.Compare(a.uid, b.uid), cmp.Compare(a.gid, b.gid))
		}},
		unread: lowest.List[scan.Problem]{Limit: maxOwners, Compare: func(a, b scan.Problem) int {
			return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
		}},
		heads: sync.Pool{New: func() any { return new([4096]byte) }},
	}
}

func compareFacts(a, b fact) int { return cmp.Compare(a.path, b.path) }

// Observe implements [layer.Observer].
func (c *Collector) Observe(e *layer.Entry) {
	c.owner(e)
	is, was := kindsOf(e.Attributes), kinds(0)
	if e.Before != nil {
		was = kindsOf(*e.Before)
	}
	if is|was != 0 {
		c.mode(e, is, was)
	}
	regular := e.Mode.IsRegular()
	if regular || e.Mode.IsDir() {
		c.repository(e)
	}
	if !regular {
		return
	}
	base := path.Base(e.Path)
	if kind := kindOfName(base); kind != "" && (e.Before == nil || *e.Before != e.Attributes) {
		c.add(kind, e)
	}
	if dir := cacheOf(e.Path); dir != "" && e.Link == "" && (e.Before == nil || !e.SameContent()) {
		c.cache(dir, e.Size)
	}
	switch {
	case isCoreName(base):
		c.core(e)
	case !isLibraryName(base) && (e.Mode&anyExecute != 0 || e.Before != nil && e.Before.Mode&anyExecute != 0):
		c.program(e)
	}
	if e.Path == passwdFile || e.Path == groupFile {
		c.mu.Lock()
		c.accounts = true
		c.mu.Unlock()
	}
}

// mode notes what the metadata tell.
func (c *Collector) mode(e *layer.Entry, is, was kinds) {
	for kind := range is.names {
		if e.Before == nil || !sameAccess(e) {
			c.add(kind, e)
		}
	}
	for kind := range (was &^ is).names {
		c.clear(kind, e)
	}
}

func sameAccess(e *layer.Entry) bool {
	return e.Mode == e.Before.Mode && e.UID == e.Before.UID && e.GID == e.Before.GID
}

// owner counts what the layer created, or gave, to somebody else than root.
func (c *Collector) owner(e *layer.Entry) {
	if e.UID == 0 && e.GID == 0 || e.Before != nil && e.Before.UID == e.UID && e.Before.GID == e.GID {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notRoot++
	t := c.owners.At(pair{e.UID, e.GID})
	if t == nil {
		return
	}
	if t.count++; t.count == 1 || e.Path < t.path {
		t.path = e.Path
	}
}

// repository notes the topmost .git of a path. Files in one that was there before
// and the layer adds to count as well: a tar may not list the directory itself.
func (c *Collector) repository(e *layer.Entry) {
	top := gitOf(e.Path)
	if top == "" || e.Before != nil && (top != e.Path || sameAccess(e)) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.git.At(top)
	switch {
	case f == nil:
	case top == e.Path:
		*f = fact{path: top, Attributes: e.Attributes}
	case f.path == "":
		*f = fact{path: top, Attributes: layer.Attributes{Mode: unknownDir}}
	}
}

// unknownDir is the mode of a directory of which only the content was seen.
const unknownDir = fs.ModeDir | fs.ModeIrregular

func (c *Collector) cache(dir string, size int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.caches.At(dir); n != nil {
		*n += size
	}
}

// core notes a core dump.
func (c *Collector) core(e *layer.Entry) {
	if e.Link != "" {
		return // named like one, by whoever links to it
	}
	switch is := c.classify(e) == coreDump; {
	case is && (e.Before == nil || *e.Before != e.Attributes):
		c.add(scan.FileCore, e)
	case !is && e.Before != nil && !e.SameContent():
		c.clear(scan.FileCore, e)
	}
}

// program notes a file that is an executable program or may have been one.
func (c *Collector) program(e *layer.Entry) {
	if e.Link != "" {
		c.mu.Lock()
		c.links.Add(factOf(e))
		c.mu.Unlock()
		return
	}
	was := e.Before != nil && e.Before.Mode&anyExecute != 0
	is := e.Mode&anyExecute != 0 && c.classify(e) == program
	if was && e.Mode&anyExecute != 0 && e.SameContent() {
		return
	}
	if is {
		c.add(scan.FileProgram, e)
	}
	if was {
		c.clear(scan.FileProgram, e)
	}
}

// classify reads the beginning of a file.
func (c *Collector) classify(e *layer.Entry) content {
	if e.Size < 52 {
		return other
	}
	buf := c.heads.Get().(*[4096]byte)
	defer c.heads.Put(buf)
	head, err := e.Head(buf[:])
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.unread.Add(scan.Problem{Path: e.Path, Message: "not looked at: " + err.Error()})
		return other
	}
	return classify(head)
}

func factOf(e *layer.Entry) fact {
	return fact{path: e.Path, Attributes: e.Attributes, link: e.Link}
}

func (c *Collector) add(kind string, e *layer.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	listOf(c.facts, kind).Add(factOf(e))
}

func (c *Collector) clear(kind string, e *layer.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	listOf(c.cleared, kind).Add(fact{path: e.Path})
}

func listOf(lists map[string]*lowest.List[fact], kind string) *lowest.List[fact] {
	l := lists[kind]
	if l == nil {
		l = &lowest.List[fact]{Limit: maxFacts, Compare: compareFacts}
		if kind == scan.FileProgram {
			l.Limit = maxPrograms // their owner decides
		}
		lists[kind] = l
	}
	return l
}

// octal spells permissions as chmod takes them, e.g. "4755".
func octal(m fs.FileMode) string {
	bits := uint64(m.Perm())
	for mode, bit := range map[fs.FileMode]uint64{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if m&mode != 0 {
			bits |= bit
		}
	}
	return strconv.FormatUint(bits, 8)
}
