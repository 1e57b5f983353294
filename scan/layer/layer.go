// Package layer finds what one layer of an image changed: files created or
// changed, and paths removed. It owns the ways to see a layer — two mounted
// snapshots, one snapshot alone, the tar of a layer blob — and hides them behind
// [Layer].
//
// It must not know package formats: a caller says with a [Chooser] which files
// it wants, by path. With an [Observer] it
// tells of metadata, and not which of them are of interest.
//
// Everything it reads comes from an image that someone else made. Opens never
// leave the root, never follow a symlink of the image on the host's side, and
// never block on a FIFO or a device.
package layer

import (
	"context"
	"io"
	"io/fs"

	"github.com/pkg/errors"
)

// The methods of finding a layer's changes, as they are called in
// scan.LayerStats.
const (
	MethodOverlay = "overlay"
	MethodCompare = "compare"
	MethodWhole   = "whole"
	MethodTar     = "tar"
)

// Take says under which condition a caller wants a file.
type Take int

const (
	// TakeNever leaves the file out.
	TakeNever Take = iota
	// TakeAlways takes the file for its path alone.
	TakeAlways
	// TakeBinary takes the file if it begins like an executable or shared
	// library (ELF, PE, Mach-O).
	TakeBinary
	// TakeExecutable is TakeBinary for files that have an execute permission.
	TakeExecutable
)

// Choice is a caller's answer about one path.
type Choice struct {
	Take Take
	// MaxSize is the largest size in bytes the caller can use: a larger file is
	// reported with its size, but its content is not kept. 0 means no limit.
	MaxSize int64
	// Marks are byte strings of which a TakeBinary or TakeExecutable file holds
	// one if it is of use. Where reading a file twice is costly (a tar), one that
	// holds none is not taken. Empty means that any is of use.
	Marks [][]byte
}

// Chooser says what a caller wants of the regular file at a path. It is called
// for every changed file, from several goroutines at once, and must be cheap.
type Chooser func(path string) Choice

// Visitor looks into every regular file that the layer created, or whose content
// it changed, while the changes are being found; also into one that the same tar
// holds again, replaces or removes further on: its bytes are in the layer. From
// a tar, paths are spelled as in the tar: once Changes is done, the View resolves
// symlinked directories in them.
type Visitor interface {
	// Wants says by its path whether a file is to be visited. A file that is not
	// costs nothing more. It is called from several goroutines at once.
	Wants(path string) bool
	// Visit is called from several goroutines at once, at most one for each
	// processor and at most MaxVisits, in no order.
	//
	// The content is good until Visit returns, and is nil if File.Unread says why
	// it is not to be had. That of a large file of a mount is an [os.File]. A large
	// file of a tar passes by once: reading on from the beginning costs nothing,
	// reading elsewhere first writes it to the temporary file, and reading
	// elsewhere after most of it has passed is an error.
	Visit(f File, content io.ReaderAt)
}

// MaxVisits is how many files are visited at once at most.
const MaxVisits = 8

// File is a changed file that the caller chose or is to visit.
type File struct {
	// Path is the physical path, relative to the root.
	Path string
	Size int64
	// Unread says why the content is not to be had, empty if it is.
	Unread string
}

// Changes is what a layer did.
type Changes struct {
	// Method is one of the Method constants.
	Method string
	// Files are the chosen files that were created or changed, sorted by path.
	// A file of the same content and executability as before is not one.
	Files []File
	// Replaced are files that were changed and are not chosen now, but would
	// have been before, or might have been where the method cannot see the
	// parent. Sorted.
	Replaced []string
	// Removed are the paths that are gone, or are no longer a file or no longer
	// a directory; a directory stands for all below it. Sorted. From a tar it may
	// name paths that never were.
	Removed []string
	// Changed counts regular files created or changed, chosen or not.
	Changed int
	// Visited counts directory entries (or tar entries) looked at.
	Visited int
}

// Layer is one layer of an image.
type Layer interface {
	// Changes finds what the layer changed. It is called once, and returns after
	// the last visit has ended. No visitor means no visits, and no observer that
	// metadata are not looked at without another need.
	Changes(ctx context.Context, choose Chooser, visit Visitor, observe Observer) (*Changes, error)
	// View is the snapshot that the layer made. From a tar it holds only the
	// files that Changes chose.
	View() View
	// Close releases what the layer holds open.
	Close() error
}

// View is a read-only look into a snapshot. Names are as in io/fs; symlinks are
// followed as they would be inside a container, with the snapshot as the root.
// Only regular files and directories can be opened.
type View interface {
	fs.FS
	fs.ReadDirFS
	fs.StatFS
	// Resolve returns the physical path that a name leads to.
	Resolve(name string) (string, error)
}

// Options say where a layer is. Either Tar or Child is set.
type Options struct {
	// Child is the mounted snapshot that the layer made.
	Child string
	// Parent is the mounted snapshot below it; empty for the lowest layer.
	Parent string
	// Tar is the layer's blob: a tar, uncompressed or compressed with gzip or zstd.
	Tar string
	// TempDir is where chosen files of a tar are kept; they are gone when the
	// process ends, however it ends. Empty means the system's default.
	TempDir string
	// MaxKept limits the bytes of a tar's files kept; 0 means 2 GiB.
	MaxKept int64

	// mountinfo replaces /proc/self/mountinfo in tests.
	mountinfo string
}

// Open opens a layer and chooses the method of finding its changes.
func Open(opts Options) (Layer, error) {
	switch {
	case opts.Tar != "" && (opts.Child != "" || opts.Parent != ""):
		return nil, errors.New("a layer is either a tar or a mounted snapshot, not both")
	case opts.Tar != "":
		return openTar(opts)
	case opts.Child == "":
		return nil, errors.New("a layer needs a mounted snapshot or a tar")
	}
	return openMounts(opts)
}
