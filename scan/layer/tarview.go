package layer

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// tarView is a [View] of the files kept of a tar. It lists directories as far
// as kept files make them up.
type tarView struct{ *blob }

// kind implements [linkReader] for names that are kept.
func (v tarView) kind(name string) (fs.FileMode, string, error) {
	if target, ok := v.links[name]; ok {
		return fs.ModeSymlink, target, nil
	}
	if _, ok := v.files[name]; ok {
		return 0, "", nil
	}
	return fs.ModeDir, "", nil
}

func (v tarView) Resolve(name string) (string, error) {
	real, err := resolve(v, name)
	if err != nil {
		return "", &fs.PathError{Op: "resolve", Path: name, Err: err}
	}
	return real, nil
}

func (v tarView) Open(name string) (fs.File, error) {
	real, k, err := v.find("open", name)
	if err != nil {
		return nil, err
	}
	return tarFile{v.kept.open(k), fileInfo{name: path.Base(real), size: k.size, mode: 0o444}}, nil
}

func (v tarView) Stat(name string) (fs.FileInfo, error) {
	real, k, err := v.find("stat", name)
	if err != nil {
		return nil, err
	}
	return fileInfo{name: path.Base(real), size: k.size, mode: 0o444}, nil
}

func (v tarView) find(op, name string) (string, kept, error) {
	real, err := v.Resolve(name)
	if err != nil {
		return "", kept{}, err
	}
	k, ok := v.files[real]
	if !ok {
		return "", kept{}, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	if !k.spooled {
		return "", kept{}, &fs.PathError{Op: op, Path: name, Err: fs.ErrPermission}
	}
	return real, k, nil
}

func (v tarView) ReadDir(name string) ([]fs.DirEntry, error) {
	dir, err := v.Resolve(name)
	if err != nil {
		return nil, err
	}
	prefix := dir + "/"
	if dir == "." {
		prefix = ""
	}
	seen := map[string]fs.DirEntry{}
	for file, k := range v.files {
		rest, ok := strings.CutPrefix(file, prefix)
		if !ok {
			continue
		}
		if sub, _, deep := strings.Cut(rest, "/"); deep {
			seen[sub] = fs.FileInfoToDirEntry(fileInfo{name: sub, mode: fs.ModeDir | 0o555})
		} else {
			seen[rest] = fs.FileInfoToDirEntry(fileInfo{name: rest, size: k.size, mode: 0o444})
		}
	}
	if len(seen) == 0 {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	out := make([]fs.DirEntry, 0, len(seen))
	for _, e := range seen {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return out, nil
}

// tarFile is an open file of a tar.
type tarFile struct {
	*io.SectionReader
	info fileInfo
}

func (f tarFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f tarFile) Close() error               { return nil }
