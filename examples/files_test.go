// Package examples_test holds the examples to what they promise: every file is
// what its name says, and what can be run here is run.
package examples_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pkg/errors"
	"go.yaml.in/yaml/v3"

	"github.com/scan-build/scan-build/hack/testenv"
	"github.com/scan-build/scan-build/scan/config"
)

func TestYAMLFilesParse(t *testing.T) {
	for _, file := range find(t, ".yml", ".yaml") {
		if len(documents(t, file)) == 0 {
			t.Errorf("%s is empty", file)
		}
	}
}

// TestAdmissionPoliciesAskForWhatIsSigned holds the policies to the predicate
// type that --sign writes and to one key each.
func TestAdmissionPoliciesAskForWhatIsSigned(t *testing.T) {
	for file, want := range map[string][]string{
		"admission/kyverno.yaml":           {"kyverno.io/v1", "ClusterPolicy", "type: SigstoreBundle", "ignoreTlog: true"},
		"admission/policy-controller.yaml": {"policy.sigstore.dev/v1beta1", "ClusterImagePolicy", "type: cue"},
	} {
		docs := documents(t, file)
		if len(docs) != 1 {
			t.Fatalf("%s: %d documents, want 1", file, len(docs))
		}
		text := read(t, file)
		if docs[0]["apiVersion"] != want[0] || docs[0]["kind"] != want[1] {
			t.Errorf("%s: it is %v %v, want %v", file, docs[0]["apiVersion"], docs[0]["kind"], want[:2])
		}
		for _, s := range append(want[2:], "https://cosign.sigstore.dev/attestation/vuln/v1", "BEGIN PUBLIC KEY") {
			if !strings.Contains(text, s) {
				t.Errorf("%s lacks %q", file, s)
			}
		}
	}
}

// TestREADMEListsTheOptions holds the README's table to the declarations of the
// options; UPDATE_GOLDEN=1 rewrites it.
func TestREADMEListsTheOptions(t *testing.T) {
	const begin, end = "<!-- options -->\n", "<!-- /options -->"
	file := filepath.Join(testenv.Root(t), "README.md")
	head, rest, ok := strings.Cut(read(t, file), begin)
	table, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("README.md has no place for the options")
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(head+begin+config.Markdown()+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(config.Markdown(), table); diff != "" {
		t.Error(diff)
	}
}

// TestREADMEsPolicyIsOne holds the README's options file to the parser.
func TestREADMEsPolicyIsOne(t *testing.T) {
	_, text, ok := strings.Cut(read(t, filepath.Join(testenv.Root(t), "README.md")), "## Policy\n")
	_, text, ok2 := strings.Cut(text, "```yaml\n")
	text, _, ok3 := strings.Cut(text, "```\n")
	if !ok || !ok2 || !ok3 {
		t.Fatal("README.md has no example of a policy")
	}
	values, err := config.ParseYAML("README.md", []byte(strings.ReplaceAll(text, "sha256:…", "sha256:"+strings.Repeat("0", 64))))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := values.Options(); err != nil {
		t.Error(err)
	}
	if len(values.Extends()) != 1 {
		t.Errorf("it extends %v", values.Extends())
	}
}

// find lists the examples' files with one of these endings.
func find(t *testing.T, endings ...string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		for _, e := range endings {
			if strings.HasSuffix(path, e) {
				out = append(out, path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatalf("no files named %v", endings)
	}
	return out
}

func documents(t *testing.T, file string) []map[string]any {
	t.Helper()
	var out []map[string]any
	dec := yaml.NewDecoder(strings.NewReader(read(t, file)))
	for {
		var doc map[string]any
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out = append(out, doc)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	dt, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(dt)
}
