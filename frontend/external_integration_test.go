package frontend_test

import (
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/scan-build/scan-build/attest/predicate"
	"github.com/scan-build/scan-build/hack/testenv"
	"github.com/scan-build/scan-build/scan"
)

// analyzerScript is a scanner that looks for files with EVIL in them, or does
// what the parameter MODE says.
const analyzerScript = `#!/bin/sh
set -eu
result() { printf '{"ruleId": "%s", "level": "error", "message": {"text": "%s"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "%s"}}}]}' "$@"; }
run() { printf '{"version": "2.1.0", "runs": [{"results": [%s]}]}' "$1" >"$BUILDKIT_SCAN_DESTINATION/found.sarif"; }
cd "$BUILDKIT_SCAN_SOURCE"
case "${BUILDKIT_SCAN_MODE-}" in
fail) echo "signatures are missing" >&2; exit 4 ;;
silent) exit 0 ;;
broken) echo '{"version": ' >"$BUILDKIT_SCAN_DESTINATION/a.sarif"; exit 0 ;;
link) ln -s /etc/passwd "$BUILDKIT_SCAN_DESTINATION/a.sarif"; exit 0 ;;
slow) sleep 600 ;;
inject)
	mkdir "$BUILDKIT_SCAN_DESTINATION/.none"
	echo '{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://evil.example/p", "subject": [], "predicate": {}}' >"$BUILDKIT_SCAN_DESTINATION/.none/a.json"
	cp "$BUILDKIT_SCAN_DESTINATION/.none/a.json" "$BUILDKIT_SCAN_DESTINATION/a.json" ;; # and goes on to look
cage)
	touch evil 2>/dev/null && run "$(result writable x x)" && exit
	[ "$(grep -c : /proc/net/dev)" = 1 ] || { run "$(result network x x)"; exit; }
	[ ! -e /run/secrets ] || { run "$(result secrets x x)"; exit; }
	touch /tmp/x /x && run "$(result caged "$(pwd) $BUILDKIT_SCAN_DESTINATION $(id -u)" x)"; exit ;;
network) run "$(result interfaces "$(grep -c : /proc/net/dev)" x)"; exit ;;
packages)
	cat >"$BUILDKIT_SCAN_DESTINATION/p.spdx.json" <<END
{"spdxVersion": "SPDX-2.3", "packages": [{"SPDXID": "P", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:npm/minimist@1.2.0"}]}],
	"files": [{"SPDXID": "F", "fileName": "app/vendored.js"}], "relationships": [{"spdxElementId": "P", "relatedSpdxElement": "F"}]}
END
	cat >"$BUILDKIT_SCAN_DESTINATION/v.cdx.json" <<END
{"bomFormat": "CycloneDX", "specVersion": "1.6", "vulnerabilities": [{"id": "OWN-1", "ratings": [{"severity": "low"}], "description": "of its own"}]}
END
	exit ;;
esac
found= ; sep=
for f in $(find . -type f -exec grep -l EVIL {} + | sort); do found="$found$sep$(result evil "evil in $f" "$f")"; sep=, ; done
run "$found"
`

// analyzer pushes the scanner as an image and returns its reference.
func (w *workshop) analyzer(t *testing.T) string {
	t.Helper()
	c := testenv.BaseConfig()
	c.Entrypoint, c.Cmd = []string{"/scan"}, nil
	return w.Push(t, "frontend-test/analyzer:1", testenv.Image{
		Config: c,
		Layers: append(testenv.BaseLayers(t, runtime.GOARCH), testenv.Layer{"scan": {Content: []byte(analyzerScript), Mode: 0o755}}),
	})
}

// analyzers makes an options file with one analyzer of these keys.
func (w *workshop) analyzers(t *testing.T, keys string) string {
	t.Helper()
	return "analyzers: [{name: evil, image: 'docker-image://" + w.analyzer(t) + "', " + keys + "}]\n"
}

// externals lists what analyzers found, one to a line.
func externals(r *scan.Report) []string {
	var out []string
	for _, p := range r.Platforms {
		for _, st := range p.Stages {
			for _, e := range st.External {
				line := fmt.Sprintf("%s %s %s %s", st.Name, e.Rule, e.Severity, e.Path)
				if e.Context {
					line += " in the context"
				}
				if e.Layer >= 0 {
					line += " " + place(st.Layers[e.Layer])
				}
				if e.Removed > 0 {
					line += " removed by " + place(st.Layers[e.Removed])
				}
				out = append(out, line)
			}
		}
	}
	return out
}

// externalName is the name of an operation of an analyzer.
var externalName = regexp.MustCompile(`^\[(?:linux/\S+ )?scan evil (\S+(?: \d+/\d+)?)\]`)

