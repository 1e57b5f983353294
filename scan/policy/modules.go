package policy

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/config"
)

//go:embed rules/*.rego
var builtin embed.FS

// builtinRoot is where the rules that come with the program are; a user's own
// may read there and not add to it.
const builtinRoot = "scan"

// The sets that a package of rules may have, in the order in which they win.
const (
	setIgnore = "ignore"
	setDeny   = "deny"
	setWarn   = "warn"
	setInfo   = "info"
)

var sets = []string{setIgnore, setDeny, setWarn, setInfo}

// maxModules bounds the files of Rego, maxModule the bytes of one.
const (
	maxModules = 500
	maxModule  = 1 << 20
)

// rules are compiled Rego: the program's own and a user's.
type rules struct {
	compiler *ast.Compiler
	// packages that have sets of results, the program's own first.
	packages []rulePackage
}

// rulePackage is a package that has some of the sets.
type rulePackage struct {
	path ast.Ref
	// name is how the package is written in a module, e.g. "team.base".
	name string
	// file is where it stands, for messages; empty for the program's own.
	file string
	// mayIgnore says that what it ignores is ignored.
	mayIgnore bool
	sets      []string
}

// Capabilities are what policies may do: compute over their input. Nothing that
// reaches out of the process, reads a clock or rolls dice is there, so that a
// verdict can be made again.
func Capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool {
		return b.Nondeterministic || b.Name == "rego.parse_module" || b.Name == "http.send" || b.Name == "opa.runtime"
	})
	c.AllowNet = []string{}
	return c
}

// Compile checks files of Rego as a build would: an error names file and line.
func Compile(files []config.File) error {
	_, err := compile(files)
	return err
}

// ownRules are compiled once for the program's life.
var ownRules = sync.OnceValues(func() (*rules, error) { return compileAll(nil) })

// compile compiles the program's own rules and a user's files, those of tests
// left out.
func compile(files []config.File) (*rules, error) {
	if len(files) == 0 {
		return ownRules()
	}
	return compileAll(files)
}

