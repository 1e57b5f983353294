package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdxlib"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

// readSPDX reads a document with SPDX's own library, and checks what that
// leaves unchecked.
func readSPDX(t *testing.T, data []byte) *spdx.Document {
	t.Helper()
	doc, err := spdxjson.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := spdxlib.ValidateDocument(doc); err != nil {
		t.Error(err)
	}
	id := regexp.MustCompile(`^[A-Za-z0-9.-]+$`)
	seen := map[string]bool{}
	for _, p := range doc.Packages {
		pid := string(p.PackageSPDXIdentifier)
		if !id.MatchString(pid) || seen[pid] {
			t.Errorf("identifier %q is not valid or not unique", pid)
		}
		seen[pid] = true
		if p.PackageName == "" || p.PackageDownloadLocation == "" || strings.Contains(p.PackageSourceInfo, "\n") {
			t.Errorf("incomplete package %+v", p)
		}
	}
	return doc
}

func TestSPDXDescribesTheImageOfAPlatform(t *testing.T) {
	data, err := SPDX(sample.Report(), "linux/amd64")
	if err != nil {
		t.Fatal(err)
	}
	doc := readSPDX(t, data)
	described, err := spdxlib.GetDescribedPackageIDs(doc)
	if err != nil || len(described) != 1 {
		t.Fatalf("%v, %v", described, err)
	}
	var got []string
	for _, p := range doc.Packages {
		ref := "-"
		if len(p.PackageExternalReferences) > 0 {
			ref = p.PackageExternalReferences[0].Locator
		}
		got = append(got, fmt.Sprintf("%s %s %s %s", p.PackageName, p.PackageVersion, ref, p.PackageLicenseDeclared))
	}
	want := []string{
		"app  - NOASSERTION",
		"debian 12 - NOASSERTION",
		"curl 7.88.1-10 pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=bookworm GPL-2.0-or-later",
		"libc-bin 2.36-9 pkg:deb/debian/libc-bin@2.36-9?arch=amd64&distro=bookworm GPL-2.0-or-later",
		"libc6 2.36-9 pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=bookworm GPL-2.0-or-later",
		"stdlib 1.21.0 pkg:golang/stdlib@1.21.0 NOASSERTION",
		"minimist 1.2.0 pkg:npm/minimist@1.2.0 MIT",
		"minimist 1.2.0 pkg:npm/minimist@1.2.0 MIT",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := len(doc.Relationships); n != len(want) { // DESCRIBES, and CONTAINS for all but the root
		t.Errorf("%d relationships", n)
	}
	if _, err := SPDX(sample.Report(), "windows/amd64"); err == nil {
		t.Error("a platform that was not scanned was described")
	}
}

func TestSPDXReportReadsWell(t *testing.T) {
	r := sample.Report()
	r.Platforms[0].Stages[1].Packages = r.Platforms[0].Stages[1].Packages[:2]
	r.Platforms[0].Stages[1].Packages[0].Licenses = []string{"curl", "BSD-3-Clause and friends"}
	r.Platforms = r.Platforms[:1]
	var b bytes.Buffer
	if err := Write(&b, "spdx", r); err != nil {
		t.Fatal(err)
	}
	golden(t, "image.spdx.json", b.Bytes())
}

func TestSPDXReportDescribesEveryPlatform(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, "spdx", sample.Report()); err != nil {
		t.Fatal(err)
	}
	described, err := spdxlib.GetDescribedPackageIDs(readSPDX(t, b.Bytes()))
	if err != nil || len(described) != 2 {
		t.Errorf("%v, %v", described, err)
	}
}

