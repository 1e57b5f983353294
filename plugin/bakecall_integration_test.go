package plugin_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBakeShowsDefinitionsAsBuildxDoes(t *testing.T) {
	w := engine(t)
	files := bakeFiles("example.org/app:1", "example.org/web:1")
	files["docker-bake.hcl"] += "variable \"V\" { default = \"1\" }\n"
	p := w.project(t, files)
	for _, args := range [][]string{
		{"--print"},
		{"--print", "--push", "--set", "app.args.A=b", "--var", "V=2", "app"},
		{"--list=targets"},
		{"--list=type=variables,format=json"},
		{"-f", "compose.yaml", "--print", "web"},
	} {
		want := p.exec(t, append([]string{"docker-buildx", "bake"}, args...)...).OK(t)
		got := p.run(t, append([]string{"bake"}, args...)...).OK(t)
		if diff := cmp.Diff(want.Stdout, got.Stdout); diff != "" {
			t.Errorf("%v (-buildx +ours):\n%s", args, diff)
		}
	}
}

func TestBakeAnswersRequestsInPlaceOfBuilding(t *testing.T) {
	w := engine(t)
	app, web := w.image(), w.image()
	files := bakeFiles(app, web)
	files["app.Dockerfile"], files["web.Dockerfile"] = cleanDockerfile, vulnerableDockerfile
	p := w.project(t, files)
	says(t, p.bake(t, "--check").OK(t).Stdout, "Check complete, no warnings found.")
	r := p.bake(t, "--call=scan", "--push").Exits(t, 2)
	says(t, r.Stdout, vulnerableID)
	w.mustNotBePushed(t, app, web)
}

func TestTargetThatOnlyAsksIsNotBuilt(t *testing.T) {
	w := engine(t)
	app, web := w.image(), w.image()
	p := w.project(t, map[string]string{
		"Dockerfile": cleanDockerfile,
		"docker-bake.hcl": fmt.Sprintf(`
group "default" { targets = ["app", "lint"] }
target "app" { tags = [%q] }
target "lint" {
  call = "check"
  tags = [%q]
}
`, app, web),
	})
	p.bake(t, "--push").OK(t)
	w.mustBePushed(t, app)
	w.mustNotBePushed(t, web)
}

func TestBakeAsksForPermissionsAsBuildxDoes(t *testing.T) {
	w := engine(t)
	p := w.project(t, map[string]string{
		"outside/Dockerfile":     cleanDockerfile,
		"inside/docker-bake.hcl": "target \"default\" { context = \"../outside\" }\n",
	})
	p.dir = p.path("inside")
	const allow = "--allow=fs.read=../outside"
	says(t, p.bake(t).Exits(t, 1).Stderr, allow, "additional privileges requested")
	p.bake(t, allow).OK(t)
}
