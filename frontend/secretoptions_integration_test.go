package frontend_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	dt, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return dt
}

// withSecret is a project whose image holds a secret in a file.
func withSecret(t *testing.T, w *workshop, files map[string]string) (p *project, value string) {
	t.Helper()
	value = newToken()
	p = w.project(t, map[string]string{"Dockerfile": "FROM $BASE\nCOPY app /app\n", "app/key": value})
	for name, content := range files {
		p.write(t, name, content)
	}
	return p, value
}

func TestModesOfTheSearchForSecrets(t *testing.T) {
	w := engine(t)
	for mode, want := range map[string]struct {
		code    int
		outcome scan.Outcome
		secrets int
	}{
		"block": {2, scan.OutcomeBlock, 1},
		"warn":  {0, scan.OutcomeWarn, 1},
		"off":   {0, scan.OutcomePass, 0},
	} {
		for _, arg := range [][]string{{"--secrets", mode}, {"--build-arg", "SCAN_SECRETS=" + mode}} {
			t.Run(strings.Join(arg, " "), func(t *testing.T) {
				p, value := withSecret(t, w, nil)
				p.write(t, "Dockerfile", p.read(t, "Dockerfile")+"ENV T="+value+"\n")
				r, _ := p.scanned(t, want.code, []string{value}, arg...)
				if found := secretsOf(r); r.Verdict.Outcome != want.outcome || (len(found) > 0) != (want.secrets > 0) {
					t.Errorf("verdict %s with %q", r.Verdict.Outcome, found)
				}
			})
		}
	}
}

func TestSecretsCanBeAccepted(t *testing.T) {
	w := engine(t)
	allow := func(what, expires string) map[string]string {
		return map[string]string{".scan-build.yaml": fmt.Sprintf("secrets:\n  allow:\n    - %s\n      reason: test\n      expires: %s\n", what, expires)}
	}
	later, over := time.Now().AddDate(0, 1, 0).Format(time.DateOnly), time.Now().AddDate(0, 0, -2).Format(time.DateOnly)
	for name, test := range map[string]struct {
		files map[string]string
		code  int
	}{
		"by path":                        {allow("path: app/**", later), 0},
		"by rule":                        {allow("rule: github-pat", later), 0},
		"by another rule":                {allow("rule: private-key", later), 2},
		"until a day that is over":       {allow("path: app/**", over), 2},
		".gitleaksignore":                {map[string]string{".gitleaksignore": "# known\napp/key:github-pat:1\n"}, 0},
		".gitleaksignore, another line":  {map[string]string{".gitleaksignore": "app/key:github-pat:2\n"}, 2},
		"allow list of rules":            {map[string]string{".gitleaks.toml": "[extend]\nuseDefault = true\n[allowlist]\npaths = ['''app/key''']\n"}, 0},
		"rules of another kind":          {map[string]string{".gitleaks.toml": "[[rules]]\nid = \"word\"\nregex = '''never-there'''\nkeywords = [\"never-there\"]\n"}, 0},
		"rules of both kinds":            {map[string]string{".scan-build.yaml": "secrets:\n  rules: [default, ci/more.toml]\n", "ci/more.toml": "[[rules]]\nid = \"word\"\nregex = '''never-there'''\nkeywords = [\"never-there\"]\n", ".dockerignore": "ci\n"}, 2},
		"options choose the default set": {map[string]string{".scan-build.yaml": "secrets:\n  rules: [default]\n", ".gitleaks.toml": "[[rules]]\nid = \"word\"\nregex = '''never-there'''\nkeywords = [\"never-there\"]\n"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			p, value := withSecret(t, w, test.files)
			p.scanned(t, test.code, []string{value})
		})
	}
	t.Run("by fingerprint", func(t *testing.T) {
		p, value := withSecret(t, w, nil)
		r, _ := p.scanned(t, 2, []string{value})
		p.write(t, ".scan-build.yaml", allow("fingerprint: "+r.Platforms[0].FinalStage().Secrets[0].Fingerprint, later)[".scan-build.yaml"])
		p.scanned(t, 0, []string{value})
	})
	t.Run("by a comment in the file", func(t *testing.T) {
		p, value := withSecret(t, w, nil)
		p.write(t, "app/key", value+" # gitleaks:allow\n")
		if r, _ := p.scanned(t, 0, []string{value}); len(secretsOf(r)) > 0 {
			t.Errorf("found %q", secretsOf(r))
		}
	})
}

