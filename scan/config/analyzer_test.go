package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAnalyzersAreRead(t *testing.T) {
	v, err := ParseYAML("f", []byte(`analyzers:
  - name: clamav
    image: docker-image://registry.example/clamav:1
    scope: layer
    stages: all
    network: default
    params: {PROFILE: strict, DEPTH: 3}
    command: [/bin/scan, --all, 1]
    timeout: 90s
  - {name: own, image: own-analyzer}
  - {name: source, image: own-analyzer, scope: context}
`))
	if err != nil {
		t.Fatal(err)
	}
	opts, err := v.Options()
	if err != nil {
		t.Fatal(err)
	}
	want := []Analyzer{
		{
			Name: "clamav", Image: "registry.example/clamav:1", Scope: ScopeLayer, AllStages: true, Network: true,
			Params: map[string]string{"PROFILE": "strict", "DEPTH": "3"}, Command: []string{"/bin/scan", "--all", "1"},
			Timeout: 90 * time.Second, File: "f", Line: 2,
		},
		{Name: "own", Context: "own-analyzer", Scope: ScopeStage, Timeout: DefaultAnalyzerTimeout, File: "f", Line: 10},
		{Name: "source", Context: "own-analyzer", Scope: ScopeContext, Timeout: DefaultAnalyzerTimeout, File: "f", Line: 11},
	}
	if diff := cmp.Diff(want, opts.Analyzers); diff != "" {
		t.Error(diff)
	}
}

func TestAnalyzerThatIsNotUnderstoodIsRefused(t *testing.T) {
	for file, want := range map[string]string{
		"analyzers: [{image: a}]":                                                 "f:1: analyzers: an analyzer needs name",
		"analyzers: [{name: a}]":                                                  "f:1: analyzers: an analyzer needs image",
		"analyzers: [{name: A b, image: a}]":                                      `f:1: analyzers.name: "A b" is no name`,
		"analyzers: [{name: a, image: clamav/clamav:1}]":                          `want docker-image://clamav/clamav:1 for an image`,
		"analyzers: [{name: a, image: 'oci-layout://x'}]":                         "cannot be used here",
		"analyzers: [{name: a, image: a, scope: image}]":                          `f:1: analyzers.scope: unknown value "image", want layer, stage or context`,
		"analyzers: [{name: a, image: a, stages: final}]":                         "want image or all",
		"analyzers: [{name: a, image: a, scope: context, stages: all}]":           "means nothing with scope: context",
		"analyzers: [{name: a, image: a, network: host}]":                         "want none or default",
		"analyzers: [{name: a, image: a, params: {lower: 1}}]":                    `"lower" is no parameter`,
		"analyzers: [{name: a, image: a, params: {SOURCE: /}}]":                   "SOURCE is set by the protocol itself",
		"analyzers:\n- name: a\n  image: a\n  params:\n    A: 1\n    A: 2":        "f:6: analyzers.params: A: is already set in line 5",
		"analyzers:\n- name: a\n  image: a\n  params: {A: [1]}":                   "f:4: analyzers.params: A: want a single value, not a list",
		"analyzers: [{name: a, image: a, params: [A]}]":                           "want keys and values",
		"analyzers: [{name: a, image: a, command: scan}]":                         "want a list",
		"analyzers: [{name: a, image: a, command: []}]":                           "has 0 arguments",
		"analyzers: [{name: a, image: a, timeout: 0s}]":                           "is no duration",
		"analyzers: [{name: a, image: a, timeout: 25h}]":                          "is no duration",
		"analyzers: [{name: a, image: a, timout: 1m}]":                            "did you mean timeout?",
		"analyzers:\n- {name: a, image: a}\n- {name: a, image: b}":                `f:3: analyzers.name: "a" is the name of an analyzer in f:2 already`,
		"analyzers: [" + strings.Repeat("{name: a, image: a}, ", 1) + "]\nkev: x": "f:2: kev",
	} {
		v, err := ParseYAML("f", []byte(file))
		if err == nil {
			_, err = v.Options()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v\nwant %s", file, err, want)
		}
	}
}

func TestAnalyzersComeFromFilesAlone(t *testing.T) {
	if _, err := FromBuildArgs(map[string]string{"SCAN_ANALYZERS": "a"}); err == nil || !strings.Contains(err.Error(), "use analyzers in .scan-build.yaml") {
		t.Error(err)
	}
}

// TestAnalyzersOfPoliciesStay holds that whoever extends a policy can add
// analyzers, and neither drop nor replace those of the policy.
func TestAnalyzersOfPoliciesStay(t *testing.T) {
	policy := "analyzers: [{name: clamav, image: 'docker-image://x/clamav'}]"
	for child, want := range map[string]string{
		"":                                   "clamav",
		"analyzers: []":                      "clamav",
		"analyzers: [{name: b, image: b}]":   "clamav b",
		"profiles: {quick: {analyzers: []}}": "clamav",
		"analyzers: [{name: clamav, image: none}]": `error child:1: analyzers.name: "clamav" is the name of an analyzer in policy policy (line 1) already`,
	} {
		got := ""
		p, err := ParseYAML("policy", []byte(policy))
		if err != nil {
			t.Fatal(err)
		}
		c, err := ParseYAML("child", []byte(child))
		if err != nil {
			t.Fatal(err)
		}
		profile, err := FromBuildArgs(map[string]string{"SCAN_PROFILE": "quick"})
		if err != nil {
			t.Fatal(err)
		}
		all, err := Chain([]Values{p}, c, profile)
		if err != nil {
			t.Fatal(err)
		}
		opts, err := all.Options()
		if err != nil {
			got = "error " + err.Error()
		}
		for _, a := range opts.Analyzers {
			got = strings.TrimSpace(got + " " + a.Name)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", child, got, want)
		}
	}
}
