package report

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/sample"
	"github.com/scan-build/scan-build/scan/vex"
)

// The official schemas come with CycloneDX's own library, by these names.
var cycloneDXSchemas = map[string]string{
	"http://cyclonedx.org/schema/bom-1.6.schema.json":  "bom-1.6.schema.json",
	"http://cyclonedx.org/schema/spdx.schema.json":     "spdx.schema.json",
	"http://cyclonedx.org/schema/jsf-0.82.schema.json": "jsf-0.82.schemax.json",
}

var officialCycloneDX = sync.OnceValues(func() (*jsonschema.Schema, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go").Output()
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for id, file := range cycloneDXSchemas {
		raw, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "schema", file))
		if err != nil {
			return nil, err
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			return nil, err
		}
		if err := c.AddResource(id, doc); err != nil {
			return nil, err
		}
	}
	return c.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
})

// readCycloneDX checks a document against the official schema, reads it with
// CycloneDX's own library, and checks what neither does.
func readCycloneDX(t *testing.T, data []byte) *cdx.BOM {
	t.Helper()
	schema, err := officialCycloneDX()
	if err != nil {
		t.Fatal(err)
	}
	validate(t, schema, data)
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(bytes.NewReader(data), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	if bom.Vulnerabilities == nil { // left out where there are none
		bom.Vulnerabilities = &[]cdx.Vulnerability{}
	}
	if bom.Components == nil {
		bom.Components = &[]cdx.Component{}
	}
	refs := map[string]bool{}
	declare := func(ref string) {
		if ref == "" || refs[ref] {
			t.Errorf("bom-ref %q is empty or not unique", ref)
		}
		refs[ref] = true
	}
	declare(bom.Metadata.Component.BOMRef)
	for _, c := range *bom.Components {
		declare(c.BOMRef)
	}
	for _, v := range *bom.Vulnerabilities {
		declare(v.BOMRef)
		for _, a := range *v.Affects {
			if !refs[a.Ref] {
				t.Errorf("%s affects %q, which is not there", v.ID, a.Ref)
			}
		}
	}
	for _, d := range *bom.Dependencies {
		if !refs[d.Ref] {
			t.Errorf("dependency of %q, which is not there", d.Ref)
		}
	}
	return &bom
}

func TestCycloneDXReadsWell(t *testing.T) {
	r := assessed(t)
	r.Platforms = r.Platforms[:1]
	final := r.Platforms[0].FinalStage()
	final.Packages[0].Licenses = []string{"curl", "BSD-3-Clause and friends"}
	final.EndOfLife = "2028-06-30"
	r.Verdict.PolicyDigest = "sha256:9011c4" // of the rules as they are
	data := rendered(t, "cyclonedx", r)
	readCycloneDX(t, data)
	golden(t, "image.cdx.json", data)
}

func TestCycloneDXDescribesEveryPlatform(t *testing.T) {
	bom := readCycloneDX(t, rendered(t, "cyclonedx", assessed(t)))
	images := map[string]int{}
	for _, d := range *bom.Dependencies {
		for _, c := range *bom.Components {
			if c.BOMRef == d.Ref && c.Type == cdx.ComponentTypeContainer {
				images[c.Name] = len(*d.Dependencies)
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"platform linux/amd64": 7, "platform linux/arm64": 8}, images); diff != "" {
		t.Error(diff)
	}
}

func TestCycloneDXSaysWhatWasDecided(t *testing.T) {
	bom := readCycloneDX(t, rendered(t, "cyclonedx", assessed(t)))
	type said struct {
		state    cdx.ImpactAnalysisState
		reason   string
		response string
	}
	got := map[string][]said{}
	for _, v := range *bom.Vulnerabilities {
		s := said{v.Analysis.State, strings.TrimPrefix(string(v.Analysis.Justification)+": "+v.Analysis.Detail, ": "), ""}
		if v.Analysis.Response != nil {
			s.response = string((*v.Analysis.Response)[0])
		}
		if !slices.Contains(got[v.ID], s) {
			got[v.ID] = append(got[v.ID], s)
		}
	}
	want := map[string][]said{
		"CVE-2024-2379":  {{cdx.IASNotAffected, "code_not_reachable: vulnerable_code_not_in_execute_path", ""}},
		"CVE-2010-4756":  {{cdx.IASNotAffected, "Nobody globs.", ""}},
		"CVE-2024-24790": {{cdx.IASResolved, "", ""}},
		"CVE-2025-0001":  {{cdx.IASExploitable, "Accepted until 2026-05-01 by .scan-build.yaml:7: not reachable from outside", "will_not_fix"}},
		"GHSA-xvch-5gv4-984h": {
			{cdx.IASExploitable, "", "update"},
			{cdx.IASExploitable, "Accepted until 2026-05-01 by .scan-build.yaml:9: dropped in March", "will_not_fix"},
		},
		"CVE-2026-0002": {{cdx.IASInTriage, "", ""}},
	}
	for id, w := range want {
		if diff := cmp.Diff(w, got[id], cmp.AllowUnexported(said{})); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
}

func TestBothVEXFormatsSayTheSame(t *testing.T) {
	r := assessed(t)
	r.Platforms = r.Platforms[:1]
	a, b := statuses(t, rendered(t, "openvex", r)), statuses(t, rendered(t, "cyclonedx", r))
	if len(a) == 0 {
		t.Fatal("nothing is said")
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
}

func TestCycloneDXOfNothing(t *testing.T) {
	r := &scan.Report{Platforms: []scan.Platform{{ID: "linux/amd64", Stages: []scan.Stage{{Name: "final", Final: true}}}}}
	readCycloneDX(t, rendered(t, "cyclonedx", r))
	if err := Write(&bytes.Buffer{}, "cyclonedx", &scan.Report{Platforms: []scan.Platform{{ID: "linux/amd64"}}}); err == nil {
		t.Error("a platform without a final stage was described")
	}
}

func TestCycloneDXOfAReportWithoutPackagesNamesThoseFound(t *testing.T) {
	r := decided(t, sample.Report())
	for _, s := range r.AllStages() {
		s.Packages = nil
	}
	bom := readCycloneDX(t, rendered(t, "cyclonedx", r))
	if len(*bom.Vulnerabilities) == 0 {
		t.Error("no vulnerabilities")
	}
}

func TestCycloneDXIsValidWhateverTheReportHolds(t *testing.T) {
	readCycloneDX(t, rendered(t, "cyclonedx", foreign(t)))
	if _, err := vex.Parse("own.json", rendered(t, "openvex", foreign(t))); err != nil {
		t.Error(err)
	}
}
