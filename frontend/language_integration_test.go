package frontend_test

import (
	"archive/tar"
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/scan-build/scan-build/scan"
)

// language is a build that uses a part of the Dockerfile's language.
type language struct {
	name  string
	files map[string]string
	args  []string
	// stages and their layers as layers() describes them, without the layers
	// of base images.
	want []string
	// packages of the image that npm knows.
	packages []string
}

const leftPad = `{"name": "left-pad", "version": "1.3.0"}`

func languages() []language {
	return []language{
		{
			name: "heredocs",
			files: map[string]string{"Dockerfile": `FROM $BASE
RUN <<EOF
echo one >/one
echo two >/two
EOF
COPY <<one <<two /node_modules/left-pad/
` + `no package
one
no package either
two
COPY <<-"EOF" /node_modules/left-pad/package.json
	{"name": "left-pad", "version": "1.3.0"}
EOF
`},
			want: []string{
				"final Dockerfile:2-5 RUN <<EOF",
				"final Dockerfile:6-10 COPY <<one <<two /node_modules/left-pad/",
				`final Dockerfile:11-13 COPY <<-"EOF" /node_modules/left-pad/package.json`,
			},
			packages: []string{"left-pad@1.3.0"},
		},
		{
			name: "copy link",
			files: map[string]string{
				"Dockerfile": "FROM $BASE\nRUN echo a >/a\nCOPY --link node_modules /app/node_modules\nADD --link b /b\n",
				"b":          "b", "node_modules/left-pad/package.json": leftPad,
			},
			want: []string{
				"final Dockerfile:2 RUN echo a >/a",
				"final Dockerfile:3 COPY --link node_modules /app/node_modules",
				"final Dockerfile:4 ADD --link b /b",
			},
			packages: []string{"left-pad@1.3.0"},
		},
		{
			name: "mounts",
			files: map[string]string{
				"Dockerfile": `FROM $BASE AS tools
RUN echo tool >/tool
FROM $BASE
RUN --mount=type=cache,target=/cache --mount=type=bind,from=tools,source=/tool,target=/tool \
    --mount=type=bind,target=/context --mount=type=secret,id=token --mount=type=tmpfs,target=/scratch \
    test "$(cat /run/secrets/token)" = hush && cat /tool && touch /cache/x /scratch/x && cp -r /context/node_modules /
`,
				"token": "hush", "node_modules/left-pad/package.json": leftPad,
			},
			args: []string{"--secret", "id=token,src=token"},
			want: []string{
				"tools Dockerfile:2 RUN echo tool >/tool",
				`final Dockerfile:4-6 RUN --mount=type=cache,target=/cache --mount=type=bind,from=tools,source=/tool,target=/tool ` +
					`--mount=type=bind,target=/context --mount=type=secret,id=token --mount=type=tmpfs,target=/scratch ` +
					`test "$(cat /run/secrets/token)" = hush && cat /tool && touch /cache/x /scratch/x && cp -r /context/node_modules /`,
			},
			packages: []string{"left-pad@1.3.0"},
		},
		{
			name: "stages and a target",
			files: map[string]string{"Dockerfile": `FROM $BASE AS common
RUN echo common >/common
FROM common AS one
RUN echo one >/one
FROM common AS two
COPY --from=one /one /
WORKDIR /work
FROM scratch AS unused
COPY --from=two / /
`},
			args: []string{"--target", "two"},
			want: []string{
				"one Dockerfile:2 RUN echo common >/common",
				"one Dockerfile:4 RUN echo one >/one",
				"two Dockerfile:2 RUN echo common >/common",
				"two Dockerfile:6 COPY --from=one /one /",
				"two Dockerfile:7 WORKDIR /work",
			},
		},
		{
			name: "named context, ignored files, build argument",
			files: map[string]string{
				"Dockerfile":    "ARG FROM=$BASE\nFROM $FROM\nCOPY --from=extra . /extra/\nCOPY . /app/\n",
				".dockerignore": "secret\nDockerfile\nextra\n**/minimist\n", "secret": "s", "a": "a",
				"node_modules/minimist/package.json":       `{"name": "minimist", "version": "1.2.0"}`,
				"extra/node_modules/left-pad/package.json": leftPad,
			},
			args: []string{"--build-context", "extra=extra"},
			want: []string{
				"final Dockerfile:3 COPY --from=extra . /extra/",
				"final Dockerfile:4 COPY . /app/",
			},
			packages: []string{"left-pad@1.3.0"},
		},
		{
			name: "check directive and a Dockerfile of another name",
			files: map[string]string{"sub/Other.Dockerfile": `# check=skip=MaintainerDeprecated;error=true
FROM $BASE
MAINTAINER me
ENV A=b
USER nobody
RUN echo a >/tmp/a
ENTRYPOINT ["sh"]
`},
			args: []string{"--file", "sub/Other.Dockerfile"},
			want: []string{"final Other.Dockerfile:6 RUN echo a >/tmp/a"},
		},
		{
			name:  "nothing but a base image",
			files: map[string]string{"Dockerfile": "FROM $BASE\n"},
		},
		{
			name:  "nothing at all",
			files: map[string]string{"Dockerfile": "FROM scratch\nLABEL a=b\n"},
		},
		{
			name:  "scratch with files",
			files: map[string]string{"Dockerfile": "FROM scratch\nCOPY a /a\n", "a": "a"},
			want:  []string{"final Dockerfile:2 COPY a /a"},
		},
	}
}

