package layer

import (
	"io"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// visits hands files to a visitor from a bounded number of goroutines. A nil
// one visits nothing.
type visits struct {
	Visitor
	jobs chan func()
	wg   sync.WaitGroup
}

func startVisits(visit Visitor) *visits {
	if visit == nil {
		return nil
	}
	n := min(runtime.GOMAXPROCS(0), MaxVisits)
	v := &visits{Visitor: visit, jobs: make(chan func(), n)}
	for range n {
		v.wg.Add(1)
		go func() {
			defer v.wg.Done()
			for job := range v.jobs {
				job()
			}
		}()
	}
	return v
}

// wants says whether a file is to be visited.
func (v *visits) wants(path string) bool { return v != nil && v.Wants(path) }

// wait returns when every visit has ended. Nothing may be visited after it.
func (v *visits) wait() {
	if v != nil {
		close(v.jobs)
		v.wg.Wait()
	}
}

// now runs a job like the others and waits for it.
func (v *visits) now(job func()) {
	done := make(chan struct{})
	v.jobs <- func() { defer close(done); job() }
	<-done
}

// visitFile has a file of the child visited. With compare, one of the same
// content in the parent is not: what changed is its owner or its times.
func (w *walk) visitFile(path string, compare bool) {
	if !w.visits.wants(path) || w.failed() {
		return
	}
	w.visits.jobs <- func() {
		fd, size, err := w.child.openRegular(path)
		if err != nil {
			w.visits.Visit(File{Path: path, Unread: "failed to open: " + err.Error()}, nil)
			return
		}
		var content io.ReaderAt = descriptor(fd)
		if size >= maySeek {
			f := os.NewFile(uintptr(fd), path)
			defer f.Close()
			content = f
		} else {
			defer unix.Close(fd)
		}
		if compare && w.sameBelow(path, content, size) {
			return
		}
		w.visits.Visit(File{Path: path, Size: size}, content)
	}
}

func (w *walk) sameBelow(path string, content io.ReaderAt, size int64) bool {
	fd, was, err := w.parent.openRegular(path)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	return size == was && sameBytes(w.ctx, content, descriptor(fd), size)
}

// maySeek is the size from which a visitor gets an [os.File]: one that can ask
// for holes. For a smaller file it takes three system calls more than a
// descriptor, which is a fifth of the time.
const maySeek = 1 << 20

// descriptor reads an open regular file.
type descriptor int

func (d descriptor) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		k, err := retry(func() (int, error) { return unix.Pread(int(d), p[n:], off+int64(n)) })
		if err != nil {
			return n, err
		}
		if k == 0 {
			return n, io.EOF
		}
		n += k
	}
	return n, nil
}
