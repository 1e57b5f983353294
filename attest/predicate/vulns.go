package predicate

import (
	"strconv"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// Vulns is the body of [TypeVulns]. The types of in-toto's own Go module are
// generated from protobuf; these produce the same JSON without that runtime, and
// a test reads it back with them.
type Vulns struct {
	Scanner  VulnsScanner `json:"scanner"`
	Metadata Metadata     `json:"metadata"`
}

// VulnsScanner is the scanner and what it found. An empty, non-nil Result means
// that nothing was found.
type VulnsScanner struct {
	URI     string        `json:"uri"`
	Version string        `json:"version,omitempty"`
	DB      Database      `json:"db"`
	Result  []VulnsResult `json:"result"`
}

// VulnsResult is one vulnerability of one package.
type VulnsResult struct {
	ID          string              `json:"id"`
	Severity    []VulnsSeverity     `json:"severity"`
	Annotations []map[string]string `json:"annotations,omitempty"`
}

// VulnsSeverity is a severity by one method: "grype" is the qualitative one that
// a gate decides on, "cvss_v3.1" and the like are base scores, "epss" is the
// probability of exploitation.
type VulnsSeverity struct {
	Method string `json:"method"`
	Score  string `json:"score"`
}

// VulnsV02 says what was found in the image of one platform.
func VulnsV02(r scan.Report, platform string) (Vulns, error) {
	r, err := ScanReport(r, platform)
	if err != nil {
		return Vulns{}, err
	}
	db, err := database(r.Database)
	if err != nil {
		return Vulns{}, err
	}
	md, err := metadata(r)
	if err != nil {
		return Vulns{}, err
	}
	v := Vulns{
		Scanner:  VulnsScanner{URI: scannerURI, Version: r.Scanner.Version, DB: db, Result: []VulnsResult{}},
		Metadata: md,
	}
	imageFindings(r, func(platform string, s scan.Stage, f scan.Finding) {
		v.Scanner.Result = append(v.Scanner.Result, VulnsResult{
			ID:          f.ID,
			Severity:    severities(f),
			Annotations: []map[string]string{annotations(platform, s, f)},
		})
	})
	return v, nil
}

func severities(f scan.Finding) []VulnsSeverity {
	s := []VulnsSeverity{{Method: "grype", Score: f.Severity.String()}}
	for _, c := range f.CVSS {
		s = append(s, VulnsSeverity{Method: "cvss_v" + c.Version, Score: strconv.FormatFloat(c.Score, 'f', 1, 64)})
	}
	if f.EPSS != nil {
		s = append(s, VulnsSeverity{Method: "epss", Score: strconv.FormatFloat(f.EPSS.Score, 'f', -1, 64)})
	}
	return s
}

func annotations(platform string, s scan.Stage, f scan.Finding) map[string]string {
	a := map[string]string{
		"platform": platform,
		"package":  f.Package,
		"version":  f.Version,
		"type":     f.Type,
		"fixState": f.Fix.State,
	}
	set := func(key, value string) {
		if value != "" {
			a[key] = value
		}
	}
	set("purl", f.PURL)
	set("path", f.Path)
	set("aliases", strings.Join(f.Aliases, ","))
	set("fixedIn", strings.Join(f.Fix.Versions, ","))
	if f.KEV != nil {
		a["kev"] = "true"
	}
	if l, ok := layer(s, f); ok {
		set("instruction", l.Instruction)
		if l.File != "" && l.StartLine > 0 {
			a["location"] = l.File + ":" + strconv.Itoa(l.StartLine)
		}
	}
	return a
}
