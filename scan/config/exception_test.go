package config

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

var (
	aptLayer = scan.Layer{Digest: "sha256:aa", Instruction: "RUN apt-get update && apt-get install -y /tmp/x.deb"}
	openssl  = scan.Finding{
		ID: "CVE-2024-0001", Aliases: []string{"GHSA-abcd-1234-wxyz"}, Package: "openssl", Version: "1:3.0.11-1",
		PURL: "pkg:deb/debian/openssl@1%3A3.0.11-1?arch=amd64&distro=debian-12", Path: "var/lib/dpkg/status",
	}
	babel = scan.Finding{ID: "CVE-2024-0002", Package: "@babel/core", PURL: "pkg:npm/%40babel/core@7.1.0", Path: "app/node_modules/@babel/core/package.json"}
)

func TestExceptionMatchesFindingByAllThatItNames(t *testing.T) {
	for _, tc := range []struct {
		e    Exception
		f    scan.Finding
		want bool
	}{
		{Exception{}, openssl, false},
		{Exception{Vulnerability: "CVE-2024-0001"}, openssl, true},
		{Exception{Vulnerability: "cve-2024-0001"}, openssl, true},
		{Exception{Vulnerability: "ghsa-ABCD-1234-wxyz"}, openssl, true},
		{Exception{Vulnerability: "CVE-2024-000"}, openssl, false},
		{Exception{Package: "openssl"}, openssl, true},
		{Exception{Package: "open*"}, openssl, true},
		{Exception{Package: "OpenSSL"}, openssl, false},
		{Exception{Package: "@babel/*"}, babel, true},
		{Exception{Package: "*"}, babel, false},
		{Exception{Package: "**"}, babel, true},
		{Exception{Package: "**"}, scan.Finding{ID: "a"}, false},
		{Exception{Path: "app/**"}, babel, true},
		{Exception{Path: "**"}, scan.Finding{ID: "a"}, false},
		{Exception{Path: "srv/**"}, babel, false},
		{Exception{Layer: "sha256:aa"}, openssl, true},
		{Exception{Layer: "sha256:a"}, openssl, false},
		{Exception{Layer: "RUN apt-get *"}, openssl, true},
		{Exception{Layer: "*/tmp/x.deb"}, openssl, true},
		{Exception{Layer: "RUN apt-get"}, openssl, false},
		{Exception{Rule: "*"}, openssl, false},
		{Exception{Vulnerability: "CVE-2024-0001", Package: "openssl", Layer: "RUN *"}, openssl, true},
		{Exception{Vulnerability: "CVE-2024-0001", Package: "libssl3"}, openssl, false},
		{Exception{PURL: "pkg:deb/debian/openssl"}, openssl, true},
		{Exception{PURL: "pkg:deb/debian/openssl@*"}, openssl, true},
		{Exception{PURL: "pkg:deb/debian/openssl@1:3.0.*"}, openssl, true},
		{Exception{PURL: "pkg:deb/debian/openssl@1%3A3.0.11-1"}, openssl, true},
		{Exception{PURL: "pkg:deb/debian/openssl@3.*"}, openssl, false},
		{Exception{PURL: "pkg:deb/debian/*"}, openssl, true},
		{Exception{PURL: "pkg:deb/*"}, openssl, false},
		{Exception{PURL: "pkg:deb/**"}, openssl, true},
		{Exception{PURL: "pkg:{deb,rpm}/*/openssl"}, openssl, true},
		{Exception{PURL: "pkg:deb/debian/openssl?distro=debian-12"}, openssl, true},
		{Exception{PURL: "pkg:deb/debian/openssl@*?distro=debian-*&arch=amd64"}, openssl, true},
		{Exception{PURL: "pkg:deb/debian/openssl?arch=arm64"}, openssl, false},
		{Exception{PURL: "pkg:deb/debian/openssl?epoch=1"}, openssl, false},
		{Exception{PURL: "pkg:npm/%40babel/core"}, babel, true},
		{Exception{PURL: "pkg:npm/@babel/core"}, babel, true},
		{Exception{PURL: "pkg:npm/@babel/*@7.*"}, babel, true},
		{Exception{PURL: "pkg:npm/@babel/core@8.*"}, babel, false},
		{Exception{PURL: "pkg:npm/**"}, scan.Finding{ID: "a"}, false},
	} {
		if got := tc.e.MatchesFinding(tc.f, aptLayer); got != tc.want {
			t.Errorf("%+v matches %s: %t", tc.e, tc.f.ID, got)
		}
		if got := len(IndexExceptions([]Exception{tc.e}).ForFinding(tc.f, aptLayer)) == 1; got != tc.want {
			t.Errorf("the index finds %+v for %s: %t", tc.e, tc.f.ID, got)
		}
	}
}

