package plugin_test

import (
	"crypto/rand"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/scan-build/scan-build/scan"
)

// newToken makes a GitHub token that has never been one. It is made of parts so
// that none stands in this repository.
func newToken() string { return "gh" + "p_" + (rand.Text() + strings.ToLower(rand.Text()))[:36] }

// plantedDockerfile has a secret wherever a build takes one. The one that RUN
// writes is spelled so that only the file has it.
const plantedDockerfile = `FROM $BASE AS build
COPY stage-key /stage-key
RUN echo built >/built
FROM $BASE
COPY key /key
RUN echo $SPELLED >/written && rm /key
ARG CHANNEL
ENV ENDPOINT=$ENV
COPY --from=build /built /built
`

// planted is a project with that Dockerfile, and the values by their place.
func planted(t *testing.T, w *workshop) (p *project, values map[string]string) {
	t.Helper()
	values = map[string]string{}
	for _, where := range []string{"copied file", "written file", "build stage's file", "variable", "build argument"} {
		values[where] = newToken()
	}
	written := values["written file"]
	return w.project(t, map[string]string{
		"Dockerfile": strings.NewReplacer("$SPELLED", written[:6]+"''"+written[6:], "$ENV", values["variable"]).Replace(plantedDockerfile),
		"key":        values["copied file"] + "\n",
		"stage-key":  values["build stage's file"] + "\n",
	}), values
}

func TestBlockedBuildShowsNoSecret(t *testing.T) {
	w := engine(t)
	p, values := planted(t, w)
	p.write(t, "docker-bake.hcl", "target \"default\" { args = { CHANNEL = \""+values["build argument"]+"\" } }\n")
	l := newLeaks(values, func(string, string) bool { return false })
	for _, progress := range []string{"plain", "rawjson", "quiet"} {
		r := p.build(t, "--progress="+progress, "--report=table=-", "--build-arg=CHANNEL="+values["build argument"], ".").Exits(t, 2)
		says(t, r.Stdout, "github-pat")
		l.search("output:"+progress, []byte(r.Stdout+r.Stderr))
		r = p.bake(t, "--progress="+progress, "--report=json=-").Exits(t, 2)
		l.search("bake:"+progress, []byte(r.Stdout+r.Stderr))
	}
	for _, leak := range l.found {
		t.Error(leak)
	}
}

// What a build leaves behind has the values only where the build itself put
// them.
func TestNoArtefactHoldsASecret(t *testing.T) {
	w := engine(t)
	p, values := planted(t, w)
	p.write(t, "reports/folder", "")
	p.write(t, "meta/folder", "")
	private, public := newKeys(t)
	image, started := w.image(), time.Now().Add(-time.Second)
	r := p.build(t, "--secrets=warn", "--push", "--tag", image, "--sign", "--key", private, "--provenance=mode=max",
		"--build-arg=CHANNEL="+values["build argument"], "--progress=plain",
		"--metadata-file=meta/metadata.json", "--iidfile=meta/id", "--cache-to=type=local,mode=max,dest=cache",
		"--report=json=reports/r.json", "--report=table=reports/r.txt", "--report=spdx=reports/r.spdx.json", ".").OK(t)
	says(t, p.read(t, "reports/r.txt"), "github-pat")

	l := newLeaks(values, mayHold)
	l.search("output:plain", []byte(r.Stdout+r.Stderr))
	verify := p.run(t, "verify", "--key", public, "--format=json", image)
	l.search("output:verify", []byte(verify.Stdout+verify.Stderr))
	l.files(t, "report", p.path("reports"), started)
	l.files(t, "metadata", p.path("meta"), started)
	l.files(t, "cache", p.path("cache"), started)
	l.repository(t, image)
	kinds := []string{"output", "report", "metadata", "cache", "manifest", "blob"}
	if socket, ok := strings.CutPrefix(w.Buildkit, "unix://"); ok {
		l.files(t, "engine", filepath.Join(filepath.Dir(socket), "buildkitd"), started)
		kinds = append(kinds, "engine", "inventory.json")
	}
	for _, leak := range l.found {
		t.Error(leak)
	}
	for _, kind := range kinds {
		if l.searched[kind] == 0 {
			t.Errorf("no %s was searched", kind)
		}
	}
	// The search itself finds what is there.
	sure := newLeaks(values, func(string, string) bool { return false })
	sure.files(t, "cache", p.path("cache"), started)
	sure.repository(t, image)
	for name := range values {
		if !strings.Contains(strings.Join(sure.found, "\n"), "holds the "+name) {
			t.Errorf("the search does not find the %s where it is", name)
		}
	}
}

