package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

// officialSARIFSchema is OASIS's schema, which go-sarif has in its source but
// does not export.
func officialSARIFSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	pkg, err := build.Import("github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif", ".", build.FindOnly)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(pkg.Dir, "schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.ValueSpec); ok && s.Names[0].Name == "schema" {
			text, err = strconv.Unquote(s.Values[0].(*ast.BasicLit).Value)
		}
		return true
	})
	if err != nil || text == "" {
		t.Fatalf("no schema in go-sarif: %v", err)
	}
	return compileSchema(t, "schema.json", []byte(text))
}

func validate(t *testing.T, schema *jsonschema.Schema, document []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Error(err)
	}
}

func render(t *testing.T, format string, r *scan.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sarifRunOf(t *testing.T, r *scan.Report) sarifRun {
	t.Helper()
	var log sarifLog
	if err := json.Unmarshal(render(t, "sarif", r), &log); err != nil {
		t.Fatal(err)
	}
	return log.Runs[0]
}

func TestSARIFIsValidAndReadsWell(t *testing.T) {
	schema := officialSARIFSchema(t)
	r := everything(t)
	r.Verdict.PolicyDigest = "sha256:9011c4" // the real one changes with every rule
	got := render(t, "sarif", r)
	validate(t, schema, got)
	golden(t, "image.sarif", got)
	validate(t, schema, render(t, "sarif", &scan.Report{}))
	validate(t, schema, render(t, "sarif", hostile(t)))
}

func TestSARIFIsReadByAnotherLibrary(t *testing.T) {
	r := everything(t)
	doc, err := sarif.FromBytes(render(t, "sarif", r), sarif.WithStrictValidation())
	if err != nil {
		t.Fatal(err)
	}
	levels := map[string]int{}
	for _, x := range doc.Runs[0].Results {
		levels[x.Level]++
		rules := doc.Runs[0].Tool.Driver.Rules
		if c := x.Rule.ToolComponent; c != nil {
			rules = doc.Runs[0].Tool.Extensions[c.Index].Rules
		}
		if got := rules[x.Rule.Index].ID; got == nil || *got != *x.RuleID {
			t.Errorf("result of %s points at rule %v", *x.RuleID, got)
		}
	}
	if levels["error"] == 0 || levels["warning"] == 0 || levels["note"] == 0 {
		t.Error(levels)
	}
}

func TestSARIFResultsStandOnDockerfileLines(t *testing.T) {
	got := map[string]string{}
	for _, x := range sarifRunOf(t, everything(t)).Results {
		p := x.Locations[0].Physical
		got[x.RuleID] = fmt.Sprintf("%s %s:%d-%d %s", p.Artifact.BaseID, p.Artifact.URI, p.Region.Start, p.Region.End, x.Level)
	}
	for rule, want := range map[string]string{
		"CVE-2023-38545":          "%SRCROOT% Dockerfile:7-8 error",
		"CVE-2023-4911":           "%SRCROOT% Dockerfile:6-0 error",
		"secret/aws-access-token": "%SRCROOT% Dockerfile:10-0 error",
		"sast/weak-hash":          "%SRCROOT% src/app.js:12-14 error",
		"clamav/Eicar-Test":       "%SRCROOT% Dockerfile:9-0 error",
	} {
		if got[rule] != want {
			t.Errorf("%s is at %q, want %q", rule, got[rule], want)
		}
	}
}

func TestSARIFFingerprintsStayTheSame(t *testing.T) {
	prints := func(r *scan.Report) []string {
		var out []string
		for _, x := range sarifRunOf(t, r).Results {
			out = append(out, x.RuleID+" "+x.Fingerprints["primaryLocationLineHash"])
		}
		slices.Sort(out)
		return out
	}
	want := prints(everything(t))
	if n := len(slices.Compact(slices.Clone(want))); n != len(want) {
		t.Errorf("%d of %d fingerprints are different", n, len(want))
	}
	later := everything(t)
	later.Started, later.Finished = later.Started.AddDate(0, 1, 0), later.Finished.AddDate(0, 1, 0)
	slices.Reverse(later.Platforms)
	for _, s := range later.AllStages() {
		slices.Reverse(s.Findings)
		for i := range s.Layers { // a line and a comment more, everything rebuilt
			l := &s.Layers[i]
			l.Digest, l.StartLine, l.EndLine = "sha256:f00"+strconv.Itoa(i), l.StartLine+2, l.EndLine+2
			l.Base = strings.Replace(l.Base, "abcdef", "fedcba", 1)
		}
	}
	if diff := cmp.Diff(want, prints(later)); diff != "" {
		t.Error(diff)
	}
}

func TestSARIFSaysWhyAFindingIsSuppressed(t *testing.T) {
	r := everything(t)
	found := false
	for _, x := range sarifRunOf(t, r).Results {
		if len(x.Suppressions) == 0 {
			continue
		}
		found = true
		if s := x.Suppressions[0]; x.Level != "note" || s.Kind != "external" || s.Justification != "not reachable here (exception in .scan-build.yaml:9, until 2026-05-01)" {
			t.Errorf("%s: %+v", x.RuleID, x.Suppressions)
		}
	}
	if !found {
		t.Error("nothing is suppressed")
	}
}

func TestSARIFSeverityIsTheReports(t *testing.T) {
	for _, c := range []struct {
		severity scan.Severity
		score    float64
		want     string
	}{
		{scan.SeverityCritical, 9.8, "9.8"},
		{scan.SeverityLow, 9.8, "2.0"}, // a distribution rates lower than NVD
		{scan.SeverityHigh, 0, "8.0"},
		{scan.SeverityUnknown, 5.3, "5.3"},
	} {
		r := sample.Report()
		for _, s := range r.AllStages() {
			s.Findings = s.Findings[:1]
			s.Findings[0].Severity, s.Findings[0].CVSS = c.severity, []scan.CVSS{{Score: c.score}}
		}
		if got := sarifRunOf(t, r).Tool.Driver.Rules; !slices.ContainsFunc(got, func(x *sarifRule) bool { return x.Properties["security-severity"] == c.want }) {
			t.Errorf("%s with CVSS %v: not %s", c.severity, c.score, c.want)
		}
	}
}

func TestSARIFStaysWithinGitHubsLimits(t *testing.T) {
	r := sample.Report()
	final := r.Platforms[0].FinalStage()
	one := final.Findings[0]
	one.Aliases = strings.Split(strings.Repeat("alias ", 3)+"a b c d e f g h i j k l m n o p q r s t u v w x y z", " ")
	for i := range sarifResults + 10 {
		one.ID = "CVE-2026-" + strconv.Itoa(10000+i)
		if one.Summary = "short"; i < 100 {
			one.Summary = strings.Repeat("long ", 250)
		}
		final.Findings = append(final.Findings, one)
	}
	run := sarifRunOf(t, r)
	if len(run.Results) != sarifResults || !strings.Contains(run.Invocation[0].Notifications[0].Message.Text, "more results are left out") {
		t.Errorf("%d results, %v", len(run.Results), run.Invocation[0].Notifications)
	}
	for _, rule := range run.Tool.Driver.Rules {
		if n := len(rule.Properties["tags"].([]any)); n > sarifTags {
			t.Fatalf("%s has %d tags", rule.ID, n)
		}
	}
	for _, x := range run.Results {
		if n := len([]rune(x.Message.Text)); n > sarifText {
			t.Fatalf("%s: %d characters", x.RuleID, n)
		}
	}
}

func TestSARIFMessagesCannotLink(t *testing.T) {
	for _, x := range sarifRunOf(t, hostile(t)).Results {
		if strings.Contains(x.Message.Text, "](") {
			t.Fatal(x.Message.Text)
		}
		uri := x.Locations[0].Physical.Artifact.URI
		if u, err := url.Parse(uri); err != nil || u.IsAbs() || u.Host != "" || strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "../") {
			t.Fatalf("%v %s", err, uri)
		}
	}
}

func TestSARIFOfAScanWithoutVerdictFailed(t *testing.T) {
	if sarifRunOf(t, sample.Report()).Invocation[0].Successful {
		t.Error("a report without verdict counts as a scan that succeeded")
	}
}

func TestSARIFCategoriesTellBuildsApart(t *testing.T) {
	r := sample.Report()
	if got := sarifCategory(r); got != "scan-build/app/linux-amd64+linux-arm64/" {
		t.Error(got)
	}
	r.Platforms, r.Target = r.Platforms[:1], "a/../b"
	if got := sarifCategory(r); got != "scan-build/a-..-b/linux-amd64/" {
		t.Error(got)
	}
}
