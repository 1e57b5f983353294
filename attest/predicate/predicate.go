// Package predicate turns a [scan.Report] into the predicates of in-toto
// attestations: what is said about an image, without who says it or where it is
// kept.
//
// It owns the bodies' formats and nothing else. It must not know signing,
// registries or BuildKit, so that whatever attaches unsigned attestations to a
// build's result can use it at no cost.
//
// Every function takes a platform in containerd's notation and speaks of that
// platform alone; the empty platform means all of the report's, which is what an
// image index's attestation says. Times are the report's own and never the
// current time.
package predicate

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// The predicate types of the attestations of a scan.
const (
	// TypeVulns is specified in in-toto/attestation, spec/predicates/vulns_02.md.
	TypeVulns = "https://in-toto.io/attestation/vulns/v0.2"
	// TypeCosignVuln is specified in sigstore/cosign,
	// specs/COSIGN_VULN_ATTESTATION_SPEC.md; cosign calls it "vuln".
	TypeCosignVuln = "https://cosign.sigstore.dev/attestation/vuln/v1"
	// TypeReport is the whole scan.Report of one platform.
	TypeReport = "https://github.com/scan-build/scan-build/attestation/report/v1"
	// TypeSPDX is an SPDX document; its bytes are made elsewhere.
	TypeSPDX = "https://spdx.dev/Document"
)

// MaxSize is the most bytes that one predicate may have: what BuildKit's
// exporters accept for one attestation file.
const MaxSize = 40 << 20

// scannerURI identifies the source of the scanner, see vulns_02.md.
const scannerURI = "https://github.com/scan-build/scan-build"

// Encode writes a predicate as JSON and refuses one that is larger than [MaxSize].
func Encode(predicate any) ([]byte, error) {
	b, err := json.Marshal(predicate)
	if err != nil {
		return nil, errors.Wrap(err, "failed to encode predicate")
	}
	if len(b) > MaxSize {
		return nil, errors.Errorf("predicate has %d bytes, more than the %d that can be attached to an image", len(b), MaxSize)
	}
	return b, nil
}

// Database identifies a vulnerability database, in both vulnerability predicates.
type Database struct {
	URI        string    `json:"uri,omitempty"`
	Version    string    `json:"version,omitempty"`
	LastUpdate time.Time `json:"lastUpdate"`
}

// Metadata frames the scan, in both vulnerability predicates.
type Metadata struct {
	ScanStartedOn  time.Time `json:"scanStartedOn"`
	ScanFinishedOn time.Time `json:"scanFinishedOn"`
}

// database refuses a report whose database has no date: both formats require
// one, and inventing one would claim a freshness that nobody knows.
func database(db scan.Database) (Database, error) {
	if db.Built.IsZero() {
		return Database{}, errors.New("report does not say when its vulnerability database was built")
	}
	version := db.Schema
	if db.Digest != "" {
		version += "@" + db.Digest
	}
	return Database{URI: publicURI(db.Source), Version: version, LastUpdate: db.Built.UTC()}, nil
}

func metadata(r scan.Report) (Metadata, error) {
	if r.Started.IsZero() || r.Finished.IsZero() {
		return Metadata{}, errors.New("report does not say when its scan started and finished")
	}
	return Metadata{ScanStartedOn: r.Started.UTC(), ScanFinishedOn: r.Finished.UTC()}, nil
}

// publicURI strips what must not be published from where a database came from:
// credentials, and query strings that sign a download.
func publicURI(source string) string {
	if !strings.Contains(source, "://") {
		return source
	}
	u, err := url.Parse(source)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// imageFindings calls f for each finding of the stages that become the image:
// findings of build stages are part of the report but say nothing about the
// image that carries the attestation.
func imageFindings(r scan.Report, f func(platform string, stage scan.Stage, finding scan.Finding)) {
	for _, p := range r.Platforms {
		for _, s := range p.Stages {
			if !s.Final {
				continue
			}
			for _, finding := range s.Findings {
				f(p.ID, s, finding)
			}
		}
	}
}

// layer is the layer that last changed a finding's package; ok is false for an
// index that the stage does not have.
func layer(s scan.Stage, f scan.Finding) (l scan.Layer, ok bool) {
	if f.Last < 0 || f.Last >= len(s.Layers) {
		return scan.Layer{}, false
	}
	return s.Layers[f.Last], true
}
