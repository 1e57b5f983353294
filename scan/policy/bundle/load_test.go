package bundle

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
)

// shelf is a source in memory that notes what it is asked for.
type shelf struct {
	project map[string]string
	urls    map[string][]byte
	images  map[string]*Bundle
	asked   []string
}

func (s *shelf) Files(_ context.Context, patterns ...string) ([]config.File, error) {
	s.asked = append(s.asked, patterns...)
	var all []config.File
	for name, content := range s.project {
		all = append(all, file(name, content))
	}
	return Matching(all, patterns...), nil
}

func (s *shelf) Fetch(_ context.Context, url, _ string, _ int) ([]byte, error) {
	s.asked = append(s.asked, url)
	if data, ok := s.urls[url]; ok {
		return data, nil
	}
	return nil, errors.New("server answers 404")
}

func (s *shelf) Pull(_ context.Context, image string) (*Bundle, error) {
	s.asked = append(s.asked, image)
	if b, ok := s.images[image]; ok {
		return b, nil
	}
	return nil, errors.New("not found")
}

const someDigest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"

func load(s *shelf, options string) (config.Options, error) {
	return Load(context.Background(), s, file(".scan-build.yaml", options))
}

func names(files []config.File) []string {
	var out []string
	for _, f := range files {
		out = append(out, f.Name)
	}
	return out
}

func TestOptionsWithoutNamesAskForNothing(t *testing.T) {
	s := &shelf{}
	for _, options := range []string{"", "fail-on: low\n", "vex: [base]\n"} {
		if _, err := load(s, options); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.asked) > 0 {
		t.Errorf("asked for %q", s.asked)
	}
}

func TestPoliciesAreJoinedAndNamed(t *testing.T) {
	inner := mustNew(t,
		file(".scan-build.yaml", "extends: sub/strict.yaml\nrego: [rules/*.rego]\nvex: [vex/*.json]\noverridable: [vex]\n"),
		file("sub/strict.yaml", "fail-on: low\noverridable: [vex]\n"),
		file("rules/a.rego", "package team.a\n"), file("rules/a_test.rego", "package team.a_test\n"), file("vex/a.json", "{}"))
	image := "registry.example.com/policy/base@" + someDigest
	beside := "only-fixed: false\nrego: [more.rego]\noverridable: [vex]\n"
	s := &shelf{
		project: map[string]string{"policy/base.yaml": beside, "more.rego": "package more\n", "own.rego": "package own\n", "v/x.json": "{}"},
		images:  map[string]*Bundle{image: inner},
	}
	options := "extends: [{policy: oci://" + image + "}, policy/base.yaml]\nrego: own.rego\nvex: [base, v/*.json]\n"
	opts, err := load(s, options)
	if err != nil {
		t.Fatal(err)
	}
	if got := opts.Thresholds.Image.Block.Severity; got != scan.SeverityLow {
		t.Errorf("fail-on is %s", got)
	}
	wantRego := []string{"oci://" + image + "!rules/a.rego", "policy/base.yaml!more.rego", "own.rego"}
	if diff := cmp.Diff(wantRego, names(opts.RegoFiles)); diff != "" {
		t.Errorf("Rego (-want +got):\n%s", diff)
	}
	wantVEX := []string{"oci://" + image + "!vex/a.json", "v/x.json"}
	if diff := cmp.Diff(wantVEX, names(opts.VEXFiles)); diff != "" {
		t.Errorf("VEX (-want +got):\n%s", diff)
	}
	if !WantsBaseDocuments(opts) {
		t.Error("documents of the base image are not wanted")
	}
	sum := func(s string) string { return digestOf([]byte(s)) }
	wantPolicies := []scan.PolicyRef{
		{Kind: "extends", Name: "oci://" + image + "!sub/strict.yaml", Digest: sum("fail-on: low\noverridable: [vex]\n")},
		{Kind: "extends", Name: "oci://" + image, Digest: someDigest},
		{Kind: "extends", Name: "policy/base.yaml", Digest: sum(beside)},
		{Kind: "options", Name: ".scan-build.yaml", Digest: sum(options)},
		{Kind: "rego", Name: wantRego[0], Digest: sum("package team.a\n")},
		{Kind: "rego", Name: wantRego[1], Digest: sum("package more\n")},
		{Kind: "rego", Name: wantRego[2], Digest: sum("package own\n")},
		{Kind: "vex", Name: wantVEX[0], Digest: sum("{}")},
		{Kind: "vex", Name: wantVEX[1], Digest: sum("{}")},
	}
	if diff := cmp.Diff(wantPolicies, opts.Policies); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
}

