package extract

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/layer"
)

// brief is a package as these tests read it.
func brief(packages []scan.Package) []string {
	var out []string
	for _, p := range packages {
		s := p.Type + " " + p.Name + " " + p.Version + " " + p.Path
		if p.Source != nil {
			s += " source=" + p.Source.Name + "@" + p.Source.Version
		}
		if p.Declared {
			s += " declared"
		}
		if p.Dev {
			s += " dev"
		}
		if len(p.Licenses) > 0 {
			s += " license=" + strings.Join(p.Licenses, "|")
		}
		out = append(out, s)
	}
	return out
}

func TestPackagesOf(t *testing.T) {
	deps := deflated(t, `{"packages":[{"name":"adler","version":"1.0.2","source":"registry"},{"name":"cc","version":"1.0.0","kind":"build"},
		{"name":"app","version":"0.1.0","source":"local","root":true}]}`)

	for _, tt := range []struct {
		name  string
		files files
		want  []string
	}{
		{"dpkg", files{"var/lib/dpkg/status": debStanza("curl", "7.88.1-10+deb12u5", installed, "") +
			debStanza("libssl3", "3.0.11-1~deb12u2", installed, "Source: openssl\n") +
			debStanza("libc-bin", "2.36-9+b1", installed, "Source: glibc (2.36-9)\n") +
			debStanza("removed", "1", "deinstall ok config-files", "") +
			debStanza("half", "1", "install ok half-configured", "")}, []string{
			"deb curl 7.88.1-10+deb12u5 var/lib/dpkg/status",
			"deb half 1 var/lib/dpkg/status",
			"deb libc-bin 2.36-9+b1 var/lib/dpkg/status source=glibc@2.36-9",
			"deb libssl3 3.0.11-1~deb12u2 var/lib/dpkg/status source=openssl@",
		}},
		{"distroless", files{
			"var/lib/dpkg/status.d/base":         "Package: base-files\nVersion: 12.4\nArchitecture: amd64\n",
			"var/lib/dpkg/status.d/tzdata":       "Package: tzdata\nVersion: 2024a\nDescription: time\n",
			"var/lib/dpkg/status.d/base.md5sums": "abc  etc/x\n",
			"var/lib/dpkg/status.d/base.preinst": "#!/bin/sh\nPackage: no\n",
			"var/lib/dpkg/status.d/README":       "not a record\n",
		}, []string{"deb base-files 12.4 var/lib/dpkg/status.d/base", "deb tzdata 2024a var/lib/dpkg/status.d/tzdata"}},
		{"apk behind a merged /usr", files{
			"lib":                      "-> usr/lib",
			"usr/lib/apk/db/installed": "P:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT\no:musl\n\nP:libcrypto3\nV:3.1.4-r5\no:openssl\nL:Apache-2.0\n\n",
		}, []string{
			"apk libcrypto3 3.1.4-r5 usr/lib/apk/db/installed source=openssl@ license=Apache-2.0",
			"apk musl 1.2.4-r2 usr/lib/apk/db/installed license=MIT",
		}},
		{"dpkg behind a symlink of one's own", files{
			"var/lib/dpkg": "-> ../../data/dpkg", "data/dpkg/status": debStanza("curl", "1", installed, ""),
		}, []string{"deb curl 1 data/dpkg/status"}},
		{"npm installed", files{
			"app/node_modules/@scope/a/package.json":  `{"name":"@scope/a","version":"1.0.0","license":"MIT"}`,
			"app/node_modules/b/package.json":         "\ufeff" + `{"name":"b","version":"2.0.0","licenses":[{"type":"BSD"},{"type":"ISC"}]}`,
			"app/node_modules/noversion/package.json": `{"name":"x"}`, "app/node_modules/odd/package.json": `{"name":["x"],"version":1}`,
			"ext/package.json": `{"name":"ext","version":"1.0.0","engines":{"vscode":"^1"}}`,
		}, []string{
			"npm @scope/a 1.0.0 app/node_modules/@scope/a/package.json license=MIT",
			"npm b 2.0.0 app/node_modules/b/package.json license=BSD|ISC",
		}},
		{"npm lock file", files{"app/package-lock.json": `{"lockfileVersion":3,"packages":{"":{"name":"app"},
			"node_modules/a":{"version":"1.0.0"},"node_modules/b":{"version":"2.0.0","dev":true}}}`,
			"app/node_modules/a/package-lock.json": `{"lockfileVersion":3,"packages":{"node_modules/z":{"version":"9.0.0"}}}`}, []string{
			"npm a 1.0.0 app/package-lock.json declared", "npm b 2.0.0 app/package-lock.json declared dev",
		}},
		{"npm lock file of version 1", files{"app/npm-shrinkwrap.json": `{"lockfileVersion":1,"dependencies":{
			"a":{"version":"1.0.0","dependencies":{"@s/b":{"version":"2.0.0","dev":true}}},
			"c":{"version":"npm:real@3.0.0"},"d":{"version":"file:../d"},"e":{"version":"git+ssh://git@github.com/x/y.git#abc"}}}`,
			"app/package-lock.json": `{"lockfileVersion":1,"dependencies":{"ignored":{"version":"9.0.0"}}}`}, []string{
			"npm @s/b 2.0.0 app/npm-shrinkwrap.json declared dev", "npm a 1.0.0 app/npm-shrinkwrap.json declared",
			"npm real 3.0.0 app/npm-shrinkwrap.json declared",
		}},
		{"npm lock file with scopes and links", files{"app/package-lock.json": `{"packages":{"":{"name":"app","version":"1.0.0"},
			"node_modules/@s/a":{"version":"1.0.0","license":"MIT"},"node_modules/l":{"link":true,"resolved":"l"},
			"node_modules/x/node_modules/alias":{"name":"real","version":"2.0.0"}}}`}, []string{
			"npm @s/a 1.0.0 app/package-lock.json declared license=MIT", "npm real 2.0.0 app/package-lock.json declared",
		}},
		{"yarn", files{"app/yarn.lock": "# yarn lockfile v1\n\n\na@^1.0.0:\n  version \"1.2.3\"\n  resolved \"https://registry.yarnpkg.com/a/-/a-1.2.3.tgz#x\"\n"},
			[]string{"npm a 1.2.3 app/yarn.lock declared"}},
		{"pnpm", files{"app/pnpm-lock.yaml": "lockfileVersion: '6.0'\npackages:\n  /a@1.0.0:\n    resolution: {integrity: x}\n    dev: false\n"},
			[]string{"npm a 1.0.0 app/pnpm-lock.yaml declared"}},
		{"python installed", files{
			"usr/lib/python3/site-packages/Foo_Bar-1.0.dist-info/METADATA":  "Metadata-Version: 2.1\nName: Foo_Bar\nVersion: 1.0\n\nLong text",
			"usr/lib/python3/site-packages/old-2.0.egg-info/PKG-INFO":       "Metadata-Version: 1.0\nName: old\nVersion: 2.0\n",
			"usr/lib/python3/site-packages/older-3.0.egg-info":              "Metadata-Version: 1.0\nName: older\nVersion: 3.0\n",
			"usr/lib/python3/site-packages/Foo_Bar-1.0.dist-info/direct.md": "x",
			"usr/lib/python3/site-packages/packed-4.0-py3.egg":              archive(t, "EGG-INFO/PKG-INFO", "Metadata-Version: 1.0\nName: packed\nVersion: 4.0\n", "packed/x.py", ""),
			"tmp/wheel-5.0-py3-none-any.whl":                                archive(t, "wheel-5.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: wheel\nVersion: 5.0\n"),
			"some/METADATA":                                                 "nothing of Python's\n",
		}, []string{
			"pypi foo-bar 1.0 usr/lib/python3/site-packages/Foo_Bar-1.0.dist-info/METADATA",
			"pypi old 2.0 usr/lib/python3/site-packages/old-2.0.egg-info/PKG-INFO",
			"pypi older 3.0 usr/lib/python3/site-packages/older-3.0.egg-info",
			"pypi packed 4.0 usr/lib/python3/site-packages/packed-4.0-py3.egg",
		}},
		{"python declared", files{
			"app/a/requirements.txt": "-r ../a/requirements.txt\n-r ../b/requirements.txt\nloop==1\n", "app/b/requirements.txt": "-r ../a/requirements.txt\n",
			"app/requirements.txt":                "requests==2.19.0\nflask>=1.0\n# comment\n-r ../../../../etc/passwd\n",
			"app/poetry.lock":                     "[[package]]\nname = \"p\"\nversion = \"1.0\"\n",
			"app/Pipfile.lock":                    `{"default":{"q":{"version":"==2.0"}},"develop":{"r":{"version":"==3.0"}}}`,
			"app/pdm.lock":                        "[[package]]\nname = \"s\"\nversion = \"4.0\"\ngroups = [\"default\"]\n",
			"app/uv.lock":                         "version = 1\n[[package]]\nname = \"u\"\nversion = \"5.0\"\nsource = { registry = \"https://pypi.org/simple\" }\n",
			"etc/passwd":                          "root==0\n",
			"sp/site-packages/x/requirements.txt": "vendored==1\n",
		}, []string{
			"pypi loop 1 app/a/requirements.txt declared", "pypi loop 1 app/b/requirements.txt declared",
			"pypi p 1.0 app/poetry.lock declared", "pypi q 2.0 app/Pipfile.lock declared", "pypi r 3.0 app/Pipfile.lock declared dev",
			"pypi requests 2.19.0 app/requirements.txt declared",
			// What a requirements file includes is read within the snapshot only.
			"pypi root 0 app/requirements.txt declared", "pypi s 4.0 app/pdm.lock declared", "pypi u 5.0 app/uv.lock declared",
		}},
		{"go.mod", files{"src/go.mod": "module example.com/app\n\ngo 1.21\n\nrequire golang.org/x/net v0.1.0\n", "root/go/pkg/mod/x/go.mod": "module x\n\nrequire y v1.0.0\n"},
			[]string{"golang golang.org/x/net v0.1.0 src/go.mod declared"}},
		{"java", files{"app/app.war": archive(t,
			"META-INF/MANIFEST.MF", "Manifest-Version: 1.0\nImplementation-Title: app\n",
			"META-INF/maven/g/app/pom.properties", pom("g", "app", "1.0"),
			"WEB-INF/lib/log4j-core-2.14.1.jar.stored", archive(t, "META-INF/maven/x/pom.properties", pom("org.apache.logging.log4j", "log4j-core", "2.14.1")),
			"WEB-INF/lib/outer.jar", archive(t, "META-INF/maven/x/pom.properties", pom("g", "outer", "2.0"),
				"lib/commons-io-2.6.jar", archive(t, "x.class", "")),
		)}, []string{
			"maven commons-io:commons-io 2.6 app/app.war!WEB-INF/lib/outer.jar!lib/commons-io-2.6.jar",
			"maven g:app 1.0 app/app.war",
			"maven g:outer 2.0 app/app.war!WEB-INF/lib/outer.jar",
			"maven org.apache.logging.log4j:log4j-core 2.14.1 app/app.war!WEB-INF/lib/log4j-core-2.14.1.jar",
		}},
		{"java declared", files{
			"app/pom.xml":         "<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>a</artifactId><version>1</version><dependencies><dependency><groupId>x</groupId><artifactId>y</artifactId><version>2.0</version></dependency></dependencies></project>",
			"app/gradle.lockfile": "# comment\norg.x:z:3.0=compileClasspath\nempty=\n",
		}, []string{"maven org.x:z 3.0 app/gradle.lockfile declared", "maven x:y 2.0 app/pom.xml declared"}},
		{"ruby", files{
			"usr/lib/ruby/gems/3.1.0/specifications/rack-2.2.3.gemspec": "# stub: rack 2.2.3 ruby lib\nGem::Specification.new do |s|\n  s.name = \"rack\".freeze\n  s.version = \"2.2.3\"\nend\n",
			"usr/lib/ruby/gems/3.1.0/gems/rack-2.2.3/rack.gemspec":      "Gem::Specification.new do |s|\n  s.name = \"rack\"\n  s.version = \"0.0.0\"\nend\n",
			"app/Gemfile.lock": "GEM\n  remote: https://rubygems.org/\n  specs:\n    nokogiri (1.10.0)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  nokogiri\n",
		}, []string{"gem nokogiri 1.10.0 app/Gemfile.lock declared", "gem rack 2.2.3 usr/lib/ruby/gems/3.1.0/specifications/rack-2.2.3.gemspec"}},
		{"php", files{"app/composer.lock": `{"packages":[{"name":"a/b","version":"1.0.0"}],"packages-dev":[{"name":"c/d","version":"2.0.0"}]}`},
			[]string{"composer a/b 1.0.0 app/composer.lock declared", "composer c/d 2.0.0 app/composer.lock declared dev"}},
		{"rust", files{
			"app/Cargo.lock": "version = 3\n[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n",
			"usr/bin/app":    auditable(t, deps),
		}, []string{"cargo adler 1.0.2 usr/bin/app", "cargo app 0.1.0 usr/bin/app", "cargo serde 1.0.0 app/Cargo.lock declared"}},
		{".NET", files{
			"app/App.deps.json":      `{"libraries":{"App/1.0.0":{"type":"project"},"Newtonsoft.Json/9.0.1":{"type":"package"}}}`,
			"app/packages.lock.json": `{"version":1,"dependencies":{"net6.0":{"Serilog":{"type":"Direct","resolved":"2.0.0"}}}}`,
		}, []string{"nuget App 1.0.0 app/App.deps.json", "nuget Newtonsoft.Json 9.0.1 app/App.deps.json", "nuget Serilog 2.0.0 app/packages.lock.json declared"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inv := analyse(t, tt.files)
			if diff := cmp.Diff(tt.want, brief(inv.Packages)); diff != "" {
				t.Errorf("packages (-want +got):\n%s", diff)
			}
			for _, p := range inv.Problems {
				t.Errorf("problem: %+v", p)
			}
		})
	}
}

