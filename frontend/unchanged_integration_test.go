package frontend_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/hack/testenv"
)

// chain is a build of two stages with three layers of its own, all of them new
// to every engine.
func chain(t *testing.T, w *workshop) *project {
	t.Helper()
	return w.project(t, map[string]string{
		"Dockerfile": `FROM $BASE AS build
RUN echo ` + nonce() + ` >/built
FROM $BASE
COPY app /app
COPY --from=build /built /built
COPY last /last
`,
		"app":  nonce(),
		"last": nonce(),
	})
}

var chainLayers = []string{"COPY --from=build /built /built", "COPY app /app", "COPY last /last"}

// wantAnalysed compares the instructions that were analysed, without those of a
// base image; the RUN's text is random.
func wantAnalysed(t *testing.T, b *build, want ...string) {
	t.Helper()
	var got []string
	for _, text := range b.analysed() {
		if strings.HasPrefix(text, "RUN echo ") {
			text = "RUN"
		}
		if !strings.HasPrefix(text, "FROM ") {
			got = append(got, text)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("layers analysed (-want +got):\n%s\nreused: %q", diff, b.reused())
	}
}

// wantNothingAnalysed also counts the layers of base images.
func wantNothingAnalysed(t *testing.T, b *build, layers int) {
	t.Helper()
	if got := b.analysed(); len(got) > 0 {
		t.Errorf("analysed again: %q", got)
	}
	if got := len(b.reused()); got != layers {
		t.Errorf("%d analyses were reused, want %d: %q", got, layers, b.reused())
	}
}

func chainAnd(more ...string) []string { return append(append([]string{}, chainLayers...), more...) }

func TestRebuildAnalysesNothing(t *testing.T) {
	for road, run := range roads() {
		t.Run(road, func(t *testing.T) {
			p := chain(t, engine(t))
			wantAnalysed(t, run(p, t).exits(t, 0), chainAnd("RUN")...)
			wantNothingAnalysed(t, run(p, t).exits(t, 0), 7)
		})
	}
}

func TestOnlyTheChangedLayerIsAnalysed(t *testing.T) {
	p := chain(t, engine(t))
	p.scanBuild(t).exits(t, 0)
	p.write(t, "last", nonce())
	b := p.scanBuild(t).exits(t, 0)
	wantAnalysed(t, b, "COPY last /last")
	if got := len(b.reused()); got != 6 {
		t.Errorf("%d analyses were reused, want 6: %q", got, b.reused())
	}
}

func TestBothRoadsShareTheAnalyses(t *testing.T) {
	w := engine(t)
	p := chain(t, w)
	p.buildx(t).exits(t, 0)
	// The same scanner: that of the frontend image.
	wantNothingAnalysed(t, p.scanBuild(t, "--scanner", "docker-image://"+w.image).exits(t, 0), 7)
}

func TestDatabaseUpdateAnalysesNothing(t *testing.T) {
	w := engine(t)
	p := chain(t, w)
	report := filepath.Join(t.TempDir(), "report.json")
	p.scanBuild(t, "--report", "json="+report).exits(t, 0)
	before := readReport(t, report).Database

	b := p.scanBuild(t, "--db", w.otherDatabase, "--report", "json="+report).exits(t, 0)
	wantNothingAnalysed(t, b, 7)
	if !b.ran("[scan] match packages") {
		t.Error("packages were not matched again")
	}
	if after := readReport(t, report).Database; after.Digest == before.Digest {
		t.Errorf("the report still names database %s", before.Digest)
	}
}

func TestFailedBuildKeepsItsAnalyses(t *testing.T) {
	p := chain(t, engine(t))
	good := "FROM $BASE\nCOPY app /app\nCOPY last /last\n"
	p.write(t, "Dockerfile", good+"RUN sleep 4 && exit 7 #"+nonce())
	b := p.scanBuild(t).exits(t, 1).says(t, "exit code: 7", "Dockerfile:4")
	wantAnalysed(t, b, "COPY app /app", "COPY last /last")

	p.write(t, "Dockerfile", good)
	wantNothingAnalysed(t, p.scanBuild(t).exits(t, 0), 5)
}

func TestBlockedBuildKeepsItsAnalyses(t *testing.T) {
	for road, run := range roads() {
		t.Run(road, func(t *testing.T) {
			p := vulnerable(t, engine(t))
			wantAnalysed(t, run(p, t, "--build-arg", "SCAN_FAIL_ON=high").exits(t, blockedCode(road)), "COPY . /app")
			wantNothingAnalysed(t, run(p, t, "--build-arg", "SCAN_FAIL_ON=none").exits(t, 0), 4)
		})
	}
}

func TestBaseImageIsAnalysedOnceForAllDockerfiles(t *testing.T) {
	w := engine(t)
	base := w.newBase(t)
	one := w.project(t, map[string]string{"Dockerfile": "FROM " + base + "\nCOPY a /a\n", "a": nonce()})
	one.scanBuild(t).exits(t, 0)
	other := w.project(t, map[string]string{"Dockerfile": "FROM " + base + " AS other\nRUN echo " + nonce() + " >/b\n"})
	b := other.scanBuild(t).exits(t, 0)
	wantAnalysed(t, b, "RUN")
	if got := len(b.analysed()); got != 1 {
		t.Errorf("analysed %q, want the RUN alone", b.analysed())
	}
}

func TestLayerThatBaseImagesShareIsAnalysedOnce(t *testing.T) {
	w := engine(t)
	common := testenv.Layer{"etc/common": testenv.Text(nonce())}
	first, second := w.newBase(t, common), w.newBase(t, common, testenv.Layer{"etc/more": testenv.Text(nonce())})

	p := w.project(t, map[string]string{"Dockerfile": "FROM " + first})
	if got := p.scanBuild(t).exits(t, 0).analysed(); !slices.Contains(got, "FROM "+first+" (layer 4/4)") {
		t.Errorf("first base image: analysed %q, want its new layer among them", got)
	}
	p.write(t, "Dockerfile", "FROM "+second)
	b := p.scanBuild(t).exits(t, 0)
	if got := b.analysed(); !cmp.Equal(got, []string{"FROM " + second + " (layer 5/5)"}) {
		t.Errorf("second base image: analysed %q, want its fifth layer", got)
	}
	if got := len(b.reused()); got != 4 {
		t.Errorf("%d analyses were reused, want 4: %q", got, b.reused())
	}
}

func TestNoCacheAnalysesAgain(t *testing.T) {
	p := chain(t, engine(t))
	p.scanBuild(t).exits(t, 0)
	t.Run("everything", func(t *testing.T) {
		wantAnalysed(t, p.scanBuild(t, "--no-cache").exits(t, 0), chainAnd("RUN")...)
	})
	t.Run("one stage and what is built on it", func(t *testing.T) {
		wantAnalysed(t, p.scanBuild(t, "--no-cache-filter", "build").exits(t, 0), "COPY --from=build /built /built", "COPY last /last", "RUN")
	})
}
