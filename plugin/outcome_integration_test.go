package plugin_test

import (
	"archive/tar"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestExitCodesTellOutcomesApart(t *testing.T) {
	w := engine(t)
	for name, c := range map[string]struct {
		dockerfile string
		args       []string
		code       int
		says       []string
	}{
		"pass":                {cleanDockerfile, nil, 0, []string{"scan pass: no known vulnerabilities"}},
		"failing RUN":         {failingDockerfile, nil, 1, []string{"Dockerfile:2", ">>> RUN echo this goes wrong", "exit code: 7", "BUILD FAILED: "}},
		"syntax error":        {"FROM $BASE\nRUM x\n", nil, 1, []string{"unknown instruction: RUM"}},
		"blocked":             {vulnerableDockerfile, nil, 2, []string{"BLOCKED", vulnerableID, "minimist  1.2.0 → 1.2.6", ">>> COPY <<EOF package.json", "Dockerfile:3"}},
		"allowed to pass":     {vulnerableDockerfile, []string{"--fail-on=none"}, 0, []string{"scan warn: 1 critical", "minimist"}},
		"unknown severity":    {cleanDockerfile, []string{"--fail-on=terrible"}, 1, []string{"--fail-on", "terrible"}},
		"unknown report":      {cleanDockerfile, []string{"--report=poem=x"}, 1, []string{"poem"}},
		"report without file": {cleanDockerfile, []string{"--report=json"}, 1, []string{"--report"}},
		"unknown flag":        {cleanDockerfile, []string{"--nonsense"}, 1, []string{"nonsense"}},
		"no database":         {cleanDockerfile, []string{"--db=./nothing-here"}, 3, []string{"SCAN FAILED: ", "--db ./nothing-here"}},
		"no database image":   {cleanDockerfile, []string{"--db=docker-image://127.0.0.1:1/nothing:1"}, 3, []string{"vulnerability database", "127.0.0.1:1"}},
		"no database layout":  {cleanDockerfile, []string{"--db=oci-layout://./nothing:1"}, 3, []string{"--db oci-layout://./nothing:1"}},
		"no database listing": {cleanDockerfile, []string{"--db=https://127.0.0.1:1/v6/latest.json"}, 3, []string{"vulnerability database", "127.0.0.1:1"}},
		"no scanner image":    {cleanDockerfile, []string{"--scanner=docker-image://127.0.0.1:1/nothing:1"}, 3, []string{"scanner", "127.0.0.1:1"}},
		"no scanner layout":   {cleanDockerfile, []string{"--scanner=oci-layout://./nothing"}, 3, []string{"--scanner oci-layout://./nothing"}},
		"no scanner":          {cleanDockerfile, []string{"--scanner=./nothing-here"}, 3, []string{"--scanner ./nothing-here"}},
		"unwritable report":   {cleanDockerfile, []string{"--report=json=/proc/nothing/r.json"}, 3, []string{"/proc/nothing/r.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			image := w.image()
			p := w.dockerfile(t, c.dockerfile)
			args := append([]string{"--push", "--tag", image}, c.args...)
			r := p.build(t, append(args, ".")...).Exits(t, c.code)
			says(t, r.Stderr, c.says...)
			if got, want := w.pushed(t, image), c.code == 0; got != want {
				t.Errorf("pushed: %v", got)
			}
		})
	}
}

func TestUnreadableOptionsFileStopsTheBuild(t *testing.T) {
	w := engine(t)
	image := w.image()
	p := w.dockerfile(t, cleanDockerfile)
	p.write(t, ".scan-build.yaml", "only-fixed: true\nfail-on: terrible\n")
	r := p.build(t, "--push", "--tag", image, ".").Exits(t, 3)
	says(t, r.Stderr, ".scan-build.yaml:2", "fail-on", "terrible")
	w.mustNotBePushed(t, image)
}

func TestLaterRoadsOfAnOptionWin(t *testing.T) {
	w := engine(t)
	p := w.dockerfile(t, vulnerableDockerfile)
	p.write(t, ".scan-build.yaml", "fail-on: none\n")
	p.write(t, "docker-bake.hcl", "target \"default\" { args = { SCAN_FAIL_ON = \"high\" } }\n")
	p.build(t, ".").OK(t)
	p.build(t, "--build-arg=SCAN_FAIL_ON=high", ".").Exits(t, 2)
	p.build(t, "--build-arg=SCAN_FAIL_ON=high", "--fail-on=none", ".").OK(t)
	p.bake(t).Exits(t, 2)
	p.bake(t, "--fail-on=none").OK(t)
}

func TestDatabaseThatCannotBeUsedStopsTheBuild(t *testing.T) {
	w := engine(t)
	for name, c := range map[string]struct {
		spoil func(*testing.T, string)
		args  []string
		says  []string
	}{
		"empty folder":   {func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "v6")) }, nil, []string{"no vulnerability database"}},
		"truncated":      {truncateArchive, nil, []string{"checksum"}},
		"wrong checksum": {listingWith(`"checksum": "sha256:`, `"checksum": "sha256:0`), nil, []string{"checksum"}},
		"wrong schema":   {listingWith(`"v6.`, `"v5.`), nil, []string{"v5.", "v6"}},
		"no archive":     {func(t *testing.T, dir string) { remove(t, archive(t, dir)) }, nil, []string{"vulnerability-db_"}},
		"not a listing":  {listingWith("{", "<html>"), nil, []string{"database listing"}},
		"too old":        {func(*testing.T, string) {}, []string{"--max-db-age=1ms"}, []string{"--max-db-age", "the limit is"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "db")
			if err := os.CopyFS(dir, os.DirFS(w.database)); err != nil {
				t.Fatal(err)
			}
			c.spoil(t, dir)
			image := w.image()
			p := w.dockerfile(t, cleanDockerfile)
			args := append([]string{"--db", dir, "--push", "--tag", image}, c.args...)
			r := p.run(t, append(args, ".")...).Exits(t, 3)
			says(t, r.Stderr, append(c.says, "database")...)
			w.mustNotBePushed(t, image)
		})
	}
}

