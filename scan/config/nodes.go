package config

import (
	"slices"

	"github.com/pkg/errors"
	"go.yaml.in/yaml/v3"
)

// maxEntries bounds a list of mappings: each is held against every finding.
const maxEntries = 1000

// resolve follows an alias. Aliases are followed one at a time and to no
// greater depth than the options have, so they cannot blow up.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// eachKey calls f for the keys of a mapping, with an error for one that was
// there already.
func eachKey(n *yaml.Node, f func(key, value *yaml.Node, err error) error) error {
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		var err error
		if first, ok := seen[key.Value]; ok {
			err = errors.Errorf("is already set in line %d", first)
		}
		seen[key.Value] = key.Line
		if err := f(key, n.Content[i+1], err); err != nil {
			return err
		}
	}
	return nil
}

// scalars reads a value, or a list of them for an option that takes several.
func scalars(n *yaml.Node, several bool) ([]value, error) {
	if list := resolve(n); several && list.Kind == yaml.SequenceNode {
		var values []value
		for _, item := range list.Content {
			v, err := scalar(item)
			if err != nil {
				return nil, &partError{line: item.Line, err: err}
			}
			values = append(values, value{text: v, line: item.Line})
		}
		return values, nil
	}
	v, err := scalar(n)
	return []value{{text: v, line: n.Line}}, err
}

// eachValue calls f for the values of a setting that has at least one.
func eachValue(s setting, what string, f func(text string) error) error {
	if len(s.values) > maxEntries {
		return errors.Errorf("has %d %s, more than %d", len(s.values), what, maxEntries)
	}
	for _, v := range s.values {
		if err := f(v.text); err != nil {
			return &partError{line: v.line, err: err}
		}
	}
	return nil
}

// entries reads a list of mappings. Where the option says so, an entry or the
// whole list can be a single value in short.
func entries(n *yaml.Node, o Option) ([]entry, error) {
	keys := fieldNames(o.Entry)
	list := resolve(n)
	if o.Brief && list.Kind == yaml.ScalarNode {
		e, err := o.brief(list)
		return []entry{e}, err
	}
	if list.Kind != yaml.SequenceNode {
		return nil, errors.Errorf("want a list of entries with %s", orList(keys))
	}
	if len(list.Content) > maxEntries {
		return nil, errors.Errorf("has %d entries, more than %d", len(list.Content), maxEntries)
	}
	out := []entry{}
	for _, item := range list.Content {
		e, err := o.entry(item, keys)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func fieldNames(fields []Field) []string {
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	return names
}

func (o Option) entry(n *yaml.Node, keys []string) (entry, error) {
	if o.Brief && resolve(n).Kind == yaml.ScalarNode {
		return o.brief(n)
	}
	if resolve(n).Kind != yaml.MappingNode {
		return entry{}, &partError{line: n.Line, err: errors.Errorf("want an entry with %s", orList(keys))}
	}
	e := entry{line: n.Line, values: map[string]value{}}
	err := eachKey(resolve(n), func(key, v *yaml.Node, err error) error {
		return e.take(o.Entry, key, v, err)
	})
	return e, err
}

// brief reads an entry of which only the first key is given, without the key.
func (o Option) brief(n *yaml.Node) (entry, error) {
	text, err := scalar(n)
	if err != nil {
		return entry{}, &partError{line: n.Line, err: err}
	}
	return entry{line: n.Line, values: map[string]value{o.Entry[0].Name: {text: text, line: n.Line}}}, nil
}

func (e *entry) take(fields []Field, key, v *yaml.Node, err error) error {
	fail := func(err error) error {
		var part *partError
		if errors.As(err, &part) {
			return &partError{line: part.line, key: shorten(key.Value), err: part.err}
		}
		return &partError{line: key.Line, key: shorten(key.Value), err: err}
	}
	if err != nil {
		return fail(err)
	}
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == key.Value })
	if i < 0 {
		return fail(unknownKey(key.Value, fieldNames(fields)))
	}
	got := value{line: v.Line}
	switch fields[i].kind {
	case fieldList:
		got.items, err = items(v)
	case fieldMap:
		got.items, err = pairs(v)
	default:
		got.text, err = scalar(v)
	}
	if err != nil {
		return fail(err)
	}
	e.values[key.Value] = got
	return nil
}

// items reads a list of single values.
func items(n *yaml.Node) ([]value, error) {
	if resolve(n).Kind != yaml.SequenceNode {
		return nil, errors.New("want a list")
	}
	return scalars(n, true)
}

// pairs reads a mapping of free keys to single values.
func pairs(n *yaml.Node) ([]value, error) {
	if resolve(n).Kind != yaml.MappingNode {
		return nil, errors.New("want keys and values")
	}
	var out []value
	err := eachKey(resolve(n), func(key, v *yaml.Node, err error) error {
		got := value{key: key.Value, line: key.Line}
		if err == nil {
			got.text, err = scalar(v)
		}
		if err != nil {
			return &partError{line: key.Line, err: errors.Wrap(err, shorten(key.Value))}
		}
		out = append(out, got)
		return nil
	})
	return out, err
}

func scalar(n *yaml.Node) (string, error) {
	n = resolve(n)
	switch {
	case n.Kind == yaml.SequenceNode:
		return "", errors.New("want a single value, not a list")
	case n.Kind != yaml.ScalarNode:
		return "", errors.New("want a single value, not keys and values")
	case isNull(n):
		return "", errors.New("has no value")
	}
	return n.Value, nil
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }
