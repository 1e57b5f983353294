package frontend_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/scan-build/scan-build/hack/testenv"
	"github.com/scan-build/scan-build/scan"
)

// pushAs pushes the base image with further layers under a name of its own.
func (w *workshop) pushAs(t *testing.T, repoTag string, created time.Time, top ...testenv.Layer) (ref, digest string) {
	t.Helper()
	ref = w.Push(t, repoTag, testenv.Image{
		Config:      testenv.BaseConfig(),
		Created:     created,
		DockerTypes: true,
		Layers:      append(testenv.BaseLayers(t, runtime.GOARCH), top...),
	})
	return ref, manifestDigest(t, ref)
}

func manifestDigest(t *testing.T, image string) string {
	t.Helper()
	ref, err := name.ParseReference(image, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	desc, err := remote.Head(ref, remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return desc.Digest.String()
}

// repository is one that no other test uses.
func repository() string { return "frontend-test/" + strings.ToLower(nonce()) }

func stageOf(t *testing.T, r *scan.Report, name string) *scan.Stage {
	t.Helper()
	for _, s := range r.AllStages() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no stage %s in the report", name)
	return nil
}

func TestReportSaysWhatStagesAreBuiltOn(t *testing.T) {
	w := engine(t)
	at := time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)
	repo := repository()
	repoName := w.Registry + "/" + repo
	_, old := w.pushAs(t, repo+":12", at, testenv.Layer{"etc/old": testenv.Text(nonce())})
	_, current := w.pushAs(t, repo+":12", at, testenv.Layer{"etc/new": testenv.Text(nonce())})
	_, untagged := w.pushAs(t, repo+":latest", time.Unix(0, 0), testenv.Layer{"etc/nonce": testenv.Text(nonce())})
	dockerfile := strings.NewReplacer("$NAME", repoName, "$OLD", old).Replace(`ARG TAG=1
FROM $NAME AS untagged
RUN touch /untagged
FROM $NAME:gone@$OLD AS gone
RUN touch /gone
FROM scratch AS empty
COPY --from=untagged /untagged /
FROM $NAME:${TAG}@$OLD
COPY --from=empty / /
COPY --from=gone /gone /
COPY --from=$NAME:12 /etc/new /etc/new
`)
	for road, build := range roads() {
		t.Run(road, func(t *testing.T) {
			p := w.project(t, map[string]string{"Dockerfile": dockerfile})
			r := p.report(t, build, "--build-arg", "TAG=12")
			want := map[string]*scan.Base{
				"untagged":       {Ref: repoName, Name: repoName, Tag: "latest", Untagged: true, Digest: untagged},
				"gone":           {Ref: repoName + ":gone@" + old, Name: repoName, Tag: "gone", Digest: old, Pinned: true, Missing: true, Created: &at},
				"empty":          nil,
				repoName + ":12": {Ref: repoName + ":12", Name: repoName, Tag: "12", Digest: current, Created: &at},
				"final":          {Ref: repoName + ":12@" + old, Name: repoName, Tag: "12", Digest: old, Pinned: true, CurrentDigest: current, Created: &at},
			}
			for stage, base := range want {
				got := stageOf(t, r, stage).Base
				if diff := cmp.Diff(base, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", stage, diff)
				}
				if base != nil && got.Moved() != (stage == "final") {
					t.Errorf("%s: moved %t", stage, got.Moved())
				}
			}
			if len(r.Notices) > 0 {
				t.Errorf("notices: %q", r.Notices)
			}
		})
	}
}

// Build contexts stand in for what FROM names.
func TestReportSaysWhatContextsBringAsBases(t *testing.T) {
	w := engine(t)
	repo := repository()
	ref, digest := w.pushAs(t, repo+":1", time.Time{}, testenv.Layer{"etc/nonce": testenv.Text(nonce())})
	repoName := strings.TrimSuffix(ref, ":1")
	layout := filepath.Join(t.TempDir(), "layout")
	p := w.project(t, map[string]string{"Dockerfile": "FROM corp.example/base:7\nRUN touch /a\n", "image/Dockerfile": "FROM " + ref + "\n"})
	w.Run(t, p.dir, "docker-buildx", "build", "--provenance=false", "--output", "type=oci,tar=false,dest="+layout, "image").OK(t)
	for name, test := range map[string]struct {
		context string
		want    scan.Base
	}{
		"image":        {"docker-image://" + ref, scan.Base{Ref: ref, Name: repoName, Tag: "1", Digest: digest}},
		"pinned image": {"docker-image://" + ref + "@" + digest, scan.Base{Ref: ref + "@" + digest, Name: repoName, Tag: "1", Digest: digest, Pinned: true, CurrentDigest: digest}},
		"layout":       {"oci-layout://" + layout + ":latest", scan.Base{Ref: "corp.example/base:7"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := p.report(t, (*project).scanBuild, "--build-context", "corp.example/base:7="+test.context)
			got := r.Platforms[0].FinalStage().Base
			if test.want.Digest == "" { // the layout's own manifest
				test.want.Digest = got.Digest
			}
			if diff := cmp.Diff(&test.want, got); diff != "" || got.Digest == "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(r.Notices) > 0 {
				t.Errorf("notices: %q", r.Notices)
			}
		})
	}
}

