package extract

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/layer"
)

const (
	// ownersName is how problems name this search.
	ownersName = "os/owners"
	dpkgInfo   = "var/lib/dpkg/info"
	dpkgSingle = "var/lib/dpkg/status.d"
	// maxLists and maxListed bound how many lists of files are read and how many
	// bytes they are together.
	maxLists  = 100_000
	maxListed = 512 * mib
	// maxDirs is how many directories are remembered with what they lead to.
	maxDirs = 100_000
)

// OwnersKeep is an [Options.Keep]: the files besides the package databases that
// [Owned] reads.
func OwnersKeep(p string) bool {
	return strings.HasPrefix(p, dpkgInfo+"/") && strings.HasSuffix(p, ".list") ||
		strings.HasPrefix(p, dpkgSingle+"/") && strings.HasSuffix(p, ".md5sums")
}

// Owned says which of the distribution's packages owns each of some physical
// paths, as the snapshot's dpkg, apk and rpm databases list it. A path that none
// owns is not in the result. What could not be read is a problem; the
// result then lacks what it may have owned.
//
// A list may name a file by another path than the one where it is: /bin/su where
// bin leads to usr/bin. Symlinks in the directories of its paths are resolved.
func Owned(ctx context.Context, view layer.View, temp string, paths []string) (map[string]string, []scan.Problem) {
	o := &owners{
		ctx: ctx, view: view, temp: temp, left: maxListed,
		wanted: make(map[string]bool, len(paths)), bases: make(map[string]bool, len(paths)),
		owned: map[string]string{}, dirs: map[string]string{},
	}
	for _, p := range paths {
		o.wanted[p] = true
		o.bases[path.Base(p)] = true
	}
	if len(paths) > 0 {
		o.dpkg()
		o.apk()
		o.rpm()
	}
	return o.owned, o.problems
}

// owners looks paths up in the lists of packages.
type owners struct {
	ctx  context.Context
	view layer.View
	temp string
	// wanted are the paths, bases their last elements: most of what is listed is
	// not one of them.
	wanted, bases map[string]bool
	owned         map[string]string
	// dirs are directories with what they lead to, "" for nowhere.
	dirs     map[string]string
	buf      []byte
	left     int64
	problems []scan.Problem
}

func (o *owners) problem(p string, err error) {
	o.problems = append(o.problems, scan.Problem{
		Path: ValidPath(p), Extractor: ownersName, Message: "which files packages own is not known from here: " + message(err),
	})
}

// listed notes that a package lists a file. The first one that does owns it.
func (o *owners) listed(pkg string, file []byte) {
	i := bytes.LastIndexByte(file, '/')
	if base := file[i+1:]; o.bases[string(base)] {
		o.listedIn(pkg, strings.Trim(string(file[:i+1]), "/"), string(base))
	}
}

func (o *owners) listedIn(pkg, dir, base string) {
	if !o.bases[base] {
		return
	}
	p := path.Join(dir, base)
	if !o.wanted[p] {
		real, known := o.dirs[dir]
		if !known {
			if resolved, err := o.view.Resolve("./" + dir); err == nil {
				real = resolved
			}
			if len(o.dirs) >= maxDirs {
				clear(o.dirs)
			}
			o.dirs[dir] = real
		}
		if p = path.Join(real, base); real == "" || !o.wanted[p] {
			return
		}
	}
	if _, taken := o.owned[p]; !taken {
		o.owned[p] = ValidPath(pkg)
	}
}

// dpkg reads the lists of dpkg's packages, and the checksums that distroless
// images have in their place.
func (o *owners) dpkg() {
	for _, name := range o.names(dpkgInfo, ".list") {
		pkg, _, _ := strings.Cut(strings.TrimSuffix(name, ".list"), ":")
		o.lines(path.Join(dpkgInfo, name), MaxKept, func(line []byte) { o.listed(pkg, line) })
	}
	for _, name := range o.names(dpkgSingle, ".md5sums") {
		pkg := strings.TrimSuffix(name, ".md5sums")
		o.lines(path.Join(dpkgSingle, name), MaxKept, func(line []byte) {
			if _, file, ok := bytes.Cut(line, []byte("  ")); ok {
				o.listed(pkg, bytes.TrimPrefix(file, []byte("./")))
			}
		})
	}
}

// names lists the files of a directory that end in a suffix, sorted.
func (o *owners) names(dir, suffix string) []string {
	entries, err := o.view.ReadDir(dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			o.problem(dir, err)
		}
		return nil
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	if len(names) > maxLists {
		o.problem(dir, errors.Errorf("there are more than %d lists", maxLists))
		names = names[:maxLists]
	}
	return names
}

// apk reads apk's database: lines "F:" name a directory, lines "R:" a file in the
// last one.
func (o *owners) apk() {
	done := map[string]bool{}
	for _, known := range apkDatabases {
		real, err := o.view.Resolve(known)
		if err != nil || done[real] {
			continue
		}
		done[real] = true
		var pkg, dir string
		o.lines(real, apkMaxSize, func(line []byte) {
			if len(line) == 0 {
				pkg, dir = "", ""
				return
			}
			if len(line) < 2 || line[1] != ':' {
				return
			}
			switch value := line[2:]; line[0] {
			case 'P':
				pkg = string(value)
			case 'F':
				dir = string(value)
			case 'R':
				if o.bases[string(value)] {
					o.listedIn(pkg, dir, string(value))
				}
			}
		})
	}
}

// lines reads a text of limited size. That there is none is no problem.
func (o *owners) lines(name string, limit int64, line func([]byte)) {
	if o.ctx.Err() != nil {
		return
	}
	b, err := o.read(name, min(limit, o.left))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			o.problem(name, err)
		}
		return
	}
	o.left -= int64(len(b))
	for len(b) > 0 {
		l, rest, _ := bytes.Cut(b, []byte("\n"))
		line(l)
		b = rest
	}
}

// read returns a file's content until the next read.
func (o *owners) read(name string, limit int64) ([]byte, error) {
	f, err := o.view.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, errors.New("not a file")
	}
	if st.Size() > limit {
		return nil, errors.Errorf("file of %d bytes is larger than the limit of %d", st.Size(), limit)
	}
	if int64(cap(o.buf)) < st.Size() {
		o.buf = make([]byte, 2*st.Size())
	}
	n, err := io.ReadFull(f, o.buf[:st.Size()])
	return o.buf[:n], errors.Wrapf(err, "failed to read after %d of %d bytes", n, st.Size())
}
