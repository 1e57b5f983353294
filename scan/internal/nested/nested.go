// Package nested refuses documents that are nested too deeply, before anything
// recurses into them.
package nested

import (
	"bytes"

	"github.com/pkg/errors"
)

// JSON is an error, with the line, for JSON that nests more brackets than most.
// What is no JSON at all is found out by whoever decodes it.
func JSON(data []byte, most int) error {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > most {
				return errors.Errorf("line %d: nested more than %d deep", 1+bytes.Count(data[:i], []byte("\n")), most)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}
