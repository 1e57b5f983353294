package policy

import (
	"strings"
	"testing"

	"github.com/scan-build/scan-build/scan"
)

func TestDeniedLicenses(t *testing.T) {
	l := newLicenses([]string{"AGPL-*", "gpl-3.0-only", "SSPL-1.0", "Proprietary *"})
	for _, tc := range []struct {
		licenses string
		want     bool
	}{
		{"MIT", false},
		{"AGPL-3.0-or-later", true},
		{"agpl-3.0", true},
		{"AGPL-3.0+", true},
		{"MIT OR AGPL-3.0-only", false},
		{"MIT/AGPL-3.0-only", false},
		{"MIT AND AGPL-3.0-only", true},
		{"(MIT OR SSPL-1.0) AND BSD-3-Clause", false},
		{"MIT OR SSPL-1.0 AND BSD-3-Clause", false},
		{"(MIT AND SSPL-1.0) OR AGPL-1.0", true},
		{"GPL-3.0-only WITH GCC-exception-3.1", true},
		{"GPL-2.0-only WITH GCC-exception-3.1", false},
		{"Proprietary of ACME", true},
		{"((((", false},
		{"AGPL-3.0 OR", true}, // no expression: a name that begins like one that is denied
		{") AGPL-3.0", false},
		{strings.Repeat("(", 900) + "AGPL-3.0" + strings.Repeat(")", 10), false},
		{"", false},
	} {
		if got := l.denied(scan.Package{Licenses: []string{"ISC", tc.licenses}}) != ""; got != tc.want {
			t.Errorf("%q: denied is %v", tc.licenses, got)
		}
	}
	if l.denied(scan.Package{}) != "" {
		t.Error("a package that declares none is denied")
	}
}