func TestSPDXDependsOnTheScanAlone(t *testing.T) {
	first, err := SPDX(sample.Report(), "linux/amd64")
	if err != nil {
		t.Fatal(err)
	}
	again, _ := SPDX(sample.Report(), "linux/amd64")
	if !bytes.Equal(first, again) {
		t.Error("equal scans give different documents")
	}
	r := sample.Report()
	r.Platforms[0].Stages[1].Packages[0].Version = "9"
	other, _ := SPDX(r, "linux/amd64")
	if readSPDX(t, first).DocumentNamespace == readSPDX(t, other).DocumentNamespace {
		t.Error("different scans share a namespace")
	}
}

func TestTwinPackagesKeepTheirOwnIdentifiers(t *testing.T) {
	r := sample.Report()
	s := &r.Platforms[0].Stages[1]
	s.Packages = append(s.Packages, s.Packages[0], scan.Package{Type: "npm"})
	data, err := SPDX(r, "linux/amd64")
	if err != nil {
		t.Fatal(err)
	}
	readSPDX(t, data)
}

func TestLicensesBecomeExpressions(t *testing.T) {
	tests := map[string]struct {
		declared []string
		want     string
		others   int
	}{
		"none":            {nil, "NOASSERTION", 0},
		"known":           {[]string{"MIT"}, "MIT", 0},
		"case is mended":  {[]string{"mit"}, "MIT", 0},
		"expression":      {[]string{"MIT OR Apache-2.0"}, "MIT OR Apache-2.0", 0},
		"several":         {[]string{"MIT OR Apache-2.0", "BSD-3-Clause", "MIT OR Apache-2.0"}, "(MIT OR Apache-2.0) AND BSD-3-Clause", 0},
		"nested":          {[]string{"((mit or ISC) and (Apache-2.0))"}, "((MIT OR ISC) AND (Apache-2.0))", 0},
		"exception":       {[]string{"gpl-2.0-only with classpath-exception-2.0"}, "GPL-2.0-only WITH Classpath-exception-2.0", 0},
		"deprecated":      {[]string{"GPL-2.0+", "AGPL-3.0"}, "GPL-2.0+ AND AGPL-3.0", 0},
		"or later":        {[]string{"MPL-1.0+"}, "MPL-1.0+", 0},
		"unknown":         {[]string{"Our own, see file"}, "LicenseRef-Our-own-see-file-ec46ad423b75", 1},
		"foreign ref":     {[]string{"LicenseRef-x"}, "LicenseRef-LicenseRef-x-67193955161d", 1},
		"empty":           {[]string{"", " "}, "NOASSERTION", 0},
		"nothing is said": {[]string{"NOASSERTION"}, "NOASSERTION", 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			l := newLicenseReader()
			if diff := cmp.Diff(tc.want, l.declared(tc.declared)); diff != "" {
				t.Error(diff)
			}
			if n := len(l.others()); n != tc.others {
				t.Errorf("%d other licenses", n)
			}
		})
	}
}

func TestBrokenExpressionsAreNoExpressions(t *testing.T) {
	for _, s := range []string{
		"((((", "MIT AND", "AND MIT", "(MIT", "MIT)", "()", "MIT MIT", "MIT WITH", "MIT WITH MIT", "(MIT) WITH Classpath-exception-2.0",
		"Classpath-exception-2.0", "MIT++", "+", "", strings.Repeat("(", 100) + "MIT" + strings.Repeat(")", 100),
	} {
		if e, ok := newLicenseList().normalize(s); ok {
			t.Errorf("%q was read as %q", s, e)
		}
	}
}

func FuzzLicense(f *testing.F) {
	for _, s := range []string{"MIT", "(MIT", "MIT AND", "GPL-2.0+ WITH x", "((((", "a\x00b", "LicenseRef-a", "DocumentRef-a:LicenseRef-b", "MIT+"} {
		f.Add(s)
	}
	valid := regexp.MustCompile(`^[A-Za-z0-9.+:() -]+$`)
	f.Fuzz(func(t *testing.T, s string) {
		if got := newLicenseReader().declared([]string{s}); !valid.MatchString(got) {
			t.Fatalf("%q became %q", s, got)
		}
	})
}
