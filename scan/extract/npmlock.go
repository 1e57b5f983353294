package extract

import (
	"context"
	"path"
	"strings"

	"github.com/pkg/errors"
	"github.com/tidwall/gjson"

	"github.com/scan-build/scan-build/scan"
)

// npmLock reads package-lock.json and npm-shrinkwrap.json of all lock file
// versions. scalibr's extractor looks up the line of every package from the top
// of the file, which is quadratic: 0.4 s for 1,500 packages.
// https://docs.npmjs.com/cli/configuring-npm/package-lock-json
func npmLock(ctx context.Context, in *input) ([]scan.Package, error) {
	if path.Base(in.path) == "package-lock.json" {
		if _, err := in.view.Stat(path.Join(path.Dir(in.path), "npm-shrinkwrap.json")); err == nil {
			// npm looks at the other one only.
			return nil, nil
		}
	}
	b, err := in.content()
	if err != nil {
		return nil, err
	}
	doc, err := parseJSON(b)
	if err != nil {
		return nil, err
	}
	if !doc.IsObject() {
		return nil, errors.New("failed to parse: no object")
	}
	l := &lockReader{ctx: ctx}
	if packages := doc.Get("packages"); packages.IsObject() {
		packages.ForEach(l.entry)
	} else {
		l.dependencies(doc.Get("dependencies"), 0)
	}
	return l.packages, context.Cause(ctx)
}

type lockReader struct {
	ctx      context.Context
	packages []scan.Package
}

// entry reads an entry of "packages", which is named by where it is installed:
// "node_modules/a/node_modules/@scope/b".
func (l *lockReader) entry(key, value gjson.Result) bool {
	at := key.String()
	if at == "" || value.Get("link").Bool() {
		return context.Cause(l.ctx) == nil
	}
	name := text(value.Get("name"))
	if name == "" {
		name = path.Base(at)
		if scope := path.Base(path.Dir(at)); strings.HasPrefix(scope, "@") {
			name = scope + "/" + name
		}
	}
	l.add(name, text(value.Get("version")), value)
	return context.Cause(l.ctx) == nil
}

// maxLockDepth is how deep lock files of version 1 may nest.
const maxLockDepth = 200

// dependencies reads "dependencies" of a version 1 lock file, which nest.
func (l *lockReader) dependencies(deps gjson.Result, depth int) {
	if !deps.IsObject() || depth > maxLockDepth {
		return
	}
	deps.ForEach(func(key, value gjson.Result) bool {
		name, version := key.String(), text(value.Get("version"))
		if alias, ok := strings.CutPrefix(version, "npm:"); ok {
			if i := strings.LastIndexByte(alias, '@'); i > 0 {
				name, version = alias[:i], alias[i+1:]
			}
		}
		l.add(name, version, value)
		l.dependencies(value.Get("dependencies"), depth+1)
		return context.Cause(l.ctx) == nil
	})
}

// add leaves out what has no version of the registry: folders, URLs, commits.
func (l *lockReader) add(name, version string, value gjson.Result) {
	if name == "" || version == "" || strings.ContainsAny(version, ":/#") {
		return
	}
	p := scan.Package{Name: strings.Clone(name), Version: version, Type: "npm", Dev: value.Get("dev").Bool()}
	if s := text(value.Get("license")); s != "" {
		p.Licenses = []string{s}
	}
	l.packages = append(l.packages, p)
}
