package plugin_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

func TestContextsComeFromWhereBuildxTakesThem(t *testing.T) {
	w := engine(t)
	dockerfile := "FROM " + w.base + "\nCOPY word /word\nCOPY package.json /app/node_modules/minimist/\n"
	files := map[string]string{
		"Dockerfile": dockerfile, "word": "hello",
		"package.json": `{"name": "minimist", "version": "1.2.0"}`,
	}
	url := serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if path.Base(r.URL.Path) != "context.tar" {
			http.NotFound(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "application/x-tar")
		_, _ = rw.Write([]byte(tarball(t, files)))
	}))
	withoutDockerfile := maps.Clone(files)
	delete(withoutDockerfile, "Dockerfile")
	for name, c := range map[string]struct {
		files map[string]string
		stdin string
		args  []string
	}{
		"folder":                      {files, "", []string{"."}},
		"archive on standard input":   {nil, tarball(t, files), []string{"-"}},
		"archive by URL":              {nil, "", []string{url + "/context.tar"}},
		"Dockerfile on stdin, folder": {withoutDockerfile, dockerfile, []string{"-f", "-", "."}},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.project(t, c.files).input(c.stdin)
			args := append([]string{"--fail-on=none", "--report=json=r.json", "--output=type=local,dest=out"}, c.args...)
			p.build(t, args...).OK(t)
			if got := p.read(t, "out/word"); got != "hello" {
				t.Errorf("the word is %q", got)
			}
			r := readJSON[scan.Report](t, p.read(t, "r.json"))
			if got := ids(r); !slices.Equal(got, vulnerableIDs()) {
				t.Errorf("findings: %v", got)
			}
			layers := r.Platforms[0].FinalStage().Layers
			if last := layers[len(layers)-1]; last.File != "Dockerfile" || last.StartLine != 3 {
				t.Errorf("the last layer comes from %s:%d", last.File, last.StartLine)
			}
		})
	}
	t.Run("Dockerfile alone on standard input", func(t *testing.T) {
		p := w.project(t, nil).input(strings.ReplaceAll(vulnerableDockerfile, "$BASE", w.base))
		says(t, p.build(t, "-").Exits(t, 2).Stderr, vulnerableID)
	})
}

func TestIDFileAndMetadataAreThoseOfBuildx(t *testing.T) {
	w := engine(t)
	image := w.image()
	p := w.dockerfile(t, cleanDockerfile)
	p.build(t, "--push", "-t", image, "--iidfile=ours.id", "--metadata-file=ours.json", ".").OK(t)
	p.exec(t, "docker-buildx", "build", "--push", "-t", w.image(), "--iidfile=theirs.id", "--metadata-file=theirs.json", ".").OK(t)
	if ours, theirs := p.read(t, "ours.id"), p.read(t, "theirs.id"); len(ours) != len(theirs) || !strings.HasPrefix(ours, "sha256:") {
		t.Errorf("image ID %q, buildx wrote %q", ours, theirs)
	}
	ours, theirs := readJSON[map[string]any](t, p.read(t, "ours.json")), readJSON[map[string]any](t, p.read(t, "theirs.json"))
	if diff := cmp.Diff(slices.Sorted(maps.Keys(theirs)), slices.Sorted(maps.Keys(ours))); diff != "" {
		t.Errorf("keys of the metadata (-buildx +ours):\n%s", diff)
	}
	if ours["image.name"] != image || !strings.Contains(p.read(t, "ours.json"), p.read(t, "ours.id")) {
		t.Errorf("metadata: %v", ours)
	}
}

func TestBlockedBuildLeavesNoIDFile(t *testing.T) {
	w := engine(t)
	p := w.dockerfile(t, vulnerableDockerfile)
	p.write(t, "id", "sha256:stale")
	p.build(t, "--iidfile=id", "--metadata-file=meta.json", ".").Exits(t, 2)
	for _, name := range []string{"id", "meta.json"} {
		if _, err := os.Stat(p.path(name)); !os.IsNotExist(err) {
			t.Errorf("%s is there: %v", name, err)
		}
	}
}

