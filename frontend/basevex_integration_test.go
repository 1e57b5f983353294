package frontend_test

import (
	"io"
	"log"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/scan-build/scan-build/hack/testenv"
)

// attested pushes the base image with a statement of this type to a registry
// that gives out manifests as blobs, as newer ones do.
func (w *workshop) attested(t *testing.T, predicateType, subject string) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	base, err := name.ParseReference(w.newBase(t, testenv.Layer{"etc/nonce": testenv.Text(nonce())}))
	if err != nil {
		t.Fatal(err)
	}
	img, err := remote.Image(base, remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if subject == "" {
		subject = digest.Hex
	}
	statement := `{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "` + predicateType + `", "predicate": {"statements": []},
		"subject": [{"name": "_", "digest": {"sha256": "` + subject + `"}}]}`
	attestations, err := mutate.Append(mutate.MediaType(mutate.ConfigMediaType(empty.Image, types.OCIConfigJSON), types.OCIManifestSchema1), mutate.Addendum{
		Layer:       static.NewLayer([]byte(statement), "application/vnd.in-toto+json"),
		Annotations: map[string]string{"in-toto.io/predicate-type": predicateType},
		MediaType:   "application/vnd.in-toto+json",
	})
	if err != nil {
		t.Fatal(err)
	}
	index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex),
		mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: strings.TrimPrefix(native(), "linux/")}}},
		mutate.IndexAddendum{Add: attestations, Descriptor: v1.Descriptor{
			Platform:    &v1.Platform{OS: "unknown", Architecture: "unknown"},
			Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest.String()},
		}})
	ref := strings.TrimPrefix(server.URL, "http://") + "/base:1"
	tag, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(tag, index, remote.WithContext(t.Context())); err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestVEXThatIsAttachedToTheBaseIsReadIfAskedFor(t *testing.T) {
	w := engine(t)
	for name, c := range map[string]struct {
		options, predicate, subject string
		documents                   int
		notice                      string
	}{
		"asked for":     {"vex: [base]\n", "https://openvex.dev/ns/v0.2.0", "", 1, ""},
		"not asked for": {"fail-on: low\n", "https://openvex.dev/ns/v0.2.0", "", 0, ""},
		"none there":    {"vex: [base]\n", "https://spdx.dev/Document", "", 0, ""},
		"of another":    {"vex: [base]\n", "https://openvex.dev/ns", strings.Repeat("1", 64), 1, "one is about another image"},
	} {
		t.Run(name, func(t *testing.T) {
			base := w.attested(t, c.predicate, c.subject)
			p := w.project(t, map[string]string{"Dockerfile": "FROM " + base + "\n", ".scan-build.yaml": c.options})
			r, b := p.scanned(t, 0, nil)
			n := 0
			for _, op := range b.names("[scan] look up ") {
				if strings.Contains(op, "(VEX document, optional)") {
					n++
				}
			}
			if n != c.documents {
				t.Errorf("%d documents were read: %q", n, b.names("[scan] look up "))
			}
			if notices := strings.Join(r.Notices, "\n"); c.notice == "" && strings.Contains(notices, "VEX") || !strings.Contains(notices, c.notice) {
				t.Errorf("notices %q, want %q", notices, c.notice)
			}
		})
	}
}

func TestBaseWhoseDocumentsCannotBeHadIsNoError(t *testing.T) {
	w := engine(t)
	// The registry gives no index out as a blob.
	p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE\nRUN echo " + nonce() + " >/a\n", ".scan-build.yaml": "vex: [base]\n"})
	r, _ := p.scanned(t, 0, nil)
	if !slices.ContainsFunc(r.Notices, func(n string) bool { return strings.HasPrefix(n, "VEX documents of "+w.base) }) {
		t.Errorf("notices %q", r.Notices)
	}
}
