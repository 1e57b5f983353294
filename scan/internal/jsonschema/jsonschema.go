// Package jsonschema describes Go types as encoding/json writes them: as JSON
// Schema (draft 2020-12), by reflection. It says what changes of a published
// schema break its readers. It knows nothing of scans.
package jsonschema

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// Draft is the dialect of what [Generator] makes.
const Draft = "https://json-schema.org/draft/2020-12/schema"

// Schema is a JSON Schema or a part of one.
type Schema = map[string]any

// Generator makes schemas. Its zero value describes every type in place, with all
// fields optional.
type Generator struct {
	// Types are the schemas of types for which reflection cannot tell, by type; they
	// come before any other rule.
	Types map[reflect.Type]Schema
	// Closed refuses fields that a type does not have.
	Closed bool
	// Exact says which fields are always there (those without omitempty) and which
	// of them may be null.
	Exact bool
	// Describe returns the description of a type, or of a field of it by its Go
	// name; it may be nil, and return nothing.
	Describe func(t reflect.Type, field string) string
	// Defs, if not nil, receives every struct type, which is then referred to. The
	// names of the types must differ.
	Defs Schema
}

// Of is the schema of a type. A type that cannot be described panics: a test
// makes each schema.
func (g *Generator) Of(t reflect.Type) Schema {
	if s, ok := g.Types[t]; ok {
		return clone(s)
	}
	switch {
	case t.Kind() == reflect.Pointer:
		return g.Of(t.Elem())
	case t == reflect.TypeFor[time.Time](), t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return Schema{"type": "string"}
	case t.Implements(reflect.TypeFor[json.Marshaler]()):
		panic("jsonschema: " + t.String() + " writes itself: say how in Types")
	}
	switch t.Kind() {
	case reflect.Bool:
		return Schema{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return Schema{"type": "integer"}
	case reflect.Float64:
		return Schema{"type": "number"}
	case reflect.String:
		return Schema{"type": "string"}
	case reflect.Slice:
		return Schema{"type": "array", "items": g.Of(t.Elem())}
	case reflect.Map:
		return Schema{"type": "object", "additionalProperties": g.Of(t.Elem())}
	case reflect.Struct:
		return g.ofStruct(t)
	}
	panic("jsonschema: no schema for " + t.String())
}

func (g *Generator) ofStruct(t reflect.Type) Schema {
	if g.Defs == nil {
		return g.fields(t)
	}
	if _, ok := g.Defs[t.Name()]; !ok {
		g.Defs[t.Name()] = Schema{} // ends recursion
		g.Defs[t.Name()] = g.fields(t)
	}
	return Schema{"$ref": "#/$defs/" + t.Name()}
}

// fields is the schema of a struct. Embedded structs are part of it.
func (g *Generator) fields(t reflect.Type) Schema {
	properties, required := Schema{}, []any{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "" || name == "-" {
			continue
		}
		s := g.Of(f.Type)
		if g.Exact && options != "omitempty" {
			required = append(required, name)
			s = orNull(f.Type, s)
		}
		g.describe(s, owner(t, f), f.Name)
		properties[name] = s
	}
	out := Schema{"type": "object", "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	}
	if g.Closed {
		out["additionalProperties"] = false
	}
	g.describe(out, t, "")
	return out
}

// owner is the type in which a field of t is declared.
func owner(t reflect.Type, f reflect.StructField) reflect.Type {
	for _, i := range f.Index[:len(f.Index)-1] {
		if t = t.Field(i).Type; t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
	}
	return t
}

func (g *Generator) describe(s Schema, t reflect.Type, field string) {
	if g.Describe == nil {
		return
	}
	if text := g.Describe(t, field); text != "" {
		s["description"] = text
	}
}

// orNull allows null where encoding/json writes it.
func orNull(t reflect.Type, s Schema) Schema {
	switch t.Kind() {
	case reflect.Pointer:
		return Schema{"anyOf": []any{s, Schema{"type": "null"}}}
	case reflect.Slice, reflect.Map:
		s["type"] = []any{s["type"], "null"}
	}
	return s
}

func clone(s Schema) Schema {
	out := Schema{}
	for k, v := range s {
		out[k] = v
	}
	return out
}
