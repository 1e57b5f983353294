package jsonschema

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Breaks lists what of a change from one schema to another its readers would not
// survive, by the path of what changed. Both are as json.Unmarshal reads them.
// Within one version of a document, only these may change:
//
//   - fields are added that need not be there, with whatever types they bring
//   - descriptions and titles
//
// A new field that must be there breaks whoever checks a document that was
// written before it.
func Breaks(from, to Schema) []string {
	c := &comparison{}
	c.compare("", from, to)
	for _, name := range slices.Sorted(maps.Keys(defs(from))) {
		was, now := object(defs(from)[name]), object(defs(to)[name])
		if now == nil {
			c.say("/$defs/"+name, "is gone")
			continue
		}
		c.compare("/$defs/"+name, was, now)
	}
	return c.found
}

type comparison struct{ found []string }

func (c *comparison) say(path, what string) { c.found = append(c.found, path+" "+what) }

// free are the keywords that say nothing about documents.
var free = map[string]bool{"title": true, "description": true, "$id": true, "$schema": true, "$defs": true}

func (c *comparison) compare(path string, was, now Schema) {
	for _, k := range slices.Sorted(maps.Keys(union(was, now))) {
		at := path + "/" + k
		switch {
		case free[k]:
		case k == "properties":
			c.properties(at, object(was[k]), object(now[k]))
		case k == "required":
			c.required(path, list(was[k]), list(now[k]))
		case object(was[k]) != nil && object(now[k]) != nil:
			c.compare(at, object(was[k]), object(now[k]))
		case !reflect.DeepEqual(was[k], now[k]):
			c.say(at, fmt.Sprintf("was %v and is %v", show(was[k]), show(now[k])))
		}
	}
}

func (c *comparison) properties(path string, was, now Schema) {
	for _, k := range slices.Sorted(maps.Keys(was)) {
		if now[k] == nil {
			c.say(path+"/"+k, "is gone")
			continue
		}
		c.compare(path+"/"+k, object(was[k]), object(now[k]))
	}
}

func (c *comparison) required(path string, was, now []any) {
	for _, name := range was {
		if !slices.Contains(now, name) {
			c.say(fmt.Sprintf("%s/properties/%v", path, name), "was always there and need not be any more")
		}
	}
	for _, name := range now {
		if !slices.Contains(was, name) {
			c.say(fmt.Sprintf("%s/properties/%v", path, name), "must be there: documents that were written before lack it (omitempty)")
		}
	}
}

func defs(s Schema) Schema { return object(s["$defs"]) }

func object(v any) Schema {
	o, _ := v.(map[string]any)
	return o
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func union(a, b Schema) Schema {
	out := maps.Clone(a)
	if out == nil {
		out = Schema{}
	}
	maps.Copy(out, b)
	return out
}

func show(v any) any {
	if v == nil {
		return "nothing"
	}
	return v
}
