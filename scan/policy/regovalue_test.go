package policy

import (
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

// Rules get what JSON would give them.
func TestInputIsAsJSONWritesIt(t *testing.T) {
	configured, many := sample.Configured(), manyFindings(500)
	created := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	final := configured.Platforms[0].FinalStage()
	final.Base.Created = &created
	final.External = []scan.ExternalFinding{{Analyzer: "clamav", Rule: "Eicar", Path: "a"}}
	final.Problems, final.Unknown = []scan.Problem{{Path: "p", Message: "m"}}, []string{"no data"}
	opts := everyOption()
	opts.Base.Approved = [][]string{{"docker.io/library/*"}}
	opts.Exceptions[0].Vulnerability = final.Findings[0].ID
	for name, r := range map[string]*scan.Report{"configured": configured, "many findings": many, "nothing": {Platforms: make([]scan.Platform, 1)}} {
		f, err := newFacts(r, opts)
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.Platforms {
			in, _ := f.input(&r.Platforms[i])
			want, err := ast.InterfaceToValue(in)
			if err != nil {
				t.Fatal(err)
			}
			got, err := regoValue(in)
			if err != nil {
				t.Fatal(err)
			}
			if want.Compare(got) != 0 {
				t.Errorf("%s: it is\n%v\nwant\n%v", name, got, want)
			}
		}
	}
}
