package extract

import (
	cpb "github.com/google/osv-scalibr/binary/proto/config_go_proto"
	"github.com/google/osv-scalibr/extractor/filesystem"
	"github.com/google/osv-scalibr/extractor/filesystem/language/dotnet/depsjson"
	"github.com/google/osv-scalibr/extractor/filesystem/language/dotnet/packageslockjson"
	"github.com/google/osv-scalibr/extractor/filesystem/language/golang/gomod"
	javaarchive "github.com/google/osv-scalibr/extractor/filesystem/language/java/archive"
	"github.com/google/osv-scalibr/extractor/filesystem/language/java/gradlelockfile"
	"github.com/google/osv-scalibr/extractor/filesystem/language/java/pomxml"
	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/bunlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/pnpmlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/yarnlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/php/composerlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/pdmlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/pipfilelock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/poetrylock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/requirements"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/uvlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/wheelegg"
	"github.com/google/osv-scalibr/extractor/filesystem/language/ruby/gemfilelock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/ruby/gemspec"
	"github.com/google/osv-scalibr/extractor/filesystem/language/rust/cargolock"
)

// newFormats lists every format that is read, and where it is found.
func newFormats() *table {
	t := &table{
		paths: map[string][]*extractor{}, dirs: map[string][]*extractor{},
		bases: map[string][]*extractor{}, suffixes: map[string][]*extractor{},
	}
	t.systems()
	t.installed()
	t.lockFiles()
	return t
}

// systems are the operating systems' package databases.
func (t *table) systems() {
	dpkg := &extractor{name: "os/dpkg", maxSize: 128 * mib, fatal: true, extract: dpkgDatabase()}
	t.at(dpkg, "var/lib/dpkg/status")
	t.dirs["var/lib/dpkg/status.d/"] = []*extractor{dpkg}
	t.at(&extractor{name: "os/apk", maxSize: apkMaxSize, fatal: true, extract: apkDatabase()}, apkDatabases...)
	rpm := &extractor{name: "os/rpm", maxSize: rpmMaxSize, fatal: true, extract: rpmDatabase}
	t.at(rpm, rpmDatabases...)
	release := &extractor{name: osReleaseName, maxSize: maxOSRelease, fatal: true, extract: noPackages}
	t.at(release, "etc/os-release", "usr/lib/os-release")
	// Fedora's os-release is a symlink into this folder.
	t.dirs["usr/lib/os.release.d/"] = []*extractor{release}
}

// installed are packages that lie in files of their own.
func (t *table) installed() {
	t.base(&extractor{name: "javascript/packagejson", maxSize: 8 * mib, extract: packageJSON}, "package.json")
	wheel := &extractor{name: wheelegg.Name, maxSize: 64 * mib, extract: pythonRecord(must(wheelegg.New(config())))}
	t.base(wheel, "PKG-INFO", "METADATA")
	t.suffix(wheel, ".egg-info", ".egg")
	t.suffix(&extractor{name: javaarchive.Name, maxSize: 4 * gib, extract: javaArchive()}, javaExtensions...)
	t.suffix(&extractor{name: gemspec.Name, maxSize: mib, extract: viaScalibr(must(gemspec.New(config())))}, ".gemspec")
	t.suffix(&extractor{name: depsjson.Name, maxSize: 32 * mib, extract: shallow(viaScalibr(must(depsjson.New(config()))))}, ".json")
	// The Go linker's build information begins with the one, cargo auditable's
	// section is named the other.
	t.marks = [][]byte{[]byte("\xff Go buildinf:"), []byte(auditableSection)}
	t.binary = []*extractor{
		{name: "go/binary", maxSize: 2 * gib, extract: goBinary},
		{name: "rust/cargoauditable", maxSize: 2 * gib, extract: cargoAuditable},
	}
}

// lockFiles name packages.
func (t *table) lockFiles() {
	for _, f := range []struct {
		name  string
		ext   filesystem.Extractor
		bases []string
	}{
		{yarnlock.Name, must(yarnlock.New(config())), []string{"yarn.lock"}},
		{pnpmlock.Name, must(pnpmlock.New(config())), []string{"pnpm-lock.yaml"}},
		{bunlock.Name, must(bunlock.New(config())), []string{"bun.lock"}},
		{poetrylock.Name, must(poetrylock.New(config())), []string{"poetry.lock"}},
		{pipfilelock.Name, must(pipfilelock.New(config())), []string{"Pipfile.lock"}},
		{pdmlock.Name, must(pdmlock.New(config())), []string{"pdm.lock"}},
		{uvlock.Name, must(uvlock.New(config())), []string{"uv.lock"}},
		{gomod.Name, must(gomod.New(config())), []string{"go.mod"}},
		{gradlelockfile.Name, must(gradlelockfile.New(config())), []string{"gradle.lockfile", "buildscript-gradle.lockfile"}},
		{pomxml.Name, must(pomxml.New(config())), []string{"pom.xml"}},
		{gemfilelock.Name, must(gemfilelock.New(config())), []string{"Gemfile.lock", "gems.locked"}},
		{composerlock.Name, must(composerlock.New(config())), []string{"composer.lock"}},
		{cargolock.Name, must(cargolock.New(config())), []string{"Cargo.lock"}},
		{packageslockjson.Name, must(packageslockjson.New(config())), []string{"packages.lock.json"}},
	} {
		t.base(&extractor{name: f.name, maxSize: 32 * mib, declared: true, extract: shallow(viaScalibr(f.ext))}, f.bases...)
	}
	t.base(&extractor{name: "javascript/packagelockjson", maxSize: 32 * mib, declared: true, extract: npmLock},
		"package-lock.json", "npm-shrinkwrap.json")
	t.suffix(&extractor{
		name: requirements.Name, maxSize: 4 * mib, declared: true,
		extract: viaScalibr(must(requirements.New(config()))),
	}, ".txt")
}

func (t *table) at(e *extractor, paths ...string) {
	for _, p := range paths {
		t.paths[p] = append(t.paths[p], e)
	}
}

func (t *table) base(e *extractor, names ...string) {
	for _, n := range names {
		t.bases[n] = append(t.bases[n], e)
	}
}

func (t *table) suffix(e *extractor, extensions ...string) {
	for _, x := range extensions {
		t.suffixes[x] = append(t.suffixes[x], e)
	}
}

// config is a configuration of its own for every extractor: some write to it.
func config() *cpb.PluginConfig { return &cpb.PluginConfig{} }

// must unwraps a constructor that fails only for a configuration that we did
// not write.
func must(e filesystem.Extractor, err error) filesystem.Extractor {
	if err != nil {
		panic(err)
	}
	return e
}
