package plugin_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/scan-build/scan-build/hack/testenv"
	"github.com/scan-build/scan-build/scan/policy/bundle"
)

// pushPolicy pushes a policy of these files and returns its reference.
func (w *workshop) pushPolicy(t *testing.T, files map[string]string, args ...string) string {
	t.Helper()
	args = append([]string{"policy", "push"}, args...)
	r := w.project(t, files).run(t, append(args, ".", w.image())...).OK(t)
	return strings.TrimSpace(r.Stdout)
}

// loosePolicy lets the vulnerable Dockerfile pass.
const loosePolicy = "fail-on: none\n"

// extending is a project whose options extend a policy, verified by a key.
func (w *workshop) extending(t *testing.T, ref, public string) *project {
	t.Helper()
	p := w.dockerfile(t, vulnerableDockerfile)
	options := "extends:\n  - policy: " + ref + "\n"
	if public != "" {
		key, err := os.ReadFile(public)
		if err != nil {
			t.Fatal(err)
		}
		p.write(t, "keys/policy.pub", string(key))
		options += "    key: keys/policy.pub\n"
	}
	p.write(t, ".scan-build.yaml", options)
	return p
}

func TestPushedPolicyIsExtendedByItsDigest(t *testing.T) {
	w := engine(t)
	private, public := newKeys(t)
	signed := w.pushPolicy(t, map[string]string{".scan-build.yaml": loosePolicy}, "--key", private)
	unsigned := w.pushPolicy(t, map[string]string{".scan-build.yaml": loosePolicy})
	if again := w.pushPolicy(t, map[string]string{".scan-build.yaml": loosePolicy}); digestIn(again) != digestIn(unsigned) {
		t.Errorf("the same policy is %s and %s", unsigned, again)
	}
	for name, p := range map[string]*project{
		"signed, with the key":  w.extending(t, signed, public),
		"signed, without a key": w.extending(t, signed, ""),
		"unsigned":              w.extending(t, unsigned, ""),
	} {
		t.Run(name, func(t *testing.T) { p.build(t, ".").OK(t) })
	}
}

func TestRegoOfAPushedPolicyDecides(t *testing.T) {
	w := engine(t)
	ref := w.pushPolicy(t, map[string]string{
		".scan-build.yaml": "fail-on: none\nrego: [rules/*.rego]\n",
		"rules/no.rego": "package company\n\ndeny contains {\"rule\": \"no-minimist\", \"message\": \"minimist is not ours\", \"finding\": f.key} if {\n" +
			"\tsome f in input.findings\n\tf.package == \"minimist\"\n}\n",
	})
	p := w.extending(t, ref, "")
	says(t, p.build(t, "--report", "json=r.json", ".").Exits(t, 2).Stderr, "minimist is not ours")
	r := p.run(t, "policy", "explain", "r.json").OK(t)
	says(t, r.Stdout, "Outcome: block", "by rule company.no-minimist of", ref+"!rules/no.rego", "→ minimist is not ours", "extends\n    "+ref)
	// What the policy does not let its children make looser, they cannot.
	p.write(t, ".scan-build.yaml", p.read(t, ".scan-build.yaml")+"rego: own.rego\n")
	p.write(t, "own.rego", "package own\n\nignore contains {\"message\": \"mine\", \"finding\": f.key} if some f in input.findings\n")
	p.build(t, ".").Exits(t, 2)
	// Another policy's opinion, with that policy taken from the registry.
	says(t, p.run(t, "policy", "explain", "--policy", ".", "r.json").OK(t).Stdout, "Outcome: block", "company.no-minimist")
}

func digestIn(ref string) string {
	_, digest, _ := strings.Cut(ref, "@")
	return digest
}

