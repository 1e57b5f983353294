package frontend_test

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/scan-build/scan-build/attest/predicate"
)

// statement is an attestation in an image's index, as far as tests look at it.
type statement struct {
	PredicateType string
	Subject       []struct{ Digest map[string]string }
	Predicate     json.RawMessage
}

// attestations returns a pushed image's statements by platform.
func attestations(t *testing.T, ref string) map[string][]statement {
	t.Helper()
	r, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(r)
	if err != nil {
		t.Fatalf("failed to read the index of %s: %v", ref, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	platforms := map[string]string{}
	for _, d := range manifest.Manifests {
		if d.Platform != nil && d.Platform.OS != "unknown" {
			platforms[d.Digest.String()] = d.Platform.String()
		}
	}
	out := map[string][]statement{}
	for _, d := range manifest.Manifests {
		if d.Annotations["vnd.docker.reference.type"] != "attestation-manifest" {
			continue
		}
		of := d.Annotations["vnd.docker.reference.digest"]
		for _, s := range statements(t, index, d.Digest) {
			for _, subject := range s.Subject {
				if "sha256:"+subject.Digest["sha256"] != of {
					t.Errorf("%s is about %v, want %s", s.PredicateType, subject.Digest, of)
				}
			}
			out[platforms[of]] = append(out[platforms[of]], s)
		}
	}
	return out
}

func statements(t *testing.T, index v1.ImageIndex, digest v1.Hash) []statement {
	t.Helper()
	img, err := index.Image(digest)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]statement, len(layers))
	for i, l := range layers {
		rc, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		dt, err := io.ReadAll(rc)
		_ = rc.Close() // the client allows few open at a time
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(dt, &out[i]); err != nil {
			t.Fatalf("failed to read statement: %v\n%s", err, dt)
		}
	}
	return out
}

func predicateTypes(ss []statement) []string {
	var out []string
	for _, s := range ss {
		out = append(out, s.PredicateType)
	}
	slices.Sort(out)
	return out
}

func sorted(s ...string) []string {
	slices.Sort(s)
	return s
}

func newRef(w *workshop) string {
	return w.Registry + "/frontend-test/attested:" + strings.ToLower(nonce())
}

func TestPushedImageCarriesTheScan(t *testing.T) {
	w := engine(t)
	for road, run := range roads() {
		t.Run(road, func(t *testing.T) {
			p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE\nCOPY node_modules /node_modules\n", "node_modules/left-pad/package.json": leftPad})
			ref := newRef(w)
			run(p, t, "--platform", "linux/amd64,linux/arm64", "--provenance=false", "--push", "--tag", ref).exits(t, 0)
			got := attestations(t, ref)
			for _, platform := range []string{"linux/amd64", "linux/arm64"} {
				if diff := cmp.Diff(sorted(predicate.TypeReport, predicate.TypeSPDX, predicate.TypeVulns), predicateTypes(got[platform])); diff != "" {
					t.Errorf("%s: predicates (-want +got):\n%s", platform, diff)
				}
				for _, s := range got[platform] {
					checkPredicate(t, platform, s)
				}
			}
		})
	}
}

// checkPredicate looks for what a verifier relies on.
func checkPredicate(t *testing.T, platform string, s statement) {
	t.Helper()
	text := string(s.Predicate)
	want := map[string][]string{
		predicate.TypeSPDX:   {`"SPDX-2.3"`, "left-pad", "libssl3"},
		predicate.TypeVulns:  {`"lastUpdate"`, `"scanStartedOn"`, `"scanFinishedOn"`},
		predicate.TypeReport: {platform, `"verdict"`, "left-pad"},
	}
	for _, w := range want[s.PredicateType] {
		if !strings.Contains(text, w) {
			t.Errorf("%s %s: no %s in it:\n%.600s", platform, s.PredicateType, w, text)
		}
	}
}

func TestImageScannedOnBothRoadsCarriesOneScan(t *testing.T) {
	w := engine(t)
	p := w.project(t, map[string]string{"Dockerfile": "# syntax=$FRONTEND\nFROM $BASE\nRUN echo " + nonce() + "\n"})
	ref := newRef(w)
	p.scanBuild(t, "--provenance=false", "--push", "--tag", ref).exits(t, 0)
	if diff := cmp.Diff(sorted(predicate.TypeReport, predicate.TypeSPDX, predicate.TypeVulns), predicateTypes(attestations(t, ref)[native()])); diff != "" {
		t.Errorf("predicates (-want +got):\n%s", diff)
	}
}

func TestImageHasOneSBOM(t *testing.T) {
	w := engine(t)
	generator := w.Registry + "/frontend-test/generator:test"
	w.project(t, map[string]string{
		"Dockerfile": "FROM $BASE\nCOPY generate /\nENTRYPOINT [\"sh\", \"/generate\"]\n",
		"generate":   `echo '{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document", "predicate": {"spdxVersion": "SPDX-2.3", "name": "generated"}}' >$BUILDKIT_SCAN_DESTINATION/sbom.spdx.json` + "\n",
	}).scanBuild(t, "--push", "--tag", generator).exits(t, 0)
	for road, run := range roads() {
		t.Run(road, func(t *testing.T) {
			p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE\nRUN echo " + nonce() + "\n"})
			ref := newRef(w)
			run(p, t, "--attest", "type=sbom,generator="+generator, "--push", "--tag", ref).exits(t, 0)
			var n int
			for _, s := range attestations(t, ref)[native()] {
				if s.PredicateType == predicate.TypeSPDX {
					n++
				}
			}
			if n != 1 {
				t.Errorf("the image has %d SBOMs, want 1", n)
			}
		})
	}
}

func TestOutputsWithoutAttestationsAreWhatTheyWere(t *testing.T) {
	w := engine(t)
	for road, run := range roads() {
		t.Run(road, func(t *testing.T) {
			p := w.project(t, map[string]string{"Dockerfile": "FROM scratch\nCOPY a dir/b /\n", "a": "a", "dir/b": "b"})
			out := t.TempDir()
			run(p, t, "--output", filepath.Join(out, "short")).exits(t, 0)
			run(p, t, "--output", "type=local,dest="+filepath.Join(out, "local")).exits(t, 0)
			run(p, t, "--output", "type=local,platform-split=true,dest="+filepath.Join(out, "split")).exits(t, 0)
			arch := strings.ReplaceAll(native(), "/", "_")
			if diff := cmp.Diff([]string{"local/a", "local/b", "short/a", "short/b", "split/" + arch + "/a", "split/" + arch + "/b"}, files(t, out)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			tarball := filepath.Join(t.TempDir(), "a.tar")
			run(p, t, "--output", "type=tar,dest="+tarball).exits(t, 0)
			f, err := os.Open(tarball)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if diff := cmp.Diff([]string{"a", "b"}, tarNames(t, f)); diff != "" {
				t.Errorf("files in the archive (-want +got):\n%s", diff)
			}
			docker := filepath.Join(t.TempDir(), "docker.tar")
			run(p, t, "--output", "type=docker,name=test:1,dest="+docker).exits(t, 0)
			if st, err := os.Stat(docker); err != nil || st.Size() == 0 {
				t.Errorf("no image was written: %v", err)
			}
		})
	}
}
