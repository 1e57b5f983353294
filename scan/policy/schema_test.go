package policy

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

// generated holds a generated file true.
func generated(t *testing.T, name string, want []byte) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(name, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not current: UPDATE_GOLDEN=1 go test ./scan/policy -run %s", name, t.Name())
	}
}

func TestPublishedInputSchemaIsCurrent(t *testing.T) {
	b, err := json.MarshalIndent(InputSchema(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	generated(t, "input.schema.json", append(b, '\n'))
}

// What rules get is what the schema says.
func TestInputMeetsItsSchema(t *testing.T) {
	b, err := json.Marshal(InputSchema())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemaID, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(schemaID)
	if err != nil {
		t.Fatal(err)
	}
	r := sample.Report()
	r.Build = &scan.Build{Branch: "main"}
	final := r.Platforms[0].FinalStage()
	final.Base = &scan.Base{Ref: "debian:12", Name: "docker.io/library/debian", Tag: "12", Created: &r.Started}
	final.Misconfigurations = []scan.Misconfiguration{{Check: "root-user", Layer: -1}}
	opts := everyOption()
	opts.Base.Approved = [][]string{{"docker.io/library/*"}}
	opts.Exceptions[0].Vulnerability = final.Findings[0].ID
	f, err := newFacts(r, opts)
	if err != nil {
		t.Fatal(err)
	}
	in, _ := f.input(&r.Platforms[0])
	if b, err = json.Marshal(in); err != nil {
		t.Fatal(err)
	}
	if doc, err = jsonschema.UnmarshalJSON(bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Error(err)
	}
}

func TestRulesThatCannotApplyAreRefused(t *testing.T) {
	for name, tc := range map[string]struct{ rego, want string }{
		"misspelt field":         {"package team\n\ndeny contains f if {\n\tsome f in input.findngs\n}", "policy/team.rego:4: undefined ref: input.findngs"},
		"field of no finding":    {"package team\n\ndeny contains f if {\n\tsome f in input.findings\n\tf.sevrity == \"high\"\n}", "policy/team.rego:5: undefined ref"},
		"network":                {"package team\n\ndeny contains x if x := http.send({})", "undefined function http.send"},
		"clock":                  {"package team\n\ndeny contains x if x := time.now_ns()", "undefined function time.now_ns"},
		"the program's package":  {"package scan.vulnerabilities\n\nignore contains \"all\"", "policy/team.rego:1: package scan.vulnerabilities: scan is the program's own"},
		"no Rego":                {"denied, all of it", "policy/team.rego:1"},
		"empty":                  {"", "policy/team.rego"},
		"conflict with itself":   {"package team\n\nx := 1\n\nx contains 2", "policy/team.rego:3"},
		"an unknown function":    {"package team\n\ndeny contains nothing(1)", "policy/team.rego:3"},
		"an input of other tool": {"package team\n\ndeny contains 1 if input.Dockerfile", "undefined ref: input.Dockerfile"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Compile([]config.File{{Name: "policy/team.rego", Data: []byte(tc.rego)}})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestDocumentedRulesAreCurrent(t *testing.T) {
	text, err := Markdown()
	if err != nil {
		t.Fatal(err)
	}
	generated(t, "RULES.md", []byte(text))
}
