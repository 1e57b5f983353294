package secret

import (
	"archive/tar"
	"bytes"
	"cmp"
	"flag"
	"hash/fnv"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pkg/errors"
)

var (
	long     = flag.Bool("long", false, "compare with gitleaks on whole trees and all samples, not on a selection: an hour and more")
	onlyTree = flag.String("tree", "", "compare with gitleaks on this `folder` or tar archive only")
)

// input is a file and the name by which it is searched.
type input struct {
	name    string // for messages
	path    string // for the rules
	content []byte
}

// tree is a folder, or a tar archive, of real files.
type tree struct {
	name   string
	root   string
	sample int64 // bytes that a normal run reads of it
}

// trees that exist on this machine. The first two always do; hack/bench makes
// the npm tree and hack/debian-base the archive.
func trees(t *testing.T) []tree {
	t.Helper()
	if *onlyTree != "" {
		return []tree{{*onlyTree, *onlyTree, 4 << 20}}
	}
	cache := os.Getenv("SCAN_BUILD_CACHE")
	if cache == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(home, ".cache", "scan-build")
	}
	all := []tree{
		{"this repository", filepath.Join("..", ".."), 1 << 20},
		{"Go's sources", filepath.Join(goOutput(t, "env", "GOROOT"), "src"), 2 << 20},
		{"npm tree", filepath.Join(cache, "bench", "npm"), 4 << 20},
		{"Debian root file system", filepath.Join(cache, "debian", "bookworm.tar"), 4 << 20},
	}
	return slices.DeleteFunc(all, func(t tree) bool {
		_, err := os.Stat(t.root)
		return err != nil
	})
}

// treeFile is one regular file of a tree, by its slash-separated path in it.
type treeFile struct {
	path string
	size int64
	read func(limit int64) ([]byte, error)
}

// all returns every file that is not empty.
func (tr tree) all() ([]treeFile, error) {
	if strings.HasSuffix(tr.root, ".tar") {
		return tarFiles(tr.root)
	}
	var files []treeFile
	err := filepath.WalkDir(tr.root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir // other bytes with every commit
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(tr.root, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() > 0 {
			read := func(limit int64) ([]byte, error) { return readAt(path, 0, limit) }
			files = append(files, treeFile{filepath.ToSlash(rel), info.Size(), read})
		}
		return err
	})
	return files, err
}

func tarFiles(archive string) ([]treeFile, error) {
	f, err := os.Open(archive)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var files []treeFile
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		// The reader has read no further than to the entry's first byte.
		offset, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		if h.Typeflag == tar.TypeReg && h.Size > 0 {
			read := func(limit int64) ([]byte, error) { return readAt(archive, offset, min(limit, h.Size)) }
			files = append(files, treeFile{strings.TrimPrefix(h.Name, "./"), h.Size, read})
		}
	}
}

func readAt(path string, offset, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.NewSectionReader(f, offset, limit))
}

// Of larger files a normal run reads none, and of binaries no more than a fifth
// of its bytes: texts are what is searched.
const largeFile = 1 << 20

// files returns the tree's files in an order that is the same in every run and
// mixes the tree, as many as a run reads.
func (tr tree) files(t *testing.T) []treeFile {
	t.Helper()
	all, err := tr.all()
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b treeFile) int {
		return cmp.Or(cmp.Compare(hashed(a.path), hashed(b.path)), cmp.Compare(a.path, b.path))
	})
	if *long {
		return all
	}
	var out []treeFile
	text, binary := tr.sample, tr.sample/5
	for _, f := range all {
		if f.size > largeFile {
			continue
		}
		left := &text
		if head, err := f.read(8000); err != nil {
			t.Fatal(err)
		} else if bytes.IndexByte(head, 0) >= 0 {
			left = &binary
		}
		if *left >= f.size {
			*left -= f.size
			out = append(out, f)
		}
		if text < 4096 {
			break
		}
	}
	return out
}

// inputs are the tree's files under a name that no allow list knows and, for all
// in a long run and every eighth in a normal one, under their own.
func (tr tree) inputs(t *testing.T) iter.Seq[input] {
	return func(yield func(input) bool) {
		for _, f := range tr.files(t) {
			content, err := f.read(f.size)
			if err != nil {
				t.Error(err)
				return
			}
			name := tr.name + ": " + f.path
			if !yield(input{name, "", content}) {
				return
			}
			if (*long || hashed(f.path)%8 == 0) && !yield(input{name + " by its path", f.path, content}) {
				return
			}
		}
	}
}

func hashed(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}
