package plugin_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/scan-build/scan-build/scan"
)

// bakeFiles are two definitions of the same two targets, app and web.
func bakeFiles(app, web string) map[string]string {
	return map[string]string{
		"docker-bake.hcl": fmt.Sprintf(`
group "default" { targets = ["app", "web"] }
target "app" {
  dockerfile = "app.Dockerfile"
  tags = [%q]
}
target "web" {
  dockerfile = "web.Dockerfile"
  tags = [%q]
}
`, app, web),
		"bake.json": fmt.Sprintf(`{
  "group": {"default": {"targets": ["app", "web"]}},
  "target": {
    "app": {"dockerfile": "app.Dockerfile", "tags": [%q]},
    "web": {"dockerfile": "web.Dockerfile", "tags": [%q]}
  }
}`, app, web),
		"compose.yaml": fmt.Sprintf(`
services:
  app:
    image: %s
    build: {context: ., dockerfile: app.Dockerfile}
  web:
    image: %s
    build: {context: ., dockerfile: web.Dockerfile}
`, app, web),
	}
}

func TestBakeBuildsAndScansEveryKindOfDefinition(t *testing.T) {
	w := engine(t)
	for _, file := range []string{"docker-bake.hcl", "bake.json", "compose.yaml"} {
		t.Run(file, func(t *testing.T) {
			app, web := w.image(), w.image()
			p := w.project(t, map[string]string{
				"app.Dockerfile": cleanDockerfile, "web.Dockerfile": vulnerableDockerfile,
				file: bakeFiles(app, web)[file],
			})
			r := p.bake(t, "--fail-on=none", "--push", "--metadata-file=meta.json", "--report=json={target}.json", "-f", file).OK(t)
			says(t, r.Stderr, "app: scan pass", "web: scan warn: 1 critical")
			w.mustBePushed(t, app, web)
			for target, want := range map[string][]string{"app": nil, "web": vulnerableIDs()} {
				report := readJSON[scan.Report](t, p.read(t, target+".json"))
				if report.Target != target || !slices.Equal(ids(report), want) {
					t.Errorf("report of %s: target %s, findings %v", target, report.Target, ids(report))
				}
			}
			meta := readJSON[map[string]map[string]any](t, p.read(t, "meta.json"))
			if meta["app"]["image.name"] != app || meta["web"]["image.name"] != web || meta["app"]["containerimage.digest"] == nil {
				t.Errorf("metadata: %v", meta)
			}
		})
	}
}

func TestBlockedTargetHoldsBackAllOfItsRun(t *testing.T) {
	w := engine(t)
	app, web := w.image(), w.image()
	files := bakeFiles(app, web)
	files["app.Dockerfile"], files["web.Dockerfile"] = cleanDockerfile, vulnerableDockerfile
	p := w.project(t, files)
	r := p.bake(t, "--push", "--metadata-file=meta.json").Exits(t, 2)
	says(t, r.Stderr, "app: scan pass", "web: scan block", "BLOCKED", vulnerableID, ">>> COPY <<EOF package.json")
	w.mustNotBePushed(t, app, web)
	// The one that passes can be had by itself.
	p.bake(t, "--push", "app").OK(t)
	w.mustBePushed(t, app)
}

func TestEveryBlockedTargetIsShown(t *testing.T) {
	w := engine(t)
	app, web := w.image(), w.image()
	files := bakeFiles(app, web)
	files["app.Dockerfile"], files["web.Dockerfile"] = vulnerableDockerfile, vulnerableDockerfile+"RUN echo web > /web\n"
	r := w.project(t, files).bake(t, "--push").Exits(t, 2)
	says(t, r.Stderr, "app: scan block", "web: scan block")
	w.mustNotBePushed(t, app, web)
}

func TestFailingTargetIsNoBlockedOne(t *testing.T) {
	w := engine(t)
	app, web := w.image(), w.image()
	files := bakeFiles(app, web)
	files["app.Dockerfile"], files["web.Dockerfile"] = cleanDockerfile, failingDockerfile
	r := w.project(t, files).bake(t, "--push").Exits(t, 1)
	says(t, r.Stderr, "exit code: 7", "web.Dockerfile:2")
	saysNot(t, r.Stderr, "BLOCKED")
	w.mustNotBePushed(t, web)
}

func TestTargetWithoutVerdictHoldsBackAllOfItsRun(t *testing.T) {
	w := engine(t)
	app, web := w.image(), w.image()
	files := bakeFiles(app, web)
	files["app.Dockerfile"], files["web.Dockerfile"] = cleanDockerfile, "FROM $BASE\nRUN sleep 1 && echo "+web+" > /web\n"
	files["app/.keep"], files["web"] = "", "a file where the report's folder should be"
	r := w.project(t, files).bake(t, "--push", "--report=json={target}/r.json").Exits(t, 3)
	says(t, r.Stderr, "web/r.json")
	w.mustNotBePushed(t, app, web)
}

func TestBakeMatrixGivesEachCombinationItsVerdict(t *testing.T) {
	w := engine(t)
	clean, vulnerable := w.image(), w.image()
	p := w.project(t, map[string]string{
		"clean.Dockerfile": cleanDockerfile, "vulnerable.Dockerfile": vulnerableDockerfile,
		"docker-bake.hcl": fmt.Sprintf(`
variable "WORD" { default = "unset" }
target "default" {
  name = "it-${item.kind}"
  matrix = { item = [{ kind = "clean", tag = %q }, { kind = "vulnerable", tag = %q }] }
  dockerfile = "${item.kind}.Dockerfile"
  tags = [item.tag]
  labels = { word = WORD }
}
`, clean, vulnerable),
	})
	r := p.bake(t, "--push", "--report=json={target}.json").Exits(t, 2)
	says(t, r.Stderr, "it-clean: scan pass", "it-vulnerable: scan block")
	w.mustNotBePushed(t, clean, vulnerable)
	if got := ids(readJSON[scan.Report](t, p.read(t, "it-vulnerable.json"))); !slices.Equal(got, vulnerableIDs()) {
		t.Errorf("findings: %v", got)
	}
}

