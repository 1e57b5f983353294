package check

import (
	"fmt"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// secretsInDockerfile is BuildKit's own rule.
var secretsInDockerfile = []string{"dockerfile/SecretsUsedInArgOrEnv"}

// notApproved is the policy's rule about base images that the options do not list.
var notApproved = []string{"base-not-approved"}

// cisDocker is section 4 of the benchmark; all other sections are about hosts,
// daemons and running containers.
func cisDocker() Framework {
	return Framework{
		ID: "cis-docker", Name: "CIS Docker Benchmark v1.6.0, section 4", URL: "https://www.cisecurity.org/benchmark/docker",
		Controls: []Control{
			{ID: "4.1", Title: "Containers run as a user of their own"},
			{ID: "4.2", Title: "Only trusted base images", Violations: notApproved, Reason: "whom an organisation trusts is its decision; base.approved in the options enforces it"},
			{ID: "4.3", Title: "No unnecessary packages", Reason: "what an image needs is known to its owner alone; the checks see what hardly any image needs"},
			{ID: "4.4", Title: "Images are scanned and rebuilt with security fixes", Vulnerabilities: true},
			{ID: "4.5", Title: "Content trust is enabled", Reason: "a setting of the client that pulls and pushes, which leaves no trace in an image"},
			{ID: "4.6", Title: "Images have a HEALTHCHECK"},
			{ID: "4.7", Title: "Package lists are not updated in an instruction of their own"},
			{ID: "4.8", Title: "No setuid and setgid files", limit: distributionSetuid},
			{ID: "4.9", Title: "COPY instead of ADD"},
			{ID: "4.10", Title: "No secrets in Dockerfiles", SecretsInText: true, Lint: secretsInDockerfile},
			{ID: "4.11", Title: "Only verified packages", Reason: "package managers verify while they install, which leaves no trace in an image; the checks see what goes round it"},
			{ID: "4.12", Title: "Signed artefacts are validated", Reason: "whether signatures were validated before an artefact was used leaves no trace in an image"},
		},
	}
}

// distributionSetuid leaves the decision about files of the distribution to
// people: the benchmark asks to remove what is not needed.
func distributionSetuid(s *scan.Stage) string {
	n := 0
	first := ""
	for _, f := range s.Files {
		if (f.Kind == scan.FileSetuid || f.Kind == scan.FileSetgid) && f.Removed == 0 && !f.Dir {
			if n == 0 {
				first = f.Path
			}
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s, such as /%s: whether the image needs them is known to its owner alone",
		plain.Count(n, "setuid or setgid file of the distribution remains", "setuid or setgid files of the distribution remain"), plain.Tail(first, pathWidth))
}

// nist800190 is the part of the guide that is about images: the countermeasures
// of 4.1, which answer the risks of 3.1.
func nist800190() Framework {
	return Framework{
		ID: "nist-800-190", Name: "NIST SP 800-190, image risks (3.1) and countermeasures (4.1)", URL: "https://doi.org/10.6028/NIST.SP.800-190",
		Controls: []Control{
			{ID: "4.1.1", Title: "Image vulnerabilities (risk 3.1.1)", Vulnerabilities: true},
			{ID: "4.1.2", Title: "Image configuration defects (risk 3.1.2)"},
			{ID: "4.1.3", Title: "Embedded malware (risk 3.1.3)", Reason: "the scan looks for no malware"},
			{ID: "4.1.4", Title: "Embedded clear text secrets (risk 3.1.4)", Secrets: true, Lint: secretsInDockerfile},
			{ID: "4.1.5", Title: "Untrusted images (risk 3.1.5)", Violations: notApproved, Reason: "whom an organisation trusts, and what its hosts run, no image tells; the checks see images that are not identified"},
		},
	}
}

func pciDSS() Framework {
	return Framework{
		ID: "pci-dss", Name: "PCI DSS v4.0.1", URL: "https://www.pcisecuritystandards.org/document_library/",
		Controls: []Control{
			{ID: "2.2.1", Title: "Configuration standards are kept", Reason: "the standard is the organisation's own; its rules can be written as a policy"},
			{ID: "2.2.4", Title: "Only necessary services and functions", Reason: "what is necessary is known to the system's owner alone; the checks see what hardly any image needs"},
			{ID: "2.2.6", Title: "Security parameters prevent misuse", Reason: "most parameters are set where the image runs"},
			{ID: "5.2.1", Title: "Anti-malware solution", Reason: "the scan looks for no malware"},
			{ID: "6.3.1", Title: "Vulnerabilities are identified and ranked", Reason: "a process; the report shows that it was done for this image, on this day"},
			{ID: "6.3.2", Title: "Inventory of software components", Reason: "the inventory covers all software of an organisation; --report spdx is the share of this image"},
			{ID: "6.3.3", Title: "Known vulnerabilities are patched in time", Vulnerabilities: true},
			{ID: "7.2.5", Title: "Application accounts have the least privileges", Reason: "what else an account may do is decided where the image runs"},
			{ID: "8.6.2", Title: "No passwords in scripts, configuration or source code", Secrets: true, Lint: secretsInDockerfile},
			{ID: "11.3.1", Title: "Internal vulnerability scans", Reason: "about scans of running systems, and their schedule"},
			{ID: "11.5.2", Title: "Change detection", Reason: "about running systems"},
			{ID: "12.3.4", Title: "Technologies are reviewed for vendor support", Reason: "a review by people, once a year; the checks see software that has no support any more"},
		},
	}
}

// hipaa is 45 CFR part 164 subpart C as far as technology is concerned. It is
// about organisations and health information, not about images: no control of it
// can pass.
func hipaa() Framework {
	return Framework{
		ID: "hipaa", Name: "HIPAA Security Rule (45 CFR 164.308 and 164.312)", URL: "https://www.ecfr.gov/current/title-45/subtitle-A/subchapter-C/part-164/subpart-C",
		Controls: []Control{
			{ID: "164.308(a)(1)(ii)(A)", Title: "Risk analysis", Reason: "an analysis of the whole organisation; the report can be part of it"},
			{ID: "164.308(a)(1)(ii)(B)", Title: "Risk management", Vulnerabilities: true, Reason: "an image is one of many risks to be reduced"},
			{ID: "164.308(a)(5)(ii)(B)", Title: "Protection from malicious software", Reason: "about procedures and training; the scan looks for no malware"},
			{ID: "164.308(a)(5)(ii)(D)", Title: "Password management", Secrets: true, Reason: "about procedures and training; a credential in an image shows that they fail"},
			{ID: "164.308(a)(8)", Title: "Periodic evaluation", Reason: "an evaluation of the organisation's security by people"},
			{ID: "164.312(a)(1)", Title: "Access control", Reason: "access to health information is decided by the application and where it runs"},
			{ID: "164.312(a)(2)(iv)", Title: "Encryption and decryption", Reason: "about data at rest where the image runs"},
			{ID: "164.312(b)", Title: "Audit controls", Reason: "about records of running systems"},
			{ID: "164.312(c)(1)", Title: "Integrity", Reason: "about health information, of which an image should have none"},
			{ID: "164.312(d)", Title: "Person or entity authentication", Reason: "done by the application"},
			{ID: "164.312(e)(1)", Title: "Transmission security", Reason: "decided by the application and where it runs"},
		},
	}
}

// soc2 is about an organisation's own controls, which an auditor watches for
// months: an image can speak against one, never for it.
func soc2() Framework {
	return Framework{
		ID: "soc2", Name: "SOC 2, trust services criteria 2017 (2022 points of focus), CC6 to CC8", URL: "https://www.aicpa-cima.com/resources/download/2017-trust-services-criteria-with-revised-points-of-focus-2022",
		Controls: []Control{
			{ID: "CC6.1", Title: "Logical access security", Secrets: true, Reason: "most of it is decided where the image runs"},
			{ID: "CC6.3", Title: "Access by role and least privilege", Reason: "about the access of people and systems; the image shows only what its program may do"},
			{ID: "CC6.6", Title: "Protection against threats from outside", Reason: "decided where the image runs; the checks see doors that it opens"},
			{ID: "CC6.7", Title: "Protection of information in transmission", Reason: "decided by the application and where it runs"},
			{ID: "CC6.8", Title: "No unauthorised or malicious software", Reason: "the scan looks for no malware; the checks see software whose origin nobody verified"},
			{ID: "CC7.1", Title: "Vulnerabilities and changes of configuration are detected", Vulnerabilities: true, Reason: "a procedure over time; the report shows that it was done for this image, on this day"},
			{ID: "CC7.2", Title: "System components are monitored", Reason: "about running systems"},
			{ID: "CC8.1", Title: "Changes are authorised and tested", Reason: "a procedure; the checks see what changes without anybody having decided it"},
		},
	}
}

func fedramp() Framework {
	return Framework{
		ID: "fedramp", Name: "FedRAMP, NIST SP 800-53 Rev. 5", URL: "https://doi.org/10.6028/NIST.SP.800-53r5",
		Controls: []Control{
			{ID: "AC-6", Title: "Least privilege", Reason: "what else a container may do is decided where it runs"},
			{ID: "CM-6", Title: "Configuration settings", Reason: "the settings to compare with are the organisation's own, e.g. a STIG or a CIS benchmark"},
			{ID: "CM-7", Title: "Least functionality", Reason: "what is needed is known to the system's owner alone; the checks see what hardly any image needs"},
			{ID: "CM-8", Title: "Inventory of system components", Reason: "the inventory covers the whole system; --report spdx is the share of this image"},
			{ID: "CM-14", Title: "Signed components", Reason: "whether signatures were verified before an installation leaves no trace in an image"},
			{ID: "IA-5(7)", Title: "No embedded unencrypted authenticators", Secrets: true, Lint: secretsInDockerfile},
			{ID: "RA-5", Title: "Vulnerability scanning", Vulnerabilities: true},
			{ID: "SA-22", Title: "No unsupported components"},
			{ID: "SC-28", Title: "Protection of information at rest", Reason: "about data where the image runs"},
			{ID: "SI-2", Title: "Flaw remediation", Vulnerabilities: true},
			{ID: "SI-3", Title: "Malicious code protection", Reason: "the scan looks for no malware"},
			{ID: "SI-7", Title: "Software and information integrity", Reason: "verification of what runs is done where it runs; the checks see what came in without any"},
			{ID: "SR-3", Title: "Supply chain controls and processes", Reason: "about suppliers and contracts"},
			{ID: "SR-4", Title: "Provenance", Reason: "shown by the provenance attestation of the build, which the scan does not read"},
			{ID: "SR-11", Title: "Component authenticity", Reason: "about procedures against counterfeits; the checks see components that are not identified"},
		},
	}
}