func TestExceptionMatchesOtherThingsByRule(t *testing.T) {
	secret := scan.Secret{Rule: "private-key", Path: "app/key.pem"}
	root := scan.Misconfiguration{Check: "root-user", Layer: -1, Instruction: &scan.Layer{Instruction: "USER root"}}
	setuid := scan.Misconfiguration{Check: "setuid", Paths: []string{"opt/a", "opt/b"}, Count: 2}
	many := scan.Misconfiguration{Check: "setuid", Paths: []string{"opt/a"}, Count: 2}
	license := scan.Violation{Decision: scan.Decision{Rule: "license"}, Package: "ghostscript", Path: "usr/bin/gs", Layer: &aptLayer}
	for _, tc := range []struct {
		e                                   Exception
		secret, root, setuid, many, license bool
	}{
		{e: Exception{}},
		{e: Exception{Rule: "*"}, secret: true, root: true, setuid: true, many: true, license: true},
		{e: Exception{Rule: "private-key"}, secret: true},
		{e: Exception{Rule: "root-*"}, root: true},
		{e: Exception{Rule: "setuid"}, setuid: true, many: true},
		{e: Exception{Path: "opt/**"}, setuid: true},
		{e: Exception{Rule: "setuid", Path: "opt/a"}},
		{e: Exception{Rule: "setuid", Path: "opt/{a,b}"}, setuid: true},
		{e: Exception{Path: "app/*"}, secret: true},
		{e: Exception{Layer: "USER *"}, root: true},
		{e: Exception{Layer: "RUN apt-get*"}, license: true},
		{e: Exception{Package: "ghost*"}, license: true},
		{e: Exception{Package: "ghost*", Rule: "severity"}},
		{e: Exception{Vulnerability: "CVE-1", Rule: "*"}},
		{e: Exception{Vulnerability: "CVE-1"}},
		{e: Exception{PURL: "pkg:deb/**"}},
	} {
		none := scan.Layer{}
		x := IndexExceptions([]Exception{tc.e})
		for what, got := range map[string][3]bool{
			"secret":  {tc.secret, tc.e.MatchesSecret(secret, none), len(x.ForSecret(secret, none)) == 1},
			"root":    {tc.root, tc.e.MatchesMisconfiguration(root, none), len(x.ForMisconfiguration(root, none)) == 1},
			"setuid":  {tc.setuid, tc.e.MatchesMisconfiguration(setuid, none), len(x.ForMisconfiguration(setuid, none)) == 1},
			"many":    {tc.many, tc.e.MatchesMisconfiguration(many, none), len(x.ForMisconfiguration(many, none)) == 1},
			"license": {tc.license, tc.e.MatchesViolation(license), len(x.ForViolation(license)) == 1},
		} {
			if got != [3]bool{got[0], got[0], got[0]} {
				t.Errorf("%+v and %s: want %t, got %t, the index %t", tc.e, what, got[0], got[1], got[2])
			}
		}
	}
}

func TestIndexKeepsTheListsOrder(t *testing.T) {
	list := []Exception{{Package: "open*", Line: 1}, {Vulnerability: "GHSA-abcd-1234-wxyz", Line: 2}, {Package: "curl", Line: 3}, {Vulnerability: "CVE-2024-0001", Line: 4}}
	var lines []int
	for _, e := range IndexExceptions(list).ForFinding(openssl, aptLayer) {
		lines = append(lines, e.Line)
	}
	if diff := cmp.Diff([]int{1, 2, 4}, lines); diff != "" {
		t.Error(diff)
	}
}

