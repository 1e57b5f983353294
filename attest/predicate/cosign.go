package predicate

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/scan-build/scan-build/scan"
)

// Cosign is the body of [TypeCosignVuln]. cosign's own type lacks db.lastUpdate,
// which its specification has.
type Cosign struct {
	Invocation Invocation    `json:"invocation"`
	Scanner    CosignScanner `json:"scanner"`
	Metadata   Metadata      `json:"metadata"`
}

// Invocation says how the scan was run.
type Invocation struct {
	Parameters Parameters `json:"parameters"`
	// URI is where the scan was defined: the source of the scanner that ran
	// inside the build.
	URI string `json:"uri"`
	// EventID is the SHA-256 of the scan report that this predicate was made
	// from, as [Encode] writes it: the same event's other statement.
	EventID string `json:"event_id"`
	// BuilderID identifies the scanner's binaries.
	BuilderID string `json:"builder.id"`
}

// Parameters are the options that decided the verdict.
type Parameters struct {
	Target       string `json:"target,omitempty"`
	Platform     string `json:"platform,omitempty"`
	FailOn       string `json:"failOn"`
	OnlyFixed    bool   `json:"onlyFixed"`
	PolicyDigest string `json:"policyDigest,omitempty"`
}

// CosignScanner is the scanner and what it found.
type CosignScanner struct {
	URI     string       `json:"uri"`
	Version string       `json:"version"`
	DB      Database     `json:"db"`
	Result  CosignResult `json:"result"`
}

// CosignResult is what was found in the image. Its form is ours: cosign's
// specification leaves it to the scanner. A policy in CUE or Rego needs Outcome
// and Counts, which has every severity, and no more.
type CosignResult struct {
	Outcome  scan.Outcome    `json:"outcome"`
	Counts   map[string]int  `json:"counts"`
	Findings []CosignFinding `json:"findings"`
}

// CosignFinding is a finding and where it comes from.
type CosignFinding struct {
	Platform string `json:"platform"`
	Stage    string `json:"stage"`
	scan.Finding
	Layer *scan.Layer `json:"layer,omitempty"`
}

// CosignVuln says what was found in the image of one platform, in cosign's form.
func CosignVuln(r scan.Report, platform string) (Cosign, error) {
	r, err := ScanReport(r, platform)
	if err != nil {
		return Cosign{}, err
	}
	db, err := database(r.Database)
	if err != nil {
		return Cosign{}, err
	}
	md, err := metadata(r)
	if err != nil {
		return Cosign{}, err
	}
	report, err := Encode(r)
	if err != nil {
		return Cosign{}, err
	}
	event := sha256.Sum256(report)
	return Cosign{
		Invocation: Invocation{
			Parameters: Parameters{
				Target: r.Target, Platform: platform,
				FailOn: r.Verdict.FailOn, OnlyFixed: r.Verdict.OnlyFixed, PolicyDigest: r.Verdict.PolicyDigest,
			},
			URI:       scannerURI,
			EventID:   "sha256:" + hex.EncodeToString(event[:]),
			BuilderID: builderID(r.Scanner),
		},
		Scanner:  CosignScanner{URI: scannerURI, Version: r.Scanner.Version, DB: db, Result: cosignResult(r)},
		Metadata: md,
	}, nil
}

func cosignResult(r scan.Report) CosignResult {
	res := CosignResult{Outcome: r.Verdict.Outcome, Counts: map[string]int{}, Findings: []CosignFinding{}}
	for _, severity := range scan.Severities() {
		res.Counts[severity.String()] = 0
	}
	imageFindings(r, func(platform string, s scan.Stage, f scan.Finding) {
		res.Counts[f.Severity.String()]++
		cf := CosignFinding{Platform: platform, Stage: s.Name, Finding: f}
		if l, ok := layer(s, f); ok {
			cf.Layer = &l
		}
		res.Findings = append(res.Findings, cf)
	})
	return res
}

func builderID(s scan.Scanner) string {
	if s.Digest == "" {
		return scannerURI
	}
	return scannerURI + "@" + s.Digest
}
