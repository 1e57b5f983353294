package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/check"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

func configured(t *testing.T) *scan.Report {
	t.Helper()
	r := sample.Configured()
	check.Evaluate(r)
	return decided(t, r)
}

func TestComplianceReadsWell(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, "compliance", configured(t)); err != nil {
		t.Fatal(err)
	}
	golden(t, "compliance.txt", b.Bytes())
}

func TestComplianceForProgramsSaysTheSame(t *testing.T) {
	r := configured(t)
	var b bytes.Buffer
	if err := Write(&b, "compliance-json", r); err != nil {
		t.Fatal(err)
	}
	var got complianceDocument
	dec := json.NewDecoder(&b)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := check.Assess(r)
	if len(got.Frameworks) != len(want) || len(got.Platforms) != 2 {
		t.Fatalf("%d frameworks, platforms %v", len(got.Frameworks), got.Platforms)
	}
	for i, f := range got.Frameworks {
		if f.Pass != want[i].Pass || f.Fail != want[i].Fail || f.Pass+f.Fail+f.None != len(f.Controls) {
			t.Errorf("%s: %d pass, %d fail, %d not assessable of %d", f.Framework, f.Pass, f.Fail, f.None, len(f.Controls))
		}
	}
}

func TestComplianceOfNothingPassesNothing(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, "compliance", &scan.Report{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "  PASS") || strings.Contains(b.String(), "  FAIL") {
		t.Error(b.String())
	}
}
