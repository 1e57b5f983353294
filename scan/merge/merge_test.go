package merge

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

const status = "var/lib/dpkg/status"

// inv makes a layer inventory: packages, with the files they are in as evidence.
func inv(packages ...scan.Package) scan.LayerInventory {
	l := scan.LayerInventory{SchemaVersion: scan.SchemaVersion}
	for _, p := range packages {
		path := p.Path
		for i := range path {
			if path[i] == '!' {
				path = path[:i]
				break
			}
		}
		l.Evidence = append(l.Evidence, path)
		l.Packages = append(l.Packages, p)
	}
	return l
}

func removing(l scan.LayerInventory, paths ...string) scan.LayerInventory {
	l.Removed = paths
	return l
}

func claiming(l scan.LayerInventory, paths ...string) scan.LayerInventory {
	l.Evidence = append(l.Evidence, paths...)
	return l
}

func deb(name, version string) scan.Package {
	return scan.Package{Type: "deb", Name: name, Version: version, Path: status, Arch: "amd64"}
}

func npm(name, version, path string) scan.Package {
	return scan.Package{Type: "npm", Name: name, Version: version, Path: path, PURL: "pkg:npm/" + name + "@" + version}
}

func of(typ, name, version, path string) scan.Package {
	return scan.Package{Type: typ, Name: name, Version: version, Path: path, PURL: "x"}
}

func declared(p scan.Package) scan.Package {
	p.Declared = true
	return p
}

// got is a package as a test reads it: name, version, path, first and last layer.
type got struct {
	Name, Version, Path string
	First, Last         int
}

