package attest

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// need skips a test that needs a program which is not there, and fails it in CI,
// where everything has to be there.
func need(t *testing.T, env, program string) string {
	t.Helper()
	if path := os.Getenv(env); path != "" {
		return path
	}
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not on PATH (or set %s)", program, env)
	}
	t.Skipf("needs %s on PATH (or set %s)", program, env)
	return ""
}

// distribution is the reference implementation of a registry. Version 2 has no
// referrers API.
type distribution struct {
	program, config string
	host            string
	root            string
	process         *os.Process
}

func startDistribution(t *testing.T, extraConfig ...string) *distribution {
	t.Helper()
	dir := t.TempDir()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &distribution{
		program: need(t, "SCAN_BUILD_REGISTRY_PROGRAM", "docker-registry"), config: filepath.Join(dir, "config.yml"),
		host: l.Addr().String(), root: filepath.Join(dir, "data"),
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n", d.root, d.host)
	if err := os.WriteFile(d.config, []byte(config+strings.Join(extraConfig, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	d.start(t)
	t.Cleanup(func() { _ = d.kill() })
	return d
}

func (d *distribution) start(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), d.program, "serve", d.config)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d.process = cmd.Process
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+d.host+"/v2/", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("registry did not start: %v\n%s", err, output.String())
		}
	}
}

// kill ends the registry in the middle of whatever it does.
func (d *distribution) kill() error {
	if err := d.process.Kill(); err != nil {
		return err
	}
	_, err := d.process.Wait()
	return err
}

// startReferrersRegistry is go-containerregistry's registry, which has the API.
func startReferrersRegistry(t *testing.T) string {
	t.Helper()
	return serve(t, registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// eachRegistry runs a test with and without the referrers API.
func eachRegistry(t *testing.T, test func(t *testing.T, host string)) {
	t.Run("referrers API", func(t *testing.T) { test(t, startReferrersRegistry(t)) })
	t.Run("referrers tag", func(t *testing.T) { test(t, startDistribution(t).host) })
}