func TestQuietPrintsNothingButTheImageID(t *testing.T) {
	w := engine(t)
	p := w.dockerfile(t, vulnerableDockerfile)
	r := p.build(t, "--quiet", "--fail-on=none", "--output=type=image", "--iidfile=id", ".").OK(t)
	if r.Stdout != p.read(t, "id")+"\n" || r.Stderr != "" {
		t.Errorf("stdout %q, stderr %q", r.Stdout, r.Stderr)
	}
	r = p.build(t, "--quiet", ".").Exits(t, 2)
	if says(t, r.Stderr, "BLOCKED", vulnerableID); r.Stdout != "" {
		t.Errorf("stdout %q", r.Stdout)
	}
	says(t, p.build(t, "--quiet", "--progress=plain", ".").Exits(t, 1).Stderr, "progress=plain and quiet cannot be used together")
}

func TestRawProgressIsNothingButJSON(t *testing.T) {
	w := engine(t)
	p := w.dockerfile(t, vulnerableDockerfile)
	r := p.build(t, "--progress=rawjson", "--fail-on=none", "--output=type=image", ".").OK(t)
	for line := range strings.Lines(r.Stderr) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

func TestRequestsAreAnsweredAsBuildxDoes(t *testing.T) {
	w := engine(t)
	p := w.dockerfile(t, "# the base\nFROM $BASE AS base\n# who builds\nARG WHO=me\nFROM base AS Final\nMAINTAINER me\n")
	for _, args := range [][]string{
		{"--call=outline"},
		{"--call=outline,format=json"},
		{"--call=targets"},
		{"--call=check"},
		{"--check"},
		{"--print=targets"},
		{"--call=subrequests.describe"},
	} {
		theirs := p.exec(t, append([]string{"docker-buildx", "build", "."}, args...)...)
		ours := p.run(t, append([]string{"."}, args...)...).Exits(t, theirs.Code)
		if diff := cmp.Diff(theirs.Stdout, ours.Stdout); diff != "" {
			t.Errorf("%v (-buildx +ours):\n%s", args, diff)
		}
		if theirs.Stdout == "" {
			t.Errorf("%v: buildx says nothing: %s", args, theirs.Stderr)
		}
	}
}

func TestCallScanReportsInPlaceOfBuilding(t *testing.T) {
	w := engine(t)
	image := w.image()
	p := w.dockerfile(t, vulnerableDockerfile)
	r := p.build(t, "--call=scan", "--push", "--tag", image, ".").Exits(t, 2)
	says(t, r.Stdout, vulnerableID, "minimist")
	r = p.build(t, "--call=scan,format=json", "--push", "--tag", image, ".").Exits(t, 2)
	if got := readJSON[scan.Report](t, r.Stdout); got.Verdict.Outcome != scan.OutcomeBlock {
		t.Errorf("verdict %s", got.Verdict.Outcome)
	}
	p.write(t, "Dockerfile", cleanDockerfile)
	says(t, p.build(t, "--call=scan", "--push", "--tag", image, ".").OK(t).Stdout, "pass")
	says(t, p.build(t, "--call=scan,format=poem", ".").Exits(t, 1).Stderr, "poem")
	w.mustNotBePushed(t, image)
}

func TestOutputsWithoutRoomForAttestationsSaySoOnce(t *testing.T) {
	w := engine(t)
	p := w.dockerfile(t, cleanDockerfile)
	const line = "this output carries no attestations"
	for output, want := range map[string]int{
		"type=local,dest=out":       1,
		"type=tar,dest=out.tar":     1,
		"type=docker,dest=d.tar":    1,
		"type=oci,dest=oci.tar":     0,
		"type=image":                0,
		"type=cacheonly":            0,
		"type=image,push=true":      0,
		"type=oci,dest=o,tar=false": 0,
	} {
		args := []string{"--output", output, "--allow=buildx.local.delete"}
		if strings.Contains(output, "push") {
			args = append(args, "--tag", w.image())
		}
		r := p.build(t, append(args, ".")...).OK(t)
		if got := strings.Count(r.Stderr, line); got != want {
			t.Errorf("%s: said %d times, want %d\n%s", output, got, want, r.Stderr)
		}
	}
}
