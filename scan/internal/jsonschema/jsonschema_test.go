package jsonschema

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type base struct {
	Name string `json:"name"`
}

type tree struct {
	base
	Hidden   string    `json:"-"`
	At       time.Time `json:"at"`
	Children []tree    `json:"children"`
	Parent   *tree     `json:"parent,omitempty"`
	Size     float64   `json:"size,omitempty"`
}

func encode(t *testing.T, s Schema) Schema {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, string(b))
}

func decode(t *testing.T, text string) Schema {
	t.Helper()
	var out Schema
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTypesAreDescribedAsTheyAreWritten(t *testing.T) {
	defs := Schema{}
	g := &Generator{Exact: true, Defs: defs, Describe: func(t reflect.Type, field string) string {
		if field == "Name" {
			return t.Name() + "." + field
		}
		return ""
	}}
	got := encode(t, Schema{"root": g.Of(reflect.TypeFor[tree]()), "$defs": defs})
	want := Schema{
		"root": Schema{"$ref": "#/$defs/tree"},
		"$defs": Schema{"tree": Schema{
			"type":     "object",
			"required": []any{"name", "at", "children"},
			"properties": Schema{
				"name":     Schema{"type": "string", "description": "base.Name"},
				"at":       Schema{"type": "string"},
				"children": Schema{"type": []any{"array", "null"}, "items": Schema{"$ref": "#/$defs/tree"}},
				"parent":   Schema{"$ref": "#/$defs/tree"},
				"size":     Schema{"type": "number"},
			},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTypesThatWriteThemselvesMustBeExplained(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("json.RawMessage was described")
		}
	}()
	(&Generator{}).Of(reflect.TypeFor[json.RawMessage]())
}

const published = `{
	"type": "object", "required": ["id"], "properties": {
		"id": {"type": "string", "description": "old"}, "outcome": {"enum": ["pass", "block"]},
		"stage": {"$ref": "#/$defs/Stage"}, "names": {"type": "array", "items": {"type": "string"}}
	},
	"$defs": {"Stage": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "layer": {"type": "integer"}}}}
}`

func TestOnlyWhatBreaksReadersBreaks(t *testing.T) {
	for name, tc := range map[string]struct {
		from, to, want string
	}{
		"nothing":                  {`"old"`, `"old"`, ""},
		"description":              {`"old"`, `"new"`, ""},
		"new field":                {`"layer": {"type": "integer"}`, `"layer": {"type": "integer"}, "more": {"type": "string"}`, ""},
		"new field that has to be": {`"required": ["name"], "properties": {`, `"required": ["name", "more"], "properties": {"more": {}, `, "/$defs/Stage/properties/more must be there: documents that were written before lack it (omitempty)"},
		"field is gone":            {`, "layer": {"type": "integer"}`, ``, "/$defs/Stage/properties/layer is gone"},
		"field was renamed":        {`"layer"`, `"layers"`, "/$defs/Stage/properties/layer is gone"},
		"another type":             {`"integer"`, `"string"`, "/$defs/Stage/properties/layer/type was integer and is string"},
		"another element":          {`"items": {"type": "string"}`, `"items": {"type": "integer"}`, "/properties/names/items/type was string and is integer"},
		"optional now":             {`"required": ["id"], `, ``, "/properties/id was always there and need not be any more"},
		"another value":            {`"block"]`, `"block", "maybe"]`, "/properties/outcome/enum was [pass block] and is [pass block maybe]"},
		"another reference":        {`"$ref": "#/$defs/Stage"`, `"$ref": "#/$defs/Other"`, "/properties/stage/$ref was #/$defs/Stage and is #/$defs/Other"},
		"definition is gone":       {`"Stage": {"type"`, `"Stages": {"type"`, "/$defs/Stage is gone"},
		"closed":                   {`{"type": "object", "required": ["name"]`, `{"type": "object", "additionalProperties": false, "required": ["name"]`, "/$defs/Stage/additionalProperties was nothing and is false"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(published, tc.from) {
				t.Fatalf("%q is not in the schema", tc.from)
			}
			from, to := decode(t, published), decode(t, strings.Replace(published, tc.from, tc.to, 1))
			if diff := cmp.Diff(tc.want, strings.Join(Breaks(from, to), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