func TestDockerfileLanguage(t *testing.T) {
	w := engine(t)
	for _, l := range languages() {
		t.Run(l.name, func(t *testing.T) {
			p := w.project(t, l.files)
			plugin := reportOf(t, p, "plugin", l.args...)
			l.check(t, plugin)
			frontend := reportOf(t, p, "frontend", l.args...)
			// Operations that read local folders have another digest in every build.
			if diff := cmp.Diff(plugin.Platforms, frontend.Platforms, cmpopts.IgnoreFields(scan.Layer{}, "Digest")); diff != "" {
				t.Errorf("the roads report differently (-plugin +frontend):\n%s", diff)
			}
		})
	}
}

func (l language) check(t *testing.T, r *scan.Report) {
	t.Helper()
	var want []string
	for _, s := range l.want {
		want = append(want, native()+" "+s)
	}
	if diff := cmp.Diff(want, layers(withoutBase(r))); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(l.packages, npm(r)); diff != "" {
		t.Errorf("packages of the image (-want +got):\n%s", diff)
	}
}

// reportOf scans a project and returns its report.
func reportOf(t *testing.T, p *project, road string, args ...string) *scan.Report {
	t.Helper()
	if road == "frontend" {
		return parseReport(t, []byte(p.buildx(t, append(args, "--call=scan,format=json")...).exits(t, 0).Stdout))
	}
	file := filepath.Join(t.TempDir(), "report.json")
	p.scanBuild(t, append(args, "--report", "json="+file)...).exits(t, 0)
	return readReport(t, file)
}

// withoutBase leaves out the layers of base images.
func withoutBase(r *scan.Report) *scan.Report {
	out := &scan.Report{}
	for _, p := range r.Platforms {
		p.Stages = slices.Clone(p.Stages)
		for i := range p.Stages {
			s := &p.Stages[i]
			s.Layers = slices.DeleteFunc(slices.Clone(s.Layers), func(l scan.Layer) bool { return l.Base != "" })
		}
		out.Platforms = append(out.Platforms, p)
	}
	return out
}

// npm lists the npm packages of the image.
func npm(r *scan.Report) []string {
	var out []string
	for _, p := range r.Platforms {
		for _, pkg := range p.FinalStage().Packages {
			if pkg.Type == "npm" {
				out = append(out, pkg.Name+"@"+pkg.Version)
			}
		}
	}
	return out
}

func TestSyntaxLineScans(t *testing.T) {
	w := engine(t)
	p := w.project(t, map[string]string{"Dockerfile": "# syntax=$FRONTEND\nFROM $BASE\nRUN echo " + nonce() + "\n"})
	plain := func(args ...string) *build {
		args = append([]string{"docker-buildx", "build", "--progress=rawjson", "--build-context", "scan-db=" + w.database}, args...)
		return p.run(t, args)
	}
	wantAnalysed(t, plain().exits(t, 0), "RUN")
	plain("--build-arg", "SCAN_FAIL_ON=often").exits(t, 1).says(t, "SCAN_FAIL_ON")

	t.Run("and the plugin scans it once more with its own scanner", func(t *testing.T) {
		report := filepath.Join(t.TempDir(), "report.json")
		p.scanBuild(t, "--report", "json="+report).exits(t, 0)
		if got := layers(withoutBase(readReport(t, report))); len(got) != 1 {
			t.Errorf("got layers %q, want the RUN", got)
		}
	})
}

