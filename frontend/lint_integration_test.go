package frontend_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

// linted lists a report's lint findings, one to a line:
//
//	final StageNameCasing low Dockerfile:1 build
func linted(r *scan.Report) []string {
	var out []string
	for _, p := range r.Platforms {
		for _, s := range p.Stages {
			for _, m := range s.Misconfigurations {
				if m.FromLint() {
					out = append(out, fmt.Sprintf("%s %s %s %s %s", s.Name, strings.TrimPrefix(m.Check, scan.LintPrefix), m.Severity, place(*m.Instruction), m.Instruction.Stage))
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

func TestBuildKitsLintRulesAreFindings(t *testing.T) {
	w := engine(t)
	for name, test := range map[string]struct {
		dockerfile string
		args, want []string
	}{
		"in their stages": {
			dockerfile: "FROM $BASE AS Parent\nENV API_KEY=x\nFROM $BASE AS other\nMAINTAINER me\nRUN touch /a\nFROM parent\nCOPY --from=other \\\n  /a /\nENV A \\\n  b\nCMD echo hi\n",
			want: []string{
				"final JSONArgsRecommended low Dockerfile:11 final",
				"final LegacyKeyValueFormat low Dockerfile:9-10 final",
				"final SecretsUsedInArgOrEnv medium Dockerfile:2 parent",
				"final StageNameCasing low Dockerfile:1 parent",
				"other MaintainerDeprecated medium Dockerfile:4 other",
			},
		},
		"rules skipped by the file":       {dockerfile: "# check=skip=JSONArgsRecommended\nFROM $BASE\nMAINTAINER me\nCMD echo\n", want: []string{"final MaintainerDeprecated medium Dockerfile:3 final"}},
		"rules skipped for the build":     {dockerfile: "FROM $BASE\nMAINTAINER me\nCMD echo\n", args: []string{"--build-arg", "BUILDKIT_DOCKERFILE_CHECK=skip=all"}},
		"rules that look at the base":     {dockerfile: "FROM $BASE\nRUN touch /a\nENV P=$PATH Q=$UNSET\n", want: []string{"final UndefinedVar low Dockerfile:3 final"}},
		"of a target":                     {dockerfile: "FROM $BASE AS one\nCMD echo\nFROM one\nCMD date\n", args: []string{"--target", "one"}, want: []string{"one JSONArgsRecommended low Dockerfile:2 one"}},
		"several platforms, each of them": {dockerfile: "FROM $BASE\nRUN touch /a\nCMD echo\n", args: []string{"--platform", "linux/amd64,linux/arm64"}, want: []string{"final JSONArgsRecommended low Dockerfile:3 final", "final JSONArgsRecommended low Dockerfile:3 final"}},
	} {
		for road, build := range roads() {
			t.Run(name+"/"+road, func(t *testing.T) {
				p := w.project(t, map[string]string{"Dockerfile": test.dockerfile})
				r := p.report(t, build, test.args...)
				if diff := cmp.Diff(test.want, linted(r)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if len(r.Notices) > 0 {
					t.Errorf("notices: %q", r.Notices)
				}
			})
		}
	}
}

// What the engine's client shows for itself is not said again.
func TestLintWarningsAreSaidOnce(t *testing.T) {
	w := engine(t)
	p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE\nRUN touch /" + nonce() + "\nMAINTAINER me\nCMD echo\n"})
	b := p.scanBuild(t, "--progress=plain").exits(t, 0)
	_, summary, ok := strings.Cut(b.Stderr, "warnings found")
	for _, rule := range []string{"MaintainerDeprecated", "JSONArgsRecommended"} {
		if n := strings.Count(summary, rule); !ok || n != 1 {
			t.Errorf("%s is in the warnings %d times:\n%s", rule, n, b.Stderr)
		}
	}
}

func TestInstructionsAreChecked(t *testing.T) {
	w := engine(t)
	token := newToken()
	p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE AS used\nRUN <<EOF\ncurl -H 'Token: " + token + "' https://example.com/install.sh | sh || true\nEOF\nFROM $BASE AS unused\nRUN curl https://example.com | sh\nFROM $BASE\nCOPY --from=used /etc/os-release /\nUSER 0\n"})
	r := p.report(t, (*project).scanBuild, "--secrets=warn")
	var got []string
	for _, m := range r.Platforms[0].FinalStage().Misconfigurations {
		if strings.Contains(m.Message+fmt.Sprint(m.Instruction), token) {
			t.Errorf("a secret is in %+v", m)
		}
		if m.Instruction != nil {
			got = append(got, fmt.Sprintf("%s %s %s", m.Check, m.Instruction.Stage, place(*m.Instruction)))
		}
	}
	want := "pipe-to-shell used Dockerfile:2-4"
	if !slices.Contains(got, want) {
		t.Errorf("got %q, want %q among them", got, want)
	}
	if slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "unused") }) {
		t.Errorf("a stage that is not built was checked: %q", got)
	}
}
