package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan/config"
)

func file(name, content string) config.File { return config.File{Name: name, Data: []byte(content)} }

func mustNew(t *testing.T, files ...config.File) *Bundle {
	t.Helper()
	b, err := New(files)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sampleFiles() []config.File {
	return []config.File{
		file("rules/telnet.rego", "package team\n"),
		file(".scan-build.yaml", "fail-on: high\n"),
		file("vex/a.json", "{}"),
	}
}

func TestPackedBundleIsReadAgain(t *testing.T) {
	b := mustNew(t, sampleFiles()...)
	b.Signature = []byte("{}")
	packed, err := b.Pack()
	if err != nil {
		t.Fatal(err)
	}
	got, err := FromTar(bytes.NewReader(packed.Layer))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b, got); diff != "" {
		t.Errorf("bundle (-want +got):\n%s", diff)
	}
}

func TestEqualBundlesAreEqualBytes(t *testing.T) {
	files := sampleFiles()
	one := mustNew(t, files...)
	other := mustNew(t, files[2], files[0], files[1])
	a, err := one.Pack()
	if err != nil {
		t.Fatal(err)
	}
	b, err := other.Pack()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
	if one.Digest() != other.Digest() {
		t.Errorf("digests %s and %s", one.Digest(), other.Digest())
	}
}

// What is hashed must never change: signatures and pins hold on to it.
func TestDigestIsWhatItAlwaysWas(t *testing.T) {
	b := mustNew(t, file(".scan-build.yaml", "fail-on: high\n"), file("a.rego", "package a\n"))
	const want = "sha256:82aad6e43ec41ac602a44ea50f1044a0f91cd40aff3baf4715b5f39218e24c7e"
	if got := b.Digest(); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

func TestDigestIsOfContentAlone(t *testing.T) {
	files := sampleFiles()
	want := mustNew(t, files...).Digest()
	for name, c := range map[string]struct {
		files []config.File
		same  bool
	}{
		"signature":    {append(files[:3:3], file(SignatureFile, "{}")), true},
		"README":       {append(files[:3:3], file("README.md", "read me")), true},
		"hidden file":  {append(files[:3:3], file(".github/x.yaml", "a")), true},
		"another file": {append(files[:3:3], file("b.rego", "")), false},
		"content":      {append(files[:2:2], file("vex/a.json", "{ }")), false},
		"name":         {append(files[:2:2], file("vex/b.json", "{}")), false},
	} {
		if got := mustNew(t, c.files...).Digest() == want; got != c.same {
			t.Errorf("%s: same digest: %v", name, got)
		}
	}
}

func TestBadBundlesAreRefused(t *testing.T) {
	options := file(".scan-build.yaml", "")
	many := []config.File{options}
	for i := range MaxFiles {
		many = append(many, file("r"+strings.Repeat("a", i%200)+"/"+string(rune('a'+i/200))+".rego", ""))
	}
	for name, c := range map[string]struct {
		files []config.File
		says  string
	}{
		"nothing":         {nil, "no .scan-build.yaml"},
		"no options":      {[]config.File{file("sub/.scan-build.yaml", "")}, "no .scan-build.yaml"},
		"twice":           {[]config.File{options, options}, "twice"},
		"out of it":       {[]config.File{options, file("../a.rego", "")}, "out of the policy"},
		"absolute":        {[]config.File{options, file("/a.rego", "")}, "out of the policy"},
		"not clean":       {[]config.File{options, file("a/./b.rego", "")}, "out of the policy"},
		"escape sequence": {[]config.File{options, file("\x1b[31m.rego", "")}, "characters"},
		"separator":       {[]config.File{options, file("a!b.rego", "")}, "characters"},
		"backslash":       {[]config.File{options, file(`a\b.rego`, "")}, "characters"},
		"deep":            {[]config.File{options, file(strings.Repeat("a/", 17)+"b.rego", "")}, "too deep"},
		"large":           {[]config.File{options, {Name: "a.json", Data: make([]byte, MaxFile+1)}}, "larger than"},
		"many":            {many, "more than 500"},
	} {
		if _, err := New(c.files); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.says)
		}
	}
}

func tarOf(t *testing.T, headers ...tar.Header) []byte {
	t.Helper()
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	for _, h := range headers {
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := tw.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write(make([]byte, h.Size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestArchivesOfStrangers(t *testing.T) {
	options := tar.Header{Name: "./.scan-build.yaml"}
	bomb := func() []byte {
		var buf bytes.Buffer
		zw := gzip.NewWriter(&buf)
		_, _ = zw.Write(tarOf(t, options, tar.Header{Name: "skipped.bin", Size: maxArchive}))
		_ = zw.Close()
		return buf.Bytes()
	}
	whole := tarOf(t, options, tar.Header{Name: "a.rego", Size: 2000})
	for name, c := range map[string]struct {
		archive []byte
		says    string
	}{
		"as tar makes them":  {tarOf(t, tar.Header{Name: "./", Typeflag: tar.TypeDir}, options, tar.Header{Name: "./r/", Typeflag: tar.TypeDir}, tar.Header{Name: "./r/a.rego"}), ""},
		"link":               {tarOf(t, options, tar.Header{Name: "a.rego", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}), "link or device"},
		"hard link":          {tarOf(t, options, tar.Header{Name: "README", Typeflag: tar.TypeLink, Linkname: "x"}), "link or device"},
		"out of it":          {tarOf(t, options, tar.Header{Name: "../a.rego"}), "out of the policy"},
		"folder out of it":   {tarOf(t, options, tar.Header{Name: "../a/", Typeflag: tar.TypeDir}), "out of the policy"},
		"bomb":               {bomb(), "when decompressed"},
		"cut off":            {whole[:1500], "failed to read"},
		"large file":         {tarOf(t, options, tar.Header{Name: "a.rego", Size: MaxFile + 1}), "larger than"},
		"empty":              {nil, "no .scan-build.yaml"},
		"no archive":         {[]byte("hello, I am no archive at all, and long enough to be one: " + strings.Repeat("x", 600)), "failed to read"},
		"damaged compressed": {[]byte{0x1f, 0x8b, 1, 2, 3}, "failed to"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := FromTar(bytes.NewReader(c.archive))
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("error %v, want %q", err, c.says)
			}
		})
	}
}

func TestFolderIsReadWithoutLeavingIt(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range append(sampleFiles(), file("README.md", "x"), file(".git/a.rego", "x"), file("cosign.key", "private")) {
		write(f.Name, string(f.Data))
	}
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(mustNew(t, sampleFiles()...), b); diff != "" {
		t.Errorf("bundle (-want +got):\n%s", diff)
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "x.rego")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "x.rego is a link") {
		t.Errorf("link: error %v", err)
	}
}

func TestOptionsFileAloneIsABundle(t *testing.T) {
	name := filepath.Join(t.TempDir(), "base.yaml")
	if err := os.WriteFile(name, []byte("fail-on: low\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	b, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(file(".scan-build.yaml", "fail-on: low\n"), b.Options()); diff != "" {
		t.Error(diff)
	}
}
