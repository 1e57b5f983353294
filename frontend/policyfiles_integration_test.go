package frontend_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/hack/testenv"
)

// pushPolicy pushes a policy of these files and returns what extends it.
func (w *workshop) pushPolicy(t *testing.T, files map[string]string, args ...string) string {
	t.Helper()
	p := w.project(t, files)
	args = append([]string{testenv.Binary(t, "docker-scan-build"), "policy", "push"}, args...)
	r := w.Run(t, p.dir, append(args, ".", w.Registry+"/frontend-test/policy:"+strings.ToLower(nonce()))...).OK(t)
	return strings.TrimSpace(r.Stdout)
}

func TestPolicyLoosensWhatABuildWouldBlock(t *testing.T) {
	w := engine(t)
	loose := "fail-on: none\n"
	pushed := w.pushPolicy(t, map[string]string{".scan-build.yaml": loose})
	for name, files := range map[string]map[string]string{
		"file":                  {".scan-build.yaml": "extends: policy/base.yaml\n", "policy/base.yaml": loose},
		"excluded by an ignore": {".scan-build.yaml": "extends: policy/base.yaml\n", "policy/base.yaml": loose, ".dockerignore": "policy\n"},
		"folder":                {".scan-build.yaml": "extends: policy\n", "policy/.scan-build.yaml": loose},
		"of a policy":           {".scan-build.yaml": "extends: a.yaml\n", "a.yaml": "extends: b.yaml\n", "b.yaml": loose},
		"image":                 {".scan-build.yaml": "extends: " + pushed + "\n"},
		"files by pattern":      {".scan-build.yaml": "extends: policy\nvex: ['vex/**/*.json']\n", "policy/.scan-build.yaml": loose + "overridable: [vex]\n", "vex/deep/er/a.json": document("GHSA-none-none-none")},
	} {
		for road, run := range roads() {
			t.Run(name+"/"+road, func(t *testing.T) {
				p := vulnerable(t, w)
				run(p, t).exits(t, blockedCode(road))
				for file, content := range files {
					p.write(t, file, content)
				}
				run(p, t).exits(t, 0)
			})
		}
	}
}