func TestPolicyThatWasNotSignedByTheKeyStopsTheBuild(t *testing.T) {
	w := engine(t)
	private, public := newKeys(t)
	_, foreign := newKeys(t)
	signed := w.pushPolicy(t, map[string]string{".scan-build.yaml": "fail-on: high\n"}, "--key", private)
	unsigned := w.pushPolicy(t, map[string]string{".scan-build.yaml": loosePolicy})
	for name, c := range map[string]struct {
		ref, key, says string
	}{
		"unsigned":      {unsigned, public, "is not signed"},
		"another key":   {signed, foreign, "signed by another key"},
		"tampered with": {w.tampered(t, signed), public, "changed after it was signed"},
	} {
		t.Run(name, func(t *testing.T) {
			image := w.image()
			p := w.extending(t, c.ref, c.key)
			r := p.build(t, "--push", "--tag", image, ".").Exits(t, 3)
			says(t, r.Stderr, ".scan-build.yaml:2: extends", c.ref, "with key keys/policy.pub", c.says)
			w.mustNotBePushed(t, image)
		})
	}
}

// tampered pushes a signed policy with other options under the same signature.
func (w *workshop) tampered(t *testing.T, ref string) string {
	t.Helper()
	img, err := remote.Image(reference(t, strings.TrimPrefix(ref, "oci://")), remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	archive := mutate.Extract(img)
	defer archive.Close()
	b, err := bundle.FromTar(archive)
	if err != nil {
		t.Fatal(err)
	}
	pushed := w.Push(t, "plugin-test/tampered:1", testenv.Image{Layers: []testenv.Layer{{
		".scan-build.yaml":   testenv.Text(loosePolicy),
		bundle.SignatureFile: testenv.File{Content: b.Signature},
	}}})
	desc, err := remote.Head(reference(t, pushed), remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return "oci://" + strings.TrimSuffix(pushed, ":1") + "@" + desc.Digest.String()
}

func TestPolicyThatNobodyCouldUseIsNotPushed(t *testing.T) {
	w := engine(t)
	private, _ := newKeys(t)
	good := map[string]string{".scan-build.yaml": loosePolicy}
	for name, c := range map[string]struct {
		files map[string]string
		args  []string
		env   []string
		image string
		code  int
		says  []string
	}{
		"no options":       {map[string]string{"a.rego": "package a\n"}, nil, nil, "", 1, []string{"no .scan-build.yaml"}},
		"bad options":      {map[string]string{".scan-build.yaml": "fail-on: terrible\n"}, nil, nil, "", 1, []string{".scan-build.yaml:1: fail-on"}},
		"bad Rego":         {map[string]string{".scan-build.yaml": "rego: a.rego\n", "a.rego": "package a\nhello(\n"}, nil, nil, "", 1, []string{"a.rego:3"}},
		"Rego left out":    {map[string]string{".scan-build.yaml": "rego: a.rego\n"}, nil, nil, "", 1, []string{"rego", "a.rego"}},
		"not an image":     {good, nil, nil, "UPPER CASE", 1, []string{"UPPER CASE"}},
		"pinned image":     {good, nil, nil, w.Registry + "/a@sha256:" + strings.Repeat("1", 64), 1, []string{"want REGISTRY/REPOSITORY"}},
		"no such registry": {good, nil, nil, "127.0.0.1:1/nobody:1", 3, []string{"failed to push", "127.0.0.1:1"}},
		"no key":           {good, []string{"--key", "/nothing/cosign.key"}, nil, "", 3, []string{"/nothing/cosign.key"}},
		"wrong password":   {good, []string{"--key", private}, []string{"COSIGN_PASSWORD=x"}, "", 3, []string{"password"}},
	} {
		t.Run(name, func(t *testing.T) {
			image := c.image
			if image == "" {
				image = w.image()
				defer w.mustNotBePushed(t, image)
			}
			p := w.project(t, c.files).with(c.env...)
			r := p.run(t, append(append([]string{"policy", "push"}, c.args...), ".", image)...).Exits(t, c.code)
			says(t, r.Stderr, c.says...)
		})
	}
}
