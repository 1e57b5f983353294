package html

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/internal/sample"
	"github.com/scan-build/scan-build/scan/policy"
)

func evaluated(t *testing.T) *scan.Report {
	t.Helper()
	r := sample.Configured()
	if err := policy.Evaluate(r, config.Default()); err != nil {
		t.Fatal(err)
	}
	r.Verdict.PolicyDigest = "sha256:90110c" // the real one changes with every rule
	return r
}

func rendered(t *testing.T, r *scan.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// dataOf takes the data out of a page as a browser would: up to the first thing
// that ends the element.
func dataOf(t *testing.T, page string) document {
	t.Helper()
	_, rest, _ := strings.Cut(page, `id="data">`)
	text, _, _ := strings.Cut(rest, "</script")
	var d document
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

var (
	ours   = regexp.MustCompile(`(?s)(<style>).*?(</style>)|(<script>).*?(</script>)`)
	hashes = regexp.MustCompile(`sha256-.+?&#39;`)
)

// The golden leaves out style and script: they are in the repository already.
// The data is written with a line for each element.
func TestPageOfTheSample(t *testing.T) {
	page := rendered(t, evaluated(t))
	if again := rendered(t, evaluated(t)); again != page {
		t.Error("the page differs between two runs")
	}
	got := hashes.ReplaceAllString(ours.ReplaceAllString(page, "$1$3…$2$4"), "sha256-…&#39;")
	got = strings.NewReplacer("},{", "},\n{", ":[{", ":[\n{").Replace(got)
	file := filepath.Join("testdata", "page.html")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestTheDataCannotEndItsElement(t *testing.T) {
	evil := "</script><script>alert(1)</script><!--<script>\u2028\u2029 x"
	r := evaluated(t)
	for _, s := range r.AllStages() {
		for i := range s.Findings {
			s.Findings[i].Package, s.Findings[i].Summary = evil, evil
		}
	}
	page := rendered(t, r)
	if strings.Contains(page, "alert(1)</script>") || strings.ContainsAny(page, "\u2028\u2029") {
		t.Error("text of the report is markup")
	}
	if got := dataOf(t, page).Advisories[0].Summary; !strings.HasPrefix(got, "</script><script>alert(1)</script><!--<script>") {
		t.Errorf("read back as %q", got)
	}
}

func TestOnlyWebAddressesAreLinks(t *testing.T) {
	for in, want := range map[string]bool{
		"https://example.org/CVE-1?x=1&y=%20#z":             true,
		"http://example.org":                                true,
		"javascript:alert(1)":                               false,
		"JavaScript://example.org/%0aalert(1)":              false,
		"data:text/html,x":                                  false,
		"file:///etc/passwd":                                false,
		"//example.org":                                     false,
		"https:example.org":                                 false,
		"https://user:password@example.org":                 false,
		"https://example.org/\" onclick=\"x":                false,
		"https://example.org/\u202egnp.exe":                 false,
		"https://example.org/\r\nx":                         false,
		"https://example.org/" + string(make([]byte, 3000)): false,
		"": false,
	} {
		if got := link(in) != ""; got != want {
			t.Errorf("%.60q: %v", in, got)
		}
	}
}

func TestWhatPlatformsShareIsOneFinding(t *testing.T) {
	d := dataOf(t, rendered(t, evaluated(t)))
	where := map[string][]presence{}
	for _, f := range d.Findings {
		if f.Kind == kindVulnerability {
			where[f.ID+" "+f.Subject] = append(where[f.ID+" "+f.Subject], f.presence)
		}
	}
	both, image, build := []int{0, 1}, []int{0}, []int{1}
	for id, want := range map[string][]presence{
		"CVE-2023-38545 curl":          {{both, image}},
		"GHSA-arm6-arm6-arm6 node-arm": {{[]int{1}, image}},
		"GHSA-moch-moch-moch mocha":    {{both, build}},
		// Two copies in the image, one in the stage that they come from.
		"GHSA-xvch-5gv4-984h minimist": {{both, image}, {both, image}, {both, build}},
	} {
		if diff := cmp.Diff(want, where[id]); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
	for i, p := range d.Packages {
		if p.Name == "curl" && len(p.PURLs) != 2 {
			t.Errorf("package %d: %q", i, p.PURLs)
		}
	}
}

func TestWhatBlocksComesFirst(t *testing.T) {
	d := dataOf(t, rendered(t, evaluated(t)))
	last := 0
	for _, f := range d.Findings {
		if now := d.urgency(f); now < last {
			t.Errorf("%s comes too late", f.ID)
		} else {
			last = now
		}
	}
	if d.Findings[0].Kind != kindSecret {
		t.Errorf("first is %+v", d.Findings[0])
	}
}

func TestNumbersOfTheSummary(t *testing.T) {
	r := evaluated(t)
	s := summarize(r, collect(r))
	got := map[string][]int{}
	for _, o := range s.Origins {
		for _, c := range o.Counts {
			got[o.Name] = append(got[o.Name], c.N)
		}
	}
	want := map[string][]int{ // critical, high, medium, low, negligible, unknown
		"Own instructions":  {3, 2, 1, 0, 0, 0},
		"Base image":        {0, 3, 0, 0, 1, 1},
		"Build stages only": {1, 1, 0, 0, 0, 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
