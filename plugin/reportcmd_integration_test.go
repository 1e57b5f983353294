package plugin_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/diff"
	"github.com/scan-build/scan-build/scan/vex"
)

// signedImage is a project with a pushed, signed image of two platforms that has
// findings, and the report of its build in app.json.
func signedImage(t *testing.T) (p *project, image, public string) {
	t.Helper()
	w := engine(t)
	image = w.image()
	private, public := newKeys(t)
	p = w.dockerfile(t, vulnerableDockerfile)
	p.build(t, "--platform=linux/amd64,linux/arm64", "--fail-on=none", "--push", "--tag", image,
		"--sign", "--key", private, "--report", "json=app.json", ".").OK(t)
	return p, image, public
}

func TestReportOfASignedImageIsThatOfItsBuild(t *testing.T) {
	p, image, public := signedImage(t)
	got := readJSON[scan.Report](t, p.run(t, "report", "--format=json", "--key", public, image).OK(t).Stdout)
	want := readJSON[scan.Report](t, p.read(t, "app.json"))
	if diff := cmp.Diff(want.Platforms, got.Platforms); diff != "" {
		t.Errorf("(-build +image):\n%s", diff)
	}
	says(t, p.run(t, "report", "--key", public, image).OK(t).Stdout, "linux/amd64", "linux/arm64", vulnerableID, "minimist", "Dockerfile:")

	one := p.run(t, "report", "--key", public, "--platform=linux/arm64", image).OK(t).Stdout
	says(t, one, "linux/arm64", vulnerableID)
	saysNot(t, one, "linux/amd64")
	says(t, p.run(t, "report", "--platform=linux/arm64/v8", "app.json").OK(t).Stdout, "linux/arm64", vulnerableID)
}

func TestReportOfAnImageInEveryFormat(t *testing.T) {
	p, image, public := signedImage(t)
	hex := strings.TrimPrefix(p.digest(t, image), "sha256:")
	for _, format := range []string{"json", "table", "spdx", "cyclonedx", "openvex", "compliance", "compliance-json"} {
		r := p.run(t, "report", "--format", format, "--key", public, image).OK(t)
		if strings.TrimSpace(r.Stdout) == "" || r.Stderr != "" {
			t.Errorf("%s: %d bytes, stderr %q", format, len(r.Stdout), r.Stderr)
		}
		switch format {
		case "spdx":
			says(t, r.Stdout, "pkg:npm/minimist@1.2.0")
		case "cyclonedx":
			var bom cdx.BOM
			if err := cdx.NewBOMDecoder(strings.NewReader(r.Stdout), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
				t.Fatal(err)
			}
			says(t, bom.Metadata.Component.PackageURL, hex)
			says(t, r.Stdout, "pkg:npm/minimist@1.2.0", vulnerableID)
		case "openvex":
			if _, err := vex.Parse("vex.json", []byte(r.Stdout)); err != nil {
				t.Error(err)
			}
			says(t, r.Stdout, hex, "pkg:npm/minimist@1.2.0", "affected", "Update minimist to")
		}
		if strings.Contains(format, "json") && !json.Valid([]byte(r.Stdout)) {
			t.Errorf("%s is no JSON", format)
		}
	}
}

func TestReportOfAFile(t *testing.T) {
	p := vulnerableReport(t)
	fromFile := p.run(t, "report", "--format=cyclonedx", "web.report.json").OK(t).Stdout
	fromStdin := p.input(p.read(t, "web.report.json")).run(t, "report", "--format=cyclonedx", "-").OK(t).Stdout
	if fromFile != fromStdin {
		t.Error("the same report gives another document when it comes by standard input")
	}
	p.build(t, "--report", "cyclonedx=web.cdx.json", ".").Exits(t, 2)
	says(t, p.read(t, "web.cdx.json"), `"specVersion": "1.6"`, vulnerableID)
}

