package report

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/check"
	generate "github.com/scan-build/scan-build/scan/internal/jsonschema"
	"github.com/scan-build/scan-build/scan/internal/sample"
)

const schemaFile = "report.schema.json"

// reportSchema makes the schema of what writeJSON writes. It lets unknown fields
// pass, so that one who checks with an older copy accepts newer reports.
func reportSchema(t *testing.T, closed bool) generate.Schema {
	t.Helper()
	comments := comments(t)
	defs := generate.Schema{}
	g := &generate.Generator{
		Exact: true, Closed: closed, Defs: defs,
		Describe: func(t reflect.Type, field string) string { return comments[strings.Trim(t.Name()+"."+field, ".")] },
		Types: map[reflect.Type]generate.Schema{
			reflect.TypeFor[time.Time]():         {"type": "string", "format": "date-time"},
			reflect.TypeFor[scan.Severity]():     {"enum": severityNames()},
			reflect.TypeFor[scan.Outcome]():      {"enum": []any{scan.OutcomePass, scan.OutcomeWarn, scan.OutcomeBlock}},
			reflect.TypeFor[scan.Action]():       {"enum": []any{scan.ActionDeny, scan.ActionWarn, scan.ActionInfo, scan.ActionIgnore}},
			reflect.TypeFor[scan.SecretSource](): {"enum": []any{scan.SecretInFile, scan.SecretInConfig, scan.SecretInDockerfile}},
		},
	}
	out := generate.Schema{"$schema": generate.Draft, "$id": SchemaID, "title": "Report of scan-build", "$defs": defs}
	out["$ref"] = g.Of(reflect.TypeFor[scan.Report]())["$ref"]
	version := defs["Report"].(generate.Schema)["properties"].(generate.Schema)["schemaVersion"].(generate.Schema)
	version["const"] = scan.SchemaVersion
	return out
}

func severityNames() []any {
	var out []any
	for _, s := range scan.Severities() {
		out = append(out, s.String())
	}
	return out
}

// link is a reference in a doc comment.
var link = regexp.MustCompile(`\[([A-Za-z.]+)\]`)

// comments are the doc comments of package scan's types and fields, by the names
// Type and Type.Field.
func comments(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources of package scan: %v", err)
	}
	out := map[string]string{}
	add := func(name string, doc *ast.CommentGroup) {
		if doc != nil {
			out[name] = link.ReplaceAllString(strings.Join(strings.Fields(doc.Text()), " "), "$1")
		}
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok || decl.Tok != token.TYPE {
				continue
			}
			spec := decl.Specs[0].(*ast.TypeSpec)
			add(spec.Name.Name, decl.Doc)
			if s, ok := spec.Type.(*ast.StructType); ok {
				for _, field := range s.Fields.List {
					for _, name := range field.Names {
						add(spec.Name.Name+"."+name.Name, field.Doc)
					}
				}
			}
		}
	}
	return out
}

// The report is what other programs read for years: a change of its schema is
// either an addition, which is written down, or another version.
func TestPublishedReportSchemaKeepsItsPromise(t *testing.T) {
	made, err := json.MarshalIndent(reportSchema(t, false), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	made = append(made, '\n')
	committed, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(made, committed) {
		return
	}
	was, now := decodeSchema(t, committed), decodeSchema(t, made)
	if breaks := generate.Breaks(was, now); len(breaks) > 0 && versionOf(was) == versionOf(now) {
		t.Fatalf("the change of the report breaks those who read it:\n  %s\nAdd fields instead (with omitempty), or raise scan.SchemaVersion",
			strings.Join(breaks, "\n  "))
	}
	if os.Getenv("UPDATE_GOLDEN") == "" {
		t.Fatalf("the report has changed, compatibly or with a new schemaVersion; to publish that: UPDATE_GOLDEN=1 go test ./scan/report -run %s", t.Name())
	}
	if err := os.WriteFile(schemaFile, made, 0o644); err != nil {
		t.Fatal(err)
	}
}

func decodeSchema(t *testing.T, b []byte) generate.Schema {
	t.Helper()
	var out generate.Schema
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// versionOf is the schemaVersion that a schema describes; nil of none.
func versionOf(s generate.Schema) any {
	var v any = s
	for _, k := range []string{"$defs", "Report", "properties", "schemaVersion", "const"} {
		o, _ := v.(map[string]any)
		v = o[k]
	}
	return v
}

func compileSchema(t *testing.T, id string, raw []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(id, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReportsMeetTheirSchema(t *testing.T) {
	closed, err := json.Marshal(reportSchema(t, true))
	if err != nil {
		t.Fatal(err)
	}
	published, exact := compileSchema(t, SchemaID, Schema()), compileSchema(t, SchemaID, closed)
	configured := sample.Configured()
	check.Evaluate(configured)
	for name, r := range map[string]*scan.Report{
		"sample": sample.Report(), "configured": configured,
		"hardly anything": {SchemaVersion: scan.SchemaVersion, Platforms: []scan.Platform{{ID: "linux/amd64", Stages: []scan.Stage{{Name: "final", Final: true}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := Write(&b, "json", decided(t, r)); err != nil {
				t.Fatal(err)
			}
			validate(t, published, b.Bytes())
			validate(t, exact, b.Bytes())
		})
	}
}

func TestOtherDocumentsDoNotMeetTheReportSchema(t *testing.T) {
	s := compileSchema(t, SchemaID, Schema())
	for name, change := range map[string]func(map[string]any){
		"another version": func(r map[string]any) { r["schemaVersion"] = 2 },
		"no verdict":      func(r map[string]any) { delete(r, "verdict") },
		"another type":    func(r map[string]any) { r["platforms"] = "linux/amd64" },
		"unknown outcome": func(r map[string]any) { r["verdict"].(map[string]any)["outcome"] = "maybe" },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := Write(&b, "json", decided(t, sample.Report())); err != nil {
				t.Fatal(err)
			}
			doc, err := jsonschema.UnmarshalJSON(&b)
			if err != nil {
				t.Fatal(err)
			}
			change(doc.(map[string]any))
			if s.Validate(doc) == nil {
				t.Error("it was accepted")
			}
		})
	}
}