func TestFormsOfAPolicy(t *testing.T) {
	b := mustNew(t, file(".scan-build.yaml", "rego: a.rego\n"), file("a.rego", "package a\n"))
	packed, err := b.Pack()
	if err != nil {
		t.Fatal(err)
	}
	url := "https://example.com/policy"
	pinned := func(ref string, content []byte) string {
		return fmt.Sprintf("extends: [{policy: %q, digest: %q}]\n", ref, digestOf(content))
	}
	for name, c := range map[string]struct {
		shelf   *shelf
		options string
		rego    int
	}{
		"file":                  {&shelf{project: map[string]string{"p.yaml": "fail-on: low\n"}}, "extends: p.yaml\n", 0},
		"file, pinned":          {&shelf{project: map[string]string{"p.yaml": "fail-on: low\n"}}, pinned("p.yaml", []byte("fail-on: low\n")), 0},
		"archive":               {&shelf{project: map[string]string{"p.tar.gz": string(packed.Layer)}}, "extends: p.tar.gz\n", 1},
		"folder":                {&shelf{project: map[string]string{"p/.scan-build.yaml": "rego: a.rego\n", "p/a.rego": "package a\n"}}, "extends: p\n", 1},
		"folder, pinned":        {&shelf{project: map[string]string{"p/.scan-build.yaml": "rego: a.rego\n", "p/a.rego": "package a\n"}}, "extends: [{policy: p, digest: " + b.Digest() + "}]\n", 1},
		"file behind a URL":     {&shelf{urls: map[string][]byte{url: []byte("fail-on: low\n")}}, pinned(url, []byte("fail-on: low\n")), 0},
		"archive behind a URL":  {&shelf{urls: map[string][]byte{url: packed.Layer}}, pinned(url, packed.Layer), 1},
		"the same policy twice": {&shelf{project: map[string]string{"p.yaml": "extends: q.yaml\n", "q.yaml": "fail-on: low\n"}}, "extends: [p.yaml, q.yaml]\n", 0},
	} {
		opts, err := load(c.shelf, c.options)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(opts.RegoFiles) != c.rego {
			t.Errorf("%s: Rego %q", name, names(opts.RegoFiles))
		}
	}
}

