package check

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// runtimes are the language runtimes of a stage whose version is certain and
// which the distribution does not maintain, in a fixed order.
func (s *subject) runtimes() []seenRuntime {
	out := s.baseRuntime()
	for _, p := range s.stage.Packages {
		out = append(out, packagedRuntime(p)...)
	}
	for _, f := range present(s.files(scan.FileProgram)) {
		out = append(out, s.programRuntime(f)...)
	}
	// The same runtime is told by the base image's tag and by its files.
	var unique []seenRuntime
	for _, v := range out {
		same := func(u seenRuntime) bool {
			return u.runtime == v.runtime && u.version == v.version && u.path == "" && s.isBase(u.layer) && s.isBase(v.layer)
		}
		if !slices.ContainsFunc(unique, same) {
			unique = append(unique, v)
		}
	}
	return unique
}

// baseRuntimes are the repositories whose tags begin with a runtime's version.
var baseRuntimes = map[string]string{
	"docker.io/library/node": nodejs, "docker.io/library/python": python, "docker.io/library/ruby": ruby,
	"docker.io/library/php": php, "docker.io/library/golang": golang, "docker.io/library/eclipse-temurin": java,
	"docker.io/library/openjdk": java, "docker.io/library/amazoncorretto": java,
}

var leadingVersion = regexp.MustCompile(`^\d+(\.\d+)?`)

func (s *subject) baseRuntime() []seenRuntime {
	b := s.base()
	if b == nil || baseRuntimes[b.Name] == "" {
		return nil
	}
	version := leadingVersion.FindString(b.Tag)
	if version == "" {
		return nil
	}
	name := baseRuntimes[b.Name]
	return []seenRuntime{{runtime: name, version: cycle(name, version), layer: s.baseLayer()}}
}

// temurin is a package of Adoptium's own repository.
var temurin = regexp.MustCompile(`^temurin-(\d+)-(jdk|jre)$`)

// packagedRuntime recognises packages that are no distribution's: Go's standard
// library in a program, NodeSource's Node.js and Adoptium's Java.
func packagedRuntime(p scan.Package) []seenRuntime {
	switch {
	case p.Type == "golang" && p.Name == "stdlib":
		file, _, _ := strings.Cut(p.Path, "!")
		return versioned(golang, strings.TrimPrefix(p.Version, "go"), file, p.Last)
	case p.Name == "nodejs" && strings.Contains(p.Version, "nodesource"):
		_, version, epoch := strings.Cut(p.Version, ":")
		if !epoch {
			version = p.Version
		}
		return versioned(nodejs, version, "", p.Last)
	}
	if m := temurin.FindStringSubmatch(p.Name); m != nil && (p.Type == "deb" || p.Type == "rpm") {
		return []seenRuntime{{runtime: java, version: m[1], layer: p.Last}}
	}
	return nil
}

func versioned(name, version, file string, layer int) []seenRuntime {
	v := leadingVersion.FindString(version)
	if v == "" {
		return nil
	}
	return []seenRuntime{{runtime: name, version: cycle(name, v), path: file, layer: layer}}
}

var (
	pythonProgram = regexp.MustCompile(`^python(\d\.\d+)$`)
	rubyGems      = regexp.MustCompile(`/lib/ruby/gems/(\d+\.\d+)\.\d+/specifications/`)
)

// programRuntime recognises interpreters that no package owns: Python by its
// name, Ruby by the folder that its own gems are in.
func (s *subject) programRuntime(f scan.FileFact) []seenRuntime {
	base := path.Base(f.Path)
	if m := pythonProgram.FindStringSubmatch(base); m != nil {
		return []seenRuntime{{runtime: python, version: m[1], path: f.Path, layer: f.Layer}}
	}
	prefix, ok := strings.CutSuffix(f.Path, "/bin/ruby")
	if !ok {
		return nil
	}
	for _, p := range s.stage.Packages {
		if p.Type != "gem" || !strings.HasPrefix(p.Path, prefix+"/lib/ruby/gems/") {
			continue
		}
		if m := rubyGems.FindStringSubmatch(p.Path); m != nil {
			return []seenRuntime{{runtime: ruby, version: m[1], path: f.Path, layer: f.Layer}}
		}
	}
	return nil
}
