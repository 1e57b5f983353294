package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

func parse(t *testing.T, specs ...string) []Target {
	t.Helper()
	targets, err := ParseTargets(specs)
	if err != nil {
		t.Fatal(err)
	}
	return targets
}

func TestBadTargetsAreRefused(t *testing.T) {
	var names []string
	for _, f := range Formats() {
		names = append(names, f.Name)
	}
	for want, specs := range map[string][]string{
		`report "json" is not FORMAT=FILE`:                                                 {"json"},
		`report "json=" is not FORMAT=FILE`:                                                {"json="},
		`report "yaml=x": unknown format "yaml", want one of ` + strings.Join(names, ", "): {"yaml=x"},
		`reports "json=a/../x" and "table=./x" go to the same file`:                        {"json=a/../x", "table=./x"},
		`reports "json=-" and "table=-" go to the same file`:                               {"json=-", "table=-"},
	} {
		_, err := ParseTargets(specs)
		if err == nil {
			t.Errorf("%v: no error", specs)
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestReportReplacesAFileWhole(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "out.json")
	if err := os.WriteFile(file, []byte(strings.Repeat("old", 1e6)), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.json")
	if err := os.Symlink("out.json", link); err != nil {
		t.Fatal(err)
	}
	if err := WriteFiles(parse(t, "json="+link), sample.Report()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil || !json.Valid(data) {
		t.Errorf("%v, %d bytes", err, len(data))
	}
	if fi, err := os.Lstat(link); err != nil || fi.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced")
	}
	names(t, dir, "link.json", "out.json")
}

func TestEachTargetOfARunHasItsFile(t *testing.T) {
	dir := t.TempDir()
	targets := parse(t, "json="+filepath.Join(dir, "{target}.json"))
	if err := CheckNames(targets, []string{"app", "db"}); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"app", "../db", ""} {
		r := sample.Report()
		r.Target = name
		if err := WriteFiles(targets, r); err != nil {
			t.Fatal(err)
		}
	}
	names(t, dir, "___db.json", "app.json", "default.json")

	err := CheckNames(parse(t, "json=x.json", "table=-"), []string{"app", "db"})
	want := `report json=x.json would be written by both "app" and "db": put {target} into the file's name`
	if err == nil || err.Error() != want {
		t.Errorf("error is %v", err)
	}
	if err := CheckNames(parse(t, "json=x.json"), []string{"app"}); err != nil {
		t.Error(err)
	}
}

func TestUnwritableReportNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	for file, want := range map[string]string{
		filepath.Join(dir, "none", "x.json"): "no such file or directory",
		dir:                                  "it is a folder",
	} {
		err := WriteFiles(parse(t, "json="+file), sample.Report())
		if err == nil || err.Error() != "failed to write the json report to "+file+": "+want {
			t.Errorf("error is %v", err)
		}
	}
	names(t, dir)
}

func TestFailedRenderingLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	r := sample.Report()
	r.Platforms[0].Stages = nil
	if err := WriteFiles(parse(t, "spdx="+filepath.Join(dir, "x")), r); err == nil {
		t.Error("a platform without an image was described")
	}
	names(t, dir)
}

func TestPipesAreWrittenThrough(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	read := make(chan []byte)
	go func() {
		data, _ := os.ReadFile(pipe)
		read <- data
	}()
	if err := WriteFiles(parse(t, "json="+pipe), sample.Report()); err != nil {
		t.Fatal(err)
	}
	var got scan.Report
	if err := json.Unmarshal(<-read, &got); err != nil {
		t.Error(err)
	}
}

// names checks what lies in a folder, so that no temporary file is left.
func names(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
