// Package external reads what an analyzer that the user brought has written, and
// puts it into a report: SARIF as findings, the packages of SPDX and CycloneDX as
// packages, the vulnerabilities of CycloneDX as findings.
//
//	out, err := external.Read(external.Analyzer{Name: "clamav"}, files)
//	external.Add(&stage, inventories, []external.Run{{Layer: 2, Output: out}})
//
// It owns the formats as far as a gate needs them, and which layer a finding
// belongs to. It must not know how analyzers are run, nor what is done about what
// they find.
//
// Analyzers are somebody else's programs, and what they quote comes from images:
// files are bounded in size, depth and number, and one that cannot be understood
// is an error, never "no findings".
package external