// A registry that takes a question and never answers.
func TestBuildIsNotHeldUpByASilentRegistry(t *testing.T) {
	w := engine(t)
	repo := repository()
	_, digest := w.pushAs(t, repo+":1", time.Time{}, testenv.Layer{"etc/nonce": testenv.Text(nonce())})
	var silent atomic.Bool
	end := make(chan struct{})
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: w.Registry})
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if silent.Load() {
			<-end
			return
		}
		proxy.ServeHTTP(rw, r)
	}))
	defer server.Close()
	defer close(end)
	image := strings.TrimPrefix(server.URL, "http://") + "/" + repo
	p := w.project(t, map[string]string{"Dockerfile": fmt.Sprintf("FROM %s:1@%s\nRUN touch /a\n", image, digest)})
	r := p.report(t, (*project).scanBuild)
	if b := r.Platforms[0].FinalStage().Base; b.CurrentDigest != digest || b.Moved() || len(r.Notices) > 0 {
		t.Errorf("base %+v, notices %q", b, r.Notices)
	}

	silent.Store(true)
	start := time.Now()
	r = p.report(t, (*project).scanBuild)
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("the build took %s", took)
	}
	b := r.Platforms[0].FinalStage().Base
	if b.CurrentDigest != "" || b.Missing || b.Digest != digest {
		t.Errorf("base %+v", b)
	}
	if want := "could not be asked whether " + image + ":1 still is"; len(r.Notices) != 1 || !strings.Contains(r.Notices[0], want) {
		t.Errorf("notices %q, want one that says %q", r.Notices, want)
	}
}

func TestReportSaysWhatTheImageIsConfiguredAs(t *testing.T) {
	w := engine(t)
	value := newToken()
	p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE\nUSER 1000:1000\nEXPOSE 80 22/tcp\nENV NAME=" + value + "\nLABEL a=b c=" + value + "\nVOLUME /data\nHEALTHCHECK CMD true\nWORKDIR /srv\nONBUILD RUN x\nSTOPSIGNAL SIGQUIT\nENTRYPOINT [\"serve\", \"--token\", \"" + value + "\"]\nCMD [\"x\"]\n"})
	for road, build := range roads() {
		t.Run(road, func(t *testing.T) {
			r := p.report(t, build, "--build-arg", "SCAN_SECRETS=warn")
			want := &scan.ImageConfig{
				User: "1000:1000", ExposedPorts: []string{"22/tcp", "80/tcp"}, EnvNames: []string{"PATH", "NAME"}, Volumes: []string{"/data"},
				Labels: map[string]string{"a": "b", "c": value[:4] + "******"}, Entrypoint: []string{"serve", "--token", value[:4] + "******"}, Cmd: []string{"x"},
				WorkingDir: "/srv", StopSignal: "SIGQUIT", Healthcheck: true, OnBuild: 1,
			}
			got := r.Platforms[0].Image
			got.Created = nil
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// report builds a project and returns its report.
func (p *project) report(t *testing.T, build func(*project, *testing.T, ...string) *build, args ...string) *scan.Report {
	t.Helper()
	return parseReport(t, []byte(build(p, t, append(args, "--call=scan,format=json")...).exits(t, 0).Stdout))
}
