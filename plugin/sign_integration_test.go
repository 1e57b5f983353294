package plugin_test

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/scan-build/scan-build/attest"
)

func TestSignedImageVerifiesOnEveryPlatform(t *testing.T) {
	w := engine(t)
	image := w.image()
	private, public := newKeys(t)
	p := w.dockerfile(t, cleanDockerfile)
	r := p.build(t, "--platform=linux/amd64,linux/arm64", "--push", "--tag", image, "--sign", "--key", private, ".").OK(t)
	says(t, r.Stderr, "Signed ", image)

	r = p.run(t, "verify", "--key", public, image).OK(t)
	says(t, r.Stdout, image, "linux/amd64 sha256:", "linux/arm64 sha256:", "image index sha256:", "signature", "verdict")
	saysNot(t, r.Stdout, "FAIL")

	r = p.run(t, "verify", "--format=json", "--key", public, image).OK(t)
	results := readJSON[[]attest.Result](t, r.Stdout)
	if len(results) != 1 || len(results[0].Subjects) != 3 {
		t.Fatalf("results: %+v", results)
	}
	for _, s := range results[0].Subjects {
		if len(s.Checks) == 0 {
			t.Errorf("nothing was checked of %q", s.Platform)
		}
		for _, c := range s.Checks {
			if !c.OK {
				t.Errorf("%s: %s: %s", s.Platform, c.Name, c.Detail)
			}
		}
	}
}

func TestVerifyTellsWhyItRefuses(t *testing.T) {
	w := engine(t)
	signed, unsigned, warned := w.image(), w.image(), w.image()
	private, public := newKeys(t)
	_, foreign := newKeys(t)
	p := w.dockerfile(t, cleanDockerfile)
	p.build(t, "--push", "--tag", signed, "--sign", "--key", private, ".").OK(t)
	p.build(t, "--push", "--tag", unsigned, ".").OK(t)
	p.write(t, "Dockerfile", vulnerableDockerfile)
	p.build(t, "--fail-on=none", "--push", "--tag", warned, "--sign", "--key", private, ".").OK(t)
	notAKey := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(notAKey, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"one of two keys":      {[]string{"--key", foreign, "--key", public, signed}, 0, []string{signed}},
		"another key":          {[]string{"--key", foreign, signed}, 2, []string{"FAIL", "1 of 1 images rejected"}},
		"unsigned":             {[]string{"--key", public, unsigned}, 2, []string{"FAIL", "1 of 1 images rejected"}},
		"one of two images":    {[]string{"--key", public, signed, unsigned}, 2, []string{signed, unsigned, "1 of 2 images rejected"}},
		"stale":                {[]string{"--key", public, "--max-age=1ms", signed}, 2, []string{"FAIL", "age"}},
		"stale database":       {[]string{"--key", public, "--max-db-age=1ms", signed}, 2, []string{"FAIL", "database"}},
		"findings":             {[]string{"--key", public, warned}, 2, []string{"FAIL", vulnerableID}},
		"findings, tolerated":  {[]string{"--key", public, "--fail-on=none", warned}, 0, nil},
		"no such image":        {[]string{"--key", public, w.Registry + "/plugin-test/nobody:1"}, 3, []string{"nobody"}},
		"no such registry":     {[]string{"--key", public, "127.0.0.1:1/nobody:1"}, 3, []string{"127.0.0.1:1"}},
		"not a reference":      {[]string{"--key", public, "UPPER CASE"}, 1, []string{"UPPER CASE"}},
		"no key":               {[]string{signed}, 1, []string{"--key is missing"}},
		"no key file":          {[]string{"--key", "/nothing/cosign.pub", signed}, 3, []string{"/nothing/cosign.pub"}},
		"key file without key": {[]string{"--key", notAKey, signed}, 3, []string{notAKey}},
		"unknown severity":     {[]string{"--key", public, "--fail-on=terrible", signed}, 1, []string{"terrible"}},
		"unknown format":       {[]string{"--key", public, "--format=poem", signed}, 1, []string{"poem"}},
		"no image":             {[]string{"--key", public}, 1, []string{"at least 1 argument"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := p.run(t, append([]string{"verify"}, c.args...)...).Exits(t, c.code)
			says(t, r.Stdout+r.Stderr, c.says...)
			if c.code == 2 {
				says(t, p.run(t, append([]string{"verify", "--format=json"}, c.args...)...).Exits(t, 2).Stdout, `"ok": false`)
			}
		})
	}
}

