package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// gitlabSchema is the version of GitLab's report format for container scanning
// that is written here:
// https://gitlab.com/gitlab-org/security-products/security-report-schemas
const gitlabSchema = "15.0.7"

type (
	gitlabReport struct {
		Version         string                `json:"version"`
		Scan            gitlabScan            `json:"scan"`
		Vulnerabilities []gitlabVulnerability `json:"vulnerabilities"`
		Remediations    []struct{}            `json:"remediations"`
	}
	gitlabScan struct {
		Type     string          `json:"type"`
		Status   string          `json:"status"`
		Start    string          `json:"start_time"`
		End      string          `json:"end_time"`
		Analyzer gitlabTool      `json:"analyzer"`
		Scanner  gitlabTool      `json:"scanner"`
		Messages []gitlabMessage `json:"messages,omitempty"`
	}
	gitlabTool struct {
		ID      string     `json:"id"`
		Name    string     `json:"name"`
		Version string     `json:"version"`
		Vendor  gitlabName `json:"vendor"`
	}
	gitlabName struct {
		Name string `json:"name"`
	}
	gitlabMessage struct {
		Level string `json:"level"`
		Value string `json:"value"`
	}
	gitlabVulnerability struct {
		ID          string                  `json:"id"`
		Name        string                  `json:"name"`
		Description string                  `json:"description,omitempty"`
		Severity    string                  `json:"severity"`
		Solution    string                  `json:"solution,omitempty"`
		Identifiers []gitlabIdentifier      `json:"identifiers"`
		CVSS        []gitlabCVSS            `json:"cvss_vectors,omitempty"`
		Links       []gitlabLink            `json:"links,omitempty"`
		Details     map[string]gitlabDetail `json:"details,omitempty"`
		Location    gitlabLocation          `json:"location"`
	}
	gitlabIdentifier struct {
		Type  string `json:"type"`
		Name  string `json:"name"`
		Value string `json:"value"`
		URL   string `json:"url,omitempty"`
	}
	gitlabCVSS struct {
		Vendor string `json:"vendor"`
		Vector string `json:"vector"`
	}
	gitlabLink struct {
		URL string `json:"url"`
	}
	gitlabDetail struct {
		Name  string `json:"name"`
		Type  string `json:"type"`
		Value string `json:"value,omitempty"`
		File  string `json:"file_name,omitempty"`
		Start int    `json:"line_start,omitempty"`
		End   int    `json:"line_end,omitempty"`
	}
	gitlabLocation struct {
		Image      string           `json:"image"`
		OS         string           `json:"operating_system"`
		Dependency gitlabDependency `json:"dependency"`
	}
	gitlabDependency struct {
		Package gitlabName `json:"package"`
		Version string     `json:"version"`
	}
)

// writeGitLab writes the vulnerabilities of the image's packages: GitLab's format
// has room for nothing else. What the policy ignores is counted, as GitLab would
// list it among what is open.
func writeGitLab(w io.Writer, r *scan.Report) error {
	doc := gitlabReport{
		Version: gitlabSchema, Scan: newGitLabScan(r), Vulnerabilities: []gitlabVulnerability{}, Remediations: []struct{}{},
	}
	ignored := map[string]int{}
	systems := gitlabSystems(r)
	image := gitlabImage(r)
	for _, i := range issues(r.Platforms) {
		switch {
		case i.kind != issueVulnerability || !i.final:
		case i.ignored():
			ignored[plain.Line(i.decision.Rule, cellWidth)]++
		default:
			doc.Vulnerabilities = append(doc.Vulnerabilities, newGitLabVulnerability(r, i, image, systems[firstOf(i.platforms)]))
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(ignored)) {
		doc.Scan.Messages = append(doc.Scan.Messages, gitlabMessage{"info", fmt.Sprintf("%s left out: ignored by the policy (%s)", plain.Count(ignored[rule], "vulnerability is", "vulnerabilities are"), rule)})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}

func newGitLabScan(r *scan.Report) gitlabScan {
	tool := gitlabTool{
		ID: "scan-build", Name: "scan-build", Version: cmp.Or(plain.Line(r.Scanner.Version, cellWidth), "unknown"), Vendor: gitlabName{"scan-build"},
	}
	s := gitlabScan{Type: "container_scanning", Status: "success", Start: gitlabTime(r.Started), End: gitlabTime(r.Finished), Analyzer: tool, Scanner: tool}
	if r.Verdict.Outcome == "" {
		s.Status = "failure"
	}
	for _, x := range remarks(r) {
		level := "info"
		if x.gap {
			level = "warn"
		}
		s.Messages = append(s.Messages, gitlabMessage{level, cmp.Or(x.text, "-")})
	}
	return s
}

func gitlabTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }

// gitlabImage is the image's first name; GitLab recognises a vulnerability by it.
func gitlabImage(r *scan.Report) string {
	name := ""
	if r.Build != nil {
		name = plain.Line(firstOf(r.Build.Images), messageWidth)
	}
	return cmp.Or(name, plain.Line(r.Target, messageWidth), "image")
}

// gitlabSystems are the distributions of the image by platform.
func gitlabSystems(r *scan.Report) map[string]string {
	out := map[string]string{}
	for i := range r.Platforms {
		if s := r.Platforms[i].FinalStage(); s != nil && s.OS != nil {
			out[r.Platforms[i].ID] = plain.Line(strings.TrimSuffix(s.OS.ID+":"+s.OS.VersionID, ":"), cellWidth)
		}
	}
	return out
}

func newGitLabVulnerability(r *scan.Report, i *issue, image, system string) gitlabVulnerability {
	f := i.finding
	v := gitlabVulnerability{
		// The same package, file and vulnerability have the same id in every report.
		ID:          uuid.NewSHA1(uuid.NameSpaceOID, []byte(r.Target+"\x00"+i.fingerprint)).String(),
		Name:        plain.Line(i.rule, 255),
		Description: mdProse(f.Summary),
		Severity:    gitlabSeverity(i.severity),
		Solution:    i.remedy(),
		Identifiers: gitlabIdentifiers(f),
		CVSS:        gitlabVectors(f.CVSS),
		Details:     gitlabDetails(r, i),
		Location: gitlabLocation{
			Image: image, OS: cmp.Or(system, "unknown"),
			Dependency: gitlabDependency{Package: gitlabName{plain.Line(i.pkg, cellWidth)}, Version: plain.Line(i.version, cellWidth)},
		},
	}
	var urls []string
	for _, u := range f.URLs {
		if u = webURL(u); u != "" {
			urls = addOnce(urls, u)
		}
	}
	for _, u := range urls {
		v.Links = append(v.Links, gitlabLink{u})
	}
	return v
}

// gitlabSeverity is the severity in GitLab's words, which know no negligible.
func gitlabSeverity(s scan.Severity) string {
	switch s {
	case scan.SeverityCritical:
		return "Critical"
	case scan.SeverityHigh:
		return "High"
	case scan.SeverityMedium:
		return "Medium"
	case scan.SeverityLow:
		return "Low"
	case scan.SeverityNegligible:
		return "Info"
	default:
		return "Unknown"
	}
}
