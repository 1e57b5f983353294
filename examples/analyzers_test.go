package examples_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/hack/testenv"
	"github.com/scan-build/scan-build/scan"
)

// aptFailed is what apt says where its packages cannot be had.
var aptFailed = regexp.MustCompile(`E: (Failed to fetch|Unable to (fetch|locate)|The repository|Some index files failed)|Temporary failure resolving|apt-get update.* exit code: 100`)

// analyze runs the example of analyzers, on Debian's packages: ClamAV with the
// example's own signature, Flawfinder. The application's image is built on the
// small base.
func (s *shop) analyze(t *testing.T, dir string, code int, args ...string) (testenv.Result, *scan.Report) {
	t.Helper()
	file := filepath.Join(s.dir, "{target}.json")
	r := s.run(t, dir, append([]string{
		"bake", "--db", s.db, "--report", "json=" + file, "--var", "SIGNATURES=own",
		"--var", "BASE=" + testenv.DebianImage(t, s.Instance), "--var", "RUNTIME=" + s.base,
	}, args...)...)
	if r.Code != code && aptFailed.MatchString(r.Stderr) {
		if os.Getenv("CI") != "" {
			t.Fatalf("Debian's packages cannot be had:\n%s", r.Stderr)
		}
		t.Skip("Debian's packages cannot be had")
	}
	r.Exits(t, code)
	var report scan.Report
	if err := json.Unmarshal([]byte(read(t, filepath.Join(s.dir, "default.json"))), &report); err != nil {
		t.Fatal(err)
	}
	return r, &report
}

func TestAnalyzersFindMalwareInLayersAndWeaknessesInSources(t *testing.T) {
	if testing.Short() {
		t.Skip("needs debootstrap and a network")
	}
	s := newShop(t)
	r, report := s.analyze(t, "analyzers", 2, "--progress=plain")
	final := report.Platforms[0].FinalStage()
	var got []string
	for _, e := range final.External {
		if e.Severity < scan.SeverityHigh {
			continue
		}
		line := fmt.Sprintf("%s %s %s %s:%d", e.Analyzer, e.Rule, e.Severity, e.Path, e.Line)
		if e.Layer >= 0 {
			line += " by " + final.Layers[e.Layer].Instruction
		}
		if e.Removed > 0 {
			line += ", removed by " + final.Layers[e.Removed].Instruction
		}
		got = append(got, line)
	}
	const from = " by COPY --from=download /download/ /opt/tool/"
	want := []string{
		"clamav ClamAV-Test-File.UNOFFICIAL critical opt/tool/clam.exe:0" + from + ", removed by RUN rm /opt/tool/clam.exe",
		"clamav ClamAV-Test-File.UNOFFICIAL critical opt/tool/clam.zip:0" + from,
		"flawfinder FF1001 high src/greet.c:8",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{`scan clamav final \d+/\d+\] COPY --from=download`, `scan flawfinder context\]`} {
		if !regexp.MustCompile(name).MatchString(r.Stderr) {
			t.Errorf("no operation is called %s:\n%s", name, r.Stderr)
		}
	}
	t.Run("accepted findings let the image pass", func(t *testing.T) { s.accept(t) })
}

// accept does what analyzers/README.md says of findings that are none.
func (s *shop) accept(t *testing.T) {
	t.Helper()
	dir := filepath.Join(s.dir, "analyzers")
	if err := os.CopyFS(dir, os.DirFS("analyzers")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "app", ".scan-build.yaml")
	options := read(t, file) + `
exceptions:
  - {rule: clamav/ClamAV-Test-File*, reason: test files, expires: 2099-12-31}
  - {rule: flawfinder/FF1001, path: src/greet.c, reason: an example, expires: 2099-12-31}
`
	if err := os.WriteFile(file, []byte(options), 0o600); err != nil {
		t.Fatal(err)
	}
	s.dir = t.TempDir()
	_, report := s.analyze(t, dir, 0)
	final := report.Platforms[0].FinalStage()
	if !slices.ContainsFunc(final.External, func(e scan.ExternalFinding) bool {
		return e.Decision != nil && e.Decision.Action == scan.ActionIgnore
	}) {
		t.Errorf("nothing was accepted: %+v", final.External)
	}
}
