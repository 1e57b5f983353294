package plugin_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// leaks searches artefacts for values that must not be in them, however they
// are packed: gzip, tar, base64.
type leaks struct {
	// values by name
	values map[string]string
	// mayHold says where a value is known to be, by the artefact's place, e.g.
	// "registry/layer/gzip/tar:key".
	mayHold func(place, value string) bool
	found   []string
	// searched counts the artefacts by kind and by name, so that a test can tell
	// that it looked at something.
	searched map[string]int
}

func newLeaks(values map[string]string, mayHold func(place, value string) bool) *leaks {
	return &leaks{values: values, mayHold: mayHold, searched: map[string]int{}}
}

const maxPacked = 6 // how often an artefact may be packed

func (l *leaks) search(place string, data []byte) {
	kind, name, _ := strings.Cut(place, ":")
	l.searched[kind]++
	l.searched[path.Base(name)]++
	l.in(place, data, 0)
}

func (l *leaks) in(place string, data []byte, depth int) {
	if depth == maxPacked || l.gzip(place, data, depth) || l.tar(place, data, depth) {
		return
	}
	for name, value := range l.values {
		if bytes.Contains(data, []byte(value)) && !l.mayHold(place, name) {
			l.found = append(l.found, fmt.Sprintf("%s holds the %s", place, name))
		}
	}
	for _, token := range encoded.FindAll(data, -1) {
		if dt := decode(string(token)); dt != nil {
			l.in(place+"/base64"+statementOf(dt), dt, depth+1)
		}
	}
}

func (l *leaks) gzip(place string, data []byte, depth int) bool {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return false
	}
	dt, err := io.ReadAll(r)
	if err != nil {
		return false
	}
	l.in(place+"/gzip", dt, depth+1)
	return true
}

func (l *leaks) tar(place string, data []byte, depth int) bool {
	if len(data) < 512 || !bytes.HasPrefix(data[257:], []byte("ustar")) {
		return false
	}
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if err != nil {
			return true
		}
		if dt, err := io.ReadAll(r); err == nil {
			l.in(place+"/tar:"+path.Clean(h.Name), dt, depth+1)
		}
	}
}

var encoded = regexp.MustCompile(`[A-Za-z0-9+/_-]{48,}={0,2}`)

func decode(token string) []byte {
	token = strings.TrimRight(token, "=")
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if dt, err := enc.DecodeString(token); err == nil {
			return dt
		}
	}
	return nil
}

// statementOf names what an in-toto statement is about.
func statementOf(data []byte) string {
	var st struct{ PredicateType string }
	if json.Unmarshal(data, &st) != nil || st.PredicateType == "" {
		return ""
	}
	return "(" + st.PredicateType + ")"
}

// files searches the files below a folder that have changed since.
func (l *leaks) files(t *testing.T, kind, dir string, since time.Time) {
	t.Helper()
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return ignoreMissing(err)
		}
		st, err := d.Info()
		if err != nil {
			return ignoreMissing(err)
		}
		if st.Sys().(*syscall.Stat_t).Ctim.Nano() < since.UnixNano() {
			return nil
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return ignoreMissing(err)
		}
		rel, _ := filepath.Rel(dir, file)
		l.search(kind+":"+rel, data)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ignoreMissing lets go of what an engine removes meanwhile.
func ignoreMissing(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

// repository searches all that a repository of a registry holds.
func (l *leaks) repository(t *testing.T, image string) {
	t.Helper()
	repo := reference(t, image).Context()
	tags, err := remote.List(repo, remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range tags {
		d, err := remote.Get(repo.Tag(tag), remote.WithContext(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		l.manifest(t, repo.Tag(tag).String(), d)
	}
}

func (l *leaks) manifest(t *testing.T, image string, d *remote.Descriptor) {
	t.Helper()
	l.search("manifest:"+d.Digest.String(), d.Manifest)
	repo := reference(t, image).Context()
	var content struct {
		Manifests []v1.Descriptor `json:"manifests"`
		Config    *v1.Descriptor  `json:"config"`
		Layers    []v1.Descriptor `json:"layers"`
	}
	if err := json.Unmarshal(d.Manifest, &content); err != nil {
		t.Fatal(err)
	}
	for _, m := range content.Manifests {
		child, err := remote.Get(repo.Digest(m.Digest.String()), remote.WithContext(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		l.manifest(t, image, child)
	}
	blobs := content.Layers
	if content.Config != nil {
		blobs = append(blobs, *content.Config)
	}
	for _, b := range blobs {
		layer, err := remote.Layer(repo.Digest(b.Digest.String()), remote.WithContext(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		r, err := layer.Compressed()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		_ = r.Close()
		if err != nil {
			t.Fatal(err)
		}
		l.search("blob:"+string(b.MediaType)+statementOf(data), data)
	}
}
