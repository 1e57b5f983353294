package policy

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/scan-build/scan-build/scan"
)

// schemaID is where the schema of the rules' input is published.
const schemaID = "https://github.com/scan-build/scan-build/raw/main/scan/policy/input.schema.json"

// InputSchema is the JSON Schema of [Input]. Rules are checked against it when
// they are compiled: a rule that looks at a field that is not there would never
// apply, and nobody would see.
func InputSchema() map[string]any {
	s := schemaOf(reflect.TypeFor[Input]())
	s["$schema"], s["$id"], s["title"] = "https://json-schema.org/draft/2020-12/schema", schemaID, "What the rules of a scan-build policy see of a platform"
	return s
}

// inputTypes is the schema as the compiler takes it.
var inputTypes = sync.OnceValue(func() *ast.SchemaSet {
	set := ast.NewSchemaSet()
	set.Put(ast.SchemaRootRef, InputSchema())
	return set
})

// findingTypes are what [Input].Findings holds.
var findingTypes = []reflect.Type{
	reflect.TypeFor[inputVulnerability](), reflect.TypeFor[inputSecret](), reflect.TypeFor[inputMisconfiguration](), reflect.TypeFor[inputExternal](),
}

// schemaOf is the schema of a Go type as encoding/json writes it.
func schemaOf(t reflect.Type) map[string]any {
	switch {
	case t.Kind() == reflect.Pointer:
		return schemaOf(t.Elem())
	case t == reflect.TypeFor[scan.Severity](), t == reflect.TypeFor[time.Time](), t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return map[string]any{"type": "string"}
	case t.Implements(reflect.TypeFor[json.Marshaler]()):
		panic("policy: no schema for " + t.String()) // a test makes the schema
	}
	switch t.Kind() {
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	case reflect.Interface: // a finding
		var kinds []any
		for _, f := range findingTypes {
			kinds = append(kinds, schemaOf(f))
		}
		return map[string]any{"anyOf": kinds}
	case reflect.Struct:
		return schemaOfStruct(t)
	}
	panic("policy: no schema for " + t.String()) // a test makes the schema
}

func schemaOfStruct(t reflect.Type) map[string]any {
	properties := map[string]any{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "" {
			continue
		}
		properties[name] = schemaOf(f.Type)
	}
	return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
}
