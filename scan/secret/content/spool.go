package content

import (
	"bytes"
	"io"
	"os"

	"github.com/pkg/errors"
)

// spooled copies what can be read only once to where it can be read at random:
// to memory while there is some, else to a temporary file.
func (w *walk) spooled(path string, r io.Reader, then func(at io.ReaderAt, size int64) error) error {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, w.memory))
	if err != nil {
		w.failed(path, err)
	}
	if n < w.memory || err != nil {
		w.memory -= int64(b.Cap())
		defer func() { w.memory += int64(b.Cap()) }()
		return then(bytes.NewReader(b.Bytes()), n)
	}
	f, err := w.tempFile()
	if err != nil {
		w.problem(path, "not searched: "+err.Error())
		return nil
	}
	defer f.Close()
	if n, err = w.spill(path, f, &b, r); err != nil {
		w.problem(path, "not searched: "+err.Error())
		return nil
	}
	return then(f, n)
}

// spill copies what was read and what remains. An error is the file's; one of
// reading is told, and ends the copy.
func (w *walk) spill(path string, f *os.File, read *bytes.Buffer, rest io.Reader) (int64, error) {
	n, err := io.Copy(f, read)
	if err != nil {
		return 0, errors.Wrap(err, "failed to write a temporary file")
	}
	*read = bytes.Buffer{}
	from := quiet{r: io.LimitReader(rest, max(w.limits.Inflated-n, 0)+1)}
	m, err := io.Copy(f, &from)
	if err != nil {
		return 0, errors.Wrap(err, "failed to write a temporary file")
	}
	if n+m > w.limits.Inflated {
		return 0, errors.Errorf("is compressed or in a stream, and has more than %d bytes", w.limits.Inflated)
	}
	if from.err != nil {
		w.failed(path, from.err)
	}
	return n + m, nil
}

// tempFile is a file that is gone when it is closed, or when the process ends.
func (w *walk) tempFile() (*os.File, error) {
	f, err := os.CreateTemp(w.limits.TempDir, "archive-")
	if err != nil {
		return nil, errors.Wrap(err, "failed to make a temporary file")
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, errors.Wrap(err, "failed to unlink a temporary file")
	}
	return f, nil
}
