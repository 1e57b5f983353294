package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/vulndb"
)

const (
	builtAt    = "2026-11-22T09:00:00Z"
	advisories = "../../examples/advisories"
)

// binary builds the program as it is released: static.
func binary(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "scan-match")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", file, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return file
}

// program runs the built binary.
type program struct{ file string }

func (p program) run(t *testing.T, args ...string) (code int, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), p.file, args...)
	var b bytes.Buffer
	cmd.Stderr = &b
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), b.String()
}

func (p program) ok(t *testing.T, args ...string) {
	t.Helper()
	if code, stderr := p.run(t, args...); code != 0 {
		t.Fatalf("%v: exit %d: %s", args, code, stderr)
	}
}

func request(t *testing.T) string {
	t.Helper()
	req := scan.MatchRequest{SchemaVersion: scan.SchemaVersion, Subjects: []scan.MatchSubject{{
		OS: &scan.OSRelease{ID: "debian", VersionID: "12", Codename: "bookworm"},
		Packages: []scan.Package{
			{Name: "perl-base", Version: "5.36.0-7+deb12u3", Type: "deb", Source: &scan.SourcePackage{Name: "perl"}, Path: "var/lib/dpkg/status"},
			{Name: "minimist", Version: "1.2.0", Type: "npm", Path: "app/package-lock.json"},
			{Name: "@acme/session-store", Version: "2.1.0", Type: "npm", Path: "app/package-lock.json"},
		},
	}}}
	b, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "request.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func readJSON[T any](t *testing.T, file string) T {
	t.Helper()
	var v T
	b, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestDatabaseGoesFromAdvisoriesToFindings takes the way of a team's own
// database: built, served, fetched into a store, handed to a build, matched.
func TestDatabaseGoesFromAdvisoriesToFindings(t *testing.T) {
	p := program{binary(t)}
	layout := t.TempDir()
	p.ok(t, "build", "--in", advisories, "--out", layout, "--built", builtAt)

	srv := httptest.NewServer(http.FileServer(http.Dir(layout)))
	defer srv.Close()
	store := &vulndb.Store{Dir: t.TempDir()}
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	status, err := store.Update(context.Background(), vulndb.UpdateOptions{From: srv.URL, MaxAge: vulndb.DefaultMaxAge, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	var stale *vulndb.StaleError
	_, err = store.Update(context.Background(), vulndb.UpdateOptions{From: srv.URL, MaxAge: time.Hour, Now: now})
	if !errors.As(err, &stale) {
		t.Errorf("an hour's limit: got %v, want a StaleError", err)
	}

	ready, out := t.TempDir(), t.TempDir()
	p.ok(t, "unpack", "--in", status.Dir, "--out", ready, "--source", srv.URL)
	unpacked := readJSON[scan.DatabaseStatus](t, filepath.Join(ready, "status.json"))
	if unpacked.Error != "" || unpacked.Database.Built.Format(time.RFC3339) != builtAt || unpacked.Database.Source != srv.URL {
		t.Errorf("got %+v", unpacked)
	}
	p.ok(t, "match", "--db", ready, "--in", request(t), "--out", out)
	res := readJSON[scan.MatchResult](t, filepath.Join(out, "result.json"))
	if diff := cmp.Diff(unpacked.Database, res.Database); diff != "" || res.Error != "" {
		t.Error(res.Error, diff)
	}
	var got []string
	for _, f := range res.Subjects[0].Findings {
		got = append(got, f.Severity.String()+" "+f.ID+" "+f.Package+" "+strings.Join(f.Fix.Versions, " "))
	}
	want := []string{
		"critical GHSA-xvch-5gv4-984h minimist 1.2.6",
		"critical CVE-2026-12087 perl-base 5.36.0-7+deb12u4",
		"critical CVE-2026-42496 perl-base 5.36.0-7+deb12u4",
		"high ACME-2026-0001 @acme/session-store 2.4.1",
		"high CVE-2026-42497 perl-base 5.36.0-7+deb12u4",
		"medium GHSA-vh95-rmgr-6w4m minimist 1.2.3",
		"medium CVE-2025-15649 perl-base 5.36.0-7+deb12u4",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestUnusableDatabaseIsWrittenDown: the operations exit 0, so that the engine
// keeps their output and the reason reaches the user.
func TestUnusableDatabaseIsWrittenDown(t *testing.T) {
	p := program{binary(t)}
	layout := t.TempDir()
	p.ok(t, "build", "--in", advisories, "--out", layout, "--built", builtAt)
	archives, err := filepath.Glob(filepath.Join(layout, "v6", "*.tar.zst"))
	if err != nil || len(archives) != 1 {
		t.Fatal(err, archives)
	}
	archive, err := os.ReadFile(archives[0])
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		prepare func(in string) error
		args    []string
		want    string
	}{
		{"nothing there", func(string) error { return nil }, nil, "no vulnerability database"},
		{"truncated", func(in string) error {
			return os.WriteFile(filepath.Join(in, "archive"), archive[:len(archive)/2], 0o600)
		}, nil, "unexpected EOF"},
		{"wrong checksum", func(in string) error { return os.WriteFile(filepath.Join(in, "archive"), archive, 0o600) }, []string{"--sha256", strings.Repeat("0", 64)}, "has checksum"},
		{"not a database", func(in string) error { return os.WriteFile(filepath.Join(in, "archive"), []byte("<html>"), 0o600) }, nil, "neither a tar archive"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			in, ready, out := t.TempDir(), t.TempDir(), t.TempDir()
			if err := tc.prepare(in); err != nil {
				t.Fatal(err)
			}
			p.ok(t, append([]string{"unpack", "--in", in, "--out", ready}, tc.args...)...)
			if got := readJSON[scan.DatabaseStatus](t, filepath.Join(ready, "status.json")); !strings.Contains(got.Error, tc.want) {
				t.Errorf("status: got %q, want %q", got.Error, tc.want)
			}
			p.ok(t, "match", "--db", ready, "--in", request(t), "--out", out)
			if got := readJSON[scan.MatchResult](t, filepath.Join(out, "result.json")); !strings.Contains(got.Error, tc.want) || len(got.Subjects) > 0 {
				t.Errorf("match: got %+v, want the error %q", got, tc.want)
			}
		})
	}
}

func TestWrongUseFails(t *testing.T) {
	p := program{binary(t)}
	missing := filepath.Join(t.TempDir(), "none")
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"no role", nil, "want a role"},
		{"unknown role", []string{"scan"}, `unknown role "scan"`},
		{"missing flags", []string{"match", "--db", "x"}, "--in, --out is missing"},
		{"stray argument", []string{"unpack", "--in", "x", "--out", "y", "z"}, `unexpected argument "z"`},
		{"build time that is none", []string{"build", "--in", advisories, "--out", t.TempDir(), "--built", "today"}, "--built is not a time"},
		{"bad advisories", []string{"build", "--in", missing, "--out", t.TempDir(), "--built", builtAt}, "failed to open the folder of advisories"},
		{"no place to write to", []string{"match", "--db", missing, "--in", missing, "--out", missing}, "failed to write result.json"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			code, stderr := p.run(t, tc.args...)
			if code != 1 || !strings.Contains(stderr, tc.want) {
				t.Errorf("got exit %d, %q; want exit 1, %q", code, stderr, tc.want)
			}
		})
	}
}
