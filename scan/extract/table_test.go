package extract

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/osv-scalibr/extractor/filesystem"
	"github.com/google/osv-scalibr/extractor/filesystem/language/golang/gobinary"
	javaarchive "github.com/google/osv-scalibr/extractor/filesystem/language/java/archive"
	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/packagejson"
	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/packagelockjson"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/requirements"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/wheelegg"
	"github.com/google/osv-scalibr/extractor/filesystem/os/apk"
	"github.com/google/osv-scalibr/extractor/filesystem/os/dpkg"
	"github.com/google/osv-scalibr/extractor/filesystem/simplefileapi"
)

// What scalibr asks for by path, the table must find. The exceptions are named.
func TestTableFindsWhatScalibrRequires(t *testing.T) {
	paths := []string{
		"var/lib/dpkg/status", "var/lib/dpkg/status.d/libssl3", "var/lib/dpkg/status.d/libpython3.11-minimal",
		"lib/apk/db/installed", "usr/lib/apk/db/installed", "var/lib/apk/db/installed",
		"var/lib/rpm/Packages", "var/lib/rpm/Packages.db", "usr/lib/sysimage/rpm/rpmdb.sqlite", "usr/share/rpm/rpmdb.sqlite",
		"app/package.json", "app/node_modules/@s/x/package.json", "app/package-lock.json", "app/npm-shrinkwrap.json",
		"app/requirements.txt", "app/dev-requirements.txt", "app/requirements-test.txt",
		"sp/a-1.dist-info/METADATA", "sp/b.egg-info/PKG-INFO", "sp/c.egg/EGG-INFO/PKG-INFO", "sp/d-1.egg-info", "sp/e.egg",
		"app/a.jar", "app/b.WAR", "app/c.ear", "jdk/jmods/java.base.jmod", "app/d.hpi",
		"usr/bin/tool", "usr/lib/x.so", "usr/lib/libx.so.1", "opt/app.bin", "opt/tool-v1.2.3", "win/a.exe", "win/b.dll",
	}
	dir := t.TempDir()
	exe := filepath.Join(dir, "exe")
	if err := os.WriteFile(exe, []byte("\x7fELF"), 0o755); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(exe)
	if err != nil {
		t.Fatal(err)
	}
	table := newFormats()
	for _, e := range []filesystem.Extractor{
		must(dpkg.New(config())), must(apk.New(config())), must(packagejson.New(config())),
		must(packagelockjson.New(config())), must(requirements.New(config())), must(wheelegg.New(config())),
		must(javaarchive.New(config())), must(gobinary.New(config())),
	} {
		required := 0
		for _, p := range paths {
			if !e.FileRequired(simplefileapi.New(p, info)) {
				continue
			}
			required++
			found := false
			for _, x := range table.find(p) {
				found = found || x.name == e.Name()
			}
			if !found && (e.Name() != gobinary.Name || len(table.find(p)) == 0) {
				t.Errorf("%s requires %s, the table does not find it", e.Name(), p)
			}
		}
		if required == 0 {
			t.Errorf("no path for %s", e.Name())
		}
	}
}

func TestTableLeavesOut(t *testing.T) {
	table := newFormats()
	for _, p := range []string{
		"app/node_modules/x/package-lock.json", "root/go/pkg/mod/x@v1/go.mod", "sp/site-packages/x/requirements.txt",
		"app/index.js", "app/vendor/x/composer.lock", "some/METADATA", "PKG-INFO", "app/data.json", "tmp/pip-23.0-py3-none-any.whl",
		"gems/rack-2/rack.gemspec", "var/lib/dpkg/status.d/x.md5sums", "var/lib/dpkg/status-old",
	} {
		if e := table.find(p); len(e) > 0 && table.choose(p).Take == 1 {
			t.Errorf("%s is claimed by %s", p, e[0].name)
		}
	}
}
