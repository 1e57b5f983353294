package examples_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// gitlabJob is what a runner reads of the example's job.
type gitlabJob struct {
	Variables    map[string]string
	BeforeScript []string `yaml:"before_script"`
	Script       []string
	Artifacts    struct {
		Paths   []string
		Reports struct {
			ContainerScanning []string `yaml:"container_scanning"`
			JUnit             string   `yaml:"junit"`
		}
	}
}

func TestGitlabJob(t *testing.T) {
	var jobs map[string]yaml.Node
	if err := yaml.Unmarshal([]byte(read(t, "ci/gitlab-ci.yml")), &jobs); err != nil {
		t.Fatal(err)
	}
	var job gitlabJob
	node := jobs["images"]
	if err := node.Decode(&job); err != nil {
		t.Fatal(err)
	}
	s := newShop(t)
	for name, c := range map[string]struct {
		shop, branch string
		code         int
		pushed       bool
	}{
		"merge request that blocks":               {"app", "", 2, false},
		"default branch that blocks":              {"app", "main", 2, false},
		"default branch that is mended":           {"app/fixed", "main", 0, true},
		"merge request that mends is only judged": {"app/fixed", "", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRunner(t, s)
			r.install(t)
			r.stub(t, "docker", "cat >/dev/null\n")
			if err := os.CopyFS(filepath.Join(r.checkout, "app"), os.DirFS("app")); err != nil {
				t.Fatal(err)
			}
			r.file(t, "docker-bake.hcl", read(t, "bake/docker-bake.hcl"))
			image := s.repository()
			r.env["CI"], r.env["GITLAB_CI"] = "true", "true"
			r.env["CI_REGISTRY"], r.env["CI_REGISTRY_IMAGE"] = s.Registry, image
			r.env["CI_REGISTRY_USER"], r.env["CI_REGISTRY_PASSWORD"] = "user", "password"
			r.env["CI_DEFAULT_BRANCH"], r.env["CI_COMMIT_BRANCH"] = "main", c.branch
			r.env["COSIGN_KEY"], r.env["COSIGN_PASSWORD"] = r.keys(t), "test"
			r.env["SHOP"], r.env["BASE"] = c.shop, s.base
			for k, v := range job.Variables {
				if !strings.HasPrefix(k, "DOCKER_") { // the job's own engine
					r.env[k] = os.Expand(v, func(name string) string { return r.env[name] })
				}
			}
			res := r.sh(t, []string{"sh", "-e"}, strings.Join(append(job.BeforeScript, job.Script...), "\n"), nil).Exits(t, c.code)
			for _, name := range []string{"shop-web", "shop-worker"} {
				if got := s.pushed(t, image+"/"+name); got != c.pushed {
					t.Errorf("%s is pushed: %v\n%s", name, got, res.Stderr)
				}
				if c.pushed {
					s.run(t, ".", "verify", "--key", filepath.Join(r.checkout, "cosign.pub"), image+"/"+name).OK(t)
				}
			}
			if calls := r.calls(t, "docker"); len(calls) != 3 || !strings.HasPrefix(calls[0], "login --username user --password-stdin ") {
				t.Errorf("docker was called with %q", calls)
			}
			checkGitlabArtifacts(t, r, job, c.code == 2)
		})
	}
}

// checkGitlabArtifacts holds the run to the artifacts that the job announces.
func checkGitlabArtifacts(t *testing.T, r *runner, job gitlabJob, blocked bool) {
	t.Helper()
	for _, glob := range append([]string{job.Artifacts.Reports.JUnit}, job.Artifacts.Paths...) {
		if found, err := filepath.Glob(filepath.Join(r.checkout, glob)); err != nil || len(found) != 2 {
			t.Errorf("%s: %v, %v", glob, found, err)
		}
	}
	total := 0
	for _, file := range job.Artifacts.Reports.ContainerScanning {
		var report struct {
			Version         string
			Vulnerabilities []any
		}
		if err := json.Unmarshal([]byte(read(t, filepath.Join(r.checkout, file))), &report); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		total += len(report.Vulnerabilities)
	}
	if blocked != (total > 0) {
		t.Errorf("%d vulnerabilities in GitLab's reports", total)
	}
	holds(t, filepath.Join(r.checkout, "junit-web.xml"), "<testsuite")
}
