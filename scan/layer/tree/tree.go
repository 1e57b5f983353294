// Package tree writes a layer's files out as a tree, for programs that know
// files and not layers.
//
// It must not know what the tree is for.
package tree

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/layer"
)

// Write writes the regular files that a layer created, or whose content it
// changed, into an empty folder, with their modes and owners. Links, devices and
// empty directories are left out, and so is what only changed its owner.
//
// A file that cannot be read or written is an error: the tree is all of it or
// none. Of a tar that holds a path twice, the tree has the second one as
// "path.2": its bytes are in the layer.
func Write(ctx context.Context, l layer.Layer, folder string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return errors.Wrap(err, "failed to use the output folder")
	}
	defer root.Close()
	w := &writer{root: root, attributes: map[string]layer.Attributes{}, written: map[string]int{}}
	if _, err := l.Changes(ctx, func(string) layer.Choice { return layer.Choice{} }, w, w); err != nil {
		return err
	}
	if w.err != nil {
		return w.err
	}
	return w.finish()
}

type writer struct {
	root *os.Root

	mu         sync.Mutex
	attributes map[string]layer.Attributes
	// written counts the files at each path.
	written map[string]int
	err     error
}

// Wants implements layer.Visitor.
func (w *writer) Wants(string) bool { return true }

// Observe implements layer.Observer.
func (w *writer) Observe(e *layer.Entry) {
	if e.Mode.IsRegular() {
		w.mu.Lock()
		w.attributes[e.Path] = e.Attributes
		w.mu.Unlock()
	}
}

// Visit implements layer.Visitor.
func (w *writer) Visit(f layer.File, content io.ReaderAt) {
	name, ok := w.next(f.Path)
	if !ok {
		return
	}
	if err := w.copy(name, f, content); err != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.err == nil {
			w.err = errors.Wrapf(err, "failed to copy %q out of the layer", f.Path)
		}
	}
}

// next names the file to write; ok is false once something has failed.
func (w *writer) next(name string) (_ string, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written[name]++
	if n := w.written[name]; n > 1 {
		return fmt.Sprintf("%s.%d", name, n), w.err == nil
	}
	return name, w.err == nil
}

func (w *writer) copy(name string, f layer.File, content io.ReaderAt) (err error) {
	if f.Unread != "" {
		return errors.New(f.Unread)
	}
	if dir := path.Dir(name); dir != "." {
		if err := w.root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	out, err := w.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := out.Close(); err == nil {
			err = cerr
		}
	}()
	if err := copySparse(out, content, f.Size); err != nil {
		return err
	}
	return nil
}

// finish gives the files their modes and owners, once all are known. A folder has
// those of its kind: a tree is read as root.
func (w *writer) finish() error {
	for name, count := range w.written {
		a, ok := w.attributes[name]
		if !ok || count == 0 {
			continue
		}
		// The owner first, for changing it takes setuid away.
		if err := w.root.Lchown(name, a.UID, a.GID); err != nil && !errors.Is(err, fs.ErrPermission) {
			return errors.Wrapf(err, "failed to set the owner of %q", name)
		}
		const bits = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky
		if err := w.root.Chmod(name, a.Mode&bits); err != nil {
			return errors.Wrapf(err, "failed to set the mode of %q", name)
		}
	}
	return nil
}

// block is what is read at once, and what a hole is made of.
const block = 128 << 10

var zeros [block]byte

// copySparse leaves out blocks of zeros, so that a file with holes takes the room
// that it took.
func copySparse(out *os.File, content io.ReaderAt, size int64) error {
	buf := make([]byte, block)
	for at := int64(0); at < size; {
		n, err := content.ReadAt(buf[:min(block, size-at)], at)
		if n == 0 && err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		if string(buf[:n]) != string(zeros[:n]) {
			if _, err := out.WriteAt(buf[:n], at); err != nil {
				return err
			}
		}
		at += int64(n)
	}
	return out.Truncate(size)
}