func TestPolicyBesideADockerfileElsewhere(t *testing.T) {
	w := engine(t)
	for road, run := range roads() {
		t.Run(road, func(t *testing.T) {
			p := vulnerable(t, w)
			dir := t.TempDir()
			for name, content := range map[string]string{
				"Dockerfile": p.read(t, "Dockerfile"), ".scan-build.yaml": "extends: policy/base.yaml\n", "policy/base.yaml": "fail-on: none\n",
			} {
				name = filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			run(p, t, "--file", filepath.Join(dir, "Dockerfile")).exits(t, 0)
		})
	}
}

func TestPolicyThatCannotBeUsedStopsTheBuild(t *testing.T) {
	w := engine(t)
	missing := "oci://" + w.Registry + "/frontend-test/nobody@sha256:" + strings.Repeat("1", 64)
	for name, c := range map[string]struct {
		files map[string]string
		says  []string
	}{
		"no such file":   {map[string]string{".scan-build.yaml": "fail-on: low\nextends: policy/base.yaml\n"}, []string{".scan-build.yaml:2: extends", "policy/base.yaml", "no such file"}},
		"no such image":  {map[string]string{".scan-build.yaml": "extends: " + missing + "\n"}, []string{".scan-build.yaml:1: extends", missing}},
		"no such server": {map[string]string{".scan-build.yaml": "extends: [{policy: https://127.0.0.1:1/p, digest: sha256:" + strings.Repeat("1", 64) + "}]\n"}, []string{".scan-build.yaml:1: extends", "https://127.0.0.1:1/p"}},
		"looser":         {map[string]string{".scan-build.yaml": "extends: p.yaml\nfail-on: none\n", "p.yaml": "fail-on: high\n"}, []string{".scan-build.yaml:2: fail-on", "looser"}},
		"no Rego":        {map[string]string{".scan-build.yaml": "rego: [policy/*.rego]\n"}, []string{".scan-build.yaml: rego", "policy/*.rego"}},
		"not understood": {map[string]string{".scan-build.yaml": "extends: p.yaml\n", "p.yaml": "fail-on: terrible\n"}, []string{"p.yaml:1: fail-on"}},
	} {
		for road, run := range roads() {
			t.Run(name+"/"+road, func(t *testing.T) {
				p := vulnerable(t, w)
				for file, content := range c.files {
					p.write(t, file, content)
				}
				b := run(p, t).exits(t, failedCode(road)).says(t, c.says...)
				if got := b.analysed(); len(got) > 0 {
					t.Errorf("analysed %q", got)
				}
			})
		}
	}
}

func TestOptionsThatNameNoFilesAddNoOperation(t *testing.T) {
	w := engine(t)
	for road, run := range roads() {
		t.Run(road, func(t *testing.T) {
			p := chain(t, w)
			p.write(t, ".scan-build.yaml", "fail-on: low\n")
			b := run(p, t).exits(t, 0)
			if got := append(b.names("[internal] load policy"), b.names("[scan] load policy")...); len(got) > 0 {
				t.Errorf("operations %q", got)
			}
			want := []string{"[internal] load options of the scan", "[internal] load options of the scan from the build context"}
			if diff := cmp.Diff(want, b.names("[internal] load options")); diff != "" {
				t.Errorf("operations (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPolicyThatClosesSecretsIsNotEscaped has a project accept its secrets by
// gitleaks' own files, which count unless a policy lets nothing be accepted.
func TestPolicyThatClosesSecretsIsNotEscaped(t *testing.T) {
	w := engine(t)
	const nothing = "[[rules]]\nid = \"word\"\nregex = '''never-there'''\nkeywords = [\"never-there\"]\n"
	for name, files := range map[string]map[string]string{
		".gitleaksignore": {".gitleaksignore": "app/key:github-pat:1\n"},
		".gitleaks.toml":  {".gitleaks.toml": nothing},
		"own rules":       {".scan-build.yaml": "secrets: {rules: [own.toml]}\n", "own.toml": nothing},
	} {
		for road, run := range roads() {
			t.Run(name+"/"+road, func(t *testing.T) {
				p, _ := withSecret(t, w, files)
				run(p, t).exits(t, 0)
				p.write(t, "policy.yaml", "secrets: block\n")
				p.write(t, ".scan-build.yaml", files[".scan-build.yaml"]+"extends: policy.yaml\n")
				run(p, t).exits(t, blockedCode(road)).says(t, "github-pat")
			})
		}
	}
}

func TestRulesForSecretsOfAPolicy(t *testing.T) {
	w := engine(t)
	word := "corp-" + strings.ToLower(nonce())
	policy := map[string]string{".scan-build.yaml": "secrets: {rules: [default, rules/corp.toml]}\n", "rules/corp.toml": "[[rules]]\nid = \"corp\"\nregex = '''corp-[a-z2-7]{26}'''\nkeywords = [\"corp-\"]\n"}
	folder := map[string]string{".scan-build.yaml": "extends: policy\n"}
	for name, content := range policy {
		folder["policy/"+name] = content
	}
	for name, files := range map[string]map[string]string{
		"image":  {".scan-build.yaml": "extends: " + w.pushPolicy(t, policy) + "\n"},
		"folder": folder,
		"file":   {".scan-build.yaml": "extends: base.yaml\n", "base.yaml": policy[".scan-build.yaml"], "rules/corp.toml": policy["rules/corp.toml"]},
	} {
		for road, run := range roads() {
			t.Run(name+"/"+road, func(t *testing.T) {
				files["Dockerfile"], files["a"] = "FROM $BASE\nCOPY a /a\n", word
				run(w.project(t, files), t).exits(t, blockedCode(road)).says(t, "corp")
			})
		}
	}
}