// mayHold lists where a build puts what it was given. All of it is BuildKit's
// own: the layers hold the files, the image's configuration and the provenance
// hold variables and arguments.
func mayHold(place, value string) bool {
	if strings.HasSuffix(value, "file") {
		name := place[strings.LastIndexAny(place, ":/")+1:]
		return name == "key" || name == "written" || name == "stage-key"
	}
	switch kind, name, _ := strings.Cut(place, ":"); kind {
	case "metadata": // buildx writes the provenance into it
		return name == "metadata.json" || strings.HasPrefix(name, "metadata.json/base64")
	case "blob":
		return strings.HasPrefix(name, "application/vnd.oci.image.config.v1+json") || strings.Contains(name, "(https://slsa.dev/provenance/")
	case "engine": // its database, its copies of the Dockerfile and of what it pushed
		return strings.Contains(name, ".db") || filepath.Base(name) == "Dockerfile" || strings.Contains(name, "content/blobs/")
	}
	return false
}

func TestBakeJudgesTheSecretsOfEachTarget(t *testing.T) {
	w := engine(t)
	app, web := w.image(), w.image()
	value := newToken()
	files := bakeFiles(app, web)
	files["app.Dockerfile"], files["web.Dockerfile"] = cleanDockerfile, "FROM $BASE\nCOPY key /key\n"
	files["key"] = value
	p := w.project(t, files)
	r := p.bake(t, "--push").Exits(t, 2)
	says(t, r.Stderr, "github-pat", "COPY key /key")
	saysNot(t, r.Stderr, value)
	w.mustNotBePushed(t, app, web)
}

// A target that is built on another one has that one's Dockerfile below its own.
func TestSecretOfATargetBelowBlocks(t *testing.T) {
	w := engine(t)
	value := newToken()
	image := w.image()
	p := w.project(t, map[string]string{
		"docker-bake.hcl": "group \"default\" { targets = [\"app\"] }\ntarget \"below\" { dockerfile = \"below.Dockerfile\" }\n" +
			"target \"app\" {\n  contexts = { below = \"target:below\" }\n  tags = [\"" + image + "\"]\n}\n",
		"below.Dockerfile": "FROM $BASE AS unused\nFROM $BASE AS one\nENV ENDPOINT=" + value + "\nFROM one\nRUN echo below >/below\n",
		"Dockerfile":       "FROM below\nRUN echo app >/app\n",
	})
	r := p.bake(t, "--push").Exits(t, 2)
	says(t, r.Stderr, "github-pat", "below.Dockerfile:3", "ENV ENDPOINT=ghp_******")
	saysNot(t, r.Stderr, value)
	w.mustNotBePushed(t, image)
}

func TestSecretsAndVulnerabilitiesBlockTogether(t *testing.T) {
	w := engine(t)
	value := newToken()
	p := w.dockerfile(t, vulnerableDockerfile+"ENV ENDPOINT="+value+"\n")
	r := p.build(t, "--report=json=r.json", ".").Exits(t, 2)
	says(t, r.Stderr, "github-pat", vulnerableID, "Dockerfile:6")
	saysNot(t, r.Stderr, value)
	report := readJSON[scan.Report](t, p.read(t, "r.json"))
	if len(report.Verdict.Blocking) == 0 || len(report.Verdict.Secrets) == 0 {
		t.Errorf("verdict %+v", report.Verdict)
	}
	// What is tolerated of packages says nothing about secrets.
	p.build(t, "--fail-on=none", ".").Exits(t, 2)
	p.build(t, "--fail-on=none", "--secrets=warn", ".").OK(t)
}
