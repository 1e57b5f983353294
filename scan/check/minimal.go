package check

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

// minimalLabel is the label by which an image claims to be minimal, or with
// "false" that it is not meant to be.
const minimalLabel = "io.scan-build.minimal"

// Words that make a base image minimal, in its repository's name or its tag, and
// those that say that it is the variant with a shell. "minimal" is none: images
// such as ubi-minimal have a shell by design.
var (
	minimalBases  = []string{"distroless", "chiseled", "static", "wolfi-static"}
	debugVariants = []string{"debug", "dev", "busybox"}
	minimalNames  = []string{"distroless", "minimal"}
)

// minimalClaim says by what an image claims to be minimal, "" if it does not:
// the label, its base image, the name of its stage or target, or that it is made
// from nothing and has no distribution.
func (s *subject) minimalClaim() string {
	if s.image() != nil {
		switch s.image().Labels[minimalLabel] {
		case "true":
			return "by its label " + minimalLabel
		case "false":
			return ""
		}
	}
	if b := s.stage.Base; b != nil {
		name, tag := nameWords(path.Base(b.Name)), nameWords(b.Tag)
		if strings.Contains(b.Name, "distroless") {
			name = append(name, "distroless")
		}
		all := slices.Concat(name, tag)
		if anyOf(all, debugVariants) {
			return ""
		}
		if anyOf(all, minimalBases) {
			return "by its base image " + plain.Line(shortRef(b.Ref), nameWidth)
		}
	}
	for _, name := range []string{s.stage.Name, s.target} {
		if anyOf(nameWords(name), minimalNames) {
			return "by its name " + plain.Line(name, nameWidth)
		}
	}
	if s.stage.Base == nil && s.stage.OS == nil && !hasBase(s.stage) && len(s.stage.Layers) > 0 {
		return "for it is made from scratch"
	}
	return ""
}

func nameWords(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
}

func anyOf(list, wanted []string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return slices.Contains(wanted, s) })
}

// Shells and package managers by the names of their packages and programs.
var tools = []string{
	"ash", "bash", "busybox", "busybox-static", "csh", "dash", "fish", "ksh", "mksh", "sh", "tcsh", "toybox", "zsh",
	"apk", "apk-tools", "apt", "apt-get", "dnf", "dnf5", "dpkg", "microdnf", "opkg", "pacman", "rpm", "yum", "zypper",
}

func minimalTools(s *subject) []found {
	claim := s.minimalClaim()
	if claim == "" {
		return nil
	}
	var out []found
	add := func(layer int, name, p string) {
		if s.isBase(layer) {
			layer = s.baseLayer()
		}
		i := slices.IndexFunc(out, func(f found) bool { return f.layer == layer })
		if i < 0 {
			out = append(out, found{layer: layer})
			i = len(out) - 1
		}
		out[i].count++
		out[i].message += ", " + plain.Line(name, nameWidth)
		if p != "" {
			out[i].paths = append(out[i].paths, p)
		}
	}
	for _, p := range s.stage.Packages {
		if isOS(p) && slices.Contains(tools, p.Name) {
			add(p.First, p.Name, "")
		}
	}
	for _, f := range present(s.files(scan.FileProgram)) {
		if slices.Contains(tools, path.Base(f.Path)) {
			add(f.Layer, "/"+f.Path, f.Path)
		}
	}
	for i := range out {
		f := &out[i]
		names := strings.Split(strings.TrimPrefix(f.message, ", "), ", ")
		f.message = fmt.Sprintf("the image claims to be minimal %s but has %s", claim, enumerate(names))
		if from := s.origin(f.layer); from != "" {
			f.message += ": " + from
		}
	}
	return out
}
