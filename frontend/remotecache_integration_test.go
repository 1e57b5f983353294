package frontend_test

import (
	"archive/tar"
	"encoding/json"
	"io"
	"path"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/scan-build/scan-build/hack/testenv"
)

func TestAnotherMachineReusesAnalysesFromTheCache(t *testing.T) {
	w := engine(t)
	second := testenv.Start(t, "frontend-cache", testenv.Options{})
	for _, mode := range []string{"max", "min"} {
		for _, base := range []string{"blobs", "snapshots"} {
			t.Run(mode+" "+base, func(t *testing.T) {
				t.Run("unchanged", func(t *testing.T) {
					p, from := cached(t, w, mode, base)
					p.builder = second
					wantNothingAnalysed(t, p.scanBuild(t, from).exits(t, 0), 8)
				})
				t.Run("last layer changed", func(t *testing.T) {
					p, from := cached(t, w, mode, base)
					p.builder = second
					p.write(t, "last", nonce())
					wantAnalysed(t, p.scanBuild(t, from).exits(t, 0), "COPY last /last")
				})
			})
		}
	}
}

// cached builds a new project on a new base image, exports its cache and
// returns the flag that imports it.
func cached(t *testing.T, w *workshop, mode, base string) (*project, string) {
	t.Helper()
	p := chain(t, w)
	image := w.push(t, base == "blobs")
	p.write(t, "Dockerfile", strings.ReplaceAll(p.read(t, "Dockerfile"), w.base, image))
	ref := w.Registry + "/frontend-test/cache:" + strings.ToLower(nonce())
	p.scanBuild(t, "--cache-to", "type=registry,mode="+mode+",ref="+ref).exits(t, 0)
	checkCache(t, ref)
	return p, "--cache-from=type=registry,ref=" + ref
}

// checkCache looks into every layer of an exported cache: the analyses are
// there, the database is not.
func checkCache(t *testing.T, ref string) {
	t.Helper()
	var inventories int
	for _, file := range cacheFiles(t, ref) {
		switch path.Base(file) {
		case "inventory.json":
			inventories++
		case "vulnerability.db", "request.json", "result.json", "scan-match":
			t.Errorf("the cache %s holds %s", ref, file)
		}
	}
	if inventories == 0 {
		t.Errorf("the cache %s holds no analysis", ref)
	}
}

// cacheFiles lists the files in all layers of a cache.
func cacheFiles(t *testing.T, ref string) []string {
	t.Helper()
	r, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	got, err := remote.Get(r)
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Layers, Manifests []struct{ MediaType, Digest string }
	}
	if err := json.Unmarshal(got.Manifest, &m); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range append(m.Layers, m.Manifests...) {
		if !strings.Contains(d.MediaType, ".layer.") && !strings.Contains(d.MediaType, ".rootfs.") {
			continue
		}
		l, err := remote.Layer(r.Context().Digest(d.Digest))
		if err != nil {
			t.Fatal(err)
		}
		rc, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, tarNames(t, rc)...)
		_ = rc.Close()
	}
	return out
}

func tarNames(t *testing.T, r io.Reader) []string {
	t.Helper()
	var out []string
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatalf("failed to read a layer of the cache: %v", err)
		}
		out = append(out, h.Name)
	}
}
