package policy

import (
	"path"
	"regexp"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// remedy says in one line how to build without the secrets of an instruction.
func (g *instructionSecrets) remedy() string {
	first := g.secrets[0]
	keyword := g.keyword()
	switch {
	case g.layer.Base != "":
		return "use another base image, or have whoever publishes " + imageName(g.layer.Base) + " take it out"
	case g.source == scan.SecretInFile && keyword == "RUN":
		return "mount the secret into the step instead of writing it: " + fileMount(first.Secret)
	case g.source == scan.SecretInFile && strings.Contains(strings.ToLower(g.layer.Instruction), "--from="):
		return "copy only what the image needs, and leave the secret where it is"
	case g.source == scan.SecretInFile:
		return "list the file in .dockerignore; a step that needs it: " + fileMount(first.Secret)
	case g.inConfigOnly():
		return "it comes with a build argument or the base image: use a build secret, " + envMount(first.Secret) +
			", or the environment of the container"
	case keyword == "RUN":
		return "mount the secret into the step instead of writing it down: " + envMount(first.Secret)
	default: // ARG, ENV, LABEL, CMD, …
		return "give it to the step that needs it, " + envMount(first.Secret) + ", or to the container when it starts"
	}
}

// keyword is the name of the group's instruction, e.g. COPY.
func (g *instructionSecrets) keyword() string {
	word, _, _ := strings.Cut(strings.TrimSpace(g.layer.Instruction), " ")
	return strings.ToUpper(word)
}

// plainPath is a path that can be pasted into a mount's options.
var plainPath = regexp.MustCompile(`^[A-Za-z0-9._/@+-]+$`)

// fileMount is a mount that gives a step the secret's file at the same path.
func fileMount(s scan.Secret) string {
	file, _, inside := strings.Cut(s.Path, "!")
	id := secretID(strings.TrimLeft(path.Base(file), "."))
	mount := "RUN --mount=type=secret,id=" + id
	if !inside && len(file) <= pathWidth && plainPath.MatchString(file) {
		mount += ",target=/" + file
	}
	return mount + " …, built with --secret id=" + id + ",src=FILE"
}

// envMount is a mount that gives a step the secret as a variable.
func envMount(s scan.Secret) string {
	id := secretID(s.Rule)
	return "RUN --mount=type=secret,id=" + id + ",env=NAME …, built with --secret id=" + id
}

var notInID = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

func secretID(s string) string {
	if id := notInID.ReplaceAllString(plain.Line(s, nameWidth), ""); id != "" {
		return id
	}
	return "secret"
}
