package layer

import (
	"context"
	"io/fs"
	"os"
	"slices"
	"sync"

	"github.com/pkg/errors"
	"golang.org/x/sys/unix"
)

// maxDepth is how many directories deep a tree is walked. Nothing that a
// container could use by its path lies as deep: PATH_MAX ends before.
const maxDepth = 4096

// walk finds what differs between a child tree and its parent.
//
// On overlayfs a file or directory that a layer left alone has the same inode
// number and change time in both mounts, and every change copies up the
// directories above it. So a directory with the parent's inode and ctime holds
// nothing changed below, and the walk skips it: it costs what changed, not what
// exists.
//
//	child            parent
//	/                /                 always looked at
//	├─ app  (new)                      everything below is new
//	├─ etc  ino 7 ctime 9  ino 7 ctime 5   looked at: something changed in it
//	└─ usr  ino 8 ctime 2  ino 8 ctime 2   skipped
//
// Elsewhere (prune is false) both trees are walked whole and chosen files, or all
// if there is a visitor, are compared by content: a snapshot made by copying has
// new inodes throughout, and times can be set.
type walk struct {
	ctx    context.Context
	choose Chooser
	visits *visits
	// observe is told of what differs; nil for none.
	observe Observer
	child   *root
	parent  *root
	prune   bool
	slots   chan struct{}

	wg  sync.WaitGroup
	mu  sync.Mutex
	out Changes
	err error
}

func (w *walk) run() (*Changes, error) {
	if err := w.observeRoot(); err != nil {
		w.fail(errors.Wrap(err, "failed to read the root directory"))
	}
	w.subtree(task{both: w.parent != nil})
	w.wg.Wait()
	w.visits.wait()
	if w.err != nil {
		return nil, w.err
	}
	slices.SortFunc(w.out.Files, compareFiles)
	slices.Sort(w.out.Replaced)
	slices.Sort(w.out.Removed)
	return &w.out, nil
}

func compareFiles(a, b File) int {
	switch {
	case a.Path < b.Path:
		return -1
	case a.Path > b.Path:
		return 1
	}
	return 0
}

// task is one directory to look at; both says that the parent has it too.
type task struct {
	path  string
	depth int
	both  bool
}

// subtree walks a directory and all below it, giving directories to free
// workers as it goes. No descriptor stays open over the recursion.
func (w *walk) subtree(t task) {
	if w.failed() {
		return
	}
	d := &directory{walk: w, task: t}
	if err := d.look(); err != nil {
		w.fail(errors.Wrapf(err, "failed to read directory %q", "/"+t.path))
		return
	}
	w.add(d)
	for _, sub := range d.subdirs {
		select {
		case w.slots <- struct{}{}:
			w.wg.Add(1)
			go func() {
				defer func() { <-w.slots; w.wg.Done() }()
				w.subtree(sub)
			}()
		default:
			w.subtree(sub)
		}
	}
}

func (w *walk) failed() bool {
	if err := context.Cause(w.ctx); err != nil {
		w.fail(err)
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err != nil
}

func (w *walk) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
}

func (w *walk) add(d *directory) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.out.Files = append(w.out.Files, d.out.Files...)
	w.out.Replaced = append(w.out.Replaced, d.out.Replaced...)
	w.out.Removed = append(w.out.Removed, d.out.Removed...)
	w.out.Changed += d.out.Changed
	w.out.Visited += d.out.Visited
}

// directory is the look at one directory.
type directory struct {
	*walk
	task
	out     Changes
	subdirs []task
	dir     *os.File
	below   *os.File
	// seen is what the observer is shown, one after the other.
	seen Entry
}

func (d *directory) look() (err error) {
	if d.depth > maxDepth {
		return errors.Errorf("deeper than %d directories", maxDepth)
	}
	if d.dir, err = d.child.openDir(d.path); err != nil {
		return err
	}
	defer d.dir.Close()
	entries, err := d.dir.ReadDir(-1)
	if err != nil {
		return err
	}
	var before map[string]fs.FileMode
	if d.both {
		if before, err = d.lookBelow(); err != nil {
			return err
		}
		defer d.below.Close()
	}
	for _, e := range entries {
		d.out.Visited++
		old, had := before[e.Name()]
		delete(before, e.Name())
		if err := d.entry(e, old, had); err != nil {
			return err
		}
	}
	for name := range before {
		d.out.Removed = append(d.out.Removed, d.join(name))
	}
	return nil
}

func (d *directory) lookBelow() (map[string]fs.FileMode, error) {
	var err error
	if d.below, err = d.parent.openDir(d.path); err != nil {
		return nil, err
	}
	entries, err := d.below.ReadDir(-1)
	if err != nil {
		_ = d.below.Close()
		return nil, err
	}
	before := make(map[string]fs.FileMode, len(entries))
	for _, e := range entries {
		before[e.Name()] = e.Type()
	}
	return before, nil
}

func (d *directory) join(name string) string {
	if d.path == "" {
		return name
	}
	return d.path + "/" + name
}

func (d *directory) entry(e fs.DirEntry, old fs.FileMode, had bool) error {
	typ := e.Type()
	if had && old != typ {
		d.out.Removed = append(d.out.Removed, d.join(e.Name()))
		had = false
	}
	switch {
	case typ.IsDir():
		return d.enter(e.Name(), had)
	case typ.IsRegular():
		return d.file(e.Name(), had)
	case typ&fs.ModeSocket != 0:
		return d.observeEntry(e.Name(), had)
	}
	return nil
}

func (d *directory) enter(name string, had bool) error {
	if had && d.prune {
		same, err := d.untouched(name)
		if err != nil || same {
			return err
		}
	}
	if err := d.observeEntry(name, had); err != nil {
		return err
	}
	d.subdirs = append(d.subdirs, task{path: d.join(name), depth: d.depth + 1, both: had})
	return nil
}

// untouched says whether both mounts show the same inode, unchanged. The
// modification time and size are looked at as well since they cost nothing.
func (d *directory) untouched(name string) (bool, error) {
	a, b, err := d.statBoth(name)
	if err != nil {
		return false, err
	}
	return a.Ino == b.Ino && a.Ctim == b.Ctim && a.Mtim == b.Mtim && a.Size == b.Size && a.Mode == b.Mode, nil
}

// statBoth returns what child and parent say of an entry.
func (d *directory) statBoth(name string) (now, old unix.Stat_t, err error) {
	if now, err = d.stat(d.dir, name); err == nil {
		old, err = d.stat(d.below, name)
	}
	return now, old, err
}

func (d *directory) stat(dir *os.File, name string) (unix.Stat_t, error) {
	var st unix.Stat_t
	err := unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW)
	return st, errors.Wrapf(err, "failed to stat %q", name)
}
