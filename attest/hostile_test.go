package attest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sync/errgroup"
)

// A registry's disk is changed under it: same length, other content.
func TestContentThatIsNotWhatItsDigestSaysIsRejected(t *testing.T) {
	key := newPair(t)
	registry := startDistribution(t)
	image := pushImage(t, registry.host+"/app", testReport("linux/amd64"))
	signImage(t, image, key)
	changed := 0
	err := filepath.Walk(filepath.Join(registry.root, "docker/registry/v2/blobs"), func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(content, []byte("dsseEnvelope")) {
			return err
		}
		changed++
		return os.WriteFile(path, bytes.Replace(content, []byte(`"dsseEnvelope"`), []byte(`"dsseEnvelopf"`), 1), info.Mode())
	})
	if err != nil || changed == 0 {
		t.Fatalf("changed %d blobs: %v", changed, err)
	}
	_, err = verifyAt(t, image, key)
	wantRejected(t, err, ReasonTampered, "has the content of")
}

func TestHugeBundleIsNotDownloaded(t *testing.T) {
	key := newPair(t)
	host := startReferrersRegistry(t)
	image := pushImage(t, host+"/app", testReport("linux/amd64"))
	f := newForger(t, image)
	for _, s := range []v1.Descriptor{f.img.index, f.img.Platforms[0].descriptor} {
		raw := encode(t, v1.Manifest{
			SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: bundleMediaType, Subject: &s,
			Config: v1.Descriptor{MediaType: emptyMediaType, Digest: s.Digest, Size: 2},
			Layers: []v1.Descriptor{{MediaType: bundleMediaType, Digest: s.Digest, Size: 1 << 40}},
		})
		digest, _, err := v1.SHA256(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.repo.putManifest(t.Context(), digest.String(), raw, types.OCIManifestSchema1); err != nil {
			t.Fatal(err)
		}
	}
	_, err := verifyAt(t, image, key)
	wantRejected(t, err, ReasonTampered, "more than the limit")
}

// More attestations than are looked at: the answer is that there is none, not
// that the image is fine.
func TestFloodOfReferrersIsNotTakenForAnAnswer(t *testing.T) {
	key := newPair(t)
	host := startReferrersRegistry(t)
	image := pushImage(t, host+"/app", testReport("linux/amd64"))
	signImage(t, image, key)
	f := newForger(t, image)
	flood := func(n int, artifactType string) {
		t.Helper()
		var g errgroup.Group
		g.SetLimit(8)
		for i := range n {
			g.Go(func() error {
				raw, err := json.Marshal(v1.Manifest{
					SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: artifactType, Subject: &f.img.index,
					Config:      v1.Descriptor{MediaType: types.MediaType(artifactType), Digest: f.img.index.Digest, Size: 2},
					Annotations: map[string]string{"n": time.Unix(int64(i), 0).String()},
				})
				if err != nil {
					return err
				}
				digest, _, err := v1.SHA256(bytes.NewReader(raw))
				if err != nil {
					return err
				}
				_, err = f.repo.putManifest(t.Context(), digest.String(), raw, types.OCIManifestSchema1)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	flood(2000, "application/vnd.example.other")
	if _, err := verifyAt(t, image, key); err != nil {
		t.Errorf("2,000 referrers of another kind: %v", err)
	}
	flood(maxCandidates+1, bundleMediaType)
	if _, err := verifyAt(t, image, key); ClassOf(err) != ClassUnable || !strings.Contains(err.Error(), "more than 512 attestations") {
		t.Errorf("got %v", err)
	}
	flood(maxReferrers, "application/vnd.example.more")
	if _, err := verifyAt(t, image, key); ClassOf(err) != ClassUnable || !strings.Contains(err.Error(), "more than 4096 referrers") {
		t.Errorf("got %v", err)
	}
}

func TestIndexInAnIndexIsRefused(t *testing.T) {
	key := newPair(t)
	host := startReferrersRegistry(t)
	img, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	inner := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: img})
	outer := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: inner})
	tag, err := name.NewTag(host + "/app:latest")
	if err != nil {
		t.Fatal(err)
	}
	image := pushIndex(t, tag, outer)
	if _, err := verifyAt(t, image, key); ClassOf(err) != ClassUnable {
		t.Errorf("verify: %v", err)
	}
	if _, err := FromImage(t.Context(), image, Registry{}); ClassOf(err) != ClassUnable {
		t.Errorf("read: %v", err)
	}
}

// A registry that lies can name an index by the digest of something else, and so
// make a cycle.
func TestIndexThatClaimsAnotherDigestIsRejected(t *testing.T) {
	key := newPair(t)
	self := v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("cd", 32)}
	index := encode(t, v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{
		{MediaType: types.OCIImageIndex, Digest: self, Size: 10},
	}})
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", string(types.OCIImageIndex))
		_, _ = w.Write(index)
	}))
	res, err := verifyAt(t, host+"/app@"+self.String(), key)
	wantRejected(t, err, ReasonTampered, "has the content of")
	if res == nil || len(res.Subjects) != 1 || res.Subjects[0].Checks[0].OK {
		t.Errorf("the result does not say so: %+v", res)
	}
}
