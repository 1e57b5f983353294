package bundle

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/config"
)

// Open reads a bundle from this machine: a folder, an archive, or an options
// file alone, which may have any name.
func Open(file string) (*Bundle, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, errors.Wrap(err, "failed to read the policy")
	}
	var b *Bundle
	if info.IsDir() {
		b, err = FromFolder(file)
	} else {
		b, err = fromFile(file)
	}
	return b, errors.Wrap(err, file)
}

func fromFile(file string) (*Bundle, error) {
	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(filepath.Base(file))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := readBounded(f, filepath.Base(file))
	if err != nil {
		return nil, err
	}
	return Parse(data)
}

// FromFolder reads a bundle from a folder of this machine. Nothing outside of
// the folder is read, and a link to what would be kept is refused.
func FromFolder(dir string) (*Bundle, error) {
	files, err := Walk(dir, Kept)
	if err != nil {
		return nil, err
	}
	return New(files)
}

// Walk reads the files of a folder whose names are wanted; hidden folders are
// not looked into. Names are slash-separated paths inside the folder.
func Walk(dir string, want func(name string) bool) ([]config.File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var files []config.File
	entries, size := 0, 0
	err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if entries++; err == nil && entries > maxEntries {
			err = errors.Errorf("there are more than %d entries: name a folder that holds the policy alone", maxEntries)
		}
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case entry.IsDir() && path.Base(name)[0] == '.':
			return fs.SkipDir
		case entry.IsDir() || !want(name):
			return nil
		case !entry.Type().IsRegular():
			return errors.Errorf("%s is a link or no file, only files are taken", name)
		}
		data, err := readRoot(root, name)
		if size += len(data); err == nil && (len(files) > MaxFiles || size > MaxSize) {
			err = errors.Errorf("there are more than %d files or %d bytes: name a folder that holds the policy alone", MaxFiles, MaxSize)
		}
		files = append(files, config.File{Name: name, Data: data})
		return err
	})
	return slices.Clip(files), err
}

func readRoot(root *os.Root, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBounded(f, name)
}
