package plugin_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/vulndb"
)

// store returns the project with a database store of its own, empty.
func (p *project) store(t *testing.T) *project {
	t.Helper()
	return p.with("XDG_CACHE_HOME=" + t.TempDir())
}

// databaseCopy copies the workshop's database, to be spoilt.
func (w *workshop) databaseCopy(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "db")
	if err := os.CopyFS(dir, os.DirFS(w.database)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestUpdatedDatabaseServesBuildsThatNameNone(t *testing.T) {
	w := engine(t)
	p := w.dockerfile(t, vulnerableDockerfile).store(t)
	says(t, p.run(t, "db", "status").OK(t).Stdout, "No database on this machine")
	if got := strings.TrimSpace(p.run(t, "db", "status", "--format=json").OK(t).Stdout); got != "null" {
		t.Errorf("status of an empty store: %s", got)
	}

	url := serve(t, http.FileServer(http.Dir(w.database)))
	r := p.run(t, "db", "update", "--from", url+"/v6/latest.json").OK(t)
	says(t, r.Stdout, "Schema:", "Built:", "sha256:", url)
	says(t, p.run(t, "db", "status").OK(t).Stdout, "Schema:", url)
	st := readJSON[vulndb.Status](t, p.run(t, "db", "status", "--format=json").OK(t).Stdout)
	if !strings.HasPrefix(st.Schema, "v6.") || st.Built.IsZero() || !strings.HasPrefix(st.Checksum, "sha256:") || !strings.HasPrefix(st.Source, url) {
		t.Errorf("status: %+v", st)
	}

	p.run(t, "--report=json=r.json", ".").Exits(t, 2)
	if db := readJSON[scan.Report](t, p.read(t, "r.json")).Database; !db.Built.Equal(st.Built) {
		t.Errorf("the build used %+v", db)
	}
	// The age is judged by each build, not only by the update.
	says(t, p.run(t, "--max-db-age=1ms", ".").Exits(t, 3).Stderr, "the limit is")
}

func TestFailedUpdateLeavesTheGoodDatabase(t *testing.T) {
	w := engine(t)
	p := w.dockerfile(t, vulnerableDockerfile).store(t)
	p.run(t, "db", "update", "--from", w.database).OK(t)
	before := p.run(t, "db", "status").OK(t).Stdout

	spoilt := w.databaseCopy(t)
	listingWith(`"checksum": "sha256:`, `"checksum": "sha256:0`)(t, spoilt)
	wrongSum := strings.Repeat("0", 64)
	other := w.databaseCopy(t)
	replaceChecksum(t, other, wrongSum)
	schema := w.databaseCopy(t)
	listingWith(`"v6.`, `"v5.`)(t, schema)
	gone := httptest.NewServer(http.NotFoundHandler())
	goneURL := gone.URL
	gone.Close()
	missing := serve(t, http.NotFoundHandler())
	cut := serve(t, cutShort(http.FileServer(http.Dir(w.databaseCopy(t)))))

	for name, c := range map[string]struct {
		args []string
		says []string
	}{
		"malformed checksum": {[]string{"--from", spoilt}, []string{"checksum"}},
		"wrong checksum":     {[]string{"--from", other}, []string{"checksum", wrongSum}},
		"wrong schema":       {[]string{"--from", schema}, []string{"v5."}},
		"offline":            {[]string{"--from", goneURL}, []string{goneURL, "offline?"}},
		"nothing there":      {[]string{"--from", missing}, []string{missing, "404"}},
		"half a listing":     {[]string{"--from", cut}, []string{cut}},
		"no such folder":     {[]string{"--from", "/nothing"}, []string{"/nothing"}},
		"too old":            {[]string{"--from", w.database, "--max-db-age=1ms"}, []string{"the limit is"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := p.run(t, append([]string{"db", "update"}, c.args...)...).Exits(t, 3)
			says(t, r.Stderr, append(c.says, "failed to update the vulnerability database")...)
			if after := p.run(t, "db", "status").OK(t).Stdout; after != before {
				t.Errorf("status before\n%s\nand after\n%s", before, after)
			}
		})
	}
	p.run(t, ".").Exits(t, 2) // and it can still be used
}

// cutShort ends every answer after some bytes.
func cutShort(h http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		rw.Header().Set("Content-Length", rec.Header().Get("Content-Length"))
		_, _ = rw.Write(rec.Body.Bytes()[:min(20, rec.Body.Len())])
		panic(http.ErrAbortHandler)
	})
}

