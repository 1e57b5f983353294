package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/layer"
)

// files is a layer's content by path.
type files map[string]string

func (f files) in(t testing.TB, dir string) {
	t.Helper()
	for name, content := range f {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			if err := os.Symlink(target, p); err != nil {
				t.Fatal(err)
			}
			continue
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(content, "\x7fELF") {
			mode = 0o755
		}
		if err := os.WriteFile(p, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
}

// analyse makes a layer of files and analyses it.
func analyse(t testing.TB, f files) *scan.LayerInventory {
	t.Helper()
	dir := t.TempDir()
	f.in(t, dir)
	return analyseLayer(t, layer.Options{Child: dir}, Options{})
}

func analyseLayer(t testing.TB, at layer.Options, opts Options) *scan.LayerInventory {
	t.Helper()
	at.TempDir, opts.TempDir = t.TempDir(), t.TempDir()
	l, err := layer.Open(at)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	inv, err := Layer(context.Background(), l, opts)
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(opts.TempDir); len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
	return inv
}

// archive makes a zip; a name that ends in ".stored" is stored under the name
// without it, all others are deflated.
func archive(t testing.TB, entries ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		h := &zip.FileHeader{Name: entries[i], Method: zip.Deflate}
		if name, ok := strings.CutSuffix(h.Name, ".stored"); ok {
			h.Name, h.Method = name, zip.Store
		}
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = f.Write([]byte(entries[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func pom(group, artifact, version string) string {
	return "groupId=" + group + "\nartifactId=" + artifact + "\nversion=" + version + "\n"
}

func debStanza(name, version, status, more string) string {
	return "Package: " + name + "\nStatus: " + status + "\nArchitecture: amd64\nVersion: " + version + "\n" + more +
		"Description: a package\n with a second line\n\n"
}

const installed = "install ok installed"

// auditable makes an ELF file with the section that cargo auditable writes.
func auditable(t testing.TB, compressed []byte) string {
	t.Helper()
	names := "\x00.shstrtab\x00.dep-v0\x00"
	var b bytes.Buffer
	le := binary.LittleEndian
	put := func(v any) {
		if err := binary.Write(&b, le, v); err != nil {
			t.Fatal(err)
		}
	}
	data := 64 + len(names) + len(compressed)
	b.WriteString("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9))
	put([]uint16{2, 62})
	put(uint32(1))
	put([]uint64{0, 0, uint64(data)})
	put(uint32(0))
	put([]uint16{64, 56, 0, 64, 3, 1})
	b.WriteString(names)
	b.Write(compressed)
	section := func(name, typ uint32, offset, size int) {
		put([]uint32{name, typ})
		put([]uint64{0, 0, uint64(offset), uint64(size)})
		put([]uint32{0, 0})
		put([]uint64{1, 0})
	}
	section(0, 0, 0, 0)
	section(1, 3, 64, len(names))
	section(11, 1, 64+len(names), len(compressed))
	return b.String()
}
