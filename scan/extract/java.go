package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path"
	"strings"

	cpb "github.com/google/osv-scalibr/binary/proto/config_go_proto"
	"github.com/google/osv-scalibr/extractor/filesystem"
	javaarchive "github.com/google/osv-scalibr/extractor/filesystem/language/java/archive"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// Limits of one archive with all that is in it. The largest applications known
// stay well below.
const (
	javaMaxDepth    = 8
	javaMaxEntries  = 500_000
	javaMaxInflated = 1 << 30
	javaInMemory    = 4 << 20
)

// javaExtensions are those of scalibr's Java archive extractor.
var javaExtensions = []string{".jar", ".war", ".ear", ".jmod", ".par", ".sar", ".jpi", ".hpi", ".lpkg", ".nar"}

// javaArchive reads Java archives and the archives in them.
//
// scalibr decides what an archive is (pom.properties, manifest, file name). It
// would also unpack archives within archives into memory, up to 4 GiB, and a
// manifest without any limit; so it is given, for each archive, a small copy with
// nothing but the entries it reads, and nesting is done here, within limits.
func javaArchive() func(context.Context, *input) ([]scan.Package, error) {
	no := false
	e := must(javaarchive.New(&cpb.PluginConfig{PluginSpecific: []*cpb.PluginSpecificConfig{{
		Config: &cpb.PluginSpecificConfig_JavaArchive{JavaArchive: &cpb.JavaArchiveConfig{HashJars: &no}},
	}}}))
	return func(ctx context.Context, in *input) ([]scan.Package, error) {
		j := &javaReader{ctx: ctx, extractor: e, in: in, left: javaMaxInflated, entries: javaMaxEntries}
		err := j.archive(in.reader, in.size, in.path, "", 1)
		return j.packages, err
	}
}

// javaReader is the reading of one outermost archive.
type javaReader struct {
	ctx       context.Context
	extractor filesystem.Extractor
	in        *input
	// left is how many bytes may still be inflated, entries how many entries may
	// still be looked at.
	left     int64
	entries  int
	packages []scan.Package
}

// archive reads one archive; inner is its place within the outermost one,
// "!a.jar!b.jar".
func (j *javaReader) archive(r io.ReaderAt, size int64, name, inner string, depth int) error {
	if depth > javaMaxDepth {
		return errors.Errorf("archives are nested deeper than %d: %s", javaMaxDepth, inner)
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return errors.Wrapf(err, "failed to read archive %s", path.Base(name))
	}
	if j.entries -= len(z.File); j.entries < 0 {
		return errors.Errorf("archive has more than %d entries", javaMaxEntries)
	}
	var info []*zip.File
	var problems []error
	for _, f := range z.File {
		if err := context.Cause(j.ctx); err != nil {
			return err
		}
		switch {
		case isJavaInfo(f.Name):
			info = append(info, f)
		case isJavaArchive(f.Name) && !f.FileInfo().IsDir():
			if err := j.nested(r, f, inner, depth); err != nil {
				problems = append(problems, err)
			}
		}
	}
	if err := j.identify(info, name, inner); err != nil {
		problems = append(problems, err)
	}
	return joinLimited(problems)
}

// identify lets scalibr say what the archive is.
func (j *javaReader) identify(info []*zip.File, name, inner string) error {
	b, err := copyEntries(info, j.take)
	if err != nil {
		return errors.Wrapf(err, "failed to identify %s", path.Base(name))
	}
	packages, err := runScalibr(j.ctx, j.extractor, j.in, name, bytes.NewReader(b), int64(len(b)))
	for _, p := range convert(packages) {
		if p.Name == "unknown" || strings.HasPrefix(p.Name, "unknown:") {
			continue
		}
		p.Path = inner
		j.packages = append(j.packages, p)
	}
	return err
}

// nested reads an archive within an archive: in place if it is stored as it is,
// from memory or a temporary file otherwise.
func (j *javaReader) nested(outer io.ReaderAt, f *zip.File, inner string, depth int) error {
	inner += "!" + f.Name
	if err := j.take(int64(min(f.UncompressedSize64, 1<<62))); err != nil {
		return err
	}
	size := int64(f.UncompressedSize64)
	if f.Method == zip.Store {
		at, err := f.DataOffset()
		if err != nil {
			return errors.Wrapf(err, "failed to read %s", inner)
		}
		return j.archive(io.NewSectionReader(outer, at, size), size, f.Name, inner, depth+1)
	}
	r, err := f.Open()
	if err != nil {
		return errors.Wrapf(err, "failed to read %s", inner)
	}
	defer r.Close()
	if size <= javaInMemory {
		b, err := io.ReadAll(io.LimitReader(r, size))
		if err != nil {
			return errors.Wrapf(err, "failed to read %s", inner)
		}
		return j.archive(bytes.NewReader(b), int64(len(b)), f.Name, inner, depth+1)
	}
	temp, err := os.CreateTemp(j.in.temp, "java-")
	if err != nil {
		return errors.Wrap(err, "failed to make a temporary file")
	}
	defer temp.Close()
	if err := os.Remove(temp.Name()); err != nil {
		return errors.Wrap(err, "failed to unlink a temporary file")
	}
	n, err := io.Copy(temp, io.LimitReader(r, size))
	if err != nil {
		return errors.Wrapf(err, "failed to read %s", inner)
	}
	return j.archive(temp, n, f.Name, inner, depth+1)
}

func (j *javaReader) take(n int64) error {
	if j.left -= n; j.left < 0 {
		j.left = 0
		return errors.Errorf("archive inflates to more than %d bytes", int64(javaMaxInflated))
	}
	return nil
}

func isJavaInfo(name string) bool {
	base := path.Base(name)
	return base == "pom.properties" || strings.EqualFold(base, "manifest.mf")
}

func isJavaArchive(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	for _, x := range javaExtensions {
		if ext == x {
			return true
		}
	}
	return false
}
