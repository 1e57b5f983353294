package plugin_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/scan-build/scan-build/scan"
)

// matrixDockerfile has a critical and a medium vulnerability in the image, others
// of lodash in a build stage, and exposes SSH.
const matrixDockerfile = `FROM $BASE AS build
WORKDIR /src/node_modules/lodash
COPY <<EOF package.json
{"name": "lodash", "version": "4.17.15", "license": "MIT"}
EOF
FROM $BASE
WORKDIR /app/node_modules/minimist
COPY <<EOF package.json
{"name": "minimist", "version": "1.2.0", "license": "AGPL-3.0-only"}
EOF
COPY --from=build /src/node_modules/lodash/package.json /licence.txt
USER 1000
HEALTHCHECK CMD true
EXPOSE 22
`

const (
	matrixCritical = "GHSA-xvch-5gv4-984h" // CVE-2021-44906, published 2022-03-18
	matrixMedium   = "GHSA-vh95-rmgr-6w4m" // published 2020-04-03
	anException    = "reason: not reachable from outside, expires: 2099-12-31}\n"
)

const matrixVEX = `{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex/1", "author": "team", "timestamp": "2026-01-01T00:00:00Z", "version": 1,
"statements": [{"vulnerability": {"name": "CVE-2021-44906"}, "products": [{"@id": "pkg:npm/minimist@1.2.0"}], "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"}]}
`

const matrixRego = `package team

deny contains {"rule": "no-minimist", "message": "minimist must go", "finding": f} if {
	some f in input.findings
	f.package == "minimist"
	f.severity == "critical"
}

ignore contains {"rule": "too-old", "message": "older than we are", "finding": f} if {
	some f in input.findings
	f.published < "2021-01-01"
}

warn contains "an image without an owner" if not input.image.labels.owner
`

// policyMatrix says what one Dockerfile's verdict is under which policy. want
// lists decisions that have to be among those made, as "action rule subject".
var policyMatrix = map[string]struct {
	policy  string
	files   map[string]string
	args    []string
	outcome scan.Outcome
	want    []string
}{
	"none": {outcome: scan.OutcomeBlock, want: []string{"deny severity " + matrixCritical, "warn severity " + matrixMedium}},
	"fail-on medium": {
		policy: "fail-on: medium\n", outcome: scan.OutcomeBlock,
		want: []string{"deny severity " + matrixCritical, "deny severity " + matrixMedium},
	},
	"fail-on none": {policy: "fail-on: none\n", outcome: scan.OutcomeWarn, want: []string{"warn severity " + matrixCritical}},
	"warn at high": {
		policy: "fail-on: none\nthresholds: {image: {warn: high}}\n", outcome: scan.OutcomeWarn,
		want: []string{"warn severity " + matrixCritical, "info severity " + matrixMedium},
	},
	"log at high": {
		policy:  "fail-on: none\nthresholds: {image: {warn: none, log: high}, base: {warn: none, log: none}, stages: {warn: none, log: none}}\nchecks: {warn: none}\n",
		outcome: scan.OutcomePass, want: []string{"info severity " + matrixCritical, "info none " + matrixMedium},
	},
	"a flag": {
		policy: "fail-on: none\n", args: []string{"--fail-on=low"}, outcome: scan.OutcomeBlock, want: []string{"deny severity " + matrixMedium},
	},
	"stages block": {
		policy: "fail-on: none\nthresholds: {stages: {block: high}}\n", outcome: scan.OutcomeBlock,
		want: []string{"warn severity " + matrixCritical, "deny severity GHSA-35jh-r3h4-6jhm"},
	},
	"the base alone": {
		policy: "fail-on: none\nthresholds: {base: {block: low}}\n", outcome: scan.OutcomeWarn, want: []string{"warn severity " + matrixCritical},
	},
	"a long grace": {policy: "grace: {critical: 36000}\n", outcome: scan.OutcomeWarn, want: []string{"warn grace " + matrixCritical}},
	"a grace that is over": {
		policy: "fail-on: medium\ngrace: {critical: 30d, medium: 36000, since: published}\n", outcome: scan.OutcomeBlock,
		want: []string{"deny severity " + matrixCritical, "warn grace " + matrixMedium},
	},
	"an exception by alias": {
		policy: "exceptions:\n  - {vulnerability: cve-2021-44906, " + anException, outcome: scan.OutcomeWarn,
		want: []string{"ignore exception " + matrixCritical, "warn severity " + matrixMedium},
	},
	"an exception by purl": {
		policy: "fail-on: low\nexceptions:\n  - {purl: \"pkg:npm/minimist@*\", " + anException, outcome: scan.OutcomeWarn,
		want: []string{"ignore exception " + matrixCritical, "ignore exception " + matrixMedium},
	},
	"an exception for another path": {
		policy: "exceptions:\n  - {path: srv/**, " + anException, outcome: scan.OutcomeBlock, want: []string{"deny severity " + matrixCritical},
	},
	"an exception that is over": {
		policy: "exceptions:\n  - {package: minimist, reason: later, expires: 2020-01-01}\n", outcome: scan.OutcomeBlock,
		want: []string{"deny severity " + matrixCritical, "warn exception-expired "},
	},
	"a denied licence": {
		policy: "fail-on: none\nlicenses: {deny: [AGPL-*]}\n", outcome: scan.OutcomeBlock,
		want: []string{"warn severity " + matrixCritical, "deny license minimist"},
	},
	"an accepted licence": {
		policy:  "fail-on: none\nlicenses: {deny: [AGPL-*]}\nexceptions:\n  - {rule: license, package: minimist, " + anException,
		outcome: scan.OutcomeWarn, want: []string{"ignore license minimist"},
	},
	"a base that is not approved": {
		policy: "fail-on: none\nbase: {approved: [docker.io/library/*]}\n", outcome: scan.OutcomeBlock, want: []string{"deny base-not-approved "},
	},
	"a check that blocks": {
		policy: "fail-on: none\nchecks: {rules: {ssh-port: block}}\n", outcome: scan.OutcomeBlock, want: []string{"deny check ssh-port"},
	},
	"checks are off": {
		policy: "fail-on: none\nchecks: {rules: {\"*\": off}}\n", outcome: scan.OutcomeWarn, want: []string{"ignore check-off ssh-port"},
	},
	"VEX": {
		policy: "vex: [vex/app.json]\n", files: map[string]string{"vex/app.json": matrixVEX}, outcome: scan.OutcomeWarn,
		want: []string{"ignore vex " + matrixCritical, "warn severity " + matrixMedium},
	},
	"own Rego": {
		policy: "fail-on: none\nrego: [policy/*.rego]\n", files: map[string]string{"policy/team.rego": matrixRego}, outcome: scan.OutcomeBlock,
		want: []string{"deny team.no-minimist " + matrixCritical, "ignore team.too-old " + matrixMedium, "warn team.warn "},
	},
	"a profile by branch": {
		policy:  "fail-on: none\nprofiles: {release: {branches: [main, release/*], fail-on: critical}}\n",
		args:    []string{"--branch=release/1"},
		outcome: scan.OutcomeBlock, want: []string{"deny severity " + matrixCritical},
	},
	"a policy that is extended": {
		policy: "extends: policy/base.yaml\nfail-on: low\n", files: map[string]string{"policy/base.yaml": "fail-on: high\nlicenses: {deny: [AGPL-*]}\n"},
		outcome: scan.OutcomeBlock, want: []string{"deny severity " + matrixCritical, "deny severity " + matrixMedium, "deny license minimist"},
	},
}

