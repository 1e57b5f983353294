package policy

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// regoValue is the value that [ast.InterfaceToValue] makes of x, made without JSON in
// between, which took half of the time of evaluating 10,000 findings.
func regoValue(x any) (ast.Value, error) {
	return regoOf(reflect.ValueOf(x))
}

func regoOf(v reflect.Value) (ast.Value, error) {
	if !v.IsValid() || (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil() {
		return ast.NullValue, nil
	}
	switch m := v.Interface().(type) {
	case scan.Severity:
		return ast.InternedTerm(m.String()).Value, nil
	case encoding.TextMarshaler:
		text, err := m.MarshalText()
		return ast.String(text), err
	case json.Marshaler:
		return ast.InterfaceToValue(m)
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return regoOf(v.Elem())
	case reflect.Bool:
		return ast.InternedTerm(v.Bool()).Value, nil
	case reflect.Int, reflect.Int64:
		return ast.InternedTerm(int(v.Int())).Value, nil
	case reflect.String:
		return ast.InternedTerm(v.String()).Value, nil
	case reflect.Slice:
		return arrayOf(v)
	case reflect.Map:
		return objectOfMap(v)
	case reflect.Struct:
		return objectOfStruct(v)
	case reflect.Float64:
		return number(v.Float())
	}
	return nil, errors.Errorf("a %s cannot be part of the input", v.Type())
}

// number is written as JSON writes it.
func number(f float64) (ast.Value, error) {
	b, err := json.Marshal(f)
	return ast.Number(b), err
}

func arrayOf(v reflect.Value) (ast.Value, error) {
	if v.IsNil() {
		return ast.NullValue, nil
	}
	terms := make([]*ast.Term, v.Len())
	for i := range terms {
		item, err := regoOf(v.Index(i))
		if err != nil {
			return nil, err
		}
		terms[i] = ast.NewTerm(item)
	}
	return ast.NewArray(terms...), nil
}

func objectOfMap(v reflect.Value) (ast.Value, error) {
	if v.IsNil() {
		return ast.NullValue, nil
	}
	out := ast.NewObject()
	for entries := v.MapRange(); entries.Next(); {
		item, err := regoOf(entries.Value())
		if err != nil {
			return nil, err
		}
		out.Insert(ast.StringTerm(entries.Key().String()), ast.NewTerm(item))
	}
	return out, nil
}

func objectOfStruct(v reflect.Value) (ast.Value, error) {
	fields := fieldsOf(v.Type())
	pairs := make([][2]*ast.Term, 0, len(fields))
	for _, f := range fields {
		member, err := v.FieldByIndexErr(f.index)
		if err != nil || f.omitEmpty && isEmpty(member) {
			continue // of an embedded struct that is not there
		}
		item, err := regoOf(member)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, [2]*ast.Term{f.name, ast.NewTerm(item)})
	}
	return ast.NewObject(pairs...), nil
}

// isEmpty is what encoding/json means by omitempty.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// field of a struct as encoding/json names it.
type field struct {
	name      *ast.Term
	index     []int
	omitEmpty bool
}

var fieldCache sync.Map // reflect.Type → []field

// fieldsOf are the fields that encoding/json writes: of those of one name the one
// that is embedded least deeply.
func fieldsOf(t reflect.Type) []field {
	if have, ok := fieldCache.Load(t); ok {
		return have.([]field)
	}
	at := map[string]int{}
	var out []field
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" || !f.IsExported() || name == "-" {
			continue
		}
		made := field{ast.StringTerm(name), f.Index, strings.Contains(options, "omitempty")}
		if i, twice := at[name]; !twice {
			at[name] = len(out)
			out = append(out, made)
		} else if len(f.Index) < len(out[i].index) {
			out[i] = made
		}
	}
	fieldCache.Store(t, out)
	return out
}
