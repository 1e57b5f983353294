package config

import (
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
			values = append(values, value{v, item.Line})
		}
		return values, nil
	}
	v, err := scalar(n)
	return []value{{v, n.Line}}, err
}

// entries reads a list of mappings that have some of the given keys.
func entries(n *yaml.Node, keys []string) ([]entry, error) {
	list := resolve(n)
	if list.Kind != yaml.SequenceNode {
		return nil, errors.Errorf("want a list of entries with %s", orList(keys))
	}
	if len(list.Content) > maxEntries {
		return nil, errors.Errorf("has %d entries, more than %d", len(list.Content), maxEntries)
	}
	var out []entry
	for _, item := range list.Content {
		if resolve(item).Kind != yaml.MappingNode {
			return nil, &partError{line: item.Line, err: errors.Errorf("want an entry with %s", orList(keys))}
		}
		e := entry{line: item.Line, values: map[string]value{}}
		err := eachKey(resolve(item), func(key, v *yaml.Node, err error) error {
			return e.take(key, v, keys, err)
		})
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func (e *entry) take(key, v *yaml.Node, keys []string, err error) error {
	fail := func(err error) error { return &partError{line: key.Line, key: shorten(key.Value), err: err} }
	if err != nil {
		return fail(err)
	}
	for _, k := range keys {
		if k != key.Value {
			continue
		}
		text, err := scalar(v)
		if err != nil {
			return fail(err)
		}
		e.values[k] = value{text, v.Line}
		return nil
	}
	return fail(unknownKey(key.Value, keys))
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
