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
	fail := func(line int, err error) (Values, error) {
		return Values{}, &Error{Road: RoadFile, File: name, Line: line, Err: err}
	}
	if len(data) > MaxFileSize {
		return fail(0, errors.Errorf("is larger than %d bytes", MaxFileSize))
	}
	root, err := parseDocument(data)
	if err != nil {
		line, err := yamlError(err)
		return fail(line, err)
	}
	if root == nil {
		return Values{read: true, file: name}, nil
	}
	if root.Kind != yaml.MappingNode {
		return fail(root.Line, errors.New("want keys and values, such as fail-on: high"))
	}

	r := reader{at: place{road: RoadFile, file: name}}
	if err := r.mapping(root, ""); err != nil {
		return Values{}, err
	}
	r.values.read, r.values.file = true, name
	return r.values, nil
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
