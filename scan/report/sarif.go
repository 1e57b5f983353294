package report

import (
	"encoding/json"
	"io"

	"github.com/scan-build/scan-build/scan"
)

// What GitHub takes in of a SARIF file at most; it refuses a file that has more
// results or tags, and cuts texts:
// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
const (
	sarifResults   = 25_000
	sarifTags      = 20
	sarifText      = 1000
	sarifLocations = 100
)

// The parts of SARIF 2.1.0 that are written here:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool                `json:"tool"`
		Automation sarifAutomation          `json:"automationDetails"`
		Invocation []sarifInvocation        `json:"invocations"`
		Provenance []sarifProvenance        `json:"versionControlProvenance,omitempty"`
		URIBases   map[string]sarifArtifact `json:"originalUriBaseIds"`
		Results    []sarifResult            `json:"results"`
		Properties map[string]any           `json:"properties,omitempty"`
	}
	sarifTool struct {
		Driver     *sarifComponent   `json:"driver"`
		Extensions []*sarifComponent `json:"extensions,omitempty"`
	}
	sarifComponent struct {
		Name    string       `json:"name"`
		Version string       `json:"version,omitempty"`
		Rules   []*sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID         string         `json:"id"`
		Short      sarifMessage   `json:"shortDescription"`
		Full       sarifMessage   `json:"fullDescription"`
		HelpURI    string         `json:"helpUri,omitempty"`
		Help       sarifMessage   `json:"help"`
		Properties map[string]any `json:"properties,omitempty"`
	}
	sarifMessage struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifAutomation struct {
		ID string `json:"id"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Start         string              `json:"startTimeUtc,omitempty"`
		End           string              `json:"endTimeUtc,omitempty"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string       `json:"level"`
		Message sarifMessage `json:"message"`
	}
	sarifProvenance struct {
		Repository string `json:"repositoryUri"`
		Revision   string `json:"revisionId,omitempty"`
		Branch     string `json:"branch,omitempty"`
	}
	sarifArtifact struct {
		URI         string        `json:"uri,omitempty"`
		BaseID      string        `json:"uriBaseId,omitempty"`
		Description *sarifMessage `json:"description,omitempty"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		Rule         sarifRuleRef       `json:"rule"`
		Level        string             `json:"level"`
		Message      sarifMessage       `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Related      []sarifLocation    `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
		Properties   map[string]any     `json:"properties,omitempty"`
	}
	// sarifRuleRef points at a rule; without component it is one of the driver's.
	sarifRuleRef struct {
		Index     int                `json:"index"`
		Component *sarifComponentRef `json:"toolComponent,omitempty"`
	}
	sarifComponentRef struct {
		Index int `json:"index"`
	}
	sarifLocation struct {
		ID       int            `json:"id,omitempty"`
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
		Message  *sarifMessage  `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifRegion struct {
		Start int `json:"startLine"`
		End   int `json:"endLine,omitempty"`
	}
	sarifLogical struct {
		Name      string `json:"name"`
		Qualified string `json:"fullyQualifiedName,omitempty"`
		Kind      string `json:"kind"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification,omitempty"`
	}
)

// writeSARIF writes one run over all platforms.
func writeSARIF(w io.Writer, r *scan.Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(sarifLog{
		Schema:  "https://json.schemastore.org/sarif-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{newSARIFRun(r)},
	})
}