func TestPlatformsAreScannedEach(t *testing.T) {
	w := engine(t)
	p := w.project(t, map[string]string{
		"Dockerfile":         "FROM $BASE\nARG TARGETARCH\nCOPY $TARGETARCH /app\n",
		"amd64/package.json": `{"name": "only-amd64", "version": "1.0.0"}`,
		"arm64/package.json": `{"name": "only-arm64", "version": "1.0.0"}`,
	})
	for road := range roads() {
		t.Run(road, func(t *testing.T) {
			r := reportOf(t, p, road, "--platform", "linux/amd64,linux/arm64")
			want := []string{"linux/amd64 final Dockerfile:3 COPY $TARGETARCH /app", "linux/arm64 final Dockerfile:3 COPY $TARGETARCH /app"}
			if diff := cmp.Diff(want, layers(withoutBase(r))); diff != "" {
				t.Errorf("layers (-want +got):\n%s", diff)
			}
		})
	}
	b := p.scanBuild(t, "--platform", "linux/amd64,linux/arm64").exits(t, 0)
	for _, want := range []string{"[linux/amd64 scan final 4/4] COPY $TARGETARCH /app", "[linux/arm64 scan final 4/4] COPY $TARGETARCH /app"} {
		if len(b.names(want)) != 1 {
			t.Errorf("no operation is called %q", want)
		}
	}
}

func TestOperationsAreNamedByStageAndInstruction(t *testing.T) {
	p := chain(t, engine(t))
	b := p.scanBuild(t).exits(t, 0)
	for _, want := range []string{"[scan build 4/4] RUN echo ", "[scan final 4/6] COPY app /app", "[scan final 5/6] COPY --from=build /built /built", "[scan final 6/6] COPY last /last"} {
		if len(b.names(want)) != 1 {
			t.Errorf("no operation is called %q, there are %q", want, b.names("[scan"))
		}
	}
}

func TestRemoteContextIsScanned(t *testing.T) {
	w := engine(t)
	var archive bytes.Buffer
	tw := tar.NewWriter(&archive)
	for name, content := range map[string]string{
		"Dockerfile":       "FROM " + w.base + "\nCOPY app /app\n",
		"app/package.json": `{"name": "remote", "version": "1.0.0"}`,
		".scan-build.yaml": "fail-on: critical\n",
	} {
		if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/x-tar")
		_, _ = rw.Write(archive.Bytes())
	}))
	defer server.Close()
	p := w.project(t, nil)
	p.context = server.URL + "/context.tar"
	for road := range roads() {
		t.Run(road, func(t *testing.T) {
			r := reportOf(t, p, road)
			want := []string{native() + " final Dockerfile:2 COPY app /app"}
			if diff := cmp.Diff(want, layers(withoutBase(r))); diff != "" {
				t.Errorf("layers (-want +got):\n%s", diff)
			}
			if got := r.Verdict.FailOn; got != "critical" {
				t.Errorf("fail-on is %s, want critical as the context's options file says", got)
			}
		})
	}
}

func TestTriggersOfTheBaseImageAreScanned(t *testing.T) {
	w := engine(t)
	ref := w.Registry + "/frontend-test/onbuild:" + strings.ToLower(nonce())
	parent := w.project(t, map[string]string{"Dockerfile": "FROM $BASE\nONBUILD COPY package.json /app/\nONBUILD RUN echo triggered >/triggered\n"})
	parent.scanBuild(t, "--push", "--tag", ref).exits(t, 0)
	p := w.project(t, map[string]string{"Dockerfile": "FROM " + ref + "\nRUN test -f /triggered\n", "package.json": leftPad})
	r := reportOf(t, p, "plugin")
	want := []string{
		native() + " final Dockerfile:1 FROM " + ref,
		native() + " final Dockerfile:1 FROM " + ref,
		native() + " final Dockerfile:2 RUN test -f /triggered",
	}
	if diff := cmp.Diff(want, layers(withoutBase(r))); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"left-pad@1.3.0"}, npm(r)); diff != "" {
		t.Errorf("packages of the image (-want +got):\n%s", diff)
	}
}