// replaceChecksum makes a listing name another, well-formed checksum.
func replaceChecksum(t *testing.T, dir, sum string) {
	t.Helper()
	file := filepath.Join(dir, "v6", "latest.json")
	dt, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(dt), "sha256:")
	if !ok || len(rest) < 64 {
		t.Fatalf("no checksum in %s", dt)
	}
	if err := os.WriteFile(file, []byte(head+"sha256:"+sum+rest[64:]), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestDatabaseCommandsCheckTheirArguments(t *testing.T) {
	w := engine(t)
	p := w.project(t, nil)
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"update, scheme":     {[]string{"update", "--from=ftp://example.org"}, "ftp://"},
		"update, age":        {[]string{"update", "--max-db-age=soon"}, "soon"},
		"status, format":     {[]string{"status", "--format=poem"}, "poem"},
		"build, no output":   {[]string{"build", "."}, "--output is missing"},
		"build, no folder":   {[]string{"build", "--output=x", "nothing"}, "nothing is not a folder"},
		"build, no argument": {[]string{"build"}, "1 argument"},
		"unknown command":    {[]string{"drop"}, "drop"},
	} {
		t.Run(name, func(t *testing.T) {
			says(t, p.run(t, append([]string{"db"}, c.args...)...).Exits(t, 1).Stderr, c.says)
		})
	}
}

func TestInvalidAdvisoryIsNamedAndNoDatabaseWritten(t *testing.T) {
	w := engine(t)
	p := w.project(t, map[string]string{
		"advisories/good.json":    `{"id": "ACME-1", "affected": [{"package": {"ecosystem": "npm", "name": "a"}, "versions": ["1.0.0"]}]}`,
		"advisories/sub/bad.json": `{"id": "ACME-2", "affected": [{"package": {"ecosystem": "Minitel", "name": "b"}, "versions": ["1.0.0"]}]}`,
	})
	if err := os.CopyFS(p.path("out"), os.DirFS(w.database)); err != nil {
		t.Fatal(err)
	}
	before := p.read(t, "out/v6/latest.json")
	r := p.run(t, "db", "build", "--output=out", "advisories").Exits(t, 3)
	says(t, r.Stderr, "sub/bad.json", "ecosystem", "Minitel")
	if p.read(t, "out/v6/latest.json") != before {
		t.Error("the older database has been replaced")
	}
	if left, err := filepath.Glob(p.path(".scan-build-db-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}

	remove(t, p.path("advisories/sub"))
	p.run(t, "db", "build", "--output=out", "advisories").OK(t)
	if p.read(t, "out/v6/latest.json") == before {
		t.Error("the older database has not been replaced")
	}
	p.write(t, "Dockerfile", "FROM $BASE\nWORKDIR /app/node_modules/a\nCOPY <<EOF package.json\n"+`{"name": "a", "version": "1.0.0"}`+"\nEOF\n")
	says(t, p.run(t, "--db=out", "--fail-on=none", "--report=table=-", ".").OK(t).Stdout, "ACME-1")
}

func TestArchiveAloneIsADatabase(t *testing.T) {
	w := engine(t)
	p := w.dockerfile(t, vulnerableDockerfile)
	says(t, p.run(t, "--db", archive(t, w.database), ".").Exits(t, 2).Stderr, vulnerableID)
}

func TestFolderNamedDBIsReachedByItsPath(t *testing.T) {
	w := engine(t)
	p := w.project(t, map[string]string{"db/Dockerfile": cleanDockerfile})
	says(t, p.run(t, "db").OK(t).Stdout, "update", "status", "build")
	says(t, p.build(t, "./db").OK(t).Stderr, "scan pass")
}
