package hack_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/hack/testenv"
)

const module = "github.com/scan-build/scan-build"

// goPackage is what `go list -json` says of a package.
type goPackage struct {
	ImportPath string
	Name       string
	// Imports are direct, Deps are all that is linked in. Neither counts tests.
	Imports, Deps []string
}

// Imports point one way: a part of the repository may import itself and what is
// listed here. What an attestation says is shared; how it is signed is not.
var mayImport = map[string][]string{
	"cmd":      {"plugin", "frontend", "attest", "scan"},
	"plugin":   {"frontend", "attest", "scan"},
	"frontend": {"attest/predicate", "scan"},
	"attest":   {"scan"},
	"scan":     {},
	"examples": {},
	"hack":     {},
}

func TestArchitecture(t *testing.T) {
	packages := listPackages(t)
	t.Run("imports point one way", func(t *testing.T) { checkDirection(t, packages) })
	t.Run("parts do not know foreign systems", func(t *testing.T) { checkForeign(t, packages) })
	t.Run("binaries link only what they need", func(t *testing.T) { checkLinks(t, packages) })
	t.Run("extraction and matching are never in one binary", func(t *testing.T) { checkApart(t, packages) })
}

func checkDirection(t *testing.T, packages []goPackage) {
	t.Helper()
	for _, pkg := range packages {
		from := part(pkg.ImportPath)
		allowed, ok := mayImport[from]
		if !ok {
			t.Errorf("%s: %q is not a part of the architecture: add it to the rules", pkg.ImportPath, from)
			continue
		}
		for _, imported := range pkg.Imports {
			to, ours := strings.CutPrefix(imported, module+"/")
			if ours && part(imported) != from && within(to, allowed) == "" {
				t.Errorf("%s imports %s: %s may import only itself and %v", pkg.ImportPath, imported, from, allowed)
			}
		}
	}
}

// A package may not name these modules in its own imports, however useful.
var mayNotImport = map[string][]string{
	"scan":   {"github.com/moby/buildkit", "github.com/moby/moby", "github.com/docker"},
	"attest": {"github.com/moby/buildkit", "github.com/docker/buildx", "github.com/anchore", "github.com/google/osv-scalibr"},
}

func checkForeign(t *testing.T, packages []goPackage) {
	t.Helper()
	for _, pkg := range packages {
		for _, imported := range pkg.Imports {
			if m := within(imported, mayNotImport[part(pkg.ImportPath)]); m != "" {
				t.Errorf("%s imports %s", pkg.ImportPath, imported)
			}
		}
	}
}

// linkRules hold what one binary, or any program that uses a package, must not
// contain. Extraction and matching register the same database driver, which
// panics at start; neither belongs into what a user starts or BuildKit loads.
var linkRules = []struct {
	of, not []string
}{
	{
		of:  []string{"plugin", "frontend", "attest", "cmd/docker-scan-build", "cmd/scan-frontend"},
		not: []string{"github.com/anchore/grype", "github.com/anchore/syft", "github.com/google/osv-scalibr"},
	},
	{
		of:  []string{"scan/extract", "scan/analyze", "cmd/scan-analyze"},
		not: []string{"github.com/anchore/grype", "github.com/anchore/syft", "github.com/moby/buildkit/client", "github.com/docker/buildx"},
	},
	{
		of:  []string{"scan/match", "scan/dbbuild", "cmd/scan-match"},
		not: []string{"github.com/google/osv-scalibr", "github.com/moby/buildkit/client", "github.com/docker/buildx"},
	},
	{
		// What a secret is does not depend on where a text comes from.
		of:  []string{"scan/secret"},
		not: []string{module + "/scan/layer", module + "/scan/extract"},
	},
	{
		// What decides is in every program, and reads strangers' documents.
		of:  []string{"scan/policy", "scan/vex", "scan/check", "scan/report"},
		not: []string{"github.com/anchore/grype", "github.com/anchore/syft", "github.com/sigstore", "github.com/google/osv-scalibr", "github.com/moby/buildkit", "github.com/docker"},
	},
	{
		of:  []string{"attest"},
		not: []string{"github.com/moby/buildkit"},
	},
	{
		of:  []string{"frontend", "attest/predicate", "cmd/scan-frontend"},
		not: []string{"github.com/sigstore", "github.com/docker/buildx"},
	},
}

func checkLinks(t *testing.T, packages []goPackage) {
	t.Helper()
	for _, rule := range linkRules {
		for _, of := range rule.of {
			for _, pkg := range packages {
				if within(pkg.ImportPath, []string{module + "/" + of}) == "" {
					continue
				}
				for _, dep := range pkg.Deps {
					if m := within(dep, rule.not); m != "" {
						t.Errorf("%s links %s", pkg.ImportPath, dep)
						break
					}
				}
			}
		}
	}
}

func checkApart(t *testing.T, packages []goPackage) {
	t.Helper()
	for _, pkg := range packages {
		links := func(paths ...string) bool {
			return slices.ContainsFunc(append(pkg.Deps, pkg.ImportPath), func(dep string) bool { return within(dep, paths) != "" })
		}
		if links(module+"/scan/extract") && links(module+"/scan/match", module+"/scan/dbbuild") {
			t.Errorf("%s links extraction and matching", pkg.ImportPath)
		}
	}
}

func TestOnlyMainExits(t *testing.T) {
	root := testenv.Root(t)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir() && (rel == "cmd" || rel == "examples" || rel == "bin" || rel == filepath.Join("hack", "tools") || strings.HasPrefix(entry.Name(), ".git")):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go"),
			strings.HasPrefix(rel, filepath.Join("hack", "bench")) && entry.Name() == "main.go": // commands too
			return nil
		}
		for _, call := range exits(t, path) {
			t.Errorf("%s: only a command exits: return an error", call)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// exits lists the positions of calls that end the process.
func exits(t *testing.T, path string) []string {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var calls []string
	ast.Inspect(file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := selector.X.(*ast.Ident)
		if ok && (pkg.Name == "os" && selector.Sel.Name == "Exit" || pkg.Name == "log" && strings.HasPrefix(selector.Sel.Name, "Fatal")) {
			calls = append(calls, files.Position(n.Pos()).String())
		}
		return true
	})
	return calls
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Name,Imports,Deps", "./...")
	cmd.Dir = testenv.Root(t)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("failed to list packages: %v\n%s", err, stderr.String())
	}
	var packages []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg goPackage
		if err := d.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, pkg)
	}
	if len(packages) < 10 {
		t.Fatalf("only %d packages were found: the rules would hold for nothing", len(packages))
	}
	return packages
}

// part is the top folder of a package of this module, "" for any other package.
func part(importPath string) string {
	rel, ok := strings.CutPrefix(importPath, module+"/")
	if !ok {
		return ""
	}
	top, _, _ := strings.Cut(rel, "/")
	return top
}

// within returns the first of the paths that importPath is or lies below.
func within(importPath string, paths []string) string {
	for _, p := range paths {
		if importPath == p || strings.HasPrefix(importPath, p+"/") {
			return p
		}
	}
	return ""
}
