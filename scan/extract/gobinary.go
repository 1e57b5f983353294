package extract

import (
	"context"
	"debug/buildinfo"
	"runtime/debug"
	"strings"

	"github.com/scan-build/scan-build/scan"
)

// goBinary reads the module list that the Go linker puts into a binary. It is
// read here rather than by scalibr because matching wants to know which is the
// main module, and versions and the standard library as Go spells them
// (v1.2.3, stdlib go1.22.1), which scalibr drops.
func goBinary(_ context.Context, in *input) ([]scan.Package, error) {
	info, err := buildinfo.Read(in.reader)
	if err != nil {
		// Not a Go binary, or one without build information.
		return nil, nil //nolint:nilerr
	}
	var out []scan.Package
	if v, _, _ := strings.Cut(info.GoVersion, " "); strings.HasPrefix(v, "go") {
		out = append(out, goPackage("stdlib", v, false))
	}
	for _, dep := range info.Deps {
		if dep == nil {
			continue
		}
		m := effective(dep)
		if m.Path == info.Main.Path && m.Version == info.Main.Version {
			continue
		}
		out = append(out, goPackage(m.Path, m.Version, false))
	}
	if info.Main.Path != "" && info.Main.Path != "command-line-arguments" {
		version := info.Main.Version
		if version == "(devel)" {
			version = ""
		}
		out = append(out, goPackage(info.Main.Path, version, true))
	}
	return withVersion(out), nil
}

// effective is the module that was really built in.
func effective(m *debug.Module) *debug.Module {
	if m.Replace != nil && m.Replace.Path != "" && m.Replace.Version != "" {
		return m.Replace
	}
	return m
}

func goPackage(name, version string, main bool) scan.Package {
	return scan.Package{Name: name, Version: version, Type: "golang", Go: &scan.GoBinary{Main: main}}
}

// withVersion leaves out packages without a version: nothing can be matched to
// them, and "unknown" is not a version.
func withVersion(packages []scan.Package) []scan.Package {
	out := packages[:0]
	for _, p := range packages {
		if p.Name != "" && p.Version != "" {
			out = append(out, p)
		}
	}
	return out
}
