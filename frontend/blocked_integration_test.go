package frontend_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/scan-build/scan-build/scan"
)

const minimist = `{"name": "minimist", "version": "1.2.0"}`

// vulnerable is a project whose image has a critical finding.
func vulnerable(t *testing.T, w *workshop) *project {
	t.Helper()
	return w.project(t, map[string]string{
		"Dockerfile":                         "FROM $BASE\nCOPY . /app\n",
		"node_modules/minimist/package.json": minimist,
		"nonce":                              nonce(),
	})
}

// blockedCode is the exit code of a blocked build.
func blockedCode(road string) int {
	if road == "plugin" {
		return 2
	}
	return 1 // buildx knows no other
}

// failedCode is the exit code of a scan that could not be done.
func failedCode(road string) int {
	if road == "plugin" {
		return 3
	}
	return 1
}

func TestLinesAreShownOfWhateverBlocks(t *testing.T) {
	w := engine(t)
	for name, test := range map[string]struct {
		options string
		says    []string
	}{
		"a base image": {"base: {approved: [docker.io/library/*]}\n", []string{"is no approved base image", "FROM " + w.base}},
		"a check":      {"checks: {rules: {dockerfile/MaintainerDeprecated: block}}\n", []string{"MaintainerDeprecated", "MAINTAINER me"}},
	} {
		for road, run := range roads() {
			t.Run(name+"/"+road, func(t *testing.T) {
				p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE\nCOPY a /a\nMAINTAINER me\n", "a": nonce(), ".scan-build.yaml": "secrets: off\n" + test.options})
				run(p, t).exits(t, blockedCode(road)).says(t, test.says...)
			})
		}
	}
}

func TestBlockedBuildLeavesNothingBehind(t *testing.T) {
	w := engine(t)
	for road, run := range roads() {
		t.Run(road, func(t *testing.T) {
			p := vulnerable(t, w)
			t.Run("not pushed", func(t *testing.T) {
				ref := w.Registry + "/frontend-test/blocked:" + strings.ToLower(nonce())
				b := run(p, t, "--push", "--tag", ref).exits(t, blockedCode(road))
				b.says(t, "Dockerfile:2", "COPY . /app", "GHSA-xvch-5gv4-984h", "minimist", "1.2.0 → 1.2.6")
				if pushed(t, ref) {
					t.Error("the image was pushed")
				}
				if b.ran("exporting") {
					t.Error("an export was begun")
				}
			})
			t.Run("not exported", func(t *testing.T) {
				out := t.TempDir()
				for _, output := range []string{"type=local,dest=" + filepath.Join(out, "local"), "type=tar,dest=" + filepath.Join(out, "a.tar"), "type=oci,dest=" + filepath.Join(out, "b.tar"), "type=docker,dest=" + filepath.Join(out, "c.tar")} {
					run(p, t, "--output", output).exits(t, blockedCode(road))
				}
				for _, f := range files(t, out) {
					if st, err := os.Stat(filepath.Join(out, f)); err != nil || st.Size() > 0 {
						t.Errorf("%s was written", f)
					}
				}
			})
		})
	}
}

func TestFindingInABuildStageOnlyWarns(t *testing.T) {
	w := engine(t)
	for road, run := range roads() {
		t.Run(road, func(t *testing.T) {
			p := vulnerable(t, w)
			p.write(t, "Dockerfile", "FROM $BASE AS build\nCOPY . /app\nFROM $BASE\nCOPY --from=build /app/nonce /\n")
			ref := w.Registry + "/frontend-test/warned:" + strings.ToLower(nonce())
			run(p, t, "--push", "--tag", ref).exits(t, 0)
			if !pushed(t, ref) {
				t.Error("the image was not pushed")
			}
			if got := reportOf(t, p, road).Verdict.Outcome; got != scan.OutcomeWarn {
				t.Errorf("verdict %s, want %s", got, scan.OutcomeWarn)
			}
		})
	}
}

func TestCallScanPrintsTheReportAndExitsByVerdict(t *testing.T) {
	w := engine(t)
	for road, run := range roads() {
		t.Run(road, func(t *testing.T) {
			p := vulnerable(t, w)
			ref := w.Registry + "/frontend-test/called:" + strings.ToLower(nonce())
			args := []string{"--call=scan"}
			if road == "plugin" { // buildx would push an empty image, as for its own calls
				args = append(args, "--push", "--tag", ref)
			}
			b := run(p, t, args...).exits(t, 2)
			if !strings.Contains(b.Stdout, "GHSA-xvch-5gv4-984h") || !strings.Contains(b.Stdout, "verdict: block") {
				t.Errorf("no report in the output:\n%s", b.Stdout)
			}
			r := parseReport(t, []byte(run(p, t, "--call=scan,format=json").exits(t, 2).Stdout))
			if r.Verdict.Outcome != scan.OutcomeBlock || len(r.Verdict.Blocking) != 1 {
				t.Errorf("verdict %+v, want one that blocks", r.Verdict)
			}
			r = parseReport(t, []byte(run(p, t, "--call=scan,format=json", "--build-arg", "SCAN_FAIL_ON=none").exits(t, 0).Stdout))
			if r.Verdict.Outcome == scan.OutcomeBlock {
				t.Errorf("verdict %+v, want one that does not block", r.Verdict)
			}
			if pushed(t, ref) {
				t.Error("the image was pushed")
			}
		})
	}
}