func TestGoBinary(t *testing.T) {
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Skip("the test's own binary cannot be read: ", err)
	}
	inv := analyse(t, files{"usr/bin/app": string(self)})
	found := map[string]scan.Package{}
	for _, p := range inv.Packages {
		found[p.Name] = p
		if p.Type != "golang" || p.Path != "usr/bin/app" || p.Go == nil {
			t.Errorf("package is %+v", p)
		}
	}
	if p := found["stdlib"]; !strings.HasPrefix(p.Version, "go1.") || !strings.HasPrefix(p.PURL, "pkg:golang/stdlib@go1.") {
		t.Errorf("standard library is %+v", p)
	}
}

func TestOSRelease(t *testing.T) {
	const debian = "# a comment\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID='12'\nVERSION_CODENAME=bookworm\nID_LIKE=\"a b\"\nSUPPORT_END=2028-06-30\n"
	want := &scan.OSRelease{
		ID: "debian", IDLike: []string{"a", "b"}, VersionID: "12", Codename: "bookworm",
		PrettyName: "Debian GNU/Linux 12 (bookworm)", SupportEnd: "2028-06-30", Path: "usr/lib/os-release",
	}
	for name, f := range map[string]files{
		"relative link":    {"usr/lib/os-release": debian, "etc/os-release": "-> ../usr/lib/os-release"},
		"absolute link":    {"usr/lib/os-release": debian, "etc/os-release": "-> /usr/lib/os-release"},
		"link out of root": {"usr/lib/os-release": debian, "etc/os-release": "-> ../../../../../usr/lib/os-release"},
		"no /etc":          {"usr/lib/os-release": debian},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, analyse(t, f).OS); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("Fedora", func(t *testing.T) {
		inv := analyse(t, files{
			"etc/os-release": "-> ../usr/lib/os-release", "usr/lib/os-release": "-> ./os.release.d/os-release-fedora",
			"usr/lib/os.release.d/os-release-fedora": "ID=fedora\nVERSION_ID=40\n",
		})
		if inv.OS == nil || inv.OS.ID != "fedora" || inv.OS.Path != "usr/lib/os.release.d/os-release-fedora" {
			t.Errorf("OS is %+v", inv.OS)
		}
	})
	t.Run("link loop", func(t *testing.T) {
		inv := analyse(t, files{"usr/lib/os-release": "ID=x\n", "etc/os-release": "-> os-release"})
		if inv.OS != nil || len(inv.Problems) != 1 || !inv.Problems[0].Fatal {
			t.Errorf("OS is %+v, problems are %+v", inv.OS, inv.Problems)
		}
	})
}

