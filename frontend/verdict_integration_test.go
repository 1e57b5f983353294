package frontend_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/hack/testenv"
	"github.com/scan-build/scan-build/scan"
)

// TestTwoEnginesGiveTheSameVerdict builds the same project under the same policy
// on two machines that share nothing and find the changes of layers by
// different methods. Verdicts are the same, byte for byte.
func TestTwoEnginesGiveTheSameVerdict(t *testing.T) {
	w := engine(t)
	pushed := w.pushPolicy(t, map[string]string{
		".scan-build.yaml": "fail-on: low\nrego: [rules.rego]\nlicenses: {deny: [AGPL-*, GPL-*]}\nchecks: {warn: low, fail-on: medium, rules: {no-healthcheck: block}}\n" +
			"base: {approved: [registry.example.com/**]}\nhelp-url: https://example.com/help\n" +
			"overridable: [exceptions, vex]\n",
		"rules.rego": "package org\n\ndeny contains {\"rule\": \"root\", \"message\": sprintf(\"%s runs as root\", [s.name]), \"stage\": s.name, \"layer\": s.layers[0]} if {\n\tsome s in input.stages\n\ts.final\n\tnot input.image.user\n}\n",
	})
	p := w.project(t, map[string]string{
		"Dockerfile": "FROM $BASE AS build\nCOPY node_modules /src/node_modules\nMAINTAINER me\n" +
			"FROM $BASE\nCOPY . /app\nCOPY --from=build /src /src\nENV API_TOKEN=x\nEXPOSE 22\n",
		"node_modules/minimist/package.json": `{"name": "minimist", "version": "1.2.0", "license": "AGPL-3.0-only"}`,
		"node_modules/lodash/package.json":   `{"name": "lodash", "version": "4.17.15", "license": "MIT"}`,
		"key":                                newToken(),
		".scan-build.yaml":                   "extends: " + pushed + "\nexceptions:\n  - {package: lodash, reason: not reachable, expires: 2099-12-31}\n",
	})
	var verdicts []string
	for _, e := range []*testenv.Instance{w.Instance, testenv.Start(t, "policy", testenv.Options{Snapshotter: "native"})} {
		p.builder = e
		r, _ := p.scanned(t, 2, nil)
		for _, v := range append([]scan.Verdict{r.Verdict}, r.Platforms[0].Verdict) {
			b, err := json.MarshalIndent(v, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			verdicts = append(verdicts, string(b))
		}
	}
	for i := range 2 {
		if diff := cmp.Diff(verdicts[i], verdicts[i+2]); diff != "" {
			t.Errorf("verdicts differ (-one engine +another):\n%s", diff)
		}
	}
}
