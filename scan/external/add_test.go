package external

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

func found(path string) Output {
	return Output{Findings: []scan.ExternalFinding{{Analyzer: "x", Rule: "r", Path: path, Layer: -1}}}
}

func pack(name, path string) Output {
	return Output{Packages: []scan.Package{{Type: "npm", Name: name, Version: "1", Path: path}}}
}

// TestFindingsAndPackagesGetTheirLayers adds runs to a stage of four layers, of
// which the second has a package and changed etc/x, and the fourth removed app.
func TestFindingsAndPackagesGetTheirLayers(t *testing.T) {
	layers := []scan.LayerInventory{{}, {Evidence: []string{"etc/x"}}, {Files: []scan.FileFact{{Path: "usr/bin/su"}}}, {Removed: []string{"app"}}}
	for name, c := range map[string]struct {
		runs []Run
		want []string
	}{
		"of a layer":                      {[]Run{{Layer: 1, Output: found("a")}}, []string{"a in 1"}},
		"of a layer, removed later":       {[]Run{{Layer: 0, Output: found("app/b")}}, []string{"app/b in 0 until 3"}},
		"of a layer, replaced later":      {[]Run{{Layer: 0, Output: found("etc/x")}}, []string{"etc/x in 0 until 1"}},
		"of a layer above":                {[]Run{{Layer: 3, Output: found("app/b")}}, []string{"app/b in 3"}},
		"of the stage, known":             {[]Run{{Layer: -1, Output: found("usr/bin/su")}}, []string{"usr/bin/su in 2"}},
		"of the stage, unknown":           {[]Run{{Layer: -1, Output: found("y")}}, []string{"y in -1"}},
		"of no file":                      {[]Run{{Layer: 1, Output: found("")}}, []string{" in 1"}},
		"same in two layers":              {[]Run{{Layer: 0, Output: found("a")}, {Layer: 1, Output: found("a")}}, []string{"a in 0", "a in 1"}},
		"package of a layer":              {[]Run{{Layer: 2, Output: pack("p", "y")}}, []string{"p in 2"}},
		"package that is gone":            {[]Run{{Layer: 2, Output: pack("p", "app/y")}}, nil},
		"package of the stage":            {[]Run{{Layer: -1, Output: pack("p", "etc/x")}}, []string{"p in 1"}},
		"package of the stage, somewhere": {[]Run{{Layer: -1, Output: pack("p", "")}}, []string{"p in 3"}},
		"package that is known":           {[]Run{{Layer: -1, Output: pack("known", "")}}, nil},
		"package found twice":             {[]Run{{Layer: 0, Output: pack("p", "y")}, {Layer: 1, Output: pack("p", "z")}}, []string{"p in 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			st := scan.Stage{Packages: []scan.Package{{Type: "npm", Name: "known", Version: "1", First: 1, Last: 1}}}
			Add(&st, layers, c.runs)
			var got []string
			for _, f := range st.External {
				s := fmt.Sprintf("%s in %d", f.Path, f.Layer)
				if f.Removed > 0 {
					s += fmt.Sprintf(" until %d", f.Removed)
				}
				got = append(got, s)
			}
			for _, p := range st.Packages {
				if p.Name != "known" {
					got = append(got, fmt.Sprintf("%s in %d", p.Name, p.Last))
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGoVersionsOfOtherToolsAreTheSame(t *testing.T) {
	st := scan.Stage{Packages: []scan.Package{{Type: "golang", Name: "stdlib", Version: "1.21.0"}, {Type: "golang", Name: "x/y", Version: "v1.0.0"}}}
	out, err := Read(Analyzer{Name: "x"}, []File{{"a.spdx.json", []byte(`{"spdxVersion": "SPDX-2.3", "packages": [
		{"externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:golang/stdlib@go1.21.0"}]},
		{"externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:golang/x/y@1.0.0"}]}]}`)}})
	if err != nil {
		t.Fatal(err)
	}
	if Add(&st, nil, []Run{{Layer: -1, Output: out}}); len(st.Packages) != 2 {
		t.Errorf("%+v", st.Packages)
	}
}

func TestFindingsAreSorted(t *testing.T) {
	var st scan.Stage
	out := Output{}
	for _, f := range []string{"b 1 z", "a 2 y", "a 1 y", "a 1 x"} {
		w := strings.Fields(f)
		out.Findings = append(out.Findings, scan.ExternalFinding{Analyzer: "x", Path: w[0], Line: int(w[1][0] - '0'), Rule: w[2]})
	}
	Add(&st, nil, []Run{{Layer: -1, Output: out}})
	var got []string
	for _, f := range st.External {
		got = append(got, fmt.Sprintf("%s %d %s", f.Path, f.Line, f.Rule))
	}
	if diff := cmp.Diff([]string{"a 1 x", "a 1 y", "a 2 y", "b 1 z"}, got); diff != "" {
		t.Error(diff)
	}
}