// looked lists what analyzers looked at in this build, or took from a cache.
func (b *build) looked(cached bool) []string {
	var out []string
	for _, v := range b.vertices {
		m := externalName.FindStringSubmatch(v.name)
		if m != nil && v.completed && v.cached == cached {
			out = append(out, m[1])
		}
	}
	slices.Sort(out)
	return out
}

const evilDockerfile = `FROM $BASE AS tool
RUN echo EVIL $N >/tool
FROM $BASE
COPY --from=tool /tool /usr/bin/tool
RUN echo EVIL >/gone && echo fine >/fine
RUN rm /gone && echo EVIL $N >/etc/os-release
COPY --link evil.txt /linked
`

func TestAnalyzerLooksAtWhatItIsGiven(t *testing.T) {
	w := engine(t)
	evil := w.newBase(t, testenv.Layer{"opt/base": testenv.Text("EVIL " + nonce())})
	for keys, want := range map[string][]string{
		"scope: layer": {
			"final evil high opt/base Dockerfile:3", "final evil high usr/bin/tool Dockerfile:4", "final evil high gone Dockerfile:5 removed by Dockerfile:6",
			"final evil high usr/lib/os-release Dockerfile:6", "final evil high linked Dockerfile:7",
		},
		"scope: layer, stages: all": {
			"tool evil high opt/base Dockerfile:1", "tool evil high tool Dockerfile:2",
			"final evil high opt/base Dockerfile:3", "final evil high usr/bin/tool Dockerfile:4", "final evil high gone Dockerfile:5 removed by Dockerfile:6",
			"final evil high usr/lib/os-release Dockerfile:6", "final evil high linked Dockerfile:7",
		},
		"scope: stage":   {"final evil high linked", "final evil high usr/bin/tool", "final evil high opt/base Dockerfile:3", "final evil high usr/lib/os-release Dockerfile:6"},
		"scope: context": {"final evil high evil.txt in the context"},
	} {
		t.Run(keys, func(t *testing.T) {
			p := w.project(t, map[string]string{
				"Dockerfile": strings.NewReplacer("$N", nonce(), "$BASE", evil).Replace(evilDockerfile),
				"evil.txt":   "EVIL", "hidden.txt": "EVIL", ".dockerignore": "hidden.txt\n.scan-build.yaml\nDockerfile\n",
				".scan-build.yaml": "fail-on: none\n" + w.analyzers(t, keys),
			})
			r, _ := p.scanned(t, 0, nil)
			if diff := cmp.Diff(want, externals(r)); diff != "" {
				t.Error(diff)
			}
			// What the frontend image does is the same.
			b := p.buildx(t, "--call=scan,format=json").exits(t, 0)
			if diff := cmp.Diff(want, externals(parseReport(t, []byte(b.Stdout)))); diff != "" {
				t.Errorf("with the frontend image: %s", diff)
			}
			if ran := b.looked(false); len(ran) > 0 {
				t.Errorf("ran again: %q", ran)
			}
		})
	}
}

func TestFindingOfAnAnalyzerBlocks(t *testing.T) {
	w := engine(t)
	for name, run := range roads() {
		t.Run(name, func(t *testing.T) {
			p := w.project(t, map[string]string{
				"Dockerfile": "FROM $BASE\nRUN echo EVIL " + nonce() + " >/a\n", ".scan-build.yaml": w.analyzers(t, "scope: layer"),
			})
			b := run(p, t)
			if want := map[string]int{"plugin": 2, "frontend": 1}[name]; b.Code != want {
				t.Fatalf("exit code %d, want %d: %s", b.Code, want, b.text)
			}
		})
	}
}

