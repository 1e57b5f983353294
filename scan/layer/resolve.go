package layer

import (
	"io/fs"
	"path"
	"strings"

	"github.com/pkg/errors"
)

// maxLinks is the number of symlinks followed for one name, as in the kernel.
const maxLinks = 40

// linkReader tells what is at a physical path and, for a symlink, its target.
type linkReader interface {
	kind(name string) (fs.FileMode, string, error)
}

// resolve returns the physical path of a name, following symlinks as a process
// would whose root is the snapshot: an absolute target starts at the snapshot's
// root and ".." never goes above it.
//
//	etc/os-release            → ../usr/lib/os-release      = usr/lib/os-release
//	lib/apk/db/installed      lib → usr/lib                = usr/lib/apk/db/installed
//	a/b                       a → /../../../etc            = etc/b
func resolve(r linkReader, name string) (string, error) {
	done, todo := "", strings.Trim(path.Clean("/"+name), "/")
	for links := 0; todo != ""; {
		part, rest, _ := strings.Cut(todo, "/")
		todo = rest
		switch part {
		case "", ".":
			continue
		case "..":
			done = parentOf(done)
			continue
		}
		next := path.Join(done, part)
		mode, target, err := r.kind(next)
		if err != nil {
			return "", err
		}
		if mode&fs.ModeSymlink == 0 {
			if todo != "" && !mode.IsDir() {
				return "", fs.ErrNotExist
			}
			done = next
			continue
		}
		if links++; links > maxLinks {
			return "", errors.New("too many levels of symbolic links")
		}
		if strings.HasPrefix(target, "/") {
			done = ""
		}
		todo = target + "/" + todo
		if len(todo) > 1<<16 {
			return "", errors.New("symbolic links lead to too long a path")
		}
	}
	if done == "" {
		return ".", nil
	}
	return done, nil
}

func parentOf(name string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i]
	}
	return ""
}