func TestLayers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		layers []scan.LayerInventory
		want   []got
	}{
		{
			"nothing", []scan.LayerInventory{inv()}, nil,
		},
		{
			"package upgraded in a later layer",
			[]scan.LayerInventory{inv(deb("curl", "1"), deb("vim", "1")), inv(), inv(deb("curl", "2"), deb("vim", "1"))},
			[]got{{"curl", "2", status, 0, 2}, {"vim", "1", status, 0, 0}},
		},
		{
			"package removed by the package manager",
			[]scan.LayerInventory{inv(deb("curl", "1"), deb("vim", "1")), inv(deb("vim", "1"))},
			[]got{{"vim", "1", status, 0, 0}},
		},
		{
			"package removed and installed again",
			[]scan.LayerInventory{inv(deb("curl", "1"), deb("vim", "1")), inv(deb("vim", "1")), inv(deb("curl", "1"), deb("vim", "1"))},
			[]got{{"curl", "1", status, 2, 2}, {"vim", "1", status, 0, 0}},
		},
		{
			"all packages removed: an empty database",
			[]scan.LayerInventory{inv(deb("curl", "1")), claiming(inv(), status)},
			nil,
		},
		{
			"database moved, as distroless splits it",
			[]scan.LayerInventory{
				inv(deb("curl", "1")),
				removing(inv(of("deb", "curl", "1", "var/lib/dpkg/status.d/curl")), status),
			},
			// Without an architecture it is another record to us.
			[]got{{"curl", "1", "var/lib/dpkg/status.d/curl", 1, 1}},
		},
		{
			"tree deleted with rm -rf",
			[]scan.LayerInventory{
				inv(npm("a", "1", "app/node_modules/a/package.json"), npm("b", "1", "srv/b/package.json"), npm("c", "1", "app2/package.json")),
				removing(inv(), "app"),
			},
			[]got{{"b", "1", "srv/b/package.json", 0, 0}, {"c", "1", "app2/package.json", 0, 0}},
		},
		{
			"whiteout of one file",
			[]scan.LayerInventory{
				inv(npm("a", "1", "app/a/package.json"), npm("b", "1", "app/b/package.json")),
				removing(inv(), "app/a/package.json"),
			},
			[]got{{"b", "1", "app/b/package.json", 0, 0}},
		},
		{
			"opaque directory with new content",
			[]scan.LayerInventory{
				inv(npm("a", "1", "app/a/package.json"), npm("b", "1", "app/b/package.json")),
				removing(inv(npm("b", "2", "app/b/package.json")), "app"),
			},
			[]got{{"b", "2", "app/b/package.json", 0, 1}},
		},
		{
			"opaque root",
			[]scan.LayerInventory{inv(deb("curl", "1")), removing(inv(npm("b", "2", "b/package.json")), ".")},
			[]got{{"b", "2", "b/package.json", 1, 1}},
		},
		{
			"file replaced by one without packages",
			[]scan.LayerInventory{inv(npm("a", "1", "app/package.json")), claiming(inv(), "app/package.json")},
			nil,
		},
		{
			"file replaced by a directory",
			[]scan.LayerInventory{inv(npm("a", "1", "app/package.json")), inv(npm("b", "1", "app/package.json/package.json"))},
			[]got{{"b", "1", "app/package.json/package.json", 1, 1}},
		},
		{
			"directory replaced by a file",
			[]scan.LayerInventory{inv(npm("a", "1", "app/x/package.json")), claiming(inv(), "app/x")},
			nil,
		},
		{
			"the same package in two layers at two places",
			[]scan.LayerInventory{inv(npm("a", "1", "app/a/package.json")), inv(npm("a", "1", "srv/a/package.json"))},
			[]got{{"a", "1", "app/a/package.json", 0, 0}, {"a", "1", "srv/a/package.json", 1, 1}},
		},
		{
			"the same file in two layers, unchanged",
			[]scan.LayerInventory{inv(npm("a", "1", "app/a/package.json")), inv(npm("a", "1", "app/a/package.json"))},
			[]got{{"a", "1", "app/a/package.json", 0, 0}},
		},
		{
			"COPY --from of a tree over an older one",
			[]scan.LayerInventory{
				inv(npm("a", "1", "app/a/package.json"), npm("b", "1", "app/b/package.json")),
				inv(npm("a", "2", "app/a/package.json"), npm("c", "1", "app/c/package.json")),
			},
			[]got{
				{"a", "2", "app/a/package.json", 0, 1}, {"b", "1", "app/b/package.json", 0, 0}, {"c", "1", "app/c/package.json", 1, 1},
			},
		},
		{
			"package database behind a symlink has one path in all layers",
			[]scan.LayerInventory{
				inv(of("apk", "musl", "1", "usr/lib/apk/db/installed")), inv(of("apk", "musl", "2", "usr/lib/apk/db/installed")),
			},
			[]got{{"musl", "2", "usr/lib/apk/db/installed", 0, 1}},
		},
		{
			"package database moved behind a symlink keeps its packages' layers",
			[]scan.LayerInventory{
				inv(of("apk", "musl", "1", "lib/apk/db/installed")), removing(inv(of("apk", "musl", "1", "usr/lib/apk/db/installed")), "lib"),
			},
			[]got{{"musl", "1", "usr/lib/apk/db/installed", 0, 0}},
		},
		{
			"upgrade that comes in a file of another name",
			[]scan.LayerInventory{
				inv(of("maven", "g:a", "1", "app/lib/a-1.jar"), of("pypi", "x", "1", "sp/x-1.dist-info/METADATA")),
				removing(inv(of("maven", "g:a", "2", "app/lib/a-2.jar"), of("pypi", "x", "2", "sp/x-2.dist-info/METADATA")), "app/lib/a-1.jar", "sp/x-1.dist-info"),
			},
			[]got{{"g:a", "2", "app/lib/a-2.jar", 0, 1}, {"x", "2", "sp/x-2.dist-info/METADATA", 0, 1}},
		},
		{
			"archives in archives go with the outer file",
			[]scan.LayerInventory{inv(of("maven", "g:a", "1", "app.jar!lib/a.jar")), removing(inv(), "app.jar")},
			nil,
		},
		{
			"lock file and manifest in different layers",
			[]scan.LayerInventory{
				inv(declared(npm("a", "1", "app/package-lock.json")), declared(npm("b", "1", "app/package-lock.json"))),
				inv(npm("a", "1", "app/node_modules/a/package.json")),
			},
			[]got{{"a", "1", "app/node_modules/a/package.json", 1, 1}, {"b", "1", "app/package-lock.json", 0, 0}},
		},
		{
			"lock file of another version or another application stays",
			[]scan.LayerInventory{
				inv(declared(npm("a", "1", "app/package-lock.json")), declared(npm("b", "1", "srv/package-lock.json"))),
				inv(npm("a", "2", "app/node_modules/a/package.json"), npm("b", "1", "app/node_modules/b/package.json")),
			},
			[]got{
				{"a", "1", "app/package-lock.json", 0, 0}, {"a", "2", "app/node_modules/a/package.json", 1, 1},
				{"b", "1", "app/node_modules/b/package.json", 1, 1}, {"b", "1", "srv/package-lock.json", 0, 0},
			},
		},
		{
			"requirements that are installed elsewhere",
			[]scan.LayerInventory{
				inv(declared(of("pypi", "x", "1", "app/requirements.txt"))),
				inv(of("pypi", "x", "1", "usr/lib/python3/site-packages/x-1.dist-info/METADATA")),
			},
			[]got{{"x", "1", "usr/lib/python3/site-packages/x-1.dist-info/METADATA", 1, 1}},
		},
		{
			"lock file at the root of the image",
			[]scan.LayerInventory{inv(declared(npm("a", "1", "package-lock.json")), npm("a", "1", "node_modules/a/package.json"))},
			[]got{{"a", "1", "node_modules/a/package.json", 0, 0}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Layers(tt.layers)
			if err != nil {
				t.Fatal(err)
			}
			var have []got
			for _, p := range m.Packages {
				have = append(have, got{p.Name, p.Version, p.Path, p.First, p.Last})
			}
			if diff := cmp.Diff(tt.want, have); diff != "" {
				t.Errorf("packages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProblemsGoWithTheirFile(t *testing.T) {
	broken := claiming(inv(), "var/lib/rpm/rpmdb.sqlite")
	broken.Problems = []scan.Problem{{Path: "var/lib/rpm/rpmdb.sqlite", Message: "truncated", Fatal: true}}
	repaired := inv(of("rpm", "bash", "1", "var/lib/rpm/rpmdb.sqlite"))
	for name, tt := range map[string]struct {
		layers []scan.LayerInventory
		want   int
	}{
		"stays":     {[]scan.LayerInventory{broken, inv(npm("a", "1", "a/package.json"))}, 1},
		"replaced":  {[]scan.LayerInventory{broken, repaired}, 0},
		"removed":   {[]scan.LayerInventory{broken, removing(inv(), "var/lib")}, 0},
		"came back": {[]scan.LayerInventory{repaired, broken}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := Layers(tt.layers)
			if err != nil || len(m.Problems) != tt.want {
				t.Errorf("problems are %v, %v", m.Problems, err)
			}
		})
	}
}

func TestOSOfTheFinalSnapshot(t *testing.T) {
	release := func(path, version string) scan.LayerInventory {
		l := claiming(inv(), path)
		l.OS = &scan.OSRelease{ID: "debian", VersionID: version, Path: path}
		return l
	}
	for name, tt := range map[string]struct {
		layers []scan.LayerInventory
		want   string
	}{
		"none":              {[]scan.LayerInventory{inv()}, ""},
		"upgraded":          {[]scan.LayerInventory{release("usr/lib/os-release", "11"), release("usr/lib/os-release", "12")}, "12"},
		"etc wins":          {[]scan.LayerInventory{release("etc/os-release", "11"), release("usr/lib/os-release", "12")}, "11"},
		"removed":           {[]scan.LayerInventory{release("usr/lib/os-release", "11"), removing(inv(), "usr")}, ""},
		"elsewhere by link": {[]scan.LayerInventory{release("usr/lib/os.release.d/os-release-fedora", "40")}, "40"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := Layers(tt.layers)
			if err != nil {
				t.Fatal(err)
			}
			have := ""
			if m.OS != nil {
				have = m.OS.VersionID
			}
			if have != tt.want {
				t.Errorf("version is %q, want %q", have, tt.want)
			}
		})
	}
}

func TestPackageURLsNameTheDistribution(t *testing.T) {
	l := inv(
		scan.Package{Type: "deb", Name: "libssl3", Version: "3.0.1-1+b1", Arch: "amd64", Path: status, Source: &scan.SourcePackage{Name: "openssl", Version: "3.0.1-1"}},
		scan.Package{Type: "rpm", Name: "bash", Version: "1:5.1-2.el9", Path: "rpm", Modularity: "m:1"},
	)
	l.OS = &scan.OSRelease{ID: "debian", VersionID: "12", Path: "etc/os-release"}
	m, err := Layers([]scan.LayerInventory{l})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"pkg:deb/debian/libssl3@3.0.1-1%2Bb1?arch=amd64&distro=debian-12&upstream=openssl%403.0.1-1",
		"pkg:rpm/debian/bash@5.1-2.el9?distro=debian-12&epoch=1&rpmmod=m:1",
	}
	if diff := cmp.Diff(want, []string{m.Packages[0].PURL, m.Packages[1].PURL}); diff != "" {
		t.Error(diff)
	}
}

func TestOtherSchemaIsRefused(t *testing.T) {
	if _, err := Layers([]scan.LayerInventory{{SchemaVersion: scan.SchemaVersion + 1}}); err == nil {
		t.Error("no error")
	}
}

func TestInputIsLeftAlone(t *testing.T) {
	layers := []scan.LayerInventory{inv(deb("curl", "1")), inv(deb("curl", "2"))}
	if _, err := Layers(layers); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]scan.LayerInventory{inv(deb("curl", "1")), inv(deb("curl", "2"))}, layers); diff != "" {
		t.Error(diff)
	}
}