func TestOwnRulesFindSecretsEverywhere(t *testing.T) {
	w := engine(t)
	word := "corp-" + strings.ToLower(nonce())
	p := w.project(t, map[string]string{
		"Dockerfile":     "FROM $BASE\nCOPY a /a\nENV A=" + word + "\n",
		"a":              word,
		".gitleaks.toml": "[[rules]]\nid = \"corp\"\nregex = '''corp-[a-z2-7]{26}'''\nkeywords = [\"corp-\"]\n",
	})
	r, _ := p.scanned(t, 2, []string{word})
	want := []string{"final config Env Dockerfile:3", "final config History Dockerfile:3", "final dockerfile Dockerfile Dockerfile:3", "final file a Dockerfile:2"}
	if diff := cmp.Diff(want, secretsOf(r)); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
}

func TestRulesAreFoundForADockerfileInASubfolder(t *testing.T) {
	w := engine(t)
	rules := func(word string) string {
		return "[[rules]]\nid = \"" + word + "\"\nregex = '''" + word + "'''\nkeywords = [\"" + word + "\"]\n"
	}
	p := w.project(t, map[string]string{
		"docker/Dockerfile": "FROM $BASE\nCOPY a /a\n", "a": "root-word folder-word", ".gitleaks.toml": rules("root-word"),
	})
	rulesOf := func(want string) {
		t.Helper()
		r, _ := p.scanned(t, 2, nil, "--file", "docker/Dockerfile")
		for _, s := range r.Platforms[0].FinalStage().Secrets {
			if s.Rule != want {
				t.Errorf("found %s, want %s", s.Rule, want)
			}
		}
	}
	rulesOf("root-word")
	p.write(t, "docker/.gitleaks.toml", rules("folder-word"))
	rulesOf("folder-word")
}

func TestBadRulesStopTheBuild(t *testing.T) {
	w := engine(t)
	for name, test := range map[string]struct {
		files map[string]string
		says  []string
	}{
		"no TOML":               {map[string]string{".gitleaks.toml": "[[rules\n"}, []string{".gitleaks.toml"}},
		"expression":            {map[string]string{".gitleaks.toml": "[[rules]]\nid = \"a\"\nregex = '''a('''\n"}, []string{".gitleaks.toml"}},
		"missing":               {map[string]string{".scan-build.yaml": "secrets:\n  rules: [ci/none.toml]\n"}, []string{"ci/none.toml"}},
		"list of accepted ones": {map[string]string{".gitleaksignore": "nothing\n"}, []string{".gitleaksignore:1"}},
	} {
		for road, run := range roads() {
			t.Run(name+"/"+road, func(t *testing.T) {
				p, _ := withSecret(t, w, test.files)
				b := run(p, t).exits(t, failedCode(road)).says(t, test.says...)
				if got := b.analysed(); len(got) > 0 {
					t.Errorf("analysed %q", got)
				}
			})
		}
	}
}

func TestRebuildWithRulesAnalysesNothing(t *testing.T) {
	p := chain(t, engine(t))
	wantAnalysed(t, p.scanBuild(t).exits(t, 0), chainAnd("RUN")...)
	p.write(t, ".gitleaks.toml", "title = \""+nonce()+"\"\n[extend]\nuseDefault = true\n")
	wantAnalysed(t, p.scanBuild(t).exits(t, 0), chainAnd("RUN")...)
	wantNothingAnalysed(t, p.scanBuild(t).exits(t, 0), 7)
	if err := os.Remove(p.dir + "/.gitleaks.toml"); err != nil {
		t.Fatal(err)
	}
	wantNothingAnalysed(t, p.scanBuild(t).exits(t, 0), 7)
}
