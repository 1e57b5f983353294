// Package sample makes a report to test with: two platforms, a build stage
// that fetches npm packages and a Debian image that takes them over. Its
// findings and secrets cover what messages and formats must be able to say.
package sample

import (
	"fmt"
	"time"

	"github.com/scan-build/scan-build/scan"
)

// Report returns a new report without verdicts.
func Report() *scan.Report {
	return &scan.Report{
		SchemaVersion: scan.SchemaVersion,
		Target:        "app",
		Scanner:       scan.Scanner{Name: "scan-build", Version: "v0.1.0", Digest: "sha256:5ca9"},
		Database: scan.Database{
			Schema: "v6.1.10", Built: at("2026-02-03T04:05:06Z"), Digest: "xxh64:db", Source: "https://db.example/latest.json",
		},
		Started:   at("2026-02-03T10:00:00Z"),
		Finished:  at("2026-02-03T10:00:02Z"),
		Platforms: []scan.Platform{platform("linux/amd64", "amd64"), platform("linux/arm64", "arm64")},
	}
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func platform(id, arch string) scan.Platform {
	p := scan.Platform{ID: id, Stages: []scan.Stage{buildStage(), finalStage(arch)}}
	if arch == "arm64" { // one finding that the other platform lacks
		final := &p.Stages[1]
		pkg := npm("node-arm", "1.0.0", "app/node_modules/node-arm/package.json", 2)
		final.Packages = append(final.Packages, pkg)
		final.Findings = append(final.Findings, finding(pkg, "GHSA-arm6-arm6-arm6", scan.SeverityHigh, "1.0.1"))
	}
	return p
}

func buildStage() scan.Stage {
	minimist := npm("minimist", "1.2.0", "src/node_modules/minimist/package.json", 1)
	mocha := npm("mocha", "10.0.0", "src/node_modules/mocha/package.json", 1)
	return scan.Stage{
		Name: "build",
		OS:   &scan.OSRelease{ID: "alpine", VersionID: "3.20.1", PrettyName: "Alpine Linux v3.20", Path: "etc/os-release"},
		Layers: []scan.Layer{
			{Digest: "sha256:a0", Instruction: "ADD alpine-minirootfs.tar.gz /", Stage: "build", Base: "docker.io/library/node:20-alpine", File: "Dockerfile", StartLine: 1, EndLine: 1},
			{Digest: "sha256:a1", Instruction: "RUN npm ci", Stage: "build", File: "Dockerfile", StartLine: 4, EndLine: 4},
		},
		Packages: []scan.Package{minimist, mocha},
		Findings: []scan.Finding{
			finding(minimist, "GHSA-xvch-5gv4-984h", scan.SeverityCritical, "1.2.6"),
			finding(mocha, "GHSA-moch-moch-moch", scan.SeverityHigh, ""),
		},
		Secrets: buildSecrets(),
	}
}

func finalStage(arch string) scan.Stage {
	libc6, libcBin := deb("libc6", "2.36-9", "glibc", arch, 0), deb("libc-bin", "2.36-9", "glibc", arch, 0)
	curl := deb("curl", "7.88.1-10", "", arch, 1)
	minimist := npm("minimist", "1.2.0", "app/node_modules/minimist/package.json", 2)
	nested := npm("minimist", "1.2.0", "app/node_modules/mkdirp/node_modules/minimist/package.json", 2)
	stdlib := scan.Package{
		Name: "stdlib", Version: "1.21.0", Type: "golang", PURL: "pkg:golang/stdlib@1.21.0", Path: "app/bin/tool", First: 2, Last: 2,
	}
	exploited := finding(curl, "CVE-2023-38545", scan.SeverityCritical, "7.88.1-10+deb12u4")
	exploited.KEV = &scan.KEV{DateAdded: "2023-10-11"}
	exploited.EPSS = &scan.EPSS{Score: 0.61, Percentile: 0.98}
	exploited.CVSS = []scan.CVSS{{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8}}
	return scan.Stage{
		Name:  "final",
		Final: true,
		OS:    &scan.OSRelease{ID: "debian", VersionID: "12", Codename: "bookworm", PrettyName: "Debian GNU/Linux 12 (bookworm)", Path: "etc/os-release"},
		Layers: []scan.Layer{
			{Digest: "sha256:d0", Instruction: "ADD rootfs.tar /", Stage: "final", Base: "docker.io/library/debian:12@sha256:abcdef", File: "Dockerfile", StartLine: 6, EndLine: 6},
			{Digest: "sha256:d1", Instruction: "RUN apt-get update &&     apt-get install -y curl", Stage: "final", File: "Dockerfile", StartLine: 7, EndLine: 8},
			{Digest: "sha256:d2", Instruction: "COPY --from=build /src /app", Stage: "final", File: "Dockerfile", StartLine: 9, EndLine: 9},
		},
		Packages: []scan.Package{curl, libcBin, libc6, stdlib, minimist, nested},
		Findings: []scan.Finding{
			exploited,
			finding(minimist, "GHSA-xvch-5gv4-984h", scan.SeverityCritical, "1.2.6"),
			finding(nested, "GHSA-xvch-5gv4-984h", scan.SeverityCritical, "1.2.6"),
			finding(libcBin, "CVE-2023-4911", scan.SeverityHigh, "2.36-9+deb12u3"),
			finding(libc6, "CVE-2023-4911", scan.SeverityHigh, "2.36-9+deb12u3"),
			finding(libc6, "CVE-2025-0001", scan.SeverityHigh, ""),
			finding(stdlib, "CVE-2024-24790", scan.SeverityHigh, "1.21.11", "1.22.4"),
			finding(curl, "CVE-2024-2379", scan.SeverityMedium, ""),
			finding(libc6, "CVE-2010-4756", scan.SeverityNegligible, ""),
			finding(libc6, "CVE-2026-0002", scan.SeverityUnknown, ""),
		},
		Secrets: imageSecrets(),
	}
}

func deb(name, version, source, arch string, layer int) scan.Package {
	p := scan.Package{
		Name: name, Version: version, Type: "deb", Arch: arch, Path: "var/lib/dpkg/status", First: layer, Last: layer,
		PURL:     fmt.Sprintf("pkg:deb/debian/%s@%s?arch=%s&distro=bookworm", name, version, arch),
		Licenses: []string{"GPL-2.0-or-later"},
	}
	if source != "" {
		p.Source = &scan.SourcePackage{Name: source}
	}
	return p
}

func npm(name, version, path string, layer int) scan.Package {
	return scan.Package{
		Name: name, Version: version, Type: "npm", PURL: "pkg:npm/" + name + "@" + version, Path: path,
		Licenses: []string{"MIT"}, First: layer, Last: layer,
	}
}

func finding(p scan.Package, id string, s scan.Severity, fixed ...string) scan.Finding {
	f := scan.Finding{
		ID: id, Severity: s, Summary: "About " + id, Fix: scan.Fix{State: "not-fixed"}, URLs: []string{"https://advisories.example/" + id},
		Package: p.Name, Version: p.Version, Type: p.Type, PURL: p.PURL, Path: p.Path, First: p.First, Last: p.Last,
	}
	if fixed[0] != "" {
		f.Fix = scan.Fix{State: "fixed", Versions: fixed}
	}
	return f
}
