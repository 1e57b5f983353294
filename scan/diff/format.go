package diff

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/pkg/errors"
)

// formats render a diff, by name.
var formats = []struct {
	name  string
	write func(io.Writer, *Diff) error
}{{"text", writeText}, {"json", writeJSON}, {"markdown", writeMarkdown}}

// Formats are the names of the formats.
func Formats() []string {
	var out []string
	for _, f := range formats {
		out = append(out, f.name)
	}
	return out
}

// CheckFormat refuses a format that there is not, before anything is read.
func CheckFormat(name string) error {
	for _, f := range formats {
		if f.name == name {
			return nil
		}
	}
	return errors.Errorf("unknown format %q, want one of %s", name, strings.Join(Formats(), ", "))
}

// Write renders a diff in the format of a name.
func Write(w io.Writer, format string, d *Diff) error {
	for _, f := range formats {
		if f.name == format {
			return errors.Wrapf(f.write(w, d), "failed to write the diff as %s", format)
		}
	}
	return CheckFormat(format)
}

func writeJSON(w io.Writer, d *Diff) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}
