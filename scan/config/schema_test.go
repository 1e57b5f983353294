package config

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// TestPublishedSchemaIsOfTheOptions holds schema.json to the declarations;
// UPDATE_GOLDEN=1 rewrites it.
func TestPublishedSchemaIsOfTheOptions(t *testing.T) {
	want, err := makeSchema()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile("schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(want, Schema()) {
		t.Error(cmp.Diff(string(want), string(Schema())))
	}
}

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(SchemaID, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(SchemaID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON reads YAML as editors do: by its types. Days stay text.
func asJSON(t *testing.T, data []byte) any {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Content) == 0 {
		return nil
	}
	return nodeAsJSON(t, doc.Content[0])
}

func nodeAsJSON(t *testing.T, n *yaml.Node) any {
	t.Helper()
	switch n.Kind {
	case yaml.AliasNode:
		return nodeAsJSON(t, n.Alias)
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			out[n.Content[i].Value] = nodeAsJSON(t, n.Content[i+1])
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, item := range n.Content {
			out = append(out, nodeAsJSON(t, item))
		}
		return out
	}
	var v any
	if n.ShortTag() == "!!timestamp" {
		return n.Value
	}
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

const exampleDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// TestSchemaAndParserAgree holds the schema to what the parser takes, on files
// in which the only question is one that a schema can answer.
func TestSchemaAndParserAgree(t *testing.T) {
	s := compiledSchema(t)
	until := "reason: r, expires: 2027-01-31"
	for want, files := range map[bool][]string{true: {
		"", "{}", "version: 1", "version: '1'", "fail-on: high", "fail-on: CRITICAL", "fail-on: none", "only-fixed: true", "only-fixed: 1", "only-fixed: 'F'",
		"thresholds: {image: {block: low, warn: Unknown, log: none}, base: {block: none}, stages: {block: critical}}",
		"fail-on: high\nthresholds: {image: {warn: low}}", "fail-on-check: high\nchecks: {warn: low}", "thresholds: {}",
		"analyzers: []", "analyzers: [{name: a-1, image: own}]", "analyzers: [{name: a, image: own, scope: layer, stages: all, network: none, params: {A: 1, B_2: x}, command: [a, 1], timeout: 1h30m}]",
		"analyzers: [{name: a, image: 'docker-image://x/y@" + exampleDigest + "'}]",
		"grace: {critical: 7, high: 14d, since: Published}\nfail-on: low", "grace: {critical: 36500}", "grace: {high: 0}",
		"kev: off", "kev: WARN", "epss: 0.5", "epss: 1", "epss: OFF", "epss: '.25'", "epss: 1.0",
		"help-url: https://h/x?a=b#c", "help-url: http://h:80", "licenses: {deny: AGPL-3.0-*}", "licenses: {deny: [a, B.c+]}", "licenses: {}",
		"base: {approved: [docker.io/library/*, 'r.example.com:5000/**'], max-age: 90d}", "base: {approved: '**'}", "base: {max-age: 0}", "base: {max-age: 1.5h}", "base: {max-age: 2h30m}",
		"checks: {fail-on: low, warn: unknown, rules: {root-user: Block, no-healthcheck: off, dockerfile/*: warn}}", "checks: {rules: {}}",
		"secrets: warn", "secrets: {mode: off, rules: [default, ./a/b.toml], allow: [{rule: a, " + until + "}]}", "secrets: {rules: a.toml}",
		"secrets: {allow: [{fingerprint: 4711, path: a/**, " + until + "}]}", "secrets: {allow: []}",
		"exceptions: [{vulnerability: CVE-1, package: a, purl: 'pkg:npm/a@*', path: /a/b, layer: RUN *, " + until + "}]", "exceptions: [{rule: root-*, " + until + "}]", "exceptions: []",
		"exceptions: [{rule: a, reason: 5, expires: '2028-02-29'}]",
		"rego: policy/*.rego", "rego: [a.rego, ./b/**]", "vex: []", "db: https://h/x", "max-db-age: 5d", "max-db-age: '0'",
		"extends: policy/base.yaml", "extends: [a.yaml, 'oci://r.io/a/b@" + exampleDigest + "', {policy: https://h/x, digest: '" + exampleDigest + "', key: k.pub}]",
		"extends: [{policy: a.yaml}]", "extends: 'oci://localhost:5000/p:v1@" + exampleDigest + "'", "overridable: [fail-on, checks.rules.root-user, grace]",
		"profiles: {nightly: {branches: [main, release/*], fail-on: medium, secrets: off, exceptions: [{rule: a, " + until + "}]}, x.1: {}}", "profiles: {a: {branches: main}}",
	}, false: {
		"analyzers: [{name: a}]", "analyzers: [{image: own}]", "analyzers: own", "analyzers: [{name: A, image: own}]", "analyzers: [{name: a, image: x/y}]",
		"analyzers: [{name: a, image: own, scope: all}]", "analyzers: [{name: a, image: own, params: {a: 1}}]", "analyzers: [{name: a, image: own, params: {SOURCE: x}}]",
		"analyzers: [{name: a, image: own, command: []}]", "analyzers: [{name: a, image: own, command: x}]", "analyzers: [{name: a, image: own, timeout: 10}]",
		"analyzers: [{name: a, image: own, params: x}]", "analyzers: [{name: a, image: own, privileged: true}]",
		"- a", "a", "version: 2", "fail: x", "fail-on:", "fail-on: unknown", "fail-on: [high]", "fail-on: {a: b}", "only-fixed: yes", "only-fixed: 2",
		"thresholds: high", "thresholds: {image: high}", "thresholds: {image: {block: unknown}}", "thresholds: {final: {}}", "thresholds: {stages: {deny: high}}",
		"fail-on: high\nthresholds: {image: {block: high}}", "fail-on-check: high\nchecks: {fail-on: low}", "thresholds:",
		"grace: 7", "grace: {high: -1}", "grace: {high: 1w}", "grace: {high: 36501}", "grace: {unknown: 3}", "grace: {since: now}", "grace: {high: 99999d}",
		"kev: on", "epss: 0", "epss: 1.5", "epss: '0.0'", "epss: high", "epss: '2'",
		"help-url: ftp://h", "help-url: h", "help-url: https://u:p@h/", "licenses: {deny: 'a b'}", "licenses: {allow: [MIT]}", "licenses: [MIT]",
		"base: {approved: debian}", "base: {approved: library/*}", "base: {max-age: 90}", "base: {max-age: old}", "base: debian", "base: {approved: 'https://docker.io/x'}",
		"checks: {rules: {root-user: deny}}", "checks: {rules: [a]}", "checks: {rules: {'a b': off}}", "checks: high",
		"secrets: on", "secrets: {rules: []}", "secrets: {rules: /a}", "secrets: {rules: [a, a]}", "secrets: {rules: ../a}", "secrets: {allow: [{rule: a, expires: 2027-01-31}]}", "secrets: {allow: [{" + until + "}]}",
		"secrets: {allow: {rule: a}}", "secrets: {allow: [{rule: a, reason: ' ', expires: 2027-01-31}]}",
		"exceptions: [{" + until + "}]", "exceptions: [{vulnerability: a, rule: b, " + until + "}]", "exceptions: [{purl: npm/a, " + until + "}]", "exceptions: [{rule: a, reason: b, expires: soon}]",
		"exceptions: [{rule: a, reason: b, expires: 2027-02-29}]", "exceptions: [{cve: a, " + until + "}]", "exceptions: a", "exceptions: [a]", "exceptions: [{purl: 'pkg:npm/a#b', " + until + "}]",
		"rego: /a", "rego: ../a", "rego: 'a!b'", "rego: a/", "rego: {a: b}", "vex: ''", "vex: [{}]", "db: ''", "max-db-age: 5",
		"extends: /etc/x", "extends: http://h/x", "extends: https://h/x", "extends: [{policy: https://h/x}]", "extends: oci://r.io/a:1", "extends: [{digest: '" + exampleDigest + "'}]",
		"extends: [{policy: a, digest: abc}]", "extends: [{policy: a, key: /k}]", "extends: {policy: a}", "extends: oci://r.io@" + exampleDigest, "extends: s3://b/x",
		"profiles: [a]", "profiles: {a: }", "profiles: {a: {version: 1}}", "profiles: {a: {extends: b}}", "profiles: {a: {profiles: {}}}", "profiles: {a: {overridable: [fail-on]}}",
		"profiles: {'a b': {}}", "profiles: {a: {fail-on: hi}}", "profiles: {a: {branches: {}}}", "branches: [a]",
	}} {
		for _, file := range files {
			_, parsed := ParseYAML(FileName, []byte(file))
			if got := parsed == nil; got != want {
				t.Errorf("%s: the parser says %v", file, parsed)
			}
			validated := s.Validate(asJSON(t, []byte(file)))
			if got := validated == nil; got != want {
				t.Errorf("%s: the schema says %v", file, validated)
			}
		}
	}
}
