package check

import (
	"fmt"
	"path"
	"strings"

	"github.com/scan-build/scan-build/scan/internal/plain"
)

var (
	shells       = set("sh bash ash dash zsh ksh")
	interpreters = set("python python2 python3 perl ruby node php lua")
	downloaders  = set("curl wget fetch aria2c")
)

// pipeToShell sees code that is run as it comes from the network.
func pipeToShell(in *instruction) string {
	var message string
	in.pipelines(func(p pipeline) {
		if message != "" {
			return
		}
		from := ""
		for _, c := range p {
			name, args, _ := c.program()
			if from != "" && runsInput(name, args) {
				message = fmt.Sprintf("what %s gets is run by %s unseen: RUN %s", from, plain.Line(name, 20), plain.Line(in.rest, instructionWidth))
				return
			}
			if downloaders[name] {
				from = name
			}
			if by := substituted(c); by != "" {
				message = fmt.Sprintf("what %s gets is run by %s unseen: RUN %s", by, plain.Line(name, 20), plain.Line(in.rest, instructionWidth))
				return
			}
		}
	})
	return message
}

// runsInput says whether a program takes a script from its standard input: a
// shell without a file or -c, an interpreter without any argument.
func runsInput(name string, args []string) bool {
	if !shells[name] && !interpreters[strings.TrimRight(name, ".0123456789")] && !interpreters[name] {
		return false
	}
	args, ok := withoutRedirections(args)
	if !ok {
		return false
	}
	if len(args) == 0 || args[0] == "-" || args[0] == "/dev/stdin" {
		return true
	}
	if !shells[name] {
		return false
	}
	for _, a := range args {
		switch {
		case a == "-" || a == "--" || a == "-s" || a == "/dev/stdin":
			return true
		case strings.HasPrefix(a, "--"):
		case strings.HasPrefix(a, "-") || strings.HasPrefix(a, "+"):
			if strings.HasPrefix(a, "-") && strings.Contains(a, "c") {
				return false
			}
			if strings.HasPrefix(a, "-") && strings.Contains(a, "s") {
				return true
			}
		default:
			return false // a file
		}
	}
	return true
}

// withoutRedirections leaves out redirections of output and their targets; ok is
// false if the input is redirected as well.
func withoutRedirections(args []string) (out []string, ok bool) {
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case strings.Contains(a, "<"):
			return nil, false
		case strings.HasSuffix(a, ">"):
			i++
		case !strings.Contains(a, ">"):
			out = append(out, a)
		}
	}
	return out, true
}

// substituted returns the downloader whose output a command runs: bash <(curl …),
// source <(curl …), sh -c "$(curl …)", eval "$(curl …)".
func substituted(c command) string {
	name, args, _ := c.program()
	runs := name == "eval" || name == "source" || name == "."
	if !runs && (shells[name] || interpreters[name]) {
		// The substitution must be the script: the first argument, or that of -c.
		for i, a := range args {
			if !strings.HasPrefix(a, "-") || a == "-" {
				runs = strings.HasPrefix(a, "$") && (i == 0 || strings.HasPrefix(args[i-1], "-"))
				break
			}
		}
	}
	if !runs {
		return ""
	}
	for _, script := range c.scripts {
		for _, p := range parse(script) {
			if first, _, _ := p[0].program(); downloaders[first] {
				return first
			}
		}
	}
	return ""
}

// sources returns what an ADD copies, without where to; nil for none.
func (in *instruction) sources() []string {
	args, ok := in.exec()
	if !ok {
		args = strings.Fields(strings.ReplaceAll(in.rest, "\\\n", " "))
	}
	if in.keyword != "ADD" || len(args) < 2 {
		return nil
	}
	return args[:len(args)-1]
}

// remoteSource says whether a source of ADD is fetched from the network, and
// whether its own text pins what comes: a commit of a git repository.
func remoteSource(s string) (remote, pinned bool) {
	repo, ref, _ := strings.Cut(s, "#")
	ref, _, _ = strings.Cut(ref, ":")
	lower := strings.ToLower(repo)
	http := strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://")
	git := strings.HasPrefix(lower, "git@") || strings.HasPrefix(lower, "git://") || strings.HasPrefix(lower, "ssh://") ||
		http && strings.HasSuffix(lower, ".git")
	return http || git, git && commit(ref)
}

func commit(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

func addRemote(in *instruction) string {
	if in.flag("--checksum") {
		return ""
	}
	for _, s := range in.sources() {
		if remote, pinned := remoteSource(s); remote && !pinned {
			return fmt.Sprintf("ADD fetches %s without --checksum", plain.Line(s, pathWidth))
		}
	}
	return ""
}

// addLocal sees ADD of nothing that COPY could not do: local files that are no
// archives to unpack. A source with variables may be anything.
func addLocal(in *instruction) string {
	sources := in.sources()
	for _, s := range sources {
		if remote, _ := remoteSource(s); remote || archive(s) || strings.Contains(s, "$") || strings.HasPrefix(s, "<<") {
			return ""
		}
	}
	if len(sources) == 0 {
		return ""
	}
	return fmt.Sprintf("ADD %s: COPY does the same", plain.Line(in.rest, instructionWidth))
}

func archive(s string) bool {
	base := strings.ToLower(path.Base(s))
	if strings.Contains(base, ".tar") || base == "*" {
		return true
	}
	switch path.Ext(base) {
	case ".tgz", ".tbz", ".tbz2", ".txz", ".tzst", ".gz", ".bz2", ".xz", ".zst":
		return true
	}
	return false
}
