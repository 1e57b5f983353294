package policy

import (
	"reflect"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/jsonschema"
)

// schemaID is where the schema of the rules' input is published.
const schemaID = "https://github.com/scan-build/scan-build/raw/main/scan/policy/input.schema.json"

// InputSchema is the JSON Schema of [Input]. Rules are checked against it when
// they are compiled: a rule that looks at a field that is not there would never
// apply, and nobody would see.
func InputSchema() map[string]any {
	s := schemaOf(reflect.TypeFor[Input]())
	s["$schema"], s["$id"], s["title"] = jsonschema.Draft, schemaID, "What the rules of a scan-build policy see of a platform"
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
	g := &jsonschema.Generator{Closed: true, Types: map[reflect.Type]jsonschema.Schema{reflect.TypeFor[scan.Severity](): {"type": "string"}}}
	var kinds []any
	for _, f := range findingTypes {
		kinds = append(kinds, g.Of(f))
	}
	g.Types[reflect.TypeFor[any]()] = jsonschema.Schema{"anyOf": kinds}
	return g.Of(t)
}