func compileAll(files []config.File) (*rules, error) {
	if len(files) > maxModules {
		return nil, errors.Errorf("%d files of Rego are too many, at most %d", len(files), maxModules)
	}
	modules := map[string]*ast.Module{}
	for _, f := range RuleFiles() {
		m, err := parseModule(f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		modules[f.Name] = m
	}
	own := modulesInOrder(modules)
	var users []userModule
	for _, f := range files {
		if strings.HasSuffix(f.Name, "_test.rego") {
			continue
		}
		m, err := parseModule(f.Name, f.Data)
		if err != nil {
			return nil, err
		}
		if _, twice := modules[f.Name]; twice {
			return nil, errors.Errorf("%s is there twice", f.Name)
		}
		modules[f.Name] = m
		users = append(users, userModule{f, m})
	}
	if err := checkPackages(users); err != nil {
		return nil, err
	}
	c := ast.NewCompiler().WithCapabilities(Capabilities()).WithSchemas(inputTypes()).WithUseTypeCheckAnnotations(true)
	if c.Compile(modules); c.Failed() {
		return nil, regoError(c.Errors)
	}
	r := &rules{compiler: c}
	for _, m := range own {
		r.add(m, "", true)
	}
	for _, u := range users {
		if err := checkSets(u); err != nil {
			return nil, err
		}
		r.add(u.module, u.file.Name, u.file.MayIgnore)
	}
	return r, r.checkUsed(users)
}

// checkSets refuses rules that have a set's name and are none: what a function or
// a mapping of that name holds nobody would see.
func checkSets(u userModule) error {
	for _, rule := range u.module.Rules {
		name := setOf(rule)
		if name == "" || len(rule.Head.Args) == 0 && len(rule.Head.Ref()) == 1 {
			continue
		}
		return errors.Errorf("%s:%d: %s is no set of results, write %[3]s contains RESULT if …", u.file.Name, rule.Location.Row, name)
	}
	return nil
}

// setOf is the set that a rule adds to, empty if it is no set's name.
func setOf(rule *ast.Rule) string {
	name, ok := rule.Head.Ref()[0].Value.(ast.Var)
	if !ok || !slices.Contains(sets, string(name)) {
		return ""
	}
	return string(name)
}

// checkUsed refuses packages of which nothing can come: they have no set of
// results, and no other package reads them. Somebody has called a set something
// else ("violation"), and believes that it blocks.
func (r *rules) checkUsed(users []userModule) error {
	for _, u := range users {
		name := packageName(u.module)
		at := slices.IndexFunc(r.packages, func(p rulePackage) bool { return p.name == name })
		if len(r.packages[at].sets) > 0 || r.read(u.module.Package.Path) {
			continue
		}
		return errors.Errorf("%s:%d: package %s has none of the sets %s, and no other package reads it", u.file.Name, u.module.Package.Location.Row, name, strings.Join(sets, ", "))
	}
	return nil
}

// read says whether a package is read by another one.
func (r *rules) read(path ast.Ref) bool {
	found := false
	for _, m := range r.compiler.Modules {
		if m.Package.Path.Equal(path) {
			continue
		}
		ast.WalkRefs(m, func(ref ast.Ref) bool {
			found = found || ref.HasPrefix(path)
			return found
		})
	}
	return found
}

type userModule struct {
	file   config.File
	module *ast.Module
}

// RuleFiles are the program's own rules, by name.
func RuleFiles() []config.File {
	var out []config.File
	entries, err := fs.ReadDir(builtin, "rules")
	if err != nil {
		panic(err) // embedded
	}
	for _, e := range entries {
		name := path.Join("rules", e.Name())
		data, err := builtin.ReadFile(name)
		if err != nil {
			panic(err) // embedded
		}
		out = append(out, config.File{Name: name, Data: data})
	}
	return out
}

func modulesInOrder(modules map[string]*ast.Module) []*ast.Module {
	var out []*ast.Module
	for _, f := range RuleFiles() {
		out = append(out, modules[f.Name])
	}
	return out
}

func parseModule(name string, data []byte) (*ast.Module, error) {
	if len(data) > maxModule {
		return nil, errors.Errorf("%s is larger than %d bytes", name, maxModule)
	}
	m, err := ast.ParseModuleWithOpts(name, string(data), ast.ParserOptions{Capabilities: Capabilities(), ProcessAnnotation: true})
	if err != nil {
		return nil, regoError(err)
	}
	if m == nil {
		return nil, errors.Errorf("%s holds no Rego", name)
	}
	return m, nil
}

// origin of a file: the policy that it came with, empty for the build's own.
func origin(file string) string {
	policy, _, inside := strings.Cut(file, "!")
	if !inside {
		return ""
	}
	return policy
}

// checkPackages keeps the packages of different policies apart: rules of the same
// package are one in Rego, so one policy could change what another decides.
func checkPackages(users []userModule) error {
	owner := map[string]string{} // package and packages above it → file
	for _, u := range users {
		name := packageName(u.module)
		if name == builtinRoot || strings.HasPrefix(name, builtinRoot+".") {
			return errors.Errorf("%s:%d: package %s: scan is the program's own, choose another name", u.file.Name, u.module.Package.Location.Row, name)
		}
		if other, ok := owner[name]; !ok {
			owner[name] = u.file.Name
		} else if origin(other) != origin(u.file.Name) {
			return errors.Errorf("%s:%d: package %s is the one of %s too, choose another name", u.file.Name, u.module.Package.Location.Row, name, other)
		}
	}
	for _, u := range users {
		name := packageName(u.module)
		for above := packageAbove(name); above != ""; above = packageAbove(above) {
			if other, ok := owner[above]; ok && origin(other) != origin(u.file.Name) {
				return errors.Errorf("%s:%d: package %s is inside of %s's package %s, choose another name", u.file.Name, u.module.Package.Location.Row, name, other, above)
			}
		}
	}
	return nil
}

// packageAbove is the package that another is inside of, empty for none.
func packageAbove(name string) string {
	return name[:max(strings.LastIndexByte(name, '.'), 0)]
}

func packageName(m *ast.Module) string {
	return strings.TrimPrefix(m.Package.Path.String(), "data.")
}

// add notes which sets a module has.
func (r *rules) add(m *ast.Module, file string, mayIgnore bool) {
	name := packageName(m)
	at := slices.IndexFunc(r.packages, func(p rulePackage) bool { return p.name == name })
	if at < 0 {
		at = len(r.packages)
		r.packages = append(r.packages, rulePackage{path: m.Package.Path, name: name, file: file, mayIgnore: mayIgnore})
	}
	p := &r.packages[at]
	p.mayIgnore = p.mayIgnore && mayIgnore
	for _, s := range sets {
		has := slices.ContainsFunc(m.Rules, func(rule *ast.Rule) bool { return setOf(rule) == s })
		if has && !slices.Contains(p.sets, s) {
			p.sets = append(p.sets, s)
		}
	}
}

// regoError puts the first few of OPA's errors on one line each, as
// "file:line: message".
func regoError(err error) error {
	var list ast.Errors
	if !errors.As(err, &list) {
		return err
	}
	const shown = 3
	var out []string
	for i, e := range list {
		if i == shown {
			out = append(out, "…")
			break
		}
		text := e.Message
		if e.Location != nil && e.Location.File != "" {
			text = e.Location.String() + ": " + text
		}
		out = append(out, text)
	}
	return errors.New(strings.Join(out, "\n"))
}
