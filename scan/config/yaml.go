package config

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"go.yaml.in/yaml/v3"
)

// MaxFileSize is the most that an options file may hold.
const MaxFileSize = 1 << 20

// FileVersion is the version of the file's language. A file may state it under
// the key "version"; without one it is read as the current version.
const FileVersion = 1

const versionKey = "version"

// ParseYAML reads an options file. An empty file sets nothing. Whatever is not
// understood (a key that is not known or given twice, a value of the wrong
// kind, a newer version) is an [*Error] that names file, line and key.
func ParseYAML(name string, data []byte) (Values, error) {
	fail := func(line int, key string, err error) (Values, error) {
		return Values{}, &Error{Road: RoadFile, File: name, Line: line, Name: key, Err: err}
	}
	if len(data) > MaxFileSize {
		return fail(0, "", errors.Errorf("is larger than %d bytes", MaxFileSize))
	}
	root, err := parseDocument(data)
	if err != nil {
		line, err := yamlError(err)
		return fail(line, "", err)
	}
	if root == nil {
		return Values{}, nil
	}
	if root.Kind != yaml.MappingNode {
		return fail(root.Line, "", errors.New("want keys and values, such as fail-on: high"))
	}

	var v Values
	seen := map[string]int{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if first, ok := seen[key.Value]; ok {
			return fail(key.Line, key.Value, errors.Errorf("is already set in line %d", first))
		}
		seen[key.Value] = key.Line
		if key.Value == versionKey {
			if err := checkVersion(value); err != nil {
				return fail(value.Line, versionKey, err)
			}
			continue
		}
		o, ok := lookup(key.Value)
		if !ok {
			return fail(key.Line, shorten(key.Value), unknownKey(key.Value))
		}
		values, err := scalars(value, o.Repeatable)
		if err != nil {
			return fail(key.Line, o.Name, err)
		}
		if err := v.set(o, values, place{road: RoadFile, file: name, line: key.Line}); err != nil {
			return Values{}, err
		}
	}
	return v, nil
}

// parseDocument returns the root of the file's only document, nil if it is
// empty. Nodes keep aliases as references, so they cannot blow up.
func parseDocument(data []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, next yaml.Node
	err := dec.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	switch err := dec.Decode(&next); {
	case err == nil:
		return nil, errors.Errorf("yaml: line %d: want a single document", next.Line)
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	if len(doc.Content) == 0 || isNull(doc.Content[0]) {
		return nil, nil
	}
	return doc.Content[0], nil
}

// scalars reads a value, or a list of them for an option that takes several.
func scalars(n *yaml.Node, several bool) ([]string, error) {
	if several && n.Kind == yaml.SequenceNode {
		var values []string
		for _, item := range n.Content {
			v, err := scalar(item)
			if err != nil {
				return nil, err
			}
			values = append(values, v)
		}
		return values, nil
	}
	v, err := scalar(n)
	return []string{v}, err
}

func scalar(n *yaml.Node) (string, error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
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

func checkVersion(n *yaml.Node) error {
	s, err := scalar(n)
	if err != nil {
		return err
	}
	if v, err := strconv.Atoi(s); err != nil || v != FileVersion {
		return errors.Errorf("%q is not a version that is understood here, want %d", shorten(s), FileVersion)
	}
	return nil
}

func unknownKey(key string) error {
	names := []string{versionKey}
	for _, o := range All() {
		if o.Roads&RoadFile != 0 {
			names = append(names, o.Name)
		}
	}
	if n := nearest(strings.ReplaceAll(strings.ToLower(key), "_", "-"), names); n != "" {
		return errors.Errorf("unknown key, did you mean %s?", n)
	}
	return errors.Errorf("unknown key, want %s", orList(names))
}

// yamlLine is where the parser's messages carry the line.
var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// yamlError takes the line out of a parser's message.
func yamlError(err error) (int, error) {
	msg := err.Error()
	m := yamlLine.FindStringSubmatch(msg)
	if m == nil {
		return 0, err
	}
	line, _ := strconv.Atoi(m[1]) // no line in the message is line 0
	return line, errors.New(strings.TrimPrefix(msg, m[0]))
}

// shorten keeps foreign text in messages short.
func shorten(s string) string {
	if r := []rune(s); len(r) > maxName {
		return string(r[:maxName]) + "…"
	}
	return s
}
