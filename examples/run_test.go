package examples_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/scan-build/scan-build/hack/testenv"
)

// shop is what the examples that run share: an engine, a base image without
// findings and a database of the examples' advisories.
type shop struct {
	*testenv.Instance
	dir, program, base, db string
}

func newShop(t *testing.T) *shop {
	t.Helper()
	e := testenv.Engine(t)
	s := &shop{Instance: e, dir: t.TempDir(), program: testenv.Binary(t, "docker-scan-build"), base: testenv.BaseImage(t, e)}
	s.db = filepath.Join(s.dir, "db")
	s.run(t, ".", "db", "build", "--output", s.db, "advisories").OK(t)
	return s
}

// run runs the plugin in a folder of the examples.
func (s *shop) run(t *testing.T, dir string, args ...string) testenv.Result {
	t.Helper()
	return s.Run(t, dir, append([]string{s.program}, args...)...)
}

// bake runs the bake example for a repository of the test's own.
func (s *shop) bake(t *testing.T, repository string, args ...string) testenv.Result {
	t.Helper()
	return s.run(t, "bake", append([]string{
		"bake", "--db", s.db, "--push", "--allow=fs.read=..",
		"--var", "REGISTRY=" + s.Registry + "/" + repository, "--var", "BASE=" + s.base,
	}, args...)...)
}

// pushed reports whether the registry has an image.
func (s *shop) pushed(t *testing.T, image string) bool {
	t.Helper()
	return s.Run(t, ".", "docker-buildx", "imagetools", "inspect", image).Code == 0
}

func TestBlockedTargetHoldsTheWholeBakeRun(t *testing.T) {
	s := newShop(t)
	const repository = "examples-old"
	r := s.bake(t, repository).Exits(t, 2)
	for _, want := range []string{"minimist", "pyyaml", "web", "worker"} {
		if !strings.Contains(r.Stderr, want) {
			t.Errorf("the output does not name %s:\n%s", want, r.Stderr)
		}
	}
	for _, name := range []string{"shop-web", "shop-worker"} {
		if s.pushed(t, s.Registry+"/"+repository+"/"+name) {
			t.Errorf("%s was pushed", name)
		}
	}
}

func TestMendedBakeRunIsPushedSignedAndAdmitted(t *testing.T) {
	s := newShop(t)
	const repository = "examples-fixed"
	s.Env = append(s.Env, "COSIGN_PASSWORD=test")
	s.Run(t, s.dir, "cosign", "generate-key-pair").OK(t)
	key := filepath.Join(s.dir, "cosign")
	s.bake(t, repository, "--var", "SHOP=../app/fixed", "--sign", "--key", key+".key").OK(t)
	for _, name := range []string{"shop-web", "shop-worker"} {
		image := s.Registry + "/" + repository + "/" + name
		s.run(t, ".", "verify", "--key", key+".pub", image).OK(t)
		s.admit(t, image)
	}
}

// TestDemoEndsWell runs what `make demo` runs, on this test's engine: the shop on
// a real Debian, blocked, mended, signed and verified. It checks its own exit
// codes. The mended shop installs Debian's updates, which needs a network.
func TestDemoEndsWell(t *testing.T) {
	e := testenv.Engine(t)
	if testing.Short() {
		t.Skip("needs debootstrap and a network")
	}
	testenv.Binary(t, "docker-scan-build")
	r := e.Run(t, "", filepath.Join(testenv.Root(t), "hack", "demo")).OK(t)
	for _, want := range []string{
		"Dockerfile:13  FROM", "perl-base", "minimist", "pyyaml", "golang.org/x/text",
		"scan warn: ", "the signed verdict is \"warn\"", "signed, but not with this key",
	} {
		if !strings.Contains(r.Stdout+r.Stderr, want) {
			t.Errorf("the demo does not show %q:\n%s\n%s", want, r.Stdout, r.Stderr)
		}
	}
}

// admit does what admission/README.md says for policy-controller, and has cosign
// judge what is signed by the policy's CUE.
func (s *shop) admit(t *testing.T, image string) {
	t.Helper()
	const vuln = "https://cosign.sigstore.dev/attestation/vuln/v1"
	s.write(t, "policy.cue", []byte(cue(t)))
	s.Run(t, s.dir, "cosign", "trusted-root", "create", "--out", "root.json").OK(t)
	bundle := s.Run(t, s.dir, "cosign", "verify-attestation", "--key", "cosign.pub", "--private-infrastructure",
		"--trusted-root", "root.json", "--new-bundle-format", "--type", vuln, "--policy", "policy.cue", image).OK(t)
	s.write(t, "predicate.json", predicate(t, bundle.Stdout))
	s.Run(t, s.dir, "cosign", "attest", "--key", "cosign.key", "--tlog-upload=false", "--new-bundle-format=false", "--yes",
		"--type", "vuln", "--predicate", "predicate.json", image).OK(t)
}

// cue takes the policy out of policy-controller's file.
func cue(t *testing.T) string {
	t.Helper()
	var doc struct {
		Spec struct {
			Authorities []struct {
				Attestations []struct {
					Policy struct{ Type, Data string }
				}
			}
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "admission/policy-controller.yaml")), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Spec.Authorities) != 1 || len(doc.Spec.Authorities[0].Attestations) != 1 {
		t.Fatal("admission/policy-controller.yaml has not one attestation")
	}
	return doc.Spec.Authorities[0].Attestations[0].Policy.Data
}

// predicate takes the predicate out of an envelope that cosign printed.
func predicate(t *testing.T, line string) []byte {
	t.Helper()
	var envelope struct{ Payload string }
	if err := json.Unmarshal([]byte(line), &envelope); err != nil {
		t.Fatalf("%v in %q", err, line)
	}
	payload, err := base64.StdEncoding.DecodeString(envelope.Payload)
	if err != nil {
		t.Fatal(err)
	}
	var statement struct {
		Predicate json.RawMessage `json:"predicate"`
	}
	if err := json.Unmarshal(payload, &statement); err != nil {
		t.Fatal(err)
	}
	return statement.Predicate
}

func (s *shop) write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}