func TestInventoryIsTheSameEveryTime(t *testing.T) {
	f := files{"app/go.mod": "module a\n\nrequire (\n\tb v1.0.0\n\tc v1.0.0\n\td v1.0.0\n)\n",
		"x.deps.json": `{"libraries":{"A/1":{},"B/1":{},"C/1":{}}}`, "bad/package.json": "{", "bad/yarn.lock": "\x00\xff"}
	for i := range 200 {
		f["n/"+strings.Repeat("x", i%7)+"/"+string(rune('a'+i%26))+"/package.json"] = `{"name":"n","version":"1"}`
	}
	dir := t.TempDir()
	f.in(t, dir)
	var first []byte
	for range 5 {
		b, err := json.Marshal(analyseLayer(t, layer.Options{Child: dir}, Options{Workers: 4}))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b
		}
		if !bytes.Equal(first, b) {
			t.Fatalf("inventories differ:\n%s\n%s", first, b)
		}
	}
}

func TestEvidenceIsEveryClaimedFile(t *testing.T) {
	inv := analyse(t, files{
		"app/package.json": "{}", "app/index.js": "x", "bin/tool": "\x7fELF but empty", "etc/conf": "text", "app/requirements.txt": "",
	})
	if diff := cmp.Diff([]string{"app/package.json", "app/requirements.txt", "bin/tool"}, inv.Evidence); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyChangedFilesAreRead(t *testing.T) {
	parent, child := t.TempDir(), t.TempDir()
	old := files{"a/package.json": `{"name":"a","version":"1"}`, "b/package.json": `{"name":"b","version":"1"}`, "c/package.json": "{}"}
	old.in(t, parent)
	files{"a/package.json": old["a/package.json"], "b/package.json": `{"name":"b","version":"2"}`}.in(t, child)
	inv := analyseLayer(t, layer.Options{Child: child, Parent: parent}, Options{})
	if diff := cmp.Diff([]string{"npm b 2 b/package.json"}, brief(inv.Packages)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"c"}, inv.Removed); diff != "" {
		t.Error(diff)
	}
}