func TestReportTellsWhyItCannot(t *testing.T) {
	w := engine(t)
	unsigned := w.image()
	_, public := newKeys(t)
	p := w.dockerfile(t, cleanDockerfile)
	p.build(t, "--push", "--tag", unsigned, ".").OK(t)
	p.write(t, "no.json", "hello")
	p.write(t, "empty.json", "{}")
	p.write(t, "newer.json", `{"schemaVersion": 99, "platforms": "all of them"}`)
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"unsigned image":     {[]string{"--key", public, unsigned}, 3, "no signed scan attestation"},
		"neither":            {[]string{unsigned}, 1, "--unsigned to believe it"},
		"both":               {[]string{"--key", public, "--unsigned", unsigned}, 1, "exclude each other"},
		"not scanned":        {[]string{"--unsigned", w.base}, 3, "no scan attestation"},
		"no such image":      {[]string{"--unsigned", w.Registry + "/plugin-test/nobody:1"}, 3, "nobody"},
		"not a reference":    {[]string{"--unsigned", "UPPER CASE"}, 1, "UPPER CASE"},
		"no key file":        {[]string{"--key", "/nothing/cosign.pub", unsigned}, 3, "/nothing/cosign.pub"},
		"other platform":     {[]string{"--unsigned", "--platform=linux/s390x", unsigned}, 1, "there is no platform linux/s390x"},
		"no file":            {[]string{"nothing.json"}, 3, "nothing.json"},
		"no report":          {[]string{"no.json"}, 3, "no.json is no report"},
		"other JSON":         {[]string{"empty.json"}, 3, "no schemaVersion"},
		"another version":    {[]string{"newer.json"}, 3, "schemaVersion is 99, not 1"},
		"key for a file":     {[]string{"--key", public, "no.json"}, 1, "carries no signature"},
		"unknown format":     {[]string{"--format=poem", "no.json"}, 1, "poem"},
		"nothing to look at": {nil, 1, "requires 1 argument"},
	} {
		t.Run(name, func(t *testing.T) {
			says(t, p.run(t, append([]string{"report"}, c.args...)...).Exits(t, c.code).Stderr, c.says)
		})
	}
	r := p.run(t, "report", "--unsigned", unsigned).OK(t)
	says(t, r.Stderr, "is not signed")
	says(t, r.Stdout, "verdict")
}

func TestDiffOfImagesAndFiles(t *testing.T) {
	p, image, public := signedImage(t)
	p.write(t, "Dockerfile", cleanDockerfile)
	p.build(t, "--platform=linux/amd64,linux/arm64", "--report", "json=clean.json", ".").OK(t)
	r := p.run(t, "diff", "--key", public, "clean.json", image).OK(t)
	says(t, r.Stdout, "clean.json → "+image, "This change adds 1 critical", "New vulnerabilities", "minimist 1.2.0", "+ minimist 1.2.0 (npm)")
	says(t, p.run(t, "diff", "--key", public, image, "clean.json").OK(t).Stdout, "removes 1 critical", "Gone vulnerabilities")
	says(t, p.run(t, "diff", "--format=markdown", "clean.json", "app.json").OK(t).Stdout, "**This change adds", "| critical |")

	out := p.run(t, "diff", "--format=json", "--key", public, image, "app.json").OK(t).Stdout
	d := readJSON[diff.Diff](t, out)
	if len(d.Vulnerabilities.New)+len(d.Vulnerabilities.Gone) != 0 || len(d.Vulnerabilities.Unchanged) == 0 || len(d.Notes) != 0 {
		t.Errorf("%s", out)
	}
	again := p.input(p.read(t, "app.json")).run(t, "diff", "--format=json", "--key", public, image, "-").OK(t).Stdout
	if !bytes.Equal([]byte(strings.ReplaceAll(out, "app.json", "-")), []byte(again)) {
		t.Error("the same reports differ in another way")
	}
}

func TestDiffFailsOnWhatIsNewOnly(t *testing.T) {
	p := vulnerableReport(t)
	p.write(t, "Dockerfile", cleanDockerfile)
	p.build(t, "--report", "json=clean.json", ".").OK(t)
	p.run(t, "diff", "--fail-on-new=low", "web.report.json", "clean.json").OK(t)
	p.run(t, "diff", "--fail-on-new=low", "web.report.json", "web.report.json").OK(t)
	p.run(t, "diff", "--fail-on-new=none", "clean.json", "web.report.json").OK(t)
	r := p.run(t, "diff", "--fail-on-new=critical", "clean.json", "web.report.json").Exits(t, 2)
	says(t, r.Stdout, "New vulnerabilities")
	says(t, r.Stderr, "1 new at critical or above")
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"unknown severity": {[]string{"--fail-on-new=terrible", "clean.json", "clean.json"}, 1, "--fail-on-new"},
		"unknown format":   {[]string{"--format=poem", "clean.json", "clean.json"}, 1, "poem"},
		"twice from stdin": {[]string{"-", "-"}, 1, "only one of the two"},
		"one report":       {[]string{"clean.json"}, 1, "requires 2 arguments"},
		"no such file":     {[]string{"clean.json", "nothing.json"}, 3, "nothing.json"},
	} {
		t.Run(name, func(t *testing.T) {
			says(t, p.run(t, append([]string{"diff"}, c.args...)...).Exits(t, c.code).Stderr, c.says)
		})
	}
}

// digest is that of an image in the registry.
func (w *workshop) digest(t *testing.T, image string) string {
	t.Helper()
	d, err := remote.Head(reference(t, image), remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return d.Digest.String()
}