func TestLinkedTargetsAreScannedInTheImagesThatUseThem(t *testing.T) {
	w := engine(t)
	base, app := w.image(), w.image()
	p := w.project(t, map[string]string{
		"base.Dockerfile": vulnerableDockerfile,
		"app.Dockerfile":  "FROM base\nRUN echo app > /app.txt\n",
		"docker-bake.hcl": fmt.Sprintf(`
target "base" {
  dockerfile = "base.Dockerfile"
  tags = [%q]
}
target "default" {
  dockerfile = "app.Dockerfile"
  contexts = { base = "target:base" }
  tags = [%q]
}
`, base, app),
	})
	r := p.bake(t, "--push", "--report=json={target}.json").Exits(t, 2)
	says(t, r.Stderr, vulnerableID)
	w.mustNotBePushed(t, app)
	r = p.bake(t, "--push", "base", "default").Exits(t, 2)
	says(t, r.Stderr, vulnerableID)
	w.mustNotBePushed(t, base, app)
	p.write(t, "base.Dockerfile", cleanDockerfile)
	p.bake(t, "--push", "base", "default").OK(t)
	w.mustBePushed(t, base, app)
}

func TestBlockedTargetHoldsBackItsInputsAndTheRest(t *testing.T) {
	w := engine(t)
	base, app, web := w.image(), w.image(), w.image()
	p := w.project(t, map[string]string{
		"base.Dockerfile": "FROM $BASE\nRUN echo base > /base\n",
		"app.Dockerfile":  strings.Replace(vulnerableDockerfile, "$BASE", "base\nRUN sleep 1", 1),
		"web.Dockerfile":  cleanDockerfile + "RUN echo web > /web\n",
		"docker-bake.hcl": fmt.Sprintf(`
group "default" { targets = ["base", "app", "web"] }
target "base" {
  dockerfile = "base.Dockerfile"
  tags = [%q]
}
target "app" {
  dockerfile = "app.Dockerfile"
  contexts = { base = "target:base" }
  tags = [%q]
}
target "web" {
  dockerfile = "web.Dockerfile"
  tags = [%q]
}
`, base, app, web),
	})
	r := p.bake(t, "--push").Exits(t, 2)
	says(t, r.Stderr, "base: scan pass", "web: scan pass", "app: scan block", vulnerableID)
	w.mustNotBePushed(t, base, app, web)
	p.bake(t, "--push", "--fail-on=none").OK(t)
	w.mustBePushed(t, base, app, web)
}

func TestBakeOverridesReachTheTargets(t *testing.T) {
	w := engine(t)
	image := w.image()
	p := w.project(t, map[string]string{
		"Dockerfile":      "FROM $BASE AS one\nARG A=unset\nRUN echo \"$A\" > /a\nFROM one AS two\nRUN exit 9\n",
		"docker-bake.hcl": "variable \"V\" { default = \"two\" }\ntarget \"default\" {\n  target = V\n}\n",
	})
	r := p.bake(t, "--var", "V=one", "--set", "*.args.A=from the command line", "--set", "default.tags="+image, "--push").OK(t)
	says(t, r.Stderr, "scan pass")
	w.mustBePushed(t, image)
	p.bake(t, "--no-cache", "--set", "default.output=type=local,dest=out", "--set", "default.args.A=x y", "--set", "default.target=one").OK(t)
	if got := strings.TrimSpace(p.read(t, "out/a")); got != "x y" {
		t.Errorf("the argument is %q", got)
	}
}

func TestReportsOfSeveralTargetsNeedSeveralFiles(t *testing.T) {
	w := engine(t)
	app, web := w.image(), w.image()
	files := bakeFiles(app, web)
	files["app.Dockerfile"], files["web.Dockerfile"] = cleanDockerfile, cleanDockerfile
	p := w.project(t, files)
	r := p.bake(t, "--push", "--report=json=one.json").Exits(t, 1)
	says(t, r.Stderr, "{target}")
	saysNot(t, r.Stderr, "RUN echo") // not after the work is done
	w.mustNotBePushed(t, app, web)
	p.bake(t, "--report=json=one.json", "app").OK(t)
	says(t, p.read(t, "one.json"), `"target": "app"`)
}

func TestBakeReadsDefinitionsFromStandardInputAndEnvironment(t *testing.T) {
	w := engine(t)
	p := w.project(t, map[string]string{"Dockerfile": cleanDockerfile, "other.hcl": "target \"default\" {}\n"})
	p.input(`{"target": {"default": {}}}`).bake(t, "-f", "-").OK(t)
	p.with("BUILDX_BAKE_FILE=other.hcl").bake(t).OK(t)
	says(t, p.bake(t).Exits(t, 1).Stderr, "couldn't find a bake definition")
	says(t, p.bake(t, "-f", "nothing.hcl").Exits(t, 1).Stderr, "nothing.hcl")
	says(t, p.bake(t, "-f", "other.hcl", "nobody").Exits(t, 1).Stderr, "failed to find target nobody")
}
