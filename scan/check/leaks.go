package check

import (
	"path"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

const dockerIgnore = "https://docs.docker.com/build/concepts/context/#dockerignore-files"

func leakChecks() []Check {
	return []Check{
		{
			ID: "git-directory", Severity: scan.SeverityHigh, Title: "The image has a .git directory",
			Description: "It holds the whole history: sources, what was deleted from them, and often credentials in its configuration. Served by a web server it is read by strangers.",
			Remedy:      "Add .git to .dockerignore, or copy only what the image needs.",
			References:  []string{dockerIgnore},
			Controls:    mayHoldSecrets, Looks: ".git directories in the layers, also in removed ones",
			needs: needLayers, find: filesOf(scan.FileGit, nil),
		},
		{
			ID: "env-file", Severity: scan.SeverityMedium, Title: "The image has a .env file",
			Description: "Such files hold the settings of one environment, mostly with its passwords. What is recognised as a secret in it is reported as one besides.",
			Remedy:      "Add .env* to .dockerignore and give the settings when the container is started.",
			References:  []string{dockerIgnore},
			Controls:    mayHoldSecrets, Looks: ".env files in the layers, also in removed ones",
			needs: needLayers, find: filesOf(scan.FileEnv, notExample),
		},
		{
			ID: "ssh-key", Severity: scan.SeverityHigh, Title: "The image has an SSH key",
			Description: "A user's key opens other hosts; a host key that is part of an image is the same in all its containers, so that any of them can pose as the others.",
			Remedy:      "Use RUN --mount=type=ssh in the build, and let a server make its host keys when it starts. Replace a key that was published.",
			References:  []string{"https://docs.docker.com/build/building/secrets/#ssh-mounts"},
			Controls:    isSecret, Looks: "SSH keys in the layers, also in removed ones",
			needs: needLayers, find: filesOf(scan.FileSSHKey, notPublicKey),
		},
		{
			ID: "core-dump", Severity: scan.SeverityHigh, Title: "The image has a core dump",
			Description: "It is the memory of a program that crashed, with whatever keys and data it held.",
			Remedy:      "Find out what crashed in the build and why, and do not copy its dump.",
			References:  []string{"https://man7.org/linux/man-pages/man5/core.5.html"},
			Controls:    mayHoldSecrets, Looks: "core dumps in the layers, also in removed ones",
			needs: needLayers, find: filesOf(scan.FileCore, nil),
		},
	}
}

// isSecret are the controls that a leaked key breaks; CIS speaks of Dockerfiles
// alone. mayHoldSecrets are those that a file breaks which has no place in an image
// but is no credential as such: what is one in it is found as a secret.
var (
	isSecret       = noSecrets[1:]
	mayHoldSecrets = []string{"nist-800-190/4.1.4", "soc2/CC6.1"}
)

// filesOf finds the files of one kind, one finding for each instruction. Files
// that a later layer removed count: their layer still has them.
func filesOf(kind string, keep func(scan.FileFact) bool) func(*subject) []found {
	return func(s *subject) []found {
		var facts []scan.FileFact
		for _, f := range s.files(kind) {
			if keep == nil || keep(f) {
				facts = append(facts, f)
			}
		}
		var out []found
		for _, g := range s.byInstruction(facts) {
			out = append(out, s.found(g, "is in the image", "are in the image"))
		}
		return out
	}
}

// notExample leaves out templates that are meant to be published.
func notExample(f scan.FileFact) bool {
	base := strings.ToLower(path.Base(f.Path))
	for _, word := range []string{"example", "sample", "template", "dist", "defaults"} {
		if strings.HasSuffix(base, "."+word) || strings.HasSuffix(base, "-"+word) || strings.HasPrefix(base, word+".") || strings.Contains(base, "."+word+".") {
			return false
		}
	}
	return true
}

// notPublicKey leaves out what belongs to a key but opens nothing.
func notPublicKey(f scan.FileFact) bool {
	base := path.Base(f.Path)
	return !strings.HasSuffix(base, ".pub") && base != "known_hosts" && base != "ssh_known_hosts"
}
