package extract

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/layer"
)

// fuzzExtractor holds an extractor to what every one of them promises: no panic,
// and packages that have a name, a version and survive JSON.
func fuzzExtractor(f *testing.F, path string, extract func(context.Context, *input) ([]scan.Package, error)) {
	f.Helper()
	l, err := layer.Open(layer.Options{Child: f.TempDir()})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { l.Close() })
	f.Fuzz(func(t *testing.T, b []byte) {
		in := &input{path: path, size: int64(len(b)), reader: bytes.NewReader(b), view: l.View(), temp: t.TempDir()}
		packages, err := extract(t.Context(), in)
		if err != nil && message(err) == "" {
			t.Error("an error without a message")
		}
		for i := range packages {
			p := &packages[i]
			if p.Name == "" || p.Version == "" {
				t.Errorf("package %+v", *p)
			}
			finish(p, &extractor{name: "x"}, path)
			j, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			var back scan.Package
			if err := json.Unmarshal(j, &back); err != nil || back.Name != p.Name || back.Version != p.Version {
				t.Errorf("%+v became %+v, %v", *p, back, err)
			}
		}
	})
}

func FuzzPackageJSON(f *testing.F) {
	f.Add([]byte(`{"name":"@a/b","version":"1.0.0","license":{"type":"MIT"},"licenses":["x"],"engines":{"vscode":1}}`))
	f.Add([]byte("\ufeff{}"))
	fuzzExtractor(f, "a/package.json", packageJSON)
}

func FuzzNpmLock(f *testing.F) {
	f.Add([]byte(`{"packages":{"":{},"node_modules/@a/b":{"version":"1.0.0","dev":true},"x":{"link":true}}}`))
	f.Add([]byte(`{"dependencies":{"a":{"version":"npm:b@1","dependencies":{"c":{"version":"2"}}}}}`))
	fuzzExtractor(f, "a/package-lock.json", npmLock)
}

func FuzzDpkg(f *testing.F) {
	f.Add([]byte(debStanza("curl", "1", installed, "Source: x (2)\n")))
	fuzzExtractor(f, "var/lib/dpkg/status", dpkgDatabase())
}

func FuzzAPK(f *testing.F) {
	f.Add([]byte("P:musl\nV:1\no:musl\n\n"))
	fuzzExtractor(f, "lib/apk/db/installed", apkDatabase())
}

func FuzzJava(f *testing.F) {
	f.Add([]byte(archive(f, "META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n", "META-INF/maven/pom.properties", pom("g", "a", "1"),
		"in.jar", archive(f, "x", "y"), "stored.jar.stored", archive(f, "x", "y"))))
	fuzzExtractor(f, "app/a-1.0.jar", javaArchive())
}

func FuzzCargoAuditable(f *testing.F) {
	f.Add([]byte(auditable(f, deflated(f, `{"packages":[{"name":"a","version":"1"}]}`))))
	fuzzExtractor(f, "bin/a", cargoAuditable)
}

func FuzzGoBinary(f *testing.F) {
	f.Add([]byte("\x7fELF\x02\x01\x01\xff Go buildinf:"))
	fuzzExtractor(f, "bin/a", goBinary)
}

func FuzzOSRelease(f *testing.F) {
	f.Add("ID=\"a\\\"b\"\nVERSION_ID='1'\n#x\nID_LIKE=a b\n")
	f.Fuzz(func(t *testing.T, s string) {
		r := parseOSRelease(s)
		for _, v := range []string{r.ID, r.VersionID, r.Version, r.PrettyName, r.Codename, r.SupportEnd} {
			if !utf8.ValidString(v) {
				t.Errorf("%q is no text", v)
			}
		}
	})
}
