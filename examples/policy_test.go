package examples_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/scan-build/scan-build/hack/testenv"
	"github.com/scan-build/scan-build/scan"
)

// company is the reference that the example's files have where a user puts the
// registry of a company.
const company = "registry.example.com"

// plugin runs the program that was built, as it is where there is an engine.
func plugin(t *testing.T, args ...string) testenv.Result {
	t.Helper()
	return testenv.Engine(t).Run(t, "", append([]string{testenv.Binary(t, "docker-scan-build")}, args...)...)
}

func TestPolicyPassesItsOwnTests(t *testing.T) {
	r := plugin(t, "policy", "test", "policy").OK(t)
	says(t, r.Stdout, "ok   company_test.", "ok   shop_test.", "ok   policy/reports/exploited", " 0 failed")
	says(t, plugin(t, "policy", "test", "--profile", "release", "policy").OK(t).Stdout, " 0 failed")
	says(t, plugin(t, "policy", "test", "policy/company").OK(t).Stdout, "ok   company_test.", " 0 failed")
}

// TestPolicyThatIsWeakenedFailsItsTests shows that the reports are worth
// something: without the company's policy, they have other verdicts.
func TestPolicyThatIsWeakenedFailsItsTests(t *testing.T) {
	dir := copyOf(t, "policy")
	replace(t, filepath.Join(dir, ".scan-build.yaml"), "extends: company", "")
	r := plugin(t, "policy", "test", dir).Exits(t, 1)
	says(t, r.Stdout, "FAIL", "reports/exploited")
}

func TestPolicyExplainsEachReport(t *testing.T) {
	for name, want := range map[string][]string{
		"accepted":  {"Outcome: pass", "by rule company.kernel-headers of company!rules/company.rego", "by rule vex of vex/shop.openvex.json", "by rule exception of policy/.scan-build.yaml:15"},
		"grace":     {"Outcome: warn", "it blocks after 2026-03-05"},
		"exploited": {"Outcome: block", "by rule known-exploited", "by rule license", "by rule base-not-approved", "by rule company.remote-shell", "https://wiki.example.com/images#owner"},
		"release":   {"Outcome: block", "by rule shop.overdue of rules/shop.rego"},
	} {
		t.Run(name, func(t *testing.T) {
			says(t, plugin(t, "policy", "explain", "--policy", "policy", "policy/reports/"+name+".report.json").OK(t).Stdout, want...)
		})
	}
}

// TestPolicyReportsAreReports holds the reports to the fields that reports have.
func TestPolicyReportsAreReports(t *testing.T) {
	for _, file := range find(t, ".report.json") {
		dec := json.NewDecoder(strings.NewReader(read(t, file)))
		dec.DisallowUnknownFields()
		if err := dec.Decode(new(scan.Report)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestBuildUnderTheCompanysPolicy does what the example's README says: the company
// pushes its policy, and a project extends it by its digest and key.
func TestBuildUnderTheCompanysPolicy(t *testing.T) {
	s := newShop(t)
	s.Env = append(s.Env, "COSIGN_PASSWORD=test")
	s.Run(t, s.dir, "cosign", "generate-key-pair").OK(t)
	key := filepath.Join(s.dir, "cosign")
	base := s.Registry + "/base/debian:bookworm"
	s.Run(t, s.dir, "docker-buildx", "imagetools", "create", "--tag", base, s.base).OK(t)

	dir := copyOf(t, "policy")
	replace(t, filepath.Join(dir, "company", ".scan-build.yaml"), company, s.Registry)
	ref := strings.TrimSpace(s.run(t, dir, "policy", "push", "--key", key+".key", "company", s.Registry+"/policy").OK(t).Stdout)
	if err := os.WriteFile(filepath.Join(dir, "company.pub"), []byte(read(t, key+".pub")), 0o644); err != nil {
		t.Fatal(err)
	}
	replace(t, filepath.Join(dir, ".scan-build.yaml"), "extends: company", "extends:\n  - policy: "+ref+"\n    key: company.pub")

	shop, err := filepath.Abs("app")
	if err != nil {
		t.Fatal(err)
	}
	build := func(shop string, args ...string) testenv.Result {
		return s.run(t, dir, append([]string{"--db", s.db, "--build-arg", "BASE=" + base, "--build-context", "shop=" + shop, "."}, args...)...)
	}
	r := build(shop, "--report", "json=shop.json").Exits(t, 2)
	says(t, r.Stderr, "minimist", "pyyaml", "1 by exception, 1 by vex", "https://wiki.example.com/images")
	says(t, s.run(t, dir, "policy", "explain", "shop.json").OK(t).Stdout, "extends", ref, "by rule vex of vex/shop.openvex.json")

	image := s.Registry + "/examples-policy/shop"
	build(filepath.Join(shop, "fixed"), "--push", "--tag", image, "--sign", "--key", key+".key").OK(t)
	s.run(t, dir, "verify", "--key", key+".pub", "--policy", ref, image).OK(t)
	other := ref[:strings.LastIndexByte(ref, ':')+1] + strings.Repeat("0", 64)
	says(t, s.run(t, dir, "verify", "--key", key+".pub", "--policy", other, image).Exits(t, 2).Stdout, "FAIL policy")

	replace(t, filepath.Join(dir, "Dockerfile"), "LABEL com.example.team=shop\n", "")
	says(t, build(filepath.Join(shop, "fixed")).Exits(t, 2).Stderr, "the image does not say whom to call")

	replace(t, filepath.Join(dir, ".scan-build.yaml"), "rego:", "kev: off\nrego:")
	says(t, build(filepath.Join(shop, "fixed")).Exits(t, 3).Stderr, "kev: off is looser than block")
}

// says fails unless a text has each of these.
func says(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("it does not say %q:\n%s", w, text)
		}
	}
}

// copyOf copies an example, so that a test can change it as a user would.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), dir)
	if err := os.CopyFS(out, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return out
}

// replace changes all of a text in a file; it must be there.
func replace(t *testing.T, file, old, by string) {
	t.Helper()
	text := read(t, file)
	if !strings.Contains(text, old) {
		t.Fatalf("%s has no %q", file, old)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, old, by)), 0o644); err != nil {
		t.Fatal(err)
	}
}
