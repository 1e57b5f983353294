package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/scan-build/scan-build/scan"
)

// fileLayers mounts, as BuildKit does, a layer that changes modes only on one with
// a setuid program, and makes a folder anew.
func fileLayers(t testing.TB) (view, parent string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("mounting overlayfs needs root")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"base", "upper", "work", "merged", "view", "parent", "empty"} {
		if err := os.Mkdir(at(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mount := func(point, options string) {
		if err := unix.Mount("overlay", at(point), "overlay", 0, options); err != nil {
			t.Skip("overlayfs cannot be mounted here: ", err)
		}
		t.Cleanup(func() { _ = unix.Unmount(at(point), unix.MNT_DETACH) })
	}
	writeFiles(t, at("base"), map[string]string{
		"usr/bin/su": "#!/bin/sh", "usr/bin/tool": "#!/bin/sh", "usr/bin/kept": "#!/bin/sh", "opaque/old": "x", "opaque/.env": "A=1", "data/x": "x",
	})
	chmod := func(name string, mode uint32) {
		if err := unix.Chmod(at(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	chmod("base/usr/bin/su", 0o4755)
	chmod("base/usr/bin/kept", 0o4755)
	chmod("base/opaque/old", 0o666)
	mount("merged", fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", at("base"), at("upper"), at("work")))
	chmod("merged/usr/bin/su", 0o755)
	chmod("merged/usr/bin/tool", 0o4755)
	if err := os.Chtimes(at("merged/usr/bin/kept"), time.Unix(0, 0), time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(at("merged/opaque")); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, at("merged"), map[string]string{"opaque/new": "x"})
	chmod("merged/opaque/new", 0o606)
	if err := os.Chown(at("merged/data/x"), 1000, 1000); err != nil {
		t.Fatal(err)
	}
	if err := unix.Unmount(at("merged"), 0); err != nil {
		t.Fatal(err)
	}
	mount("view", "ro,lowerdir="+at("upper")+":"+at("base"))
	mount("parent", "ro,lowerdir="+at("base")+":"+at("empty"))
	return at("view"), at("parent")
}

func TestFileFactsOfALayer(t *testing.T) {
	bin := build(t)
	view, parent := fileLayers(t)
	for _, secrets := range []string{"--secrets=true", "--secrets=false"} {
		t.Run(secrets, func(t *testing.T) {
			var first []byte
			for range 3 {
				out := t.TempDir()
				cmd := exec.CommandContext(t.Context(), bin, secrets, "--child", view, "--parent", parent, "--out", out)
				cmd.Env = []string{"TMPDIR=/nonexistent"}
				if b, err := cmd.CombinedOutput(); err != nil || len(b) > 0 {
					t.Fatalf("%v: %s", err, b)
				}
				inv, b := inventory(t, out)
				if first == nil {
					first = b
					checkFileFacts(t, inv)
				}
				if !bytes.Equal(first, b) {
					t.Error("two runs differ")
				}
			}
		})
	}
}

func checkFileFacts(t *testing.T, inv scan.LayerInventory) {
	t.Helper()
	want := []scan.FileFact{
		{Path: "usr/bin/tool", Kind: scan.FileSetuid, Mode: "4755", Size: 9},
		{Path: "opaque/new", Kind: scan.FileWorldWritable, Mode: "606", Size: 1},
	}
	if diff := cmp.Diff(want, inv.Files); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]scan.FileFact{{Path: "usr/bin/su", Kind: scan.FileSetuid}}, inv.Cleared); diff != "" {
		t.Errorf("cleared (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"opaque/.env", "opaque/old"}, inv.Removed); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]scan.Owner{{UID: 1000, GID: 1000, Count: 1, Path: "data/x"}}, inv.Owners); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
	if len(inv.Problems) > 0 || inv.Stats.Method != "overlay" {
		t.Errorf("problems are %+v, method %s", inv.Problems, inv.Stats.Method)
	}
}
