package config

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// SchemaID is where the JSON Schema of the options file is published.
const SchemaID = "https://github.com/scan-build/scan-build/raw/main/scan/config/schema.json"

//go:embed schema.json
var publishedSchema []byte

// Schema returns the JSON Schema (draft 2020-12) of the options file. What it
// refuses, ParseYAML refuses, too; beyond it ParseYAML refuses what a schema
// cannot say, such as a pattern with an open bracket or a key given twice.
func Schema() []byte { return slices.Clone(publishedSchema) }

// schema is a JSON Schema, or a part of one.
type schema map[string]any

// makeSchema derives the schema from [All].
func makeSchema() ([]byte, error) {
	defs := schema{}
	file := groupSchema("", false, defs)
	out := schema{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"$id":         SchemaID,
		"title":       FileName,
		"description": "Options of scan-build, in the file " + FileName + " beside the Dockerfile",
		"type":        []string{"object", "null"},
		"$defs":       defs,
	}
	delete(file, "type")
	maps.Copy(out, file)
	b, err := json.MarshalIndent(out, "", "  ")
	return append(b, '\n'), err
}

// groupSchema is that of a mapping whose keys are known. What stands at the top
// of a file and of a profile goes into defs, once.
func groupSchema(prefix string, inProfile bool, defs schema) schema {
	properties := schema{}
	for _, key := range fileKeys(prefix, inProfile) {
		properties[key] = keySchema(prefix+key, inProfile, defs)
	}
	out := schema{"type": "object", "additionalProperties": false, "properties": properties}
	if not := givenTwice(prefix); len(not) > 0 {
		out["allOf"] = not
	}
	return out
}

func keySchema(name string, inProfile bool, defs schema) schema {
	switch name {
	case versionKey:
		return schema{"description": "Version of the file's language", "enum": []any{FileVersion, "1"}}
	case branchesKey:
		return schema{"description": "Branches that choose the profile, as patterns such as release/*", "anyOf": []schema{
			text(maxGlob), {"type": "array", "items": text(maxGlob), "maxItems": maxFiles},
		}}
	case profilesKey:
		o, _ := optionNamed(profilesKey)
		return schema{
			"description": o.Help, "type": "object", "maxProperties": maxProfiles, "additionalProperties": false,
			"patternProperties": schema{profilePattern: groupSchema("", true, defs)},
		}
	}
	s := optionOrGroup(name, inProfile, defs)
	if o, ok := optionOfKey(name, false); strings.Contains(name, ".") || ok && o.across == own {
		return s
	}
	defs[name] = s
	return schema{"$ref": "#/$defs/" + name}
}

func optionOrGroup(name string, inProfile bool, defs schema) schema {
	o, isOption := optionOfKey(name, inProfile)
	switch group := isGroup(name, inProfile); {
	case !group:
		return o.fileSchema()
	case !isOption:
		return groupSchema(name+".", inProfile, defs)
	default:
		s := o.fileSchema()
		return schema{"description": s["description"], "anyOf": []schema{s, groupSchema(name+".", inProfile, defs)}}
	}
}

// givenTwice forbids that an option is set both in short and by its whole path.
func givenTwice(prefix string) []schema {
	var out []schema
	for _, o := range declared() {
		if prefix != "" || o.Key == "" || o.Roads&RoadFile == 0 || strings.HasPrefix(o.Key, o.Name+".") {
			continue
		}
		keys := strings.Split(o.Key, ".")
		deep := schema{"required": []string{keys[len(keys)-1]}}
		for i := len(keys) - 2; i >= 0; i-- {
			deep = schema{"required": []string{keys[i]}, "properties": schema{keys[i]: deep}}
		}
		out = append(out, schema{"not": schema{"type": "object", "allOf": []schema{{"required": []string{o.Name}}, deep}}})
	}
	return out
}

// fileSchema is that of the option as it stands in the file.
func (o Option) fileSchema() schema {
	out := o.shape()
	out["description"] = o.Help
	if o.Like != "" {
		like, _ := optionNamed(o.Like)
		out["description"] = o.Help + "; without it as " + like.FileKey()
	}
	if o.Default != "" {
		out["default"] = o.Default
		if o.Default == "true" || o.Default == "false" {
			out["default"] = o.Default == "true"
		}
	}
	return out
}

func (o Option) shape() schema {
	switch {
	case o.Map:
		return schema{
			"type": "object", "additionalProperties": false, "maxProperties": maxRules,
			"patternProperties": schema{checkID.String(): o.schema},
		}
	case len(o.Entry) > 0:
		return o.entriesSchema()
	case o.Repeatable:
		list := schema{"type": "array", "items": o.schema, "maxItems": maxEntries}
		maps.Copy(list, o.list)
		return schema{"anyOf": []schema{o.schema, list}}
	default:
		return maps.Clone(o.schema)
	}
}

func (o Option) entriesSchema() schema {
	properties := schema{}
	var required, any []string
	for _, f := range o.Entry {
		s := maps.Clone(f.schema)
		s["description"] = f.Help
		properties[f.Name] = s
		if f.Required {
			required = append(required, f.Name)
		} else {
			any = append(any, f.Name)
		}
	}
	item := schema{"type": "object", "additionalProperties": false, "properties": properties, "required": required}
	if o.across == adds { // an entry that accepts something says what
		var anyOf []schema
		for _, name := range any {
			anyOf = append(anyOf, schema{"required": []string{name}})
		}
		item["anyOf"] = anyOf
	}
	maps.Copy(item, o.item)
	list := schema{"type": "array", "items": item, "maxItems": maxEntries}
	maps.Copy(list, o.list)
	if !o.Brief {
		return list
	}
	short := schema{"allOf": []schema{o.Entry[0].schema, {"not": schema{"pattern": httpsPattern}}}}
	list["items"] = schema{"anyOf": []schema{short, item}}
	return schema{"anyOf": []schema{short, list}}
}