func TestVerifyPrintsAListWhateverItFinds(t *testing.T) {
	w := engine(t)
	_, public := newKeys(t)
	r := w.project(t, nil).run(t, "verify", "--format=json", "--key", public, w.Registry+"/plugin-test/nobody:1").Exits(t, 3)
	if r.Stdout != "[]\n" {
		t.Errorf("stdout %q", r.Stdout)
	}
}

func TestSigningIsRefusedBeforeAnythingIsBuilt(t *testing.T) {
	w := engine(t)
	private, _ := newKeys(t)
	p := w.dockerfile(t, cleanDockerfile)
	p.write(t, "docker-bake.hcl", "target \"default\" {}\n")
	for name, c := range map[string]struct {
		args []string
		env  []string
		code int
		says string
	}{
		"without a push":   {[]string{"--sign", "--key", private}, nil, 1, "add --push"},
		"without a key":    {[]string{"--sign", "--push"}, nil, 1, "--sign needs --key"},
		"without --sign":   {[]string{"--key", private, "--push"}, nil, 1, "add --sign"},
		"missing key file": {[]string{"--sign", "--push", "--key", "/nothing/cosign.key"}, nil, 3, "/nothing/cosign.key"},
		"wrong password":   {[]string{"--sign", "--push", "--key", private}, []string{"COSIGN_PASSWORD=battery staple"}, 3, "password"},
	} {
		t.Run(name, func(t *testing.T) {
			image := w.image()
			for _, kind := range []string{"build", "bake"} {
				args := append([]string{"--db", w.database, "--tag", image, "."}, c.args...)
				if kind == "bake" {
					args = append([]string{"bake", "--db", w.database, "--set", "*.tags=" + image}, c.args...)
				}
				r := p.with(c.env...).run(t, args...).Exits(t, c.code)
				says(t, r.Stderr, c.says)
				saysNot(t, r.Stderr, "RUN echo")
			}
			w.mustNotBePushed(t, image)
		})
	}
}

func TestPasswordComesFromTheEnvironmentOrATerminalOnly(t *testing.T) {
	w := engine(t)
	private, _ := newKeys(t)
	p := w.dockerfile(t, cleanDockerfile).input(keyPassword + "\n")
	p.env = nil
	for _, kv := range w.Env {
		if !strings.HasPrefix(kv, "COSIGN_PASSWORD=") {
			p.env = append(p.env, kv)
		}
	}
	r := p.build(t, "--push", "--tag", w.image(), "--sign", "--key", private, ".").Exits(t, 3)
	says(t, r.Stderr, "set COSIGN_PASSWORD")
	for _, cmd := range [][]string{{"--help"}, {"attest", "--help"}, {"bake", "--help"}} {
		saysNot(t, p.run(t, cmd...).OK(t).Stdout, "--password")
	}
}

func TestAttestSignsWhatMetadataFilesName(t *testing.T) {
	w := engine(t)
	private, public := newKeys(t)
	app, web, alone := w.image(), w.image(), w.image()
	files := bakeFiles(app, web)
	files["app.Dockerfile"], files["web.Dockerfile"], files["Dockerfile"] = cleanDockerfile, cleanDockerfile, cleanDockerfile
	p := w.project(t, files)
	p.bake(t, "--push", "--metadata-file=bake.json").OK(t)
	p.build(t, "--push", "--tag", alone, "--metadata-file=build.json", ".").OK(t)
	p.run(t, "verify", "--key", public, app, web, alone).Exits(t, 2)

	r := p.run(t, "attest", "--key", private, "--metadata-file=bake.json").OK(t)
	says(t, r.Stderr, repository(app)+"@sha256:", repository(web)+"@sha256:")
	p.run(t, "verify", "--key", public, app, web).OK(t)
	p.run(t, "attest", "--key", private, "--metadata-file=build.json").OK(t)
	p.run(t, "verify", "--key", public, app, web, alone).OK(t)
}

func TestAttestTellsWhyItCannotSign(t *testing.T) {
	w := engine(t)
	private, _ := newKeys(t)
	p := w.project(t, map[string]string{"bad.json": "{", "empty.json": "{}"})
	for name, c := range map[string]struct {
		args []string
		env  []string
		code int
		says string
	}{
		"no image":       {[]string{"--key", private}, nil, 1, "name an image"},
		"no key":         {[]string{w.base}, nil, 1, "--key is missing"},
		"not scanned":    {[]string{"--key", private, w.base}, nil, 3, w.base},
		"wrong password": {[]string{"--key", private, w.base}, []string{"COSIGN_PASSWORD=x"}, 3, "password"},
		"no metadata":    {[]string{"--key", private, "--metadata-file=nothing.json"}, nil, 1, "nothing.json"},
		"bad metadata":   {[]string{"--key", private, "--metadata-file=bad.json"}, nil, 1, "bad.json"},
		"empty metadata": {[]string{"--key", private, "--metadata-file=empty.json"}, nil, 1, "empty.json"},
		"no such image":  {[]string{"--key", private, w.Registry + "/plugin-test/nobody:1"}, nil, 3, "nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			says(t, p.with(c.env...).run(t, append([]string{"attest"}, c.args...)...).Exits(t, c.code).Stderr, c.says)
		})
	}
}

