package external

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

// lines describes an output, one thing to a line.
func lines(o Output) string {
	var b strings.Builder
	for _, f := range o.Findings {
		fmt.Fprintf(&b, "%s %s %s %s:%d-%d %s %s\n", f.Analyzer, f.Rule, f.Severity, f.Path, f.Line, f.EndLine, f.Message, f.URL)
	}
	for _, p := range o.Packages {
		fmt.Fprintf(&b, "%s %s %s at %s by %s %v\n", p.Type, p.Name, p.Version, p.Path, p.Extractor, p.Licenses)
	}
	for _, p := range o.Problems {
		fmt.Fprintf(&b, "problem %s %s\n", p.Path, p.Message)
	}
	if o.Suppressed > 0 {
		fmt.Fprintf(&b, "%d suppressed\n", o.Suppressed)
	}
	return b.String()
}

func sarif(run string) string { return `{"version": "2.1.0", "runs": [` + run + `]}` }

func results(results string) string { return sarif(`{"results": [` + results + `]}`) }

func at(uri string) string {
	return `"locations": [{"physicalLocation": {"artifactLocation": {"uri": "` + uri + `"}, "region": {"startLine": 7}}}]`
}

func TestResultsAreRead(t *testing.T) {
	for name, c := range map[string]struct{ file, data, want string }{
		"nothing found":         {"a.sarif", results(""), ""},
		"levels":                {"a.sarif.json", results(`{"ruleId": "a", "level": "error", "message": {"text": "m"}}, {"ruleId": "b", "message": {"text": "m"}}, {"ruleId": "c", "level": "note", "message": {"text": "m"}}, {"ruleId": "d", "level": "none", "message": {"text": "m"}}`), "x a high :0-0 m \nx b medium :0-0 m \nx c low :0-0 m \nx d negligible :0-0 m \n"},
		"what is no finding":    {"a.sarif", results(`{"ruleId": "a", "kind": "pass"}, {"ruleId": "b", "kind": "notApplicable"}, {"ruleId": "c", "kind": "informational"}, {"ruleId": "d", "kind": "review"}`), "x d medium :0-0 d \n"},
		"suppressed":            {"a.sarif", results(`{"ruleId": "a", "suppressions": [{"kind": "inSource"}]}, {"ruleId": "b", "suppressions": [{"status": "rejected"}]}, {"ruleId": "c", "suppressions": [{"status": "underReview"}, {"status": "accepted"}]}`), "x b medium :0-0 b \n2 suppressed\n"},
		"path below the source": {"a.sarif", results(`{"ruleId": "a", ` + at("file:///run/src/core/sbom/usr/bin/a%20b") + `}`), "x a medium usr/bin/a b:7-7 a \n"},
		"relative path":         {"a.sarif", results(`{"ruleId": "a", ` + at("./usr/../bin/x") + `}`), "x a medium bin/x:7-7 a \n"},
		"path that climbs":      {"a.sarif", results(`{"ruleId": "a", ` + at("../../../../etc/x") + `}`), "x a medium etc/x:7-7 a \n"},
		"path that is a URL":    {"a.sarif", results(`{"ruleId": "a", ` + at("https://example.com/x") + `}`), "x a medium :0-0 a \n"},
		"base of URIs": {"a.sarif", sarif(`{"originalUriBaseIds": {"A": {"uri": "sub/", "uriBaseId": "B"}, "B": {"uri": "file:///run/src/core/sbom/"}},
			"artifacts": [{"location": {"uri": "f", "uriBaseId": "A"}}], "results": [{"ruleId": "a", "locations": [{"physicalLocation": {"artifactLocation": {"index": 0}}}]}]}`), "x a medium sub/f:0-0 a \n"},
		"bases that stand on each other": {"a.sarif", sarif(`{"originalUriBaseIds": {"A": {"uri": "a/", "uriBaseId": "A"}}, "results": [{"ruleId": "a", "locations": [{"physicalLocation": {"artifactLocation": {"uri": "f", "uriBaseId": "A"}}}]}]}`), "x a medium a/a/a/a/a/a/a/a/a/a/f:0-0 a \n"},
		"rule by index":                  {"a.sarif", sarif(`{"tool": {"driver": {"rules": [{"id": "r", "helpUri": "https://h.example/r", "shortDescription": {"text": "short"}, "properties": {"security-severity": "9.8"}}]}}, "results": [{"ruleIndex": 0}]}`), "x r critical :0-0 short https://h.example/r\n"},
		"rule by a more specific id":     {"a.sarif", sarif(`{"tool": {"driver": {"rules": [{"id": "r", "defaultConfiguration": {"level": "error"}, "messageStrings": {"m": {"text": "{0} is {1}"}}}]}}, "results": [{"ruleId": "r/1", "message": {"id": "m", "arguments": ["a", "b"]}}]}`), "x r/1 high :0-0 a is b \n"},
		"rule of an extension":           {"a.sarif", sarif(`{"tool": {"driver": {"rules": []}, "extensions": [{"rules": [{"id": "e", "properties": {"security-severity": 3}}]}]}, "results": [{"rule": {"index": 0, "toolComponent": {"index": 0}}}]}`), "x e low :0-0 e \n"},
		"index that is none":             {"a.sarif", sarif(`{"results": [{"ruleId": "a", "ruleIndex": 99, "rule": {"index": -1}}]}`), "x a medium :0-0 a \n"},
		"link that is no page":           {"a.sarif", sarif(`{"tool": {"driver": {"rules": [{"id": "r", "helpUri": "javascript:alert(1)"}]}}, "results": [{"ruleId": "r"}]}`), "x r medium :0-0 r \n"},
		"file that could not be read":    {"a.sarif", sarif(`{"invocations": [{"executionSuccessful": true, "toolExecutionNotifications": [{"level": "error", "message": {"text": "syntax"}, ` + at("a.c") + `}, {"level": "note", "message": {"text": "n"}}]}], "results": []}`), "problem a.c x: syntax\n"},
		"SPDX": {"sbom.spdx.json", `{"spdxVersion": "SPDX-2.3", "packages": [
			{"SPDXID": "P1", "licenseDeclared": "MIT", "externalRefs": [{"referenceType": "cpe23Type", "referenceLocator": "x"}, {"referenceType": "purl", "referenceLocator": "pkg:npm/%40a/b@1.0.0"}]},
			{"SPDXID": "P2", "licenseDeclared": "NOASSERTION", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:maven/g/a@2"}]},
			{"SPDXID": "Root", "name": "sbom"}, {"SPDXID": "P3", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:npm/unversioned"}]}],
			"files": [{"SPDXID": "F", "fileName": "./app/package.json"}], "relationships": [{"spdxElementId": "P1", "relatedSpdxElement": "F", "relationshipType": "OTHER"}]}`,
			"npm @a/b 1.0.0 at app/package.json by x [MIT]\nmaven g:a 2 at  by x []\n"},
		"SPDX as BuildKit wants it": {"sbom.spdx.json", `{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document", "predicate": {"spdxVersion": "SPDX-2.3", "packages": [{"externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:deb/debian/curl@7.1?arch=amd64&upstream=curl-src%407.0"}]}]}}`,
			"deb curl 7.1 at  by x []\n"},
		"CycloneDX": {"bom.cdx.json", `{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "bom-ref": "1", "name": "b", "version": "1", "purl": "pkg:pypi/B_c@1", "licenses": [{"license": {"id": "MIT"}}],
			"evidence": {"occurrences": [{"location": "/run/src/core/sbom/b.txt"}]}, "components": [{"type": "library", "name": "inner", "purl": "pkg:golang/x/y@v1.0.0", "properties": [{"name": "syft:location:0:path", "value": "/bin/y"}]}]}],
			"vulnerabilities": [{"id": "CVE-1", "source": {"url": "https://v.example/1"}, "ratings": [{"severity": "low"}, {"severity": "critical"}], "description": "bad", "affects": [{"ref": "1"}, {"ref": "gone"}]},
				{"id": "CVE-2", "ratings": [{"score": 7.5, "method": "CVSSv31"}]}, {"id": "CVE-3", "analysis": {"state": "not_affected"}}, {"id": "CVE-4", "analysis": {"state": "exploitable"}, "ratings": [{"severity": "info"}]}]}`,
			"x CVE-2 high :0-0 CVE-2 \nx CVE-4 negligible :0-0 CVE-4 \nx CVE-1 critical :0-0 gone: bad https://v.example/1\nx CVE-1 critical b.txt:0-0 b 1: bad https://v.example/1\npypi b-c 1 at b.txt by x [MIT]\ngolang x/y v1.0.0 at bin/y by x []\n1 suppressed\n"},
		"CycloneDX without anything": {"bom.cyclonedx.json", `{"bomFormat": "CycloneDX", "specVersion": "1.5"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := Read(Analyzer{Name: "x"}, []File{{c.file, []byte(c.data)}})
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Split(c.want, "\n")
			got := strings.Split(lines(out), "\n")
			if diff := cmp.Diff(want, got, cmp.Transformer("set", func(l []string) map[string]int {
				set := map[string]int{}
				for _, s := range l {
					set[s]++
				}
				return set
			})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWhatCannotBeUnderstoodIsAnError holds that nothing of it passes as "no
// findings".
func TestWhatCannotBeUnderstoodIsAnError(t *testing.T) {
	for name, c := range map[string]struct{ file, data, want string }{
		"no format":            {"report.txt", "", "report.txt is in no format that is known"},
		"empty file":           {"a.sarif", "", "its result a.sarif cannot be read: line 1: unexpected end"},
		"broken file":          {"a.sarif", "{\n\n]", "line 3: invalid character"},
		"another version":      {"a.sarif", `{"version": "1.0.0", "runs": []}`, `version: "1.0.0" is no version of SARIF`},
		"no runs":              {"a.sarif", `{"version": "2.1.0", "runs": []}`, "nothing was looked at"},
		"no results":           {"a.sarif", sarif(`{}`), `run 1: has no "results"`},
		"null results":         {"a.sarif", sarif(`{"results": null}`), `run 1: has no "results"`},
		"results elsewhere":    {"a.sarif", sarif(`{"externalPropertyFileReferences": {"results": [{}]}}`), "in other files"},
		"a tool that failed":   {"a.sarif", sarif(`{"results": [], "invocations": [{"executionSuccessful": false, "toolExecutionNotifications": [{"level": "error", "message": {"text": "no signatures"}}]}]}`), "run 1: its tool failed: no signatures"},
		"deep nesting":         {"a.sarif", strings.Repeat("[", 200), "nested more than 100 deep"},
		"too many findings":    {"a.sarif", results(strings.Repeat(`{"ruleId": "a"},`, maxFindings) + `{"ruleId": "a"}`), "more than 20000 findings"},
		"another SPDX":         {"a.spdx.json", `{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}`, `spdxVersion: "" is no version`},
		"another CycloneDX":    {"a.cdx.json", `{"bomFormat": "SPDX", "specVersion": "1.5"}`, `bomFormat: "SPDX"`},
		"an empty statement":   {"a.spdx.json", `{"_type": "https://in-toto.io/Statement/v1"}`, "without a predicate"},
		"SARIF of other types": {"a.sarif", sarif(`{"results": {}}`), "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(Analyzer{Name: "x"}, []File{{c.file, []byte(c.data)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	if _, err := Read(Analyzer{Name: "x"}, nil); err == nil || !strings.Contains(err.Error(), "written no result") {
		t.Error(err)
	}
}

func TestFingerprintsAreStableAndTellFindingsApart(t *testing.T) {
	read := func(data string) []string {
		out, err := Read(Analyzer{Name: "x"}, []File{{"a.sarif", []byte(data)}})
		if err != nil {
			t.Fatal(err)
		}
		var prints []string
		for _, f := range out.Findings {
			prints = append(prints, f.Fingerprint)
		}
		return prints
	}
	one := `{"ruleId": "a", "message": {"text": "m"}, ` + at("f") + `}`
	moved := strings.Replace(one, `"startLine": 7`, `"startLine": 9`, 1)
	if diff := cmp.Diff(read(results(one)), read(results(moved))); diff != "" {
		t.Errorf("another line makes another finding: %s", diff)
	}
	two := read(results(one + "," + moved))
	if len(two) != 2 || two[0] == two[1] {
		t.Errorf("two findings are one: %q", two)
	}
	byTool := `{"ruleId": "a", "message": {"text": "m"}, "partialFingerprints": {"h": "1"}}`
	if a, b := read(results(byTool)), read(results(strings.Replace(byTool, `"m"`, `"n"`, 1))); a[0] != b[0] {
		t.Error("what the tool says identifies it does not")
	}
}

func FuzzRead(f *testing.F) {
	f.Add("a.sarif", results(`{"ruleId": "a", `+at("f")+`}`))
	f.Add("a.spdx.json", `{"spdxVersion": "SPDX-2.3", "packages": [{"externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:npm/a@1"}]}]}`)
	f.Add("a.cdx.json", `{"bomFormat": "CycloneDX", "specVersion": "1.6", "vulnerabilities": [{"affects": [{"ref": "x"}]}]}`)
	f.Fuzz(func(t *testing.T, name, data string) {
		out, err := Read(Analyzer{Name: "x"}, []File{{name, []byte(data)}})
		if err != nil {
			return
		}
		st := scan.Stage{}
		Add(&st, nil, []Run{{Layer: -1, Output: out}})
		for _, f := range st.External {
			if strings.HasPrefix(f.Path, "/") || strings.Contains("/"+f.Path+"/", "/../") || f.Fingerprint == "" {
				t.Fatalf("%+v", f)
			}
		}
	})
}
