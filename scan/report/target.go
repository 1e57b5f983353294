package report

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// Stdout as a target's file stands for standard output.
const Stdout = "-"

// targetPlaceholder in a file name is replaced by the report's target, so that
// several targets of one run can write a report each.
const targetPlaceholder = "{target}"

// Target is a report to be written: a format and where to.
type Target struct {
	Format Format
	// File is a path, which may contain "{target}", or [Stdout].
	File string
}

// ParseTargets reads FORMAT=FILE values. Two targets cannot share a file.
func ParseTargets(specs []string) ([]Target, error) {
	var targets []Target
	seen := map[string]string{}
	for _, spec := range specs {
		name, file, ok := strings.Cut(spec, "=")
		if !ok || name == "" || file == "" {
			return nil, errors.Errorf("report %q is not FORMAT=FILE", spec)
		}
		format, err := Lookup(name)
		if err != nil {
			return nil, errors.WithMessagef(err, "report %q", spec)
		}
		if file != Stdout {
			file = filepath.Clean(file)
		}
		if other, ok := seen[file]; ok {
			return nil, errors.Errorf("reports %q and %q go to the same file", other, spec)
		}
		seen[file] = spec
		targets = append(targets, Target{Format: format, File: file})
	}
	return targets, nil
}

// CheckNames says, before anything is built, whether reports of builds with
// these names can all be written: several builds need files of their own.
func CheckNames(targets []Target, names []string) error {
	for _, t := range targets {
		seen := map[string]string{}
		for _, name := range names {
			file := t.path(name)
			if other, ok := seen[file]; ok && file != Stdout {
				return errors.Errorf("report %s=%s would be written by both %q and %q: put %s into the file's name",
					t.Format.Name, t.File, other, name, targetPlaceholder)
			}
			seen[file] = name
		}
	}
	return nil
}

// unsafeInFile is what a target's name must not bring into a file name.
var unsafeInFile = regexp.MustCompile(`[^A-Za-z0-9_-]`)

// path is where the report of a build of this name goes.
func (t Target) path(name string) string {
	if name == "" {
		name = "default"
	}
	return strings.ReplaceAll(t.File, targetPlaceholder, unsafeInFile.ReplaceAllString(name, "_"))
}

// WriteFiles writes a report to every target. A file is either written whole
// or left as it was; an error names it.
func WriteFiles(targets []Target, r *scan.Report) error {
	for _, t := range targets {
		var b bytes.Buffer
		if err := Write(&b, t.Format.Name, r); err != nil {
			return err
		}
		file := t.path(r.Target)
		if err := writeFile(file, b.Bytes()); err != nil {
			return errors.Wrapf(err, "failed to write the %s report to %s", t.Format.Name, file)
		}
	}
	return nil
}

func writeFile(file string, data []byte) error {
	if file == Stdout {
		_, err := os.Stdout.Write(data)
		return err
	}
	// A link is written through, as every other tool does.
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	}
	switch fi, err := os.Stat(file); {
	case err == nil && fi.IsDir():
		return errors.New("it is a folder")
	case err == nil && !fi.Mode().IsRegular():
		return writeThrough(file, data)
	}
	return replaceFile(file, data)
}

// writeThrough writes to what cannot be replaced: /dev/stderr, a pipe.
func writeThrough(file string, data []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return plainError(err)
	}
	_, err = f.Write(data)
	return closeAfter(f, err)
}

// replaceFile writes beside the file and renames, so that no reader sees half
// of it and a full disk leaves the old one.
func replaceFile(file string, data []byte) error {
	f, err := createBeside(file)
	if err != nil {
		return plainError(err)
	}
	_, err = f.Write(data)
	if err := closeAfter(f, err); err != nil {
		os.Remove(f.Name())
		return err
	}
	if err := os.Rename(f.Name(), file); err != nil {
		os.Remove(f.Name())
		return plainError(err)
	}
	return nil
}

// createBeside makes a new file next to another, with the permissions that a
// new file would have there.
func createBeside(file string) (*os.File, error) {
	tmp, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*")
	if err != nil {
		return nil, err
	}
	name := tmp.Name()
	if err := tmp.Close(); err != nil {
		return nil, err
	}
	if err := os.Remove(name); err != nil {
		return nil, err
	}
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

func closeAfter(f io.Closer, err error) error {
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return plainError(err)
}

// plainError drops the path from an error: it may be that of the temporary
// file, and the caller names the right one.
func plainError(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}
