package testenv

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// BaseImage pushes a base image of about 2 MB with a shell and returns its
// reference. It has three layers: busybox with its applets, the files of a
// Debian 12 system, and a dpkg database of two packages, base-files and
// openssl 3.0.11-1~deb12u1. It is an index of linux/amd64 and linux/arm64;
// both hold this machine's busybox, so RUN works for either.
func BaseImage(t testing.TB, i *Instance) string {
	t.Helper()
	var images []Image
	for _, arch := range []string{"amd64", "arm64"} {
		images = append(images, Image{
			Platform: "linux/" + arch,
			Config:   BaseConfig(),
			Layers:   BaseLayers(t, arch),
		})
	}
	return i.Push(t, "mini:latest", images...)
}

// BaseConfig is the configuration of [BaseImage], for images with further layers.
func BaseConfig() v1.Config {
	return v1.Config{Env: []string{"PATH=/usr/bin:/bin"}, Cmd: []string{"sh"}, WorkingDir: "/"}
}

// BaseLayers are the layers of [BaseImage] for a CPU architecture.
func BaseLayers(t testing.TB, arch string) []Layer {
	t.Helper()
	return []Layer{busybox(t), debianFiles(arch), dpkgDatabase(arch)}
}

// DebianImage pushes a real Debian bookworm image (debootstrap's minbase,
// about 200 MB) and returns its reference. The first time takes half a minute
// and a network; the root file system is kept in the cache folder.
func DebianImage(t testing.TB, i *Instance) string {
	t.Helper()
	script := filepath.Join(Root(t), "hack", "debian-base")
	return strings.TrimSpace(i.Run(t, "", script).OK(t).Stdout)
}

// busybox makes a layer of the static busybox of this machine.
func busybox(t testing.TB) Layer {
	t.Helper()
	bin, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal("busybox is missing: apt-get install busybox-static")
	}
	requireStatic(t, bin)
	content, err := os.ReadFile(bin)
	if err != nil {
		t.Fatal(err)
	}
	layer := Layer{
		"bin/busybox": {Content: content, Mode: 0o755},
		"usr/bin/env": {Link: "/bin/busybox"},
	}
	for _, applet := range strings.Fields(Run(t, Command{Args: []string{bin, "--list"}}).OK(t).Stdout) {
		if applet != "busybox" {
			layer["bin/"+applet] = File{Link: "busybox"}
		}
	}
	return layer
}

func requireStatic(t testing.TB, bin string) {
	t.Helper()
	f, err := elf.Open(bin)
	if err != nil {
		t.Fatalf("failed to read %s: %v", bin, err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Fatalf("%s is not static: apt-get install busybox-static", bin)
		}
	}
}

func debianFiles(arch string) Layer {
	return Layer{
		"etc/os-release": {Link: "../usr/lib/os-release"},
		"usr/lib/os-release": Text(`PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
`),
		"etc/debian_version": Text("12.8\n"),
		"etc/dpkg-arch":      Text(arch + "\n"),
		"etc/passwd":         Text("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"),
		"etc/group":          Text("root:x:0:\nnogroup:x:65534:\n"),
		"root":               {Type: '5', Mode: 0o700},
		"tmp":                {Type: '5', Mode: 0o1777},
	}
}

func dpkgDatabase(arch string) Layer {
	status := DpkgEntry("base-files", "12.4+deb12u8", arch, "") +
		DpkgEntry("libssl3", "3.0.11-1~deb12u1", arch, "openssl")
	return Layer{
		"var/lib/dpkg/status":                            Text(status),
		"var/lib/dpkg/info/base-files.list":              Text("/.\n/etc/debian_version\n"),
		"var/lib/dpkg/info/libssl3:" + arch + ".list":    Text("/.\n/usr/lib/libssl.so.3\n"),
		"usr/lib/libssl.so.3":                            Text("not a library\n"),
		"usr/share/doc/libssl3/copyright":                Text("License: Apache-2.0\n"),
		"usr/share/doc/base-files/copyright":             Text("License: GPL-2+\n"),
		"var/lib/dpkg/info/base-files.conffiles":         Text("/etc/debian_version\n"),
		"var/lib/dpkg/info/libssl3:" + arch + ".md5sums": Text(""),
	}
}

// DpkgEntry is an installed package's entry in /var/lib/dpkg/status, ready to
// be appended to the file. The source package's name may be empty when it is
// the package's own.
func DpkgEntry(pkg, version, arch, source string) string {
	lines := []string{
		"Package: " + pkg,
		"Status: install ok installed",
		"Priority: optional",
		"Section: libs",
		"Maintainer: Example <root@example.org>",
		"Architecture: " + arch,
	}
	if source != "" {
		lines = append(lines, "Source: "+source)
	}
	lines = append(lines, "Version: "+version, "Description: "+pkg)
	return strings.Join(lines, "\n") + "\n\n"
}