func TestPoliciesThatCannotBeHadAreErrors(t *testing.T) {
	key, other := newKey(t), newKey(t)
	image := "registry.example.com/p@" + someDigest
	signed := mustNew(t, file(".scan-build.yaml", "fail-on: low\n"))
	if err := signed.Sign(signWith(key)); err != nil {
		t.Fatal(err)
	}
	tampered := *signed
	tampered.Files = []config.File{file(".scan-build.yaml", "fail-on: none\n")}
	unsigned := *signed
	unsigned.Signature = nil
	withKey := "\n# a line\nextends:\n  - policy: oci://" + image + "\n    key: p.pub\n"
	keys := map[string]string{"p.pub": string(publicPEM(t, key))}
	chain := map[string]string{}
	for i := range 8 {
		chain[fmt.Sprintf("p%d.yaml", i)] = fmt.Sprintf("extends: p%d.yaml\n", i+1)
	}
	for name, c := range map[string]struct {
		shelf   *shelf
		options string
		says    []string
	}{
		"no such file":                 {&shelf{}, "fail-on: low\nextends: policy/base.yaml\n", []string{".scan-build.yaml:2: extends", "policy/base.yaml", "build context has no such file"}},
		"no such image":                {&shelf{}, "extends: oci://" + image + "\n", []string{".scan-build.yaml:1: extends", image, "not found"}},
		"other digest":                 {&shelf{project: map[string]string{"p.yaml": "fail-on: low\n"}}, "extends: [{policy: p.yaml, digest: " + someDigest + "}]\n", []string{":1: extends", "has digest sha256:", "not " + someDigest}},
		"URL, other content":           {&shelf{urls: map[string][]byte{"https://x.example/p": nil}}, "extends: [{policy: https://x.example/p, digest: " + someDigest + "}]\n", []string{":1: extends", "has digest"}},
		"itself":                       {&shelf{project: map[string]string{"p.yaml": "extends: p.yaml\n"}}, "extends: p.yaml\n", []string{"p.yaml:1: extends", "extends itself"}},
		"each other":                   {&shelf{project: map[string]string{"p.yaml": "extends: q.yaml\n", "q.yaml": "extends: p.yaml\n"}}, "extends: p.yaml\n", []string{"q.yaml:1: extends", "extends itself"}},
		"deep":                         {&shelf{project: chain}, "extends: p0.yaml\n", []string{"p4.yaml:1: extends", "at most 5"}},
		"not understood":               {&shelf{project: map[string]string{"p.yaml": "fail-on: terrible\n"}}, "extends: p.yaml\n", []string{"p.yaml:1: fail-on"}},
		"looser":                       {&shelf{project: map[string]string{"p.yaml": "fail-on: low\n"}}, "extends: p.yaml\nfail-on: high\n", []string{".scan-build.yaml:2: fail-on", "looser"}},
		"unsigned":                     {&shelf{project: keys, images: map[string]*Bundle{image: &unsigned}}, withKey, []string{".scan-build.yaml:4: extends", "with key p.pub", "is not signed"}},
		"tampered with":                {&shelf{project: keys, images: map[string]*Bundle{image: &tampered}}, withKey, []string{".scan-build.yaml:4: extends", "changed after it was signed"}},
		"another key":                  {&shelf{project: map[string]string{"p.pub": string(publicPEM(t, other))}, images: map[string]*Bundle{image: signed}}, withKey, []string{":4: extends", "signed by another key"}},
		"no key":                       {&shelf{images: map[string]*Bundle{image: signed}}, withKey, []string{":4: extends", "no key file p.pub"}},
		"out of a bundle":              {&shelf{project: map[string]string{"p.yaml": ""}, images: map[string]*Bundle{image: mustNew(t, file(".scan-build.yaml", "extends: p.yaml\n"))}}, "extends: oci://" + image + "\n", []string{"extends", "policy oci://" + image + " has no such file"}},
		"no Rego":                      {&shelf{project: map[string]string{"a_test.rego": ""}}, "rego: ['*.rego']\n", []string{".scan-build.yaml: rego", `"*.rego"`}},
		"a policy's Rego, by its name": {&shelf{project: map[string]string{"p.yaml!a.rego": ""}}, "rego: ['*.rego']\n", []string{".scan-build.yaml: rego", "would be taken for a file of a policy"}},
		"no rules for secrets in the policy": {&shelf{project: map[string]string{"a.toml": ""}, images: map[string]*Bundle{image: mustNew(t, file(".scan-build.yaml", "secrets: {rules: [a.toml]}\n"))}},
			"extends: oci://" + image + "\n", []string{"oci://" + image, "secrets.rules", `"a.toml"`}},
		"no VEX": {&shelf{}, "vex: [vex/*.json]\n", []string{".scan-build.yaml: vex", `"vex/*.json"`}},
		"no Rego in the policy": {&shelf{project: map[string]string{"a.rego": ""}, images: map[string]*Bundle{image: mustNew(t, file(".scan-build.yaml", "rego: a.rego\n"))}},
			"extends: oci://" + image + "\n", []string{"oci://" + image, "rego", `"a.rego"`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(c.shelf, c.options)
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range c.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is missing in: %v", part, err)
				}
			}
		})
	}
	opts, err := load(&shelf{project: keys, images: map[string]*Bundle{image: signed}}, withKey)
	if err != nil || opts.Thresholds.Image.Block.Severity != scan.SeverityLow {
		t.Errorf("the signed policy: %v, %v", opts.Thresholds.Image.Block, err)
	}
}
