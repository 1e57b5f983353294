package report

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/report/html"
)

// Format is one way to render a report.
type Format struct {
	// Name as in --report NAME=FILE.
	Name string
	// Description is one line for help texts, without a full stop.
	Description string
	// MediaType of what Write writes.
	MediaType string
	// Write renders the whole report, all platforms.
	Write func(w io.Writer, r *scan.Report) error
}

// Formats returns every format, in the order help texts list them in.
func Formats() []Format {
	return []Format{
		{"json", "The whole report, as later commands read it", "application/json", writeJSON},
		{"table", "The findings and secrets of every stage, for people", "text/plain; charset=utf-8", writeTable},
		{"spdx", "SPDX 2.3 SBOM of the image, one per platform in one document", "application/spdx+json", writeSPDX},
		{"cyclonedx", "CycloneDX 1.6 SBOM of the image with its vulnerabilities and what was decided about them (VEX)", "application/vnd.cyclonedx+json", writeCycloneDX},
		{"openvex", "OpenVEX document: what is known of the effect of each vulnerability", "application/json", writeOpenVEX},
		{"sarif", "SARIF 2.1.0 for code hosts: every finding at its Dockerfile line", "application/sarif+json", writeSARIF},
		{"gitlab", "Container scanning report for GitLab: the vulnerabilities of the image", "application/json", writeGitLab},
		{"junit", "JUnit XML for CI systems: a test for each instruction, which fails if what it brought blocks", "application/xml", writeJUnit},
		{"markdown", "A comment for a pull request, at most 65,000 bytes", "text/markdown; charset=utf-8", writeMarkdown},
		{"compliance", "What the scan shows of the controls of CIS, NIST, PCI DSS, HIPAA, SOC 2 and FedRAMP", "text/plain; charset=utf-8", writeCompliance},
		{"html", "One self-contained page to filter, sort and share, for people", "text/html; charset=utf-8", html.Write},
		{"compliance-json", "The same for programs", "application/json", writeComplianceJSON},
	}
}

// Lookup returns the format of a name; an unknown one is an error that lists
// those there are.
func Lookup(name string) (Format, error) {
	var names []string
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, errors.Errorf("unknown format %q, want one of %s", name, strings.Join(names, ", "))
}

// Write renders a report in the format of a name.
func Write(w io.Writer, format string, r *scan.Report) error {
	f, err := Lookup(format)
	if err != nil {
		return err
	}
	return errors.Wrapf(f.Write(w, r), "failed to write the %s report", f.Name)
}

func writeJSON(w io.Writer, r *scan.Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
