package examples_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/scan-build/scan-build/hack/testenv"
)

// TestJobsFollowTheSchemasOfTheirSystems: a key that is misspelt is ignored by no
// schema. There is none for a Jenkinsfile: only a Jenkins can check it.
func TestJobsFollowTheSchemasOfTheirSystems(t *testing.T) {
	for file, schema := range map[string]string{
		"ci/github-actions.yml": "github-workflow.json",
		"ci/gitlab-ci.yml":      "gitlab-ci.json",
	} {
		compiled, err := jsonschema.NewCompiler().Compile(filepath.Join("testdata", "schemas", schema))
		if err != nil {
			t.Fatal(err)
		}
		var doc any
		if err := yaml.Unmarshal([]byte(read(t, file)), &doc); err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(doc); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestWorkflowHasNothingForActionlint(t *testing.T) {
	e := testenv.Engine(t) // its tools have actionlint
	dir := t.TempDir()
	file := filepath.Join(dir, ".github", "workflows", "image.yml")
	put(t, file, read(t, "ci/github-actions.yml"), 0o644)
	e.Run(t, dir, "actionlint", "-no-color", file).OK(t)
	put(t, file, strings.Replace(read(t, "ci/github-actions.yml"), "steps.scan.", "steps.scam.", 1), 0o644)
	e.Run(t, dir, "actionlint", "-no-color", file).Exits(t, 1) // it looks
}

// TestActionsArePinned: a tag of an action can be moved by whoever gets hold of it.
func TestActionsArePinned(t *testing.T) {
	pinned := regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	uses := regexp.MustCompile(`(?m)^\s*(?:- )?uses: (.*)$`).FindAllStringSubmatch(read(t, "ci/github-actions.yml"), -1)
	if len(uses) < 5 {
		t.Fatalf("found %d actions", len(uses))
	}
	for _, m := range uses {
		if !pinned.MatchString(m[1]) {
			t.Errorf("%s is not pinned by a commit, with its version behind", m[1])
		}
	}
}

// TestScriptsAreExecutable: they are copied with their modes.
func TestScriptsAreExecutable(t *testing.T) {
	for _, file := range find(t, ".sh") {
		if st, err := os.Stat(file); err != nil || st.Mode()&0o111 == 0 {
			t.Errorf("%s: %v, %v", file, st.Mode(), err)
		}
	}
}
