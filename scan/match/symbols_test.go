package match

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/dbbuild/dbtest"
)

func TestSymbolsAreReadInTheAdvisoriesNotation(t *testing.T) {
	tests := []struct{ symbol, path, name string }{
		{"golang.org/x/net/html.Parse", "golang.org/x/net/html", "Parse"},
		{"golang.org/x/net/html.(*Tokenizer).Next", "golang.org/x/net/html", "Tokenizer.Next"},
		{"net/http.Header.Get", "net/http", "Header.Get"},
		{"net/http.(*Server).Serve-fm", "net/http", "Server.Serve"},
		{"main.main", "main", "main"},
		{"gopkg.in/yaml%2ev3.Unmarshal", "gopkg.in/yaml.v3", "Unmarshal"},
		{"example.com/a.Map[go.shape.string,int]", "example.com/a", "Map"},
		{"example.com/a.(*List[go.shape.int]).Push", "example.com/a", "List.Push"},
		{"runtime", "", ""},
	}
	for _, tc := range tests {
		if path, name := splitSymbol(tc.symbol); path != tc.path || name != tc.name {
			t.Errorf("%s: got %q, %q; want %q, %q", tc.symbol, path, name, tc.path, tc.name)
		}
	}
}

func TestGoAdvisoryNeedsItsFunctionsInTheBinary(t *testing.T) {
	dir := dbtest.Database(t, dbtest.Advisory{ID: "GO-2026-1", Ecosystem: "Go", Package: "example.com/mod", Fixed: "1.4.0"})
	// What databases since schema 6.1.9 hold, and the builder linked here cannot write.
	sqldb, err := sql.Open("sqlite", filepath.Join(dir, "vulnerability.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer sqldb.Close()
	_, err = sqldb.ExecContext(t.Context(), `UPDATE blobs SET value = json_set(value, '$.qualifiers', json(?))
		WHERE id IN (SELECT blob_id FROM affected_package_handles)`,
		`{"go_imports":[{"path":"example.com/mod/parse","symbols":["Parse","Decoder.Decode"]},{"path":"example.com/mod/unsafe"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		bin  *scan.GoBinary
		want int
	}{
		{"go.mod", nil, 1},
		{"stripped binary", &scan.GoBinary{}, 1},
		{"function linked", &scan.GoBinary{Symbols: []string{"example.com/mod/parse.Parse"}}, 1},
		{"method linked", &scan.GoBinary{Symbols: []string{"example.com/mod/parse.(*Decoder).Decode"}}, 1},
		{"other function of the package", &scan.GoBinary{Symbols: []string{"example.com/mod/parse.Format"}}, 0},
		{"other package of the module", &scan.GoBinary{Symbols: []string{"example.com/mod/print.Parse"}}, 0},
		{"any function of a package that is vulnerable as a whole", &scan.GoBinary{Symbols: []string{"example.com/mod/unsafe.X"}}, 1},
	}
	var packages []scan.Package
	for _, tc := range tests {
		packages = append(packages, scan.Package{Name: "example.com/mod", Version: "v1.0.0", Type: "golang", Path: tc.name, Go: tc.bin})
	}
	m, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	res, err := m.Match(context.Background(), scan.MatchRequest{SchemaVersion: scan.SchemaVersion, Subjects: []scan.MatchSubject{{Packages: packages}}})
	if err != nil {
		t.Fatal(err)
	}
	got, want := map[string]int{}, map[string]int{}
	for _, f := range res.Subjects[0].Findings {
		got[f.Path]++
	}
	for _, tc := range tests {
		if tc.want > 0 {
			want[tc.name] = tc.want
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEqualPackagesAreMatchedOnce(t *testing.T) {
	m, err := Open(dbtest.Database(t, dbtest.Advisory{ID: "CVE-2026-1", Ecosystem: "npm", Package: "left-pad"}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	w := newWorklist(m.db)
	p := scan.Package{Name: "left-pad", Version: "1.0.0", Type: "npm"}
	for _, path := range []string{"a", "b"} {
		p.Path = path
		if err := w.add(scan.MatchSubject{Packages: []scan.Package{p, p}}); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.packages) != 1 {
		t.Errorf("got %d packages to match, want 1", len(w.packages))
	}
}

func TestSummaryIsCutAtASentence(t *testing.T) {
	tests := []struct {
		in   string
		n    int
		want string
	}{
		{"short", 20, "short"},
		{"two\n lines", 20, "two lines"},
		{"A first sentence. And a second one.", 25, "A first sentence."},
		{"one endless sentence without any stop", 20, "one endless sente…"},
		{"ääääääääää", 10, "äää…"},
	}
	for _, tc := range tests {
		if got := shorten(tc.in, tc.n); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.in, got, tc.want)
		}
	}
}
