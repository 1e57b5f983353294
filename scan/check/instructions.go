package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// verifiedSoftware are the controls that ask for software whose origin was verified.
var verifiedSoftware = []string{
	"cis-docker/4.11", "soc2/CC6.8", "fedramp/SI-7", "fedramp/SR-11",
}

func instructionChecks() []Check {
	return []Check{
		{
			ID: "pipe-to-shell", Severity: scan.SeverityMedium, Title: "A download is run without having been checked",
			Description: "curl … | sh runs whatever the server sends at that moment, in part even if the connection breaks. Nobody sees it, and the next build may get something else.",
			Remedy:      "Download a fixed version to a file, compare its checksum (ADD --checksum, sha256sum -c), then run it; or install a package.",
			References:  []string{"https://docs.docker.com/reference/dockerfile/#add---checksum"},
			Controls:    verifiedSoftware, Looks: "what RUN instructions download and run",
			needs: needDockerfile, inspect: pipeToShell,
		},
		{
			ID: "add-remote", Severity: scan.SeverityMedium, Title: "ADD fetches a URL without a checksum",
			Description: "What the server sends goes into the image as it comes. A git repository that is not pinned to a commit changes as well.",
			Remedy:      "Add --checksum=sha256:… to ADD, or the full commit to the repository's URL.",
			References:  []string{"https://docs.docker.com/reference/dockerfile/#add---checksum"},
			Controls:    append([]string{"cis-docker/4.9"}, verifiedSoftware...), Looks: "what ADD instructions fetch",
			needs: needDockerfile, inspect: addRemote,
		},
		{
			ID: "unverified-install", Severity: scan.SeverityMedium, Title: "An installation or download switches verification off",
			Description: "Options such as --allow-unauthenticated, --nogpgcheck, --allow-untrusted or curl --insecure accept software from anybody who sits in between.",
			Remedy:      "Install the key or the certificate that is missing, and leave the option out.",
			References:  []string{"https://wiki.debian.org/SecureApt"},
			Controls:    verifiedSoftware, Looks: "options of package managers and downloads in RUN instructions",
			needs: needDockerfile, inspect: unverified,
		},
		{
			ID: "update-alone", Severity: scan.SeverityLow, Title: "A package list is updated in an instruction of its own",
			Description: "The layer with the list comes from the cache for as long as nothing above it changes, so that later instructions install old packages.",
			Remedy:      "Update and install in the same RUN.",
			References:  []string{"https://docs.docker.com/build/building/best-practices/#apt-get"},
			Controls:    []string{"cis-docker/4.7"}, Looks: "updates of package lists in RUN instructions",
			needs: needDockerfile, inspect: updateAlone,
		},
		{
			ID: "add-local", Severity: scan.SeverityLow, Title: "ADD is used where COPY does",
			Description: "ADD unpacks archives and fetches URLs: a file of another name than expected does something else.",
			Remedy:      "Write COPY.",
			References:  []string{"https://docs.docker.com/build/building/best-practices/#add-or-copy"},
			Controls:    []string{"cis-docker/4.9"}, Looks: "the sources of ADD instructions",
			needs: needDockerfile, inspect: addLocal,
		},
		{
			ID: "sudo-instruction", Severity: scan.SeverityLow, Title: "An instruction uses sudo",
			Description: "RUN is as powerful as USER says. sudo in it means that an account of the image may become root, at run time too.",
			Remedy:      "Put the instruction before USER, or switch with USER root and back.",
			References:  []string{"https://docs.docker.com/build/building/best-practices/#user"},
			Controls:    []string{"pci-dss/7.2.5", "fedramp/AC-6"}, Looks: "what RUN instructions of the image start",
			needs: needDockerfile, inspect: usesSudo, finalOnly: true,
		},
	}
}

func usesSudo(in *instruction) string {
	message := ""
	in.commands(func(c command) {
		name, _, sudo := c.program()
		switch {
		case !sudo || message != "":
		case name == "" || name == "sudo" || name == "doas":
			message = "sudo is used"
		default:
			message = fmt.Sprintf("sudo starts %s", plain.Line(name, nameWidth))
		}
	})
	return message
}

// switchesOff are options that switch verification off, by program.
var switchesOff = map[string][]string{
	"apt-get": {"--allow-unauthenticated", "--force-yes", "--allow-insecure-repositories"},
	"apt":     {"--allow-unauthenticated", "--force-yes", "--allow-insecure-repositories"},
	"apk":     {"--allow-untrusted"},
	"yum":     {"--nogpgcheck", "--no-gpgchecks"}, "dnf": {"--nogpgcheck", "--no-gpgchecks"},
	"microdnf": {"--nogpgcheck", "--no-gpgchecks"},
	"zypper":   {"--no-gpg-checks"},
	"curl":     {"--insecure", "-k"},
	"wget":     {"--no-check-certificate"},
	"pip":      {"--trusted-host"}, "pip3": {"--trusted-host"},
	"gem": {"--no-verify"},
}

func unverified(in *instruction) string {
	message := ""
	in.commands(func(c command) {
		name, args, _ := c.program()
		for _, a := range args {
			option, _, _ := strings.Cut(a, "=")
			if message == "" && (slices.Contains(switchesOff[name], option) || name == "curl" && insecure(a)) {
				message = fmt.Sprintf("%s %s switches verification off", name, plain.Line(option, nameWidth))
			}
		}
	})
	return message
}

// insecure says whether a word is single-letter options of curl with -k among
// them. Letters behind one that takes a value are its value.
func insecure(word string) bool {
	if !strings.HasPrefix(word, "-") || strings.HasPrefix(word, "--") {
		return false
	}
	for _, r := range word[1:] {
		if r == 'k' {
			return true
		}
		if strings.ContainsRune("oHdXAbceEFmrtTuUwxyYzCDKPQ", r) {
			return false
		}
	}
	return false
}

// Programs that do nothing of their own next to an update.
var sideShow = set("set echo true rm mkdir sed export cd cat : printf ls")

// updateAlone sees an instruction that updates a list of packages and does
// nothing else: with a script in it, or any other program, nobody knows.
func updateAlone(in *instruction) string {
	updates, other := "", false
	in.commands(func(c command) {
		name, args, _ := c.program()
		switch {
		case name == "" || sideShow[name] || shells[name] && hasScript(c):
		case (name == "apt-get" || name == "apt" || name == "apk") && len(args) > 0:
			switch verb(args) {
			case "update":
				updates = name
			case "clean", "autoclean", "autoremove":
			default:
				other = true
			}
		default:
			other = true
		}
	})
	if updates == "" || other {
		return ""
	}
	return fmt.Sprintf("RUN %s: nothing is installed in the same instruction", plain.Line(in.rest, instructionWidth))
}

func hasScript(c command) bool { _, ok := c.given(); return ok }

// verb is the first argument that is no option.
func verb(args []string) string {
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			return a
		}
	}
	return ""
}