func TestBakeSignsEveryTargetItPushes(t *testing.T) {
	w := engine(t)
	private, public := newKeys(t)
	app, web := w.image(), w.image()
	files := bakeFiles(app, web)
	files["app.Dockerfile"], files["web.Dockerfile"] = cleanDockerfile, cleanDockerfile+"RUN echo web > /web\n"
	p := w.project(t, files)
	p.bake(t, "--push", "--sign", "--key", private).OK(t)
	p.run(t, "verify", "--key", public, app, web).OK(t)
}

func TestEverythingThatABuildPushesIsSigned(t *testing.T) {
	w := engine(t)
	private, public := newKeys(t)
	for name, c := range map[string]struct {
		args   func(one, two string) []string
		signed int
	}{
		"two tags": {func(one, two string) []string { return []string{"--push", "-t", one, "-t", two} }, 2},
		"by digest": {func(one, _ string) []string {
			return []string{"-o", "type=image,push=true,push-by-digest=true,name=" + repository(one)}
		}, 1},
		"several outputs": {func(one, _ string) []string {
			return []string{"-o", "type=local,dest=out", "-o", "type=registry,name=" + one}
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.dockerfile(t, cleanDockerfile)
			args := append(c.args(w.image(), w.image()), "--db", w.database, "--sign", "--key", private, ".")
			var signed []string
			for line := range strings.Lines(p.run(t, args...).OK(t).Stderr) {
				if _, image, ok := strings.Cut(strings.TrimSpace(line), " attestations of "); ok {
					signed = append(signed, image)
				}
			}
			if len(signed) != c.signed {
				t.Fatalf("signed: %v", signed)
			}
			p.run(t, append([]string{"verify", "--key", public}, signed...)...).OK(t)
		})
	}
}

// repository is an image's name without its tag.
func repository(image string) string { return strings.TrimSuffix(image, ":1") }

// dyingRegistry passes requests on until one is the last.
func dyingRegistry(t *testing.T, w *workshop, last func(*http.Request) bool) string {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: w.Registry})
	var dead atomic.Bool
	address := serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if dead.Load() {
			panic(http.ErrAbortHandler) // the connection breaks
		}
		isLast := last(r)
		proxy.ServeHTTP(rw, r)
		if isLast {
			dead.Store(true)
		}
	}))
	return strings.TrimPrefix(address, "http://")
}

func TestRegistryThatDiesDuringThePushHasNothingSigned(t *testing.T) {
	w := engine(t)
	private, _ := newKeys(t)
	real := w.image()
	host := dyingRegistry(t, w, func(r *http.Request) bool { return r.Method == http.MethodPost })
	p := w.dockerfile(t, cleanDockerfile)
	r := p.build(t, "--push", "--tag", strings.Replace(real, w.Registry, host, 1), "--sign", "--key", private, ".").Exits(t, 1)
	says(t, r.Stderr, "failed to push")
	saysNot(t, r.Stderr, "Signed")
	w.mustNotBePushed(t, real)
}

func TestRegistryThatDiesAfterThePushLeavesAnImageThatIsNotVerified(t *testing.T) {
	w := engine(t)
	private, public := newKeys(t)
	real := w.image()
	host := dyingRegistry(t, w, func(r *http.Request) bool {
		return r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/manifests/1")
	})
	p := w.dockerfile(t, cleanDockerfile)
	r := p.build(t, "--push", "--tag", strings.Replace(real, w.Registry, host, 1), "--sign", "--key", private, ".").Exits(t, 3)
	says(t, r.Stderr, "failed to sign")
	w.mustBePushed(t, real)
	tags, err := remote.List(reference(t, real).Context(), remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if len(tags) != 1 {
		t.Errorf("tags: %v", tags)
	}
	p.run(t, "verify", "--key", public, real).Exits(t, 2)
	p.run(t, "attest", "--key", private, real).OK(t)
	p.run(t, "verify", "--key", public, real).OK(t)
}
