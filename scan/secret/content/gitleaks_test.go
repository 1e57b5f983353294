package content_test

import (
	"context"
	"go/build"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zricethezav/gitleaks/v8/sources"

	"github.com/scan-build/scan-build/scan/secret/content"
)

// gitleaksReads is what gitleaks would search of a file, without its archives.
func gitleaksReads(t testing.TB, f io.Reader) string {
	t.Helper()
	var all strings.Builder
	// A path that is no archive's: gitleaks leaves these out by name.
	file := sources.File{Content: f, Path: "f"}
	check(t, file.Fragments(context.Background(), func(f sources.Fragment, err error) error {
		all.WriteString(f.Raw)
		return err
	}))
	return all.String()
}

// What gitleaks reads of the files of Go itself, with its test data of all kinds,
// is read here too.
func TestNothingThatGitleaksReadsIsLost(t *testing.T) {
	files, same, more := 0, 0, 0
	check(t, filepath.WalkDir(filepath.Join(build.Default.GOROOT, "src"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		check(t, err)
		files++
		theirs := gitleaksReads(t, strings.NewReader(string(data)))
		var ours strings.Builder
		_, err = content.Walk("f", strings.NewReader(string(data)), int64(len(data)), content.Limits{}, func(path string, r io.Reader) error {
			if path != "f" {
				return nil
			}
			_, err := io.Copy(&ours, r)
			return err
		})
		check(t, err)
		switch {
		case ours.String() == theirs:
			same++
		case theirs == "":
			more++ // compressed, or text that begins like a binary
		default:
			t.Errorf("%s: gitleaks reads %d bytes, and here %d others are read", path, len(theirs), ours.Len())
		}
		return nil
	}))
	t.Logf("%d files: %d the same, %d read only here", files, same, more)
	if files < 1000 {
		t.Errorf("only %d files to compare", files)
	}
}

// With --max-archive-depth gitleaks names what is in archives as it is named here.
func TestPathsInArchivesAreGitleaksPaths(t *testing.T) {
	props := []file{{"c/app.properties", text}, {"./x", "x\n"}}
	for name, data := range map[string]string{
		"f.zip": zipOf(t, 8, props...), "f.tar": tarOf(t, props...), "f.tar.gz": gzipOf(t, tarOf(t, props...)), "f.gz": gzipOf(t, text),
		"g.zip": zipOf(t, 8, file{"f.tar.gz", gzipOf(t, tarOf(t, props...))}), "f.txt.zst": zstdOf(t, text),
	} {
		var ours walked
		_, err := content.Walk(name, strings.NewReader(data), int64(len(data)), content.Limits{}, ours.collect)
		check(t, err)
		var theirs walked
		f := sources.File{Content: strings.NewReader(data), Path: name, MaxArchiveDepth: 8}
		check(t, f.Fragments(context.Background(), func(f sources.Fragment, err error) error {
			theirs.Texts = append(theirs.Texts, file{f.FilePath, f.Raw})
			return err
		}))
		if diff := cmp.Diff(theirs, ours, cmp.AllowUnexported(file{})); diff != "" || len(ours.Texts) == 0 {
			t.Errorf("%s: -gitleaks +here\n%s", name, diff)
		}
	}
}
