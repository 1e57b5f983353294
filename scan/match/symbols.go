package match

import (
	"encoding/json"
	"strings"

	v6 "github.com/anchore/grype/grype/db/v6"
	grypematch "github.com/anchore/grype/grype/match"
	"github.com/anchore/grype/grype/pkg"
	"github.com/pkg/errors"
	"gorm.io/gorm"
)

// goImport names the vulnerable functions of one Go package, as the Go
// vulnerability database lists them. No symbols means the whole package.
type goImport struct {
	Path    string   `json:"path"`
	Symbols []string `json:"symbols"`
}

// symbolFilter drops a Go advisory if none of the functions that it names was
// linked into the binary. Databases since schema 6.1.9 carry them; the grype
// that is linked here is older and ignores them, so they are read from the
// tables (qualifiers.go_imports of the affected package's blob), and judged as
// grype's gosymbols qualifier does: without evidence either way, a match stays.
type symbolFilter struct {
	sql     *gorm.DB
	present map[pkg.ID]map[string]bool
	imports map[v6.ID]map[string][]goImport
}

func newSymbolFilter(sql *gorm.DB, symbols map[pkg.ID][]string) *symbolFilter {
	f := &symbolFilter{
		sql:     sql,
		present: map[pkg.ID]map[string]bool{},
		imports: map[v6.ID]map[string][]goImport{},
	}
	for id, list := range symbols {
		f.present[id] = linked(list)
	}
	return f
}

// linked indexes a binary's function symbols by import path ("net/http") and
// by function ("net/http.Server.Serve").
func linked(symbols []string) map[string]bool {
	set := map[string]bool{}
	for _, s := range symbols {
		path, name := splitSymbol(s)
		if path == "" {
			continue
		}
		set[path] = true
		set[path+"."+name] = true
	}
	return set
}

// splitSymbol parts "golang.org/x/net/html.(*Tokenizer).Next" into import path
// and name, the name in the Go vulnerability database's notation
// ("Tokenizer.Next"): no receiver's star, type parameters or "-fm".
func splitSymbol(s string) (path, name string) {
	if i := strings.IndexByte(s, '['); i >= 0 {
		if j := strings.LastIndexByte(s, ']'); j > i {
			s = s[:i] + s[j+1:]
		}
	}
	s = strings.TrimSuffix(s, "-fm")
	dir := strings.LastIndexByte(s, '/') + 1
	dot := strings.IndexByte(s[dir:], '.')
	if dot < 0 {
		return "", ""
	}
	path, name = s[:dir+dot], s[dir+dot+1:]
	// The linker escapes dots in the last path element.
	path = strings.ReplaceAll(path, "%2e", ".")
	return path, strings.NewReplacer("(*", "", "(", "", ")", "").Replace(name)
}

// uses tells whether a match's vulnerable functions may be in its binary.
func (f *symbolFilter) uses(m grypematch.Match) (bool, error) {
	present := f.present[m.Package.ID]
	if len(present) == 0 {
		return true, nil
	}
	imports, err := f.importsOf(m)
	if err != nil || len(imports) == 0 {
		return true, err
	}
	for _, i := range imports {
		if !present[i.Path] {
			continue
		}
		if len(i.Symbols) == 0 {
			return true, nil
		}
		for _, s := range i.Symbols {
			if present[i.Path+"."+s] {
				return true, nil
			}
		}
	}
	return false, nil
}

// importsOf reads the imports that a match's record names for its package. If
// any of the record's entries for the package names none, it applies whatever
// was linked.
func (f *symbolFilter) importsOf(m grypematch.Match) ([]goImport, error) {
	handle, ok := m.Vulnerability.Internal.(*v6.VulnerabilityHandle)
	if !ok {
		return nil, nil
	}
	byName, ok := f.imports[handle.ID]
	if !ok {
		var err error
		if byName, err = f.read(handle.ID); err != nil {
			return nil, err
		}
		f.imports[handle.ID] = byName
	}
	return byName[strings.ToLower(m.Vulnerability.PackageName)], nil
}

func (f *symbolFilter) read(id v6.ID) (map[string][]goImport, error) {
	var rows []struct{ Name, Value string }
	err := f.sql.Table("affected_package_handles AS h").
		Select("p.name AS name, b.value AS value").
		Joins("JOIN packages p ON p.id = h.package_id").
		Joins("JOIN blobs b ON b.id = h.blob_id").
		Where("h.vulnerability_id = ?", id).
		Scan(&rows).Error
	if err != nil {
		return nil, errors.Wrap(err, "failed to read affected Go symbols from the vulnerability database")
	}
	out := map[string][]goImport{}
	whole := map[string]bool{}
	for _, r := range rows {
		var blob struct {
			Qualifiers struct {
				GoImports []goImport `json:"go_imports"`
			} `json:"qualifiers"`
		}
		if err := json.Unmarshal([]byte(r.Value), &blob); err != nil {
			return nil, errors.Wrap(err, "failed to read affected Go symbols from the vulnerability database")
		}
		name := strings.ToLower(r.Name)
		whole[name] = whole[name] || len(blob.Qualifiers.GoImports) == 0
		out[name] = append(out[name], blob.Qualifiers.GoImports...)
	}
	for name := range whole {
		if whole[name] {
			delete(out, name)
		}
	}
	return out, nil
}