func TestPolicyMatrix(t *testing.T) {
	w := engine(t)
	digests := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(policyMatrix)) {
		c := policyMatrix[name]
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"Dockerfile": matrixDockerfile, ".scan-build.yaml": c.policy}
			maps.Copy(files, c.files)
			code := 0
			if c.outcome == scan.OutcomeBlock {
				code = 2
			}
			report, stderr := w.project(t, files).judged(t, code, c.args...)
			if report.Verdict.Outcome != c.outcome {
				t.Errorf("outcome is %s, want %s\n%s", report.Verdict.Outcome, c.outcome, stderr)
			}
			made := decisions(report)
			for _, want := range c.want {
				if !slices.Contains(made, want) {
					t.Errorf("no decision %q, there are:\n%s", want, strings.Join(made, "\n"))
				}
			}
			if other, ok := digests[report.Verdict.PolicyDigest]; ok {
				t.Errorf("the policy has the digest of %q", other)
			}
			digests[report.Verdict.PolicyDigest] = name
		})
	}
}

// judged builds a project and returns its report.
func (p *project) judged(t *testing.T, code int, args ...string) (r *scan.Report, stderr string) {
	t.Helper()
	res := p.build(t, append(slices.Clone(args), "--report=json=report.json", ".")...).Exits(t, code)
	r = new(scan.Report)
	if err := json.Unmarshal([]byte(p.read(t, "report.json")), r); err != nil {
		t.Fatal(err)
	}
	return r, res.Stderr
}

// decisions lists a report's, as "action rule subject".
func decisions(r *scan.Report) []string {
	var out []string
	add := func(d *scan.Decision, subject string) {
		line := "none " + subject
		if d != nil {
			line = string(d.Action) + " " + d.Rule + " " + subject
		}
		if !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	for _, s := range r.AllStages() {
		for _, f := range s.Findings {
			add(f.Decision, f.ID)
		}
		for _, m := range s.Misconfigurations {
			add(m.Decision, m.Check)
		}
	}
	for _, v := range r.Verdict.Violations {
		add(&v.Decision, v.Package)
	}
	return out
}
