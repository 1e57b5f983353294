package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// Planted values: one of gitleaks' rules, one of the rules for well-known files,
// one of a user's rules.
const (
	githubToken = "ghp_" + "x7Kq2mZ9bL4vN8cT1wRj5dFh3gYs6pAeU0oI"
	npmPassword = "c2NhbG9wZW5kcmE3NzQx"
	ownToken    = "acme-" + "7731-4410-9952"
)

const ownRules = `[[rules]]
id = "acme"
description = "An Acme token"
regex = '''acme-[0-9-]{14}'''
keywords = ["acme-"]
`

// rulesDir makes a folder of two sets of rules, of which the second is given.
func rulesDir(t testing.TB, toml string) string {
	t.Helper()
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"a.toml": ownRules, "b.toml": toml, "README.md": "no rules"})
	return dir
}

// secretLayers mounts a layer with secrets on one without, as BuildKit does.
func secretLayers(t testing.TB) (view, parent string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("mounting overlayfs needs root")
	}
	dir := t.TempDir()
	base, upper := filepath.Join(dir, "base"), filepath.Join(dir, "upper")
	view, parent = filepath.Join(dir, "view"), filepath.Join(dir, "parent")
	writeFiles(t, base, map[string]string{"app/old.txt": githubToken, "app/gone.txt": githubToken})
	writeFiles(t, upper, map[string]string{
		"app/config.txt": "user = me\ngithub_token = " + githubToken + "\n",
		"root/.npmrc":    "//registry.example.org/:_password=" + npmPassword + "\n",
		"app/own.txt":    ownToken + "\n",
		"app/broken.gz":  "\x1f\x8b\x08" + githubToken,
	})
	if err := unix.Mknod(filepath.Join(upper, "app/gone.txt"), unix.S_IFCHR, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(upper, "app/pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	for at, lower := range map[string]string{view: upper + ":" + base, parent: base + ":" + t.TempDir()} {
		if err := os.Mkdir(at, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount("overlay", at, "overlay", unix.MS_RDONLY, "lowerdir="+lower); err != nil {
			t.Skip("overlayfs cannot be mounted here: ", err)
		}
		t.Cleanup(func() { _ = unix.Unmount(at, unix.MNT_DETACH) })
	}
	return view, parent
}

func TestSecretsOfALayer(t *testing.T) {
	bin := build(t)
	view, parent := secretLayers(t)
	for _, tt := range []struct {
		name string
		args []string
		want []string
	}{
		{"default rules", nil, []string{"app/config.txt:2 github-pat", "root/.npmrc:1 npmrc-auth-token"}},
		{"a user's rules", []string{"--rules", rulesDir(t, "")}, []string{"app/own.txt:1 acme", "root/.npmrc:1 npmrc-auth-token"}},
		{"switched off", []string{"--secrets=false"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var first []byte
			for range 3 {
				out := t.TempDir()
				cmd := exec.CommandContext(t.Context(), bin, append(tt.args, "--child", view, "--parent", parent, "--out", out)...)
				cmd.Env = []string{"TMPDIR=/nonexistent"}
				printed, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%v: %s", err, printed)
				}
				holdsNoValue(t, out, printed)
				inv, b := inventory(t, out)
				if first == nil {
					first = b
				}
				if !bytes.Equal(first, b) {
					t.Error("two runs differ")
				}
				var got []string
				for _, s := range inv.Secrets {
					got = append(got, fmt.Sprintf("%s:%d %s", s.Path, s.Line, s.Rule))
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("secrets (-want +got):\n%s", diff)
				}
				if searched := inv.Stats.Searched > 0; searched != (tt.want != nil) {
					t.Errorf("searched %d bytes", inv.Stats.Searched)
				}
			}
		})
	}
}

// holdsNoValue sees that neither files nor messages hold a planted value.
func holdsNoValue(t testing.TB, out string, printed []byte) {
	t.Helper()
	check := func(where string, b []byte) {
		for _, value := range []string{githubToken, npmPassword, ownToken} {
			if bytes.Contains(b, []byte(value)) {
				t.Errorf("%s holds a planted value: %s", where, b)
			}
		}
	}
	check("the output", printed)
	if err := filepath.WalkDir(out, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		check(p, b)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
