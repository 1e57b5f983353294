package extract

import (
	"io/fs"
	"os"
	"path"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/extract/rpmdb"
)

// rpm reads the lists of files in rpm's database.
func (o *owners) rpm() {
	done := map[string]bool{}
	for _, known := range rpmDatabases {
		real, err := o.view.Resolve(known)
		if err != nil || done[real] || o.ctx.Err() != nil {
			continue
		}
		done[real] = true
		if err := o.rpmFiles(real); err != nil && !errors.Is(err, fs.ErrNotExist) {
			o.problem(real, err)
		}
	}
}

func (o *owners) rpmFiles(name string) error {
	f, err := o.view.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	r, ok := f.(reader)
	switch {
	case !ok || !st.Mode().IsRegular():
		return errors.New("not a file")
	case st.Size() > rpmMaxSize:
		return errors.Errorf("file of %d bytes is larger than the limit of %d", st.Size(), rpmMaxSize)
	}
	in := &input{path: name, size: st.Size(), reader: r, view: o.view, temp: o.temp}
	dir := ""
	defer func() {
		if dir != "" {
			_ = os.RemoveAll(dir)
		}
	}()
	return rpmdb.Files(o.ctx, r, in.size, func() (file string, err error) {
		dir, file, err = tempSQLite(in)
		return file, err
	}, func(pkg, dir, base string) { o.listedIn(pkg, path.Clean("/" + dir)[1:], base) })
}
