package check

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

func TestNamesOfSecrets(t *testing.T) {
	for want, names := range map[bool]string{
		true: `DB_PASSWORD MYSQL_ROOT_PASSWORD PGPASSWORD POSTGRES_PASSWORD db_password REDIS_PASS_PASSWD GITHUB_TOKEN NPM_TOKEN
			CLIENT_SECRET SECRET_KEY SECRET_KEY_BASE JWT_SECRET AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN STRIPE_API_KEY
			APIKEY MY_APIKEY SSH_PRIVATE_KEY ENCRYPTION_KEY DB_PWD KEY_PASSPHRASE GOOGLE_CREDENTIALS AZURE_STORAGE_KEY SECRETS`,
		false: `PATH PWD OLDPWD LANG HOME DB_PASSWORD_FILE PASSWORD_HASH GPG_KEY GPG_KEYS PYTHON_GPG_KEY NODE_VERSION SECRET_NAME
			TOKEN_TTL TOKEN_URL TOKENIZERS_PARALLELISM MYSQL_ALLOW_EMPTY_PASSWORD MYSQL_RANDOM_ROOT_PASSWORD PUBLIC_KEY
			NEXT_PUBLIC_API_KEY KEY KEYBOARD_LAYOUT MONKEY PRIMARY_KEY CACHE_KEY GOOGLE_APPLICATION_CREDENTIALS_PATH
			REQUIRE_PASSWORD SSH_AUTH_SOCK DATABASE_URL PASS_MAX_DAYS JAVA_HOME PHP_SHA256 SECRETS_DIR TOKENS_PER_SECOND _ -`,
	} {
		for _, n := range strings.Fields(names) {
			if secretName(n) != want {
				t.Errorf("%s: want %v", n, want)
			}
		}
	}
}