// TestAnalyzerThatFailsIsNoPass holds that a build is stopped, and that the
// analyzer and the reason are named.
func TestAnalyzerThatFailsIsNoPass(t *testing.T) {
	w := engine(t)
	for name, c := range map[string]struct {
		options string
		want    []string
	}{
		"exit code":         {w.analyzers(t, "params: {MODE: fail}"), []string{"scan could not be done: analyzer evil failed in [scan evil final]", "exit code: 4"}},
		"no result":         {w.analyzers(t, "params: {MODE: silent}"), []string{"analyzer evil failed", "it has written no result: want a file that ends with .sarif"}},
		"unreadable result": {w.analyzers(t, "params: {MODE: broken}"), []string{"analyzer evil failed", "its result a.sarif cannot be read: line 2"}},
		"symlink":           {w.analyzers(t, "params: {MODE: link}"), []string{"a.sarif is no regular file"}},
		"time":              {w.analyzers(t, "params: {MODE: slow}, timeout: 2s"), []string{"analyzer evil took longer than 2s in [scan evil final]"}},
		"no such program":   {w.analyzers(t, "command: [/missing]"), []string{"analyzer evil failed"}},
		"no such image":     {"analyzers: [{name: evil, image: 'docker-image://" + w.Registry + "/none:1'}]", []string{"failed to load the image of analyzer evil"}},
		"no command":        {"analyzers: [{name: evil, image: 'docker-image://" + w.Push(t, "frontend-test/empty:1", testenv.Image{Config: v1.Config{}, Layers: []testenv.Layer{{"x": testenv.Text("x")}}}) + "'}]", []string{"it has no entrypoint and no command"}},
		"no context":        {"analyzers: [{name: evil, image: missing}]", []string{"there is no build context missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE\nRUN echo " + nonce() + " >/a\n", ".scan-build.yaml": c.options})
			b := p.scanBuild(t).exits(t, 3)
			for _, s := range c.want {
				if !strings.Contains(b.text, s) {
					t.Errorf("the output lacks %q:\n%s", s, b.text)
				}
			}
		})
	}
}

func TestBuildThatFailsSpeaksBeforeAnalyzers(t *testing.T) {
	w := engine(t)
	p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE\nRUN echo " + nonce() + "; exit 7\n", ".scan-build.yaml": w.analyzers(t, "params: {MODE: fail}")})
	b := p.scanBuild(t).exits(t, 1)
	if !strings.Contains(b.text, "exit code: 7") || strings.Contains(b.text, "scan could not be done") {
		t.Error(b.text)
	}
}

