package frontend_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/hack/testenv"
	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/base"
)

// npmLayer is a layer with a package of npm for each name@version.
func npmLayer(packages ...string) testenv.Layer {
	layer := testenv.Layer{"etc/nonce": testenv.Text(nonce())}
	for _, p := range packages {
		name, version, _ := strings.Cut(p, "@")
		layer["opt/node_modules/"+name+"/package.json"] = testenv.Text(fmt.Sprintf(`{"name": %q, "version": %q}`, name, version))
	}
	return layer
}

// advised lists what a report advises for its image, one to a line.
func advised(r *scan.Report) []string {
	var out []string
	for _, p := range r.Platforms {
		b := p.FinalStage().Base
		for _, a := range b.Advice {
			out = append(out, base.Text(b, a))
		}
	}
	return out
}

func TestAdviceComparesTheBaseWithNewerOnes(t *testing.T) {
	w := engine(t)
	repo := repository()
	image := w.Registry + "/" + repo
	push := func(tag string, packages ...string) string {
		_, digest := w.pushAs(t, repo+":"+tag, time.Time{}, npmLayer(packages...))
		return digest
	}
	old := push("1.2.0-slim", "minimist@1.2.0")
	current := push("1.2.0-slim", "minimist@1.2.6")
	patched := push("1.2.3-slim", "minimist@1.2.6", "left-pad@1.3.0")
	push("1.2.2-slim", "minimist@1.2.0")
	push("1.10.0-slim", "minimist@1.2.0")
	push("1.10.0", "minimist@1.2.6")
	push("1.11.0-slim-rc1", "minimist@1.2.6")
	short := old[:len("sha256:")+12]
	vulnerableNow := fmt.Sprintf("FROM %s:1.2.0-slim@%s\nCOPY package.json /app/node_modules/minimist/\n", image, old)
	files := map[string]string{"Dockerfile": vulnerableNow, "package.json": minimist, ".dockerignore": "Dockerfile\n"}
	same := fmt.Sprintf("%s:1.2.0-slim@%s → %s:1.2.0-slim: 1 fewer critical, 1 fewer medium, 0 new", image, short, image)

	t.Run("plugin", func(t *testing.T) {
		p := w.project(t, files)
		r := p.report(t, (*project).scanBuild, "--advise", "--fail-on=none")
		want := []string{
			same,
			fmt.Sprintf("%s:1.2.0-slim@%s → %s:1.2.3-slim: 1 fewer critical, 1 fewer medium, 0 new", image, short, image),
			fmt.Sprintf("%s:1.2.0-slim@%s → %s:1.10.0-slim: no change", image, short, image),
		}
		if diff := cmp.Diff(want, advised(r)); diff != "" {
			t.Errorf("(-want +got):\n%s\nnotices %q", diff, r.Notices)
		}
		a := r.Platforms[0].FinalStage().Base.Advice
		if len(a) == 3 && (a[0].Digest != current || a[1].Digest != patched || len(a[0].GoneIDs) != 2 || len(a[0].NewIDs) != 0 || a[2].Same["critical"] != 1) {
			t.Errorf("advice %+v", a)
		}
		if findings := len(r.Platforms[0].FinalStage().Findings); findings != 4 {
			t.Errorf("%d findings in the image, want 4: what is compared is no part of it", findings)
		}
	})
	t.Run("frontend, which can list no tags", func(t *testing.T) {
		p := w.project(t, files)
		r := p.report(t, (*project).buildx, "--build-arg", "SCAN_ADVISE=true", "--build-arg", "SCAN_FAIL_ON=none")
		if diff := cmp.Diff([]string{same}, advised(r)); diff != "" {
			t.Errorf("(-want +got):\n%s\nnotices %q", diff, r.Notices)
		}
	})
	t.Run("not asked for", func(t *testing.T) {
		p := w.project(t, files)
		b := p.scanBuild(t, "--fail-on=none", "--call=scan,format=json").exits(t, 0)
		if got := advised(parseReport(t, []byte(b.Stdout))); len(got) > 0 {
			t.Errorf("advice %q", got)
		}
		if got := b.names("[scan " + repo); len(got) > 0 {
			t.Errorf("other images were analysed: %q", got)
		}
	})
	t.Run("several platforms", func(t *testing.T) {
		p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE\nRUN touch /a\n"})
		if r := p.report(t, (*project).scanBuild, "--advise", "--platform=linux/amd64,linux/arm64"); len(advised(r)) > 0 || len(r.Notices) > 0 {
			t.Errorf("advice %q, notices %q", advised(r), r.Notices)
		}
	})
}

// Of a repository's list, a tag whose image is broken fails nothing.
func TestAdviceThatCannotBeHadIsANotice(t *testing.T) {
	w := engine(t)
	repo := repository()
	_, old := w.pushAs(t, repo+":1.0.0", time.Time{}, npmLayer("minimist@1.2.0"))
	w.Push(t, repo+":1.0.1", testenv.Image{Platform: "linux/s390x", Config: testenv.BaseConfig(), Layers: []testenv.Layer{npmLayer()}}, testenv.Image{Platform: "linux/ppc64le", Config: testenv.BaseConfig(), Layers: []testenv.Layer{npmLayer()}})
	p := w.project(t, map[string]string{"Dockerfile": fmt.Sprintf("FROM %s/%s:1.0.0@%s\nRUN touch /a\n", w.Registry, repo, old)})
	r := p.report(t, (*project).scanBuild, "--advise", "--fail-on=none")
	if len(advised(r)) > 0 || len(r.Notices) != 1 || !strings.Contains(r.Notices[0], repo+":1.0.1 is not compared with") {
		t.Errorf("advice %q, notices %q", advised(r), r.Notices)
	}
}
