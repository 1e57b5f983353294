package examples_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/scan-build/scan-build/hack/testenv"
)

// workflow is what a runner reads of a GitHub Actions workflow.
type workflow struct {
	Env  map[string]string
	Jobs map[string]struct {
		Steps []workflowStep
	}
}

type workflowStep struct {
	Name, ID, If, Run, Uses string
	Env                     map[string]string
}

// githubJob runs a job's `run` steps in order; `uses` steps are not run.
type githubJob struct {
	*runner
	flow workflow
	// contexts are the values of expressions.
	contexts map[string]string
	failed   bool
	// results of the steps that were run, by name.
	results map[string]testenv.Result
}

func newGithubJob(t *testing.T, r *runner, event string) *githubJob {
	t.Helper()
	j := &githubJob{runner: r, results: map[string]testenv.Result{}}
	if err := yaml.Unmarshal([]byte(read(t, "ci/github-actions.yml")), &j.flow); err != nil {
		t.Fatal(err)
	}
	j.contexts = map[string]string{
		"github.event_name": event, "github.repository": "acme/shop", "github.token": "t0ken", "runner.temp": r.temp,
		"github.event.pull_request.number": "", "github.event.pull_request.head.repo.full_name": "", // of other events
		"secrets.COSIGN_KEY": "", "secrets.COSIGN_PASSWORD": "test", "steps.scan.outputs.reports": "",
	}
	for name, file := range map[string]string{"GITHUB_OUTPUT": "output", "GITHUB_PATH": "path", "GITHUB_STEP_SUMMARY": "summary"} {
		r.env[name] = filepath.Join(r.temp, file)
		put(t, r.env[name], "", 0o644)
	}
	r.env["CI"], r.env["GITHUB_ACTIONS"] = "true", "true"
	r.env["GITHUB_EVENT_NAME"], r.env["GITHUB_REPOSITORY"] = event, "acme/shop"
	r.env["GITHUB_WORKSPACE"], r.env["RUNNER_TEMP"] = r.checkout, r.temp
	r.env["GITHUB_SHA"] = "0123456789abcdef0123456789abcdef01234567"
	r.env["GITHUB_REF_NAME"], r.env["GITHUB_BASE_REF"] = "main", ""
	if event == "pull_request" {
		r.env["GITHUB_REF_NAME"], r.env["GITHUB_BASE_REF"] = "7/merge", "main"
		j.contexts["github.event.pull_request.number"], j.contexts["github.event.pull_request.head.repo.full_name"] = "7", "acme/shop"
	}
	r.stub(t, "gh", `for a; do case $a in body=@*) cp "${a#body=@}" "$RUNNER_TEMP/posted" ;; esac; done
case " $* " in *" --jq "*) cat "$RUNNER_TEMP/comments" 2>/dev/null || : ;; esac
`)
	return j
}

// built stands for the checkout of scan-build, with what `make build` builds there.
func (j *githubJob) built(t *testing.T) {
	t.Helper()
	j.file(t, ".scan-build/Makefile", "build:\n\ttest -x bin/docker-scan-build\n")
	if err := os.Symlink(filepath.Dir(j.program), filepath.Join(j.checkout, ".scan-build", "bin")); err != nil {
		t.Fatal(err)
	}
}

func (j *githubJob) run(t *testing.T, image string) {
	t.Helper()
	j.built(t)
	for name, value := range j.flow.Env { // the registry that there is here
		j.env[name] = strings.Replace(j.expand(t, value), "ghcr.io/acme/shop", image, 1)
	}
	for _, s := range j.flow.Jobs["image"].Steps {
		if s.If == "" && j.failed || s.If != "" && !truthy(j.expand(t, s.If)) || s.Run == "" {
			continue
		}
		env := map[string]string{}
		for k, v := range s.Env {
			env[k] = j.expand(t, v)
		}
		r := j.sh(t, []string{"bash", "-e"}, s.Run, env)
		j.results[s.Name] = r
		j.failed = j.failed || r.Code != 0
		for line := range strings.Lines(read(t, j.env["GITHUB_OUTPUT"])) {
			k, v, _ := strings.Cut(strings.TrimSpace(line), "=")
			j.contexts["steps.scan.outputs."+k] = v
		}
		j.env["PATH"] = strings.TrimSpace(read(t, j.env["GITHUB_PATH"]))
	}
}

var expression = regexp.MustCompile(`\$\{\{ (.*?) \}\}`)