func TestAnalyzerIsCaged(t *testing.T) {
	w := engine(t)
	for keys, want := range map[string]string{
		"params: {MODE: cage}":                      "caged /run/src/core/sbom /run/out/ 0",
		"params: {MODE: cage}, scope: layer":        "caged /run/src/core/sbom /run/out/ 0",
		"params: {MODE: network}":                   "interfaces 1",
		"params: {MODE: network}, network: default": "interfaces",
	} {
		t.Run(keys, func(t *testing.T) {
			p := w.project(t, map[string]string{
				"Dockerfile":       "FROM $BASE\nRUN --mount=type=secret,id=s echo " + nonce() + " >/a\n",
				".scan-build.yaml": "fail-on: none\n" + w.analyzers(t, keys), "s": nonce(),
			})
			r, _ := p.scanned(t, 0, nil, "--secret", "id=s,src=s")
			found := r.Platforms[0].FinalStage().External
			if len(found) == 0 {
				t.Fatal("nothing was found")
			}
			if got := found[0].Rule + " " + found[0].Message; !strings.HasPrefix(got, want) {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

// TestAnalyzerCannotAttachStatements holds that an image's attestations are what
// we say, whatever an analyzer writes.
func TestAnalyzerCannotAttachStatements(t *testing.T) {
	w := engine(t)
	p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE\nRUN echo " + nonce() + " >/a\n", ".scan-build.yaml": w.analyzers(t, "params: {MODE: inject}")})
	image := w.Registry + "/frontend-test/injected:1"
	p.scanBuild(t, "--push", "--tag", image).exits(t, 0)
	if diff := cmp.Diff(sorted(predicate.TypeReport, predicate.TypeSPDX, predicate.TypeVulns, "https://slsa.dev/provenance/v1"), predicateTypes(attestations(t, image)[native()])); diff != "" {
		t.Error(diff)
	}
}

func TestPackagesOfAnAnalyzerAreMatched(t *testing.T) {
	w := engine(t)
	p := w.project(t, map[string]string{
		"Dockerfile":       "FROM $BASE\nRUN mkdir /app && echo " + nonce() + " >/app/vendored.js\nRUN echo >/b\n",
		".scan-build.yaml": "fail-on: none\n" + w.analyzers(t, "scope: layer, params: {MODE: packages}"),
	})
	r, _ := p.scanned(t, 0, nil)
	final := r.Platforms[0].FinalStage()
	i := slices.IndexFunc(final.Findings, func(f scan.Finding) bool { return f.ID == "GHSA-xvch-5gv4-984h" })
	if i < 0 || final.Findings[i].Path != "app/vendored.js" {
		t.Fatalf("minimist was not matched: %+v", final.Findings)
	}
	if got := externals(r); len(got) != len(final.Layers) || !strings.HasPrefix(got[0], "final OWN-1 low ") {
		t.Errorf("%q", got)
	}
}

// TestAnalyzerRunsOnceForALayer follows a build through a change of its last
// layer and onto an engine that has only the exported cache.
func TestAnalyzerRunsOnceForALayer(t *testing.T) {
	w := engine(t)
	dockerfile := "FROM $BASE\nRUN echo " + nonce() + " >/a\nRUN echo " + nonce() + " >/b\n"
	p := w.project(t, map[string]string{"Dockerfile": dockerfile, ".scan-build.yaml": w.analyzers(t, "scope: layer")})
	cache := w.Registry + "/frontend-test/analyzer-cache:" + strings.ToLower(nonce())
	if first := p.scanBuild(t, "--cache-to", "type=registry,mode=min,ref="+cache).exits(t, 0); !slices.Contains(first.looked(false), "final 5/5") {
		t.Errorf("first build: %q", first.looked(false))
	}
	if again := p.scanBuild(t).exits(t, 0); len(again.looked(false)) > 0 || len(again.looked(true)) != 5 {
		t.Errorf("unchanged build: ran %q, reused %q", again.looked(false), again.looked(true))
	}
	changed := strings.Replace(dockerfile, ">/b", ">/b && echo >/c", 1)
	p.write(t, "Dockerfile", changed)
	if b := p.scanBuild(t).exits(t, 0); !cmp.Equal(b.looked(false), []string{"final 5/5"}) {
		t.Errorf("changed last layer: ran %q", b.looked(false))
	}
	if b := p.scanBuild(t, "--no-cache").exits(t, 0); !slices.Contains(b.looked(false), "final 4/5") {
		t.Errorf("without cache: ran %q", b.looked(false))
	}
	p.builder = testenv.Start(t, "analyzers", testenv.Options{})
	p.write(t, "Dockerfile", dockerfile)
	if b := p.scanBuild(t, "--cache-from", "type=registry,ref="+cache).exits(t, 0); len(b.looked(false)) > 0 {
		t.Errorf("on an empty engine: ran %q", b.looked(false))
	}
}

// TestImagesPulledAfterAnalyzersAreWhole holds that looking at layers one by one
// leaves the engine's images alone, also when a cache is exported: see README.md
// about llb.Diff.
func TestImagesPulledAfterAnalyzersAreWhole(t *testing.T) {
	w := engine(t)
	var own []testenv.Layer // several: the engine takes one of two snapshots for each
	for i := range 6 {
		own = append(own, testenv.Layer{fmt.Sprintf("etc/nonce%d", i): testenv.Text(nonce())})
	}
	p := w.project(t, map[string]string{
		"Dockerfile": "FROM " + w.push(t, false, own...) + "\nRUN echo " + nonce() + " >/a\n", ".scan-build.yaml": w.analyzers(t, "scope: layer"),
	})
	p.scanBuild(t, "--cache-to", "type=registry,mode=max,ref="+w.Registry+"/frontend-test/analyzer-cache:"+strings.ToLower(nonce())).exits(t, 0)
	later := w.project(t, map[string]string{"Dockerfile": "FROM " + w.push(t, false, append(own, testenv.Layer{"etc/more": testenv.Text("")})...) + "\nRUN test -e /etc/nonce0\n"})
	later.scanBuild(t).exits(t, 0)
}

func TestContextAnalysisIsFoundAgainByContent(t *testing.T) {
	w := engine(t)
	p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE\nRUN echo >/a\n", "n": nonce(), ".scan-build.yaml": w.analyzers(t, "scope: context")})
	if b := p.scanBuild(t).exits(t, 0); !cmp.Equal(b.looked(false), []string{"context"}) {
		t.Errorf("ran %q", b.looked(false))
	}
	if b := p.scanBuild(t).exits(t, 0); len(b.looked(false)) > 0 {
		t.Errorf("unchanged: ran %q", b.looked(false))
	}
	p.write(t, "n", "EVIL "+nonce())
	if b := p.scanBuild(t).exits(t, 2); !cmp.Equal(b.looked(false), []string{"context"}) {
		t.Errorf("changed: ran %q", b.looked(false))
	}
}

func TestAnalyzerOfABuildContextAndSeveralPlatforms(t *testing.T) {
	w := engine(t)
	p := w.project(t, map[string]string{
		"Dockerfile":       "FROM $BASE\nRUN echo EVIL " + nonce() + " >/a\n",
		".scan-build.yaml": "fail-on: none\nanalyzers: [{name: evil, image: mine, scope: layer}]\n",
	})
	r, _ := p.scanned(t, 0, nil, "--build-context", "mine=docker-image://"+w.analyzer(t), "--platform=linux/amd64,linux/arm64", "--output=type=cacheonly")
	if got := externals(r); !cmp.Equal(got, []string{"final evil high a Dockerfile:2", "final evil high a Dockerfile:2"}) {
		t.Errorf("%q", got)
	}
}
