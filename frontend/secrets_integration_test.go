package frontend_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client"

	"github.com/scan-build/scan-build/hack/testenv"
	"github.com/scan-build/scan-build/scan"
)

// newToken makes a GitHub token that has never been one. It is made of parts so
// that none stands in this repository.
func newToken() string { return "gh" + "p_" + (nonce() + strings.ToLower(nonce()))[:36] }

// spelled writes a value so that a shell reads it and no rule does.
func spelled(value string) string { return value[:6] + "''" + value[6:] }

// secretsOf lists a report's secrets, one to a line, as
//
//	final file app/key layer 2 removed 3
//	final config Env Dockerfile:3
func secretsOf(r *scan.Report) []string {
	var out []string
	for _, p := range r.Platforms {
		for _, st := range p.Stages {
			for _, s := range st.Secrets {
				line := fmt.Sprintf("%s %s %s", st.Name, s.Source, s.Path)
				switch {
				case s.Layer >= 0 && s.Removed > 0:
					line += fmt.Sprintf(" %s removed by %s", place(st.Layers[s.Layer]), place(st.Layers[s.Removed]))
				case s.Layer >= 0:
					line += " " + place(st.Layers[s.Layer])
				case s.Instruction != nil:
					line += " " + place(*s.Instruction)
					if s.Instruction.Base != "" {
						line += " base"
					}
				}
				out = append(out, line)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// scanned runs the plugin, which must end with this code, and returns its
// report. No value may be in anything that it wrote itself.
func (p *project) scanned(t *testing.T, code int, values []string, args ...string) (*scan.Report, *build) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.json")
	b := p.scanBuild(t, append(args, "--report", "json="+file)...).exits(t, code)
	for _, v := range values {
		if strings.Contains(b.text, v) || strings.Contains(b.Stdout, v) {
			t.Errorf("a secret is in the output:\n%s%s", b.text, b.Stdout)
		}
		if strings.Contains(string(mustRead(t, file)), v) {
			t.Error("a secret is in the report")
		}
	}
	return readReport(t, file), b
}

func TestSecretInTheImageBlocks(t *testing.T) {
	w := engine(t)
	for name, test := range map[string]struct {
		// $TOKEN and $SPELLED stand for the secret, $BASE for the base image.
		dockerfile string
		files      map[string]string
		args       []string
		// top is a further layer of the base image.
		top  testenv.Layer
		want []string
	}{
		"copied": {
			dockerfile: "FROM $BASE\nCOPY key /app/key\n", files: map[string]string{"key": "token: $TOKEN\n"},
			want: []string{"final file app/key Dockerfile:2"},
		},
		"written by RUN": {
			dockerfile: "FROM $BASE\nRUN mkdir /app && echo $SPELLED >/app/key\n",
			want:       []string{"final file app/key Dockerfile:2"},
		},
		"deleted by a later RUN": {
			dockerfile: "FROM $BASE\nCOPY key /app/key\nRUN rm -r /app\n", files: map[string]string{"key": "$TOKEN"},
			want: []string{"final file app/key Dockerfile:2 removed by Dockerfile:3"},
		},
		"copied from a build stage": {
			dockerfile: "FROM $BASE AS build\nRUN echo $SPELLED >/key\nFROM $BASE\nCOPY --from=build /key /key\n",
			want:       []string{"build file key Dockerfile:2", "final file key Dockerfile:4"},
		},
		"in a stage that the image continues": {
			dockerfile: "FROM $BASE AS one\nCOPY key /key\nENV T=$TOKEN\nFROM one\nRUN rm /key\n", files: map[string]string{"key": "$TOKEN"},
			want: []string{
				"final config Env Dockerfile:3", "final config History Dockerfile:3", "final dockerfile Dockerfile Dockerfile:3",
				"final file key Dockerfile:2 removed by Dockerfile:5",
			},
		},
		"ENV": {
			dockerfile: "FROM $BASE\nENV A=1 \\\n  T=$TOKEN\n",
			want:       []string{"final config Env Dockerfile:2-3", "final config History Dockerfile:2-3", "final dockerfile Dockerfile Dockerfile:2-3"},
		},
		"default of an ARG": {
			dockerfile: "FROM $BASE\nARG T=$TOKEN\nRUN true\n",
			want:       []string{"final config History Dockerfile:2", "final dockerfile Dockerfile Dockerfile:2"},
		},
		"ARG before FROM": {
			dockerfile: "ARG T=$TOKEN\nFROM $BASE\n",
			want:       []string{"final dockerfile Dockerfile Dockerfile:1"},
		},
		"build argument": {
			dockerfile: "FROM $BASE\nARG T\nRUN true\n", args: []string{"--build-arg", "T=$TOKEN"},
			want: []string{"final config History Dockerfile:2"},
		},
		"LABEL": {
			dockerfile: "FROM $BASE\nLABEL a=$TOKEN\n",
			want:       []string{"final config History Dockerfile:2", "final config Labels Dockerfile:2", "final dockerfile Dockerfile Dockerfile:2"},
		},
		"ENTRYPOINT and CMD": {
			dockerfile: "FROM $BASE\nENTRYPOINT [\"a\", \"$TOKEN\"]\nCMD [\"$TOKEN\"]\n",
			want: []string{
				"final config Cmd Dockerfile:2", "final config Entrypoint Dockerfile:2", "final config History Dockerfile:2",
				"final dockerfile Dockerfile Dockerfile:2", "final dockerfile Dockerfile Dockerfile:3",
			},
		},
		"heredoc of RUN": {
			dockerfile: "FROM $BASE\nRUN <<EOF\ntrue $TOKEN\nEOF\n",
			want:       []string{"final config History Dockerfile:2-4", "final dockerfile Dockerfile Dockerfile:2-4"},
		},
		"heredoc of COPY": {
			dockerfile: "FROM $BASE\nCOPY <<EOF /key\n$TOKEN\nEOF\n",
			want:       []string{"final dockerfile Dockerfile Dockerfile:2-4", "final file key Dockerfile:2-4"},
		},
		"layer of the base image": {
			dockerfile: "FROM $BASE\nRUN rm /opt/key\n", top: testenv.Layer{"opt/key": testenv.Text("$TOKEN")},
			want: []string{"final file opt/key Dockerfile:1 removed by Dockerfile:2"},
		},
		"name and value apart": {
			dockerfile: "FROM $BASE\nENV API_KEY $PLAIN\nRUN true $PLAIN\n",
			want:       []string{"final config Env Dockerfile:2", "final config History Dockerfile:2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			value, plain := newToken(), strings.ToLower(nonce())+"7"
			fill := strings.NewReplacer("$TOKEN", value, "$SPELLED", spelled(value), "$PLAIN", plain).Replace
			p := w.project(t, nil)
			for file, content := range test.files {
				p.write(t, file, fill(content))
			}
			dockerfile := fill(test.dockerfile)
			if test.top != nil {
				top := testenv.Layer{}
				for file, f := range test.top {
					top[file] = testenv.Text(fill(string(f.Content)))
				}
				dockerfile = strings.ReplaceAll(dockerfile, "$BASE", w.newBase(t, top))
			}
			p.write(t, "Dockerfile", dockerfile)
			var args []string
			for _, a := range test.args {
				args = append(args, fill(a))
			}
			r, b := p.scanned(t, 2, []string{value, plain}, args...)
			if diff := cmp.Diff(test.want, secretsOf(r)); diff != "" {
				t.Errorf("secrets (-want +got):\n%s", diff)
			}
			if len(r.Verdict.Secrets) == 0 {
				t.Error("the verdict names no secret")
			}
			b.says(t, "Dockerfile:")
		})
	}
}

func TestSecretInABaseImagesConfigurationBlocks(t *testing.T) {
	w := engine(t)
	value := newToken()
	config := testenv.BaseConfig()
	config.Env = append(config.Env, "T="+value)
	base := w.Push(t, "frontend-test/base:"+strings.ToLower(nonce()), testenv.Image{Config: config, Layers: []testenv.Layer{{"a": testenv.Text(nonce())}}})
	p := w.project(t, map[string]string{"Dockerfile": "# comment\nFROM " + base + "\nENV A=1\n"})
	r, _ := p.scanned(t, 2, []string{value})
	if diff := cmp.Diff([]string{"final config Env Dockerfile:2 base"}, secretsOf(r)); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
}

func TestSecretOutsideTheImageWarns(t *testing.T) {
	w := engine(t)
	for name, test := range map[string]struct {
		dockerfile string
		want       []string
	}{
		"file of a build stage": {
			"FROM $BASE AS build\nCOPY key /key\nRUN echo built >/built\nFROM $BASE\nCOPY --from=build /built /built\n",
			[]string{"build file key Dockerfile:2"},
		},
		"ENV of a build stage": {
			"FROM $BASE AS build\nENV T=$TOKEN\nRUN echo built >/built\nFROM $BASE\nCOPY --from=build /built /built\n",
			[]string{"build dockerfile Dockerfile Dockerfile:2"},
		},
		"stage that is not built": {
			"FROM $BASE AS unused\nENV T=$TOKEN\nFROM $BASE\n",
			[]string{"unused dockerfile Dockerfile Dockerfile:2"},
		},
	} {
		for road, run := range roads() {
			t.Run(name+"/"+road, func(t *testing.T) {
				value := newToken()
				p := w.project(t, map[string]string{"Dockerfile": strings.ReplaceAll(test.dockerfile, "$TOKEN", value), "key": value})
				ref := newRef(w)
				run(p, t, "--push", "--tag", ref).exits(t, 0)
				r := reportOf(t, p, road)
				if diff := cmp.Diff(test.want, secretsOf(r)); diff != "" {
					t.Errorf("secrets (-want +got):\n%s", diff)
				}
				if r.Verdict.Outcome != scan.OutcomeWarn || !pushed(t, ref) {
					t.Errorf("verdict %s, pushed: %v", r.Verdict.Outcome, pushed(t, ref))
				}
			})
		}
	}
}

func TestSecretBlocksOnBothRoads(t *testing.T) {
	w := engine(t)
	for road, run := range roads() {
		t.Run(road, func(t *testing.T) {
			value := newToken()
			p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE\nCOPY key /key\n", "key": value})
			ref := newRef(w)
			b := run(p, t, "--push", "--tag", ref).exits(t, blockedCode(road)).says(t, "Dockerfile:2", "COPY key /key", "github-pat")
			if strings.Contains(b.text, value) || pushed(t, ref) {
				t.Errorf("pushed: %v\n%s", pushed(t, ref), b.text)
			}
		})
	}
}

// A secret in another encoding is known by its rule all the same; its value must
// not get out in that one either.
func TestSecretsInManyFormsStayInside(t *testing.T) {
	w := engine(t)
	value := newToken()
	utf16 := "\xff\xfe"
	for _, c := range []byte(value) {
		utf16 += string([]byte{c, 0})
	}
	p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE\nCOPY a b /\n", "a": utf16, "b": strings.Repeat("x ", 1<<20) + value})
	r, _ := p.scanned(t, 2, []string{value, utf16[2:], base64.StdEncoding.EncodeToString([]byte(value))})
	if diff := cmp.Diff([]string{"final file a Dockerfile:2", "final file b Dockerfile:2"}, secretsOf(r)); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
}

// The warnings of a frontend image carry the Dockerfile.
func TestWarningsShowNoSecret(t *testing.T) {
	w := engine(t)
	value := newToken()
	p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE\nENV ENDPOINT=" + value + "\nRUN echo " + nonce() + "\n"})
	b := p.buildx(t, "--build-arg", "SCAN_SECRETS=warn").exits(t, 0)
	var excerpts int
	for line := range strings.Lines(b.Stderr) {
		var st client.SolveStatus
		if json.Unmarshal([]byte(line), &st) != nil {
			continue
		}
		for _, warning := range st.Warnings {
			text := string(warning.Short) + string(bytes.Join(warning.Detail, nil))
			if warning.SourceInfo != nil {
				excerpts++
				text += string(warning.SourceInfo.Data)
			}
			if strings.Contains(text, value) {
				t.Errorf("a secret is in a warning:\n%s", text)
			}
		}
	}
	if excerpts == 0 {
		t.Error("no warning has an excerpt of the Dockerfile")
	}
}