func (j *githubJob) expand(t *testing.T, text string) string {
	t.Helper()
	return expression.ReplaceAllStringFunc(text, func(e string) string { return j.evaluate(t, expression.FindStringSubmatch(e)[1]) })
}

// evaluate evaluates what of GitHub's expressions the example has: || and && give
// the operand that decides.
func (j *githubJob) evaluate(t *testing.T, e string) (v string) {
	t.Helper()
	if a, b, ok := strings.Cut(e, " || "); ok {
		if v := j.evaluate(t, a); truthy(v) {
			return v
		}
		return j.evaluate(t, b)
	}
	if a, b, ok := strings.Cut(e, " && "); ok {
		if v := j.evaluate(t, a); !truthy(v) {
			return v
		}
		return j.evaluate(t, b)
	}
	for op, want := range map[string]bool{" == ": true, " != ": false} {
		if a, b, ok := strings.Cut(e, op); ok {
			return fmt.Sprint((j.evaluate(t, a) == j.evaluate(t, b)) == want)
		}
	}
	if e == "!cancelled()" {
		return "true"
	}
	if text, ok := strings.CutPrefix(e, "'"); ok {
		return strings.TrimSuffix(text, "'")
	}
	v, ok := j.contexts[e]
	if !ok {
		t.Fatalf("the test does not know %q", e)
	}
	return v
}

func truthy(v string) bool { return v != "" && v != "false" }

func TestGithubWorkflow(t *testing.T) {
	s := newShop(t)
	r := newRunner(t, s)
	key := read(t, r.keys(t))
	image := s.repository()
	t.Run("push is built, scanned, signed and summed up", func(t *testing.T) {
		r.file(t, "Dockerfile", cleanDockerfile)
		j := newGithubJob(t, r, "push")
		j.contexts["secrets.COSIGN_KEY"] = key
		j.run(t, image)
		j.results["Build and scan"].OK(t)
		for _, tag := range []string{":main", ":" + r.env["GITHUB_SHA"]} {
			s.run(t, ".", "verify", "--key", filepath.Join(r.checkout, "cosign.pub"), image+tag).OK(t)
		}
		j.results["Job summary"].OK(t)
		if read(t, r.env["GITHUB_STEP_SUMMARY"]) == "" {
			t.Error("there is no summary")
		}
		holds(t, filepath.Join(r.temp, "scan-reports", "scan.sarif"), `"2.1.0"`)
		if _, ok := j.results["Comment on the pull request"]; ok {
			t.Error("a push was commented on")
		}
	})
	t.Run("pull request that blocks gets a comment, then another text of it", func(t *testing.T) {
		r.file(t, "Dockerfile", vulnerableDockerfile)
		put(t, filepath.Join(r.temp, "comments"), "", 0o644)
		for _, want := range []string{"--method POST repos/acme/shop/issues/7/comments", "--method PATCH repos/acme/shop/issues/comments/42"} {
			_ = os.Remove(r.record("gh"))
			_ = os.RemoveAll(filepath.Join(r.temp, "scan-build"))
			j := newGithubJob(t, r, "pull_request")
			j.run(t, image)
			j.results["Build and scan"].Exits(t, 2)
			j.results["Job summary"].OK(t)
			holds(t, r.env["GITHUB_STEP_SUMMARY"], vulnerableID, "minimist")
			j.results["Comment on the pull request"].OK(t)
			calls := r.calls(t, "gh")
			if !slices.ContainsFunc(calls, func(c string) bool { return strings.Contains(c, want) }) {
				t.Errorf("gh was called with %q, want %s", calls, want)
			}
			posted := filepath.Join(r.temp, "posted")
			holds(t, posted, vulnerableID)
			if text := read(t, posted); !strings.HasPrefix(text, "<!-- scan-build: image -->\n") || strings.Contains(text, "no signed image") {
				t.Errorf("the comment is not a comparison under its marker:\n%s", text)
			}
			put(t, filepath.Join(r.temp, "comments"), "42\n", 0o644)
		}
	})
	t.Run("build that fails has no reports", func(t *testing.T) {
		r.file(t, "Dockerfile", failingDockerfile)
		_ = os.RemoveAll(filepath.Join(r.temp, "scan-reports"))
		_ = os.RemoveAll(filepath.Join(r.temp, "scan-build"))
		j := newGithubJob(t, r, "pull_request")
		j.run(t, image)
		j.results["Build and scan"].Exits(t, 1)
		if len(j.results) != 2 {
			t.Errorf("further steps were run: %v", j.results)
		}
	})
}