func archive(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "v6", "vulnerability-db_*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("archives in %s: %v, %v", dir, found, err)
	}
	return found[0]
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

func truncateArchive(t *testing.T, dir string) {
	t.Helper()
	if err := os.Truncate(archive(t, dir), 1000); err != nil {
		t.Fatal(err)
	}
}

// listingWith replaces the first occurrence of something in the listing.
func listingWith(old, replacement string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		t.Helper()
		file := filepath.Join(dir, "v6", "latest.json")
		dt, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(dt, []byte(old)) {
			t.Fatalf("no %s in %s", old, dt)
		}
		if err := os.WriteFile(file, bytes.Replace(dt, []byte(old), []byte(replacement), 1), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestInterruptEndsARunWithItsOwnCode(t *testing.T) {
	w := engine(t)
	for name, args := range map[string][]string{
		"build": {"--db", w.database, "--push", "--no-cache", "."},
		"bake":  {"bake", "--db", w.database, "--push", "--no-cache"},
	} {
		t.Run(name, func(t *testing.T) {
			image := w.image()
			p := w.dockerfile(t, "FROM $BASE\nRUN echo ready to wait && sleep 120\n")
			p.write(t, "docker-bake.hcl", "target \"default\" { tags = [\""+image+"\"] }\n")
			if name == "build" {
				args = append(args, "--tag", image)
			}
			interrupt(t, p, args)
			w.mustNotBePushed(t, image)
		})
	}
}

// interrupt runs the program and interrupts it when its RUN step is under way.
func interrupt(t *testing.T, p *project, args []string) {
	t.Helper()
	interruptAt(t, p, append(args, "--progress=plain"), " ready to wait\n")
}

// interruptAt interrupts the program when standard error has the text, and returns
// all of that.
func interruptAt(t *testing.T, p *project, args []string, text string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(t), args...)
	stderr := watchedBuffer{text: text, wait: make(chan struct{})}
	cmd.Dir, cmd.Env, cmd.Stderr = p.dir, p.Env, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-stderr.wait:
	case <-time.After(30 * time.Second):
		t.Error("the build did not come to its RUN step")
	}
	start := time.Now()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d, want 130\n%s", code, stderr.String())
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %s to end", took)
	}
	return stderr.String()
}

// watchedBuffer closes wait when it has seen text.
type watchedBuffer struct {
	strings.Builder
	text string
	wait chan struct{}
	seen bool
}

func (b *watchedBuffer) Write(p []byte) (int, error) {
	n, err := b.Builder.Write(p)
	if !b.seen && strings.Contains(b.String(), b.text) {
		b.seen = true
		close(b.wait)
	}
	return n, err
}

func TestReportsAreWrittenForBlockedBuilds(t *testing.T) {
	w := engine(t)
	p := w.dockerfile(t, vulnerableDockerfile)
	r := p.build(t, "--report", "json=out.json", "--report", "table=out.txt", "--report", "spdx=out.spdx.json", "--report", "json=-", ".").Exits(t, 2)
	says(t, p.read(t, "out.json"), vulnerableID, `"outcome": "block"`)
	says(t, p.read(t, "out.txt"), vulnerableID, "minimist")
	says(t, p.read(t, "out.spdx.json"), "SPDX-2.3", "pkg:npm/minimist@1.2.0")
	if r.Stdout != p.read(t, "out.json") {
		t.Errorf("standard output is not the report:\n%s", r.Stdout)
	}
}

// tarball is an archive of files, to be given on standard input.
func tarball(t *testing.T, files map[string]string) string {
	t.Helper()
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	for name, content := range files {
		if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}
