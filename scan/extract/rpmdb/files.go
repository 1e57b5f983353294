package rpmdb

import (
	"bytes"
	"encoding/binary"

	"github.com/pkg/errors"
)

// The tags of rpm's lib/rpmtag.h that list a package's files: for each file its
// name and the index of its directory.
const (
	tagDirIndexes = 1116
	tagBasenames  = 1117
	tagDirnames   = 1118

	typeStringArray = 8

	// maxFolders is far above what one package has.
	maxFolders = 1 << 20
)

// parseFiles calls visit for every file that a package's header lists.
func parseFiles(b []byte, visit func(pkg, dir, base string)) error {
	var p Package
	var indexes, bases, dirs []byte
	var files, names, folders uint32
	err := eachTag(b, func(tag, typ, offset, count uint32, data []byte) error {
		if tag == tagName {
			return p.set(tag, typ, offset, data)
		}
		want := uint32(typeStringArray)
		switch tag {
		case tagDirIndexes:
			want = typeInt32
		case tagBasenames, tagDirnames:
		default:
			return nil
		}
		if typ != want || int64(offset) > int64(len(data)) {
			return errors.Errorf("tag %d is broken", tag)
		}
		switch data = data[offset:]; tag {
		case tagDirIndexes:
			indexes, files = data, count
		case tagBasenames:
			bases, names = data, count
		case tagDirnames:
			dirs, folders = data, count
		}
		return nil
	})
	if err != nil {
		return err
	}
	if files != names || int64(files)*4 > int64(len(indexes)) || folders > maxFolders {
		return errors.Errorf("list of files of package %q is broken", p.Name)
	}
	var list []string
	for range folders {
		dir, rest, ok := bytes.Cut(dirs, []byte{0})
		if !ok {
			return errors.Errorf("directories of package %q are cut off", p.Name)
		}
		list, dirs = append(list, string(dir)), rest
	}
	for i := range files {
		base, rest, ok := bytes.Cut(bases, []byte{0})
		index := binary.BigEndian.Uint32(indexes[4*i:])
		if !ok || int64(index) >= int64(len(list)) {
			return errors.Errorf("file %d of package %q is broken", i+1, p.Name)
		}
		visit(p.Name, list[index], string(base))
		bases = rest
	}
	return nil
}