func TestOtherCallsAnswerAsTheDockerfileFrontendDoes(t *testing.T) {
	w := engine(t)
	p := w.project(t, map[string]string{"Dockerfile": "ARG WHO=you\nFROM $BASE AS one\nMAINTAINER me\nFROM one AS two\nRUN false\n"})
	for _, call := range []string{"outline", "outline,format=json", "targets", "targets,format=json", "check", "subrequests.describe"} {
		t.Run(call, func(t *testing.T) {
			plain := p.run(t, []string{"docker-buildx", "build", "--call", call})
			for road, run := range roads() {
				b := run(p, t, "--call", call).exits(t, plain.Code)
				if call == "subrequests.describe" {
					if !strings.Contains(b.Stdout, "outline ") || road == "frontend" && !strings.Contains(b.Stdout, "scan ") {
						t.Errorf("%s lists\n%s", road, b.Stdout)
					}
				} else if b.Stdout != plain.Stdout {
					t.Errorf("%s says\n%s\nwant\n%s", road, b.Stdout, plain.Stdout)
				}
				if got := b.names("[scan"); len(got) > 0 {
					t.Errorf("%s scanned: %q", road, got)
				}
			}
		})
	}
}

func TestBadInputIsNamed(t *testing.T) {
	w := engine(t)
	for _, test := range []struct {
		name  string
		files map[string]string
		args  []string
		says  []string
		// scan is set where the scan, not the build, is at fault.
		scan bool
	}{
		{
			name:  "Dockerfile that does not parse",
			files: map[string]string{"Dockerfile": "FROM $BASE\nRUNN echo\n"},
			says:  []string{"Dockerfile:2", ">>> RUNN echo", "unknown instruction: RUNN"},
		},
		{
			name:  "step that fails",
			files: map[string]string{"Dockerfile": "FROM $BASE\nRUN exit 9\n"},
			says:  []string{"Dockerfile:2", ">>> RUN exit 9", "exit code: 9"},
		},
		{
			name:  "target that is not there",
			files: map[string]string{"Dockerfile": "FROM $BASE\n"},
			args:  []string{"--target", "none"},
			says:  []string{"none"},
		},
		{
			name:  "unknown key in the options file",
			files: map[string]string{"Dockerfile": "FROM $BASE\n", ".scan-build.yaml": "# comment\nfail_on: high\n"},
			says:  []string{".scan-build.yaml:2", "fail_on", "did you mean fail-on?"},
			scan:  true,
		},
		{
			name:  "options file beside a Dockerfile in a subfolder",
			files: map[string]string{"sub/Dockerfile": "FROM $BASE\n", "sub/.scan-build.yaml": "fail-on: [high]\n"},
			args:  []string{"--file", "sub/Dockerfile"},
			says:  []string{".scan-build.yaml:1", "fail-on", "not a list"},
			scan:  true,
		},
		{
			name:  "slip in a build argument's name",
			files: map[string]string{"Dockerfile": "FROM $BASE\n"},
			args:  []string{"--build-arg", "SCAN_FAILON=high"},
			says:  []string{"SCAN_FAILON", "did you mean SCAN_FAIL_ON?"},
			scan:  true,
		},
		{
			name:  "unknown severity",
			files: map[string]string{"Dockerfile": "FROM $BASE\n"},
			args:  []string{"--build-arg", "SCAN_FAIL_ON=severe"},
			says:  []string{"SCAN_FAIL_ON", `"severe"`},
			scan:  true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			for road, run := range roads() {
				code := 1
				if test.scan {
					code = failedCode(road)
				}
				p := w.project(t, test.files)
				run(p, t, test.args...).exits(t, code).says(t, test.says...)
			}
		})
	}
}

func TestOwnArgumentsMayBeginLikeOptions(t *testing.T) {
	p := engine(t).project(t, map[string]string{"Dockerfile": "FROM $BASE\nARG SCAN_TARGET_HOST\nRUN test $SCAN_TARGET_HOST = a\n"})
	p.scanBuild(t, "--build-arg", "SCAN_TARGET_HOST=a").exits(t, 0)
}

func TestDatabaseThatCannotBeUsedStopsTheBuild(t *testing.T) {
	w := engine(t)
	empty := t.TempDir()
	truncated := t.TempDir()
	for _, name := range files(t, w.database) {
		dt, err := os.ReadFile(filepath.Join(w.database, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".zst") {
			dt = dt[:len(dt)/2]
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(truncated, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(truncated, name), dt, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, dir := range map[string]string{"empty folder": empty, "truncated archive": truncated} {
		t.Run(name, func(t *testing.T) {
			p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE\n"})
			ref := w.Registry + "/frontend-test/nodb:" + strings.ToLower(nonce())
			p.scanBuild(t, "--db", dir, "--push", "--tag", ref).exits(t, 3).says(t, "database", dir)
			p.buildx(t, "--build-context", "scan-db="+dir, "--push", "--tag", ref).exits(t, 1).says(t, "database", "scan-db")
			if pushed(t, ref) {
				t.Error("the image was pushed")
			}
		})
	}
}

// pushed reports whether the registry has an image.
func pushed(t *testing.T, ref string) bool {
	t.Helper()
	r, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	_, err = remote.Head(r)
	return err == nil
}

// files lists the files below a folder.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			out = append(out, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