func TestMinimalImages(t *testing.T) {
	bash := scan.Package{Name: "bash", Version: "5", Type: "deb", First: 2}
	for name, tc := range map[string]struct {
		change func(*scan.Report, *scan.ImageConfig, *scan.Stage)
		want   string
	}{
		"an ordinary image": {func(*scan.Report, *scan.ImageConfig, *scan.Stage) {}, ""},
		"its label": {func(_ *scan.Report, i *scan.ImageConfig, _ *scan.Stage) {
			i.Labels = map[string]string{minimalLabel: "true"}
		}, "by its label io.scan-build.minimal"},
		"its name":          {func(_ *scan.Report, _ *scan.ImageConfig, s *scan.Stage) { s.Name = "app-distroless" }, "by its name app-distroless"},
		"the target's name": {func(r *scan.Report, _ *scan.ImageConfig, _ *scan.Stage) { r.Target = "app-minimal" }, "by its name app-minimal"},
		"a base that is minimal": {func(_ *scan.Report, _ *scan.ImageConfig, s *scan.Stage) {
			s.Base.Ref, s.Base.Name = "gcr.io/distroless/base@sha256:aa", "gcr.io/distroless/base"
		}, "by its base image gcr.io/distroless/base@sha256:aa"},
		"a base whose tag says so": {func(_ *scan.Report, _ *scan.ImageConfig, s *scan.Stage) {
			s.Base.Ref, s.Base.Name, s.Base.Tag = "x:8.0-noble-chiseled", "mcr.microsoft.com/dotnet/runtime", "8.0-noble-chiseled"
		}, "by its base image x:8.0-noble-chiseled"},
		"a variant to debug": {func(_ *scan.Report, _ *scan.ImageConfig, s *scan.Stage) {
			s.Base.Name, s.Base.Tag = "gcr.io/distroless/base", "debug-nonroot"
		}, ""},
		"a label against the base": {func(_ *scan.Report, i *scan.ImageConfig, s *scan.Stage) {
			s.Base.Name, i.Labels = "gcr.io/distroless/base", map[string]string{minimalLabel: "false"}
		}, ""},
		"ubi-minimal, which has a shell": {func(_ *scan.Report, _ *scan.ImageConfig, s *scan.Stage) {
			s.Base.Name = "registry.access.redhat.com/ubi9/ubi-minimal"
		}, ""},
		"a distribution made from scratch": {func(_ *scan.Report, _ *scan.ImageConfig, s *scan.Stage) {
			s.Base, s.Layers = nil, []scan.Layer{{}, {}, {Instruction: "ADD rootfs.tar /"}}
		}, ""},
		"made from scratch": {func(_ *scan.Report, _ *scan.ImageConfig, s *scan.Stage) {
			s.Base, s.OS, s.EndOfLife, s.Layers = nil, nil, "", []scan.Layer{{}, {}, {Instruction: "COPY . /app"}}
		}, "for it is made from scratch"},
	} {
		t.Run(name, func(t *testing.T) {
			r := report()
			s := &r.Platforms[0].Stages[0]
			s.Packages = append(s.Packages, bash)
			s.Files = []scan.FileFact{fact(scan.FileProgram, "bin/apk", 2), fact(scan.FileProgram, "bin/app", 2)}
			tc.change(r, r.Platforms[0].Image, s)
			var want []string
			if tc.want != "" {
				origin := s.Layers[2].Instruction
				want = []string{"minimal-image-tools 2: the image claims to be minimal " + tc.want + " but has bash and /bin/apk: " + origin}
			}
			if diff := cmp.Diff(want, seen(r)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRuntimes(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*scan.Stage)
		want   []string
	}{
		"the base image's tag": {func(s *scan.Stage) {
			s.Base = &scan.Base{Name: "docker.io/library/node", Tag: "16.20-alpine", Pinned: true}
		}, []string{"eol-runtime 0: Node.js 16 reached its end of life on 2023-09-11 (base image debian:12)"}},
		"a tag that is maintained": {func(s *scan.Stage) {
			s.Base = &scan.Base{Name: "docker.io/library/node", Tag: "22", Pinned: true}
		}, nil},
		"a tag without a version": {func(s *scan.Stage) {
			s.Base = &scan.Base{Name: "docker.io/library/python", Tag: "3-slim", Pinned: true}
		}, nil},
		"another registry's node": {func(s *scan.Stage) {
			s.Base = &scan.Base{Name: "example.com/node", Tag: "16", Pinned: true}
		}, nil},
		"tag and program are one": {func(s *scan.Stage) {
			s.Base = &scan.Base{Name: "docker.io/library/python", Tag: "3.8-slim", Pinned: true}
			s.Files = []scan.FileFact{fact(scan.FileProgram, "usr/local/bin/python3.8", 1)}
			s.Packages = append(s.Packages, scan.Package{Type: "pypi", Path: "usr/local/bin/python3.8"})
		}, []string{"eol-runtime 0: Python 3.8 reached its end of life on 2024-10-07 (base image debian:12)"}},
		"a program by name": {func(s *scan.Stage) {
			s.Files = []scan.FileFact{fact(scan.FileProgram, "opt/py/bin/python2.7", 3), fact(scan.FileProgram, "opt/py/bin/python3.13", 3)}
		}, []string{"eol-runtime 3: Python 2.7 reached its end of life on 2020-01-01: /opt/py/bin/python2.7 (RUN make)"}},
		"the distribution's own": {func(s *scan.Stage) {
			s.Files = []scan.FileFact{{Kind: scan.FileProgram, Path: "usr/bin/python3.6", Package: "python3.6", Layer: 2}}
			s.Packages = append(s.Packages, scan.Package{Name: "nodejs", Version: "12.22.12~dfsg-1~deb11u4", Type: "deb"}, scan.Package{Name: "php7.4", Version: "7.4.33", Type: "deb"})
		}, nil},
		"NodeSource's and Adoptium's": {func(s *scan.Stage) {
			s.Packages = append(s.Packages,
				scan.Package{Name: "nodejs", Version: "2:14.21.3-1nodesource1", Type: "deb", Last: 2},
				scan.Package{Name: "temurin-16-jdk", Version: "16.0.2", Type: "deb", Last: 3},
				scan.Package{Name: "temurin-17-jdk", Version: "17.0.2", Type: "deb", Last: 3})
		}, []string{
			"eol-runtime 2: Node.js 14 reached its end of life on 2023-04-30 (COPY . /app)",
			"eol-runtime 3: Java 16 reached its end of life on 2021-09-30 (RUN make)",
		}},
		"Go programs": {func(s *scan.Stage) {
			s.Packages = append(s.Packages,
				scan.Package{Name: "stdlib", Version: "1.20.3", Type: "golang", Path: "app/a", Last: 2},
				scan.Package{Name: "stdlib", Version: "go1.20.1", Type: "golang", Path: "app/b", Last: 2},
				scan.Package{Name: "stdlib", Version: "1.25.1", Type: "golang", Path: "app/c", Last: 2})
		}, []string{"eol-runtime 2: Go 1.20 reached its end of life on 2024-02-06: /app/a and /app/b (COPY . /app)"}},
		"Ruby with its gems": {func(s *scan.Stage) {
			s.Files = []scan.FileFact{fact(scan.FileProgram, "usr/local/bin/ruby", 2)}
			s.Packages = append(s.Packages, scan.Package{Name: "bundler", Type: "gem", Path: "usr/local/lib/ruby/gems/2.7.0/specifications/default/bundler.gemspec"})
		}, []string{"eol-runtime 2: Ruby 2.7 reached its end of life on 2023-03-31: /usr/local/bin/ruby (COPY . /app)"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := report()
			tc.change(&r.Platforms[0].Stages[0])
			if diff := cmp.Diff(tc.want, seen(r)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
