package secret

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	// What the generator needs stands in go.sum.
	_ "github.com/zricethezav/gitleaks/v8/cmd/generate/secrets"
)

const gitleaksModule = "github.com/zricethezav/gitleaks/v8"

// sample is a text that gitleaks' authors wrote or generate for one of their
// rules: something that it must find or must not find.
type sample struct {
	Rule     string
	Path     string // empty for most
	Text     string
	Positive bool
}

// recorder takes the place of gitleaks' validation of its rules, through which
// every sample goes. It writes a JSON object per sample.
const recorder = `package utils

import (
	"encoding/json"
	"os"

	"github.com/zricethezav/gitleaks/v8/config"
)

var out = json.NewEncoder(os.Stdout)

func Validate(rule config.Rule, positives, negatives []string) *config.Rule {
	for _, s := range positives {
		record(rule.RuleID, "", s, true)
	}
	for _, s := range negatives {
		record(rule.RuleID, "", s, false)
	}
	return &rule
}

func ValidateWithPaths(rule config.Rule, positives, negatives map[string]string) *config.Rule {
	for path, s := range positives {
		record(rule.RuleID, path, s, true)
	}
	for path, s := range negatives {
		record(rule.RuleID, path, s, false)
	}
	return &rule
}

func record(rule, path, text string, positive bool) {
	if err := out.Encode(map[string]any{"Rule": rule, "Path": path, "Text": text, "Positive": positive}); err != nil {
		panic(err)
	}
}
`

// seeded takes the place of gitleaks' generator of secrets: the same secrets in
// every run.
const seeded = `package secrets

import (
	"os"
	"strconv"

	"github.com/lucasjones/reggen"
)

func NewSecret(regex string) string {
	g, err := reggen.NewGenerator(regex)
	if err != nil {
		panic(err)
	}
	seed, err := strconv.ParseInt(os.Getenv("SAMPLE_SEED"), 10, 64)
	if err != nil {
		panic(err)
	}
	g.SetSeed(seed)
	return g.Generate(1)
}
`

// ruleSamples builds gitleaks' generator of rules from its module's source, with
// the two files above in place of its own, and returns what it tests its rules
// with. Nothing of it is in this repository: it looks like secrets.
func ruleSamples(t testing.TB, seeds int) []sample {
	t.Helper()
	module := goOutput(t, "list", "-m", "-f", "{{.Dir}}", gitleaksModule)
	source := t.TempDir()
	if err := os.CopyFS(source, os.DirFS(module)); err != nil {
		t.Fatal(err)
	}
	makeWritable(t, source)
	generate := filepath.Join(source, "cmd", "generate")
	writeFile(t, filepath.Join(generate, "config", "utils", "validate.go"), recorder)
	for _, path := range glob(t, filepath.Join(generate, "secrets", "*.go")) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(generate, "secrets", "seeded.go"), seeded)

	program := filepath.Join(t.TempDir(), "generate")
	goOutput(t, "build", "-mod=mod", "-modfile="+moduleWith(t, source), "-o", program, gitleaksModule+"/cmd/generate/config")
	var samples []sample
	for seed := 1; seed <= seeds; seed++ {
		samples = append(samples, runGenerator(t, program, filepath.Join(generate, "config"), seed)...)
	}
	return samples
}

// moduleWith returns a copy of this module's go.mod that takes gitleaks from a
// folder. Our versions of everything else stay.
func moduleWith(t testing.TB, folder string) string {
	t.Helper()
	own := goOutput(t, "env", "GOMOD")
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(filepath.Dir(own), name))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, name), string(content))
	}
	file := filepath.Join(dir, "go.mod")
	goOutput(t, "mod", "edit", "-replace="+gitleaksModule+"="+folder, file)
	return file
}

func runGenerator(t testing.TB, program, dir string, seed int) []sample {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, filepath.Join(t.TempDir(), "gitleaks.toml"))
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	cmd.Env = append(os.Environ(), fmt.Sprintf("SAMPLE_SEED=%d", seed))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var samples []sample
	for dec := json.NewDecoder(bufio.NewReader(out)); dec.More(); {
		var s sample
		if err := dec.Decode(&s); err != nil {
			t.Fatalf("failed to read a sample: %v", err)
		}
		samples = append(samples, s)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("failed to generate samples: %v", err)
	}
	return samples
}

// goOutput runs the go command. Without a module proxy the test is skipped, but
// never in CI.
func goOutput(t testing.TB, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if os.Getenv("CI") != "true" && !proxyReachable(t.Context()) {
			t.Skipf("no module proxy: go %s: %s", strings.Join(args, " "), &stderr)
		}
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// proxyReachable says whether the first of GOPROXY's servers takes connections.
func proxyReachable(ctx context.Context) bool {
	out, err := exec.CommandContext(ctx, "go", "env", "GOPROXY").Output()
	if err != nil {
		return false
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(out)), ",")
	scheme, rest, ok := strings.Cut(first, "://")
	if !ok {
		return false
	}
	host, _, _ := strings.Cut(rest, "/")
	if !strings.Contains(host, ":") {
		host += map[string]string{"http": ":80", "https": ":443"}[scheme]
	}
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", host)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// makeWritable undoes the module cache's modes.
func makeWritable(t testing.TB, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.Chmod(path, 0o755)
		}
		return os.Chmod(path, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
