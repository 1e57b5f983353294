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
	"github.com/scan-build/scan-build/scan"
)

// document is an OpenVEX document by which the base image of the tests is not
// affected by a vulnerability of minimist.
func document(vulnerability string) string {
	return `{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://vex.example/1", "author": "Base", "version": 1,
		"timestamp": "2026-01-02T03:04:05Z", "statements": [{"vulnerability": {"name": "` + vulnerability + `"},
		"products": [{"@id": "pkg:npm/minimist@1.2.0"}], "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"}]}`
}

// attested pushes a base image that has a critical finding, with a statement of
// this type, to a registry that gives out manifests as blobs, as newer ones do.
func (w *workshop) attested(t *testing.T, predicateType, predicate, subject string) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	base, err := name.ParseReference(w.newBase(t, testenv.Layer{"app/node_modules/minimist/package.json": testenv.Text(`{"name": "minimist", "version": "1.2.0"}`)}))
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
	statement := `{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "` + predicateType + `", "predicate": ` + predicate + `,
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
	const openVEX, critical = "https://openvex.dev/ns/v0.2.0", "GHSA-xvch-5gv4-984h"
	for name, c := range map[string]struct {
		options, predicateType, predicate, subject string
		code, documents                            int
		notice                                     string
	}{
		"asked for":             {"vex: [base]\n", openVEX, document(critical), "", 0, 1, ""},
		"not asked for":         {"fail-on: critical\n", openVEX, document(critical), "", 2, 0, ""},
		"of another finding":    {"vex: [base]\n", openVEX, document("GHSA-none-none-none"), "", 2, 1, ""},
		"none there":            {"vex: [base]\n", "https://spdx.dev/Document", "{}", "", 2, 0, ""},
		"about another image":   {"vex: [base]\n", openVEX, document(critical), strings.Repeat("1", 64), 2, 1, "one is about another image"},
		"that is no VEX at all": {"vex: [base]\n", openVEX, "{}", "", 2, 1, "are left out"},
	} {
		t.Run(name, func(t *testing.T) {
			base := w.attested(t, c.predicateType, c.predicate, c.subject)
			p := w.project(t, map[string]string{"Dockerfile": "FROM " + base + "\n", ".scan-build.yaml": c.options})
			r, b := p.scanned(t, c.code, nil)
			n := 0
			for _, op := range b.names("[scan] look up ") {
				if strings.Contains(op, "(VEX document, optional)") {
					n++
				}
			}
			if n != c.documents {
				t.Errorf("%d documents were read: %q", n, b.names("[scan] look up "))
			}
			if named := slices.ContainsFunc(r.Verdict.Policies, func(ref scan.PolicyRef) bool { return strings.HasSuffix(ref.Name, "!openvex") }); named != (c.documents > 0 && c.notice == "") {
				t.Errorf("policies: %+v", r.Verdict.Policies)
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