func TestExceptionsAreReadFromTheFile(t *testing.T) {
	v, err := ParseYAML(FileName, []byte(`exceptions:
  - vulnerability: CVE-2024-3094
    package: xz-*
    path: /usr/lib/
    reason: sshd is not in the image
    expires: 2027-01-31
  - {purl: pkg:npm/lodash@4.*, layer: "RUN npm ci*", reason: 4711, expires: 2027-02-28}
  - {rule: dockerfile/*, reason: b, expires: 2027-02-28}
`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Options()
	if err != nil {
		t.Fatal(err)
	}
	want := []Exception{
		{Vulnerability: "CVE-2024-3094", Package: "xz-*", Path: "usr/lib/**", Reason: "sshd is not in the image", Expires: day("2027-01-31"), File: FileName, Line: 2},
		{PURL: "pkg:npm/lodash@4.*", Layer: "RUN npm ci*", Reason: "4711", Expires: day("2027-02-28"), File: FileName, Line: 7},
		{Rule: "dockerfile/*", Reason: "b", Expires: day("2027-02-28"), File: FileName, Line: 8},
	}
	if diff := cmp.Diff(want, got.Exceptions); diff != "" {
		t.Error(diff)
	}
}

func TestExceptionErrorsNameLineAndKey(t *testing.T) {
	entry := func(text string) string {
		return "exceptions:\n  - " + text + "\n    reason: r\n    expires: 2027-01-31"
	}
	for text, want := range map[string]string{
		"exceptions:\n  - vulnerability: CVE-1\n    expires: 2027-01-31": `2: exceptions: an entry needs reason`,
		"exceptions:\n  - vulnerability: CVE-1\n    reason: r":           `2: exceptions: an entry needs expires`,
		"exceptions: [{reason: a, expires: 2027-01-31}]":                 `1: exceptions: an entry needs at least one of vulnerability, package, purl, path, layer and rule`,
		entry("vulnerability: CVE-*"):                                    `2: exceptions.vulnerability: "CVE-*" is no id, want e.g. CVE-2024-3094`,
		entry("vulnerability: ''"):                                       `2: exceptions.vulnerability: is empty`,
		entry("package: 'a[b'"):                                          `2: exceptions.package: "a[b" is no pattern: a bracket is left open or empty`,
		entry("path: ../a"):                                              `2: exceptions.path: "../a" can match no path, want one relative to the image's root`,
		entry("purl: lodash"):                                            `2: exceptions.purl: "lodash" is no package URL, want e.g. pkg:deb/debian/openssl@*`,
		entry("purl: 'pkg:npm/a{b'"):                                     `2: exceptions.purl: "pkg:npm/a{b" is no pattern: a bracket is left open or empty`,
		entry("purl: 'pkg:npm/a?b'"):                                     `2: exceptions.purl: "b" is no qualifier, want e.g. arch=amd64`,
		entry("rule: a\n    vulnerability: b"):                           `2: exceptions: an entry with vulnerability and rule matches nothing: no finding has both`,
		entry("vulnerabilitie: a"):                                       `2: exceptions.vulnerabilitie: unknown key, did you mean vulnerability?`,
		entry("layer: a" + strings.Repeat("*", 512)):                     `2: exceptions.layer: is longer than 512 bytes`,
	} {
		_, err := ParseYAML(FileName, []byte(text))
		if err == nil {
			t.Errorf("%s: no error", text)
			continue
		}
		if diff := cmp.Diff(FileName+":"+want, err.Error()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestLiteralPiecesAreInAllThatMatches(t *testing.T) {
	for pattern, want := range map[string]string{
		"openssl": "openssl", "lib*-dev": "lib -dev", "**/node_modules/**": "node_modules", "{a,bcd}/x": "x", "a[bc]def": "a def",
		`a\*bc`: "a bc", "*": "", "a/**": "a", "{a,{b,c}}xy": "xy", "a]b": "a b", `[\]x]y`: "y",
	} {
		if got := strings.Join(literalPieces(pattern), " "); got != want {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}
}

// FuzzExceptionIndex holds the index to what exceptions say by themselves.
func FuzzExceptionIndex(f *testing.F) {
	f.Add("CVE-1", "a*", "x/**", "RUN *", "pkg:npm/a", "cve-1", "ab", "x/y", "pkg:npm/a@1?b=c")
	f.Add("", "{a,b}", "", "", "pkg:npm/@a/*@1.*?b=*", "", "a", "", "pkg:npm/%40a/b@1.2?b=%41")
	f.Fuzz(func(t *testing.T, id, pkg, path, layer, purl, hasID, hasPkg, hasPath, hasPURL string) {
		e := Exception{Vulnerability: id, Layer: layer}
		for _, p := range []struct {
			text  string
			to    *string
			parse func(string) (string, error)
		}{{pkg, &e.Package, parseNameGlob}, {path, &e.Path, parseGlob}, {purl, &e.PURL, parsePURLGlob}} {
			if glob, err := p.parse(p.text); err == nil {
				*p.to = glob
			}
		}
		finding := scan.Finding{ID: hasID, Package: hasPkg, Path: hasPath, PURL: hasPURL}
		want := e.MatchesFinding(finding, aptLayer)
		if got := len(IndexExceptions([]Exception{e}).ForFinding(finding, aptLayer)) == 1; got != want {
			t.Fatalf("%+v matches %+v: %t, the index %t", e, finding, want, got)
		}
	})
}

// largeLists are many exceptions of the kinds that people write, and as many
// findings of many packages.
func largeLists(kind string) ([]Exception, []scan.Finding) {
	var exceptions []Exception
	for i := range 1000 {
		e := Exception{Vulnerability: fmt.Sprintf("CVE-2024-%d", i*7)}
		switch kind {
		case "packages":
			e = Exception{Package: fmt.Sprintf("lib%d-*", i)}
		case "purls":
			e = Exception{PURL: fmt.Sprintf("pkg:npm/*/name-%d@1.*", i)}
		case "paths":
			e = Exception{Path: fmt.Sprintf("**/part-%d/**/package.json", i)}
		case "endings":
			e = Exception{Path: fmt.Sprintf("**/*-%d/*.json", i)}
		case "layers":
			e = Exception{Layer: fmt.Sprintf("RUN *step-%d*", i)}
		}
		exceptions = append(exceptions, e)
	}
	var findings []scan.Finding
	for i := range 10_000 {
		findings = append(findings, scan.Finding{
			ID: fmt.Sprintf("CVE-2024-%d", i), Aliases: []string{fmt.Sprintf("GHSA-%d", i)}, Package: fmt.Sprintf("lib%d-dev", i%3000),
			PURL: fmt.Sprintf("pkg:npm/%%40scope/name-%d@1.2.3", i%3000), Path: fmt.Sprintf("app/node_modules/part-%d/lib/package.json", i),
		})
	}
	return exceptions, findings
}

var exceptionKinds = []string{"vulnerabilities", "packages", "purls", "paths", "endings", "layers"}

func TestManyExceptionsAreHeldAgainstManyFindingsInTime(t *testing.T) {
	for _, kind := range exceptionKinds {
		exceptions, findings := largeLists(kind)
		start, n := time.Now(), 0
		x := IndexExceptions(exceptions)
		for _, f := range findings {
			n += len(x.ForFinding(f, aptLayer))
		}
		d := time.Since(start)
		t.Logf("%s: %d matches in %s", kind, n, d)
		if d > 5*time.Second { // ten times what is asked for: machines differ
			t.Errorf("%s took %s", kind, d)
		}
	}
}

func BenchmarkExceptions(b *testing.B) {
	for _, kind := range exceptionKinds {
		b.Run(kind, func(b *testing.B) {
			exceptions, findings := largeLists(kind)
			for range b.N {
				x := IndexExceptions(exceptions)
				for _, f := range findings {
					x.ForFinding(f, aptLayer)
				}
			}
		})
	}
}

func TestExceptionErrorIsTyped(t *testing.T) {
	_, err := ParseYAML(FileName, []byte("exceptions: [{rule: a, reason: b, expires: never}]"))
	var e *Error
	if !errors.As(err, &e) || e.Line != 1 || e.Name != "exceptions.expires" {
		t.Errorf("%#v", err)
	}
}
