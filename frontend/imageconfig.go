package frontend

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
)

// imageConfig is an image's configuration as texts, in the order and under the
// names in which secrets are reported.
type imageConfig []configField

type configField struct {
	name    string
	entries []string
	// keyword of the Dockerfile instruction that sets it, in lower case; empty for
	// the history.
	keyword string
}

// parseConfig reads what the exporter takes for a platform's configuration; the
// zero value for none.
func parseConfig(data []byte) (imageConfig, error) {
	img, err := decodeConfig(data)
	if img == nil {
		return nil, err
	}
	c := img.Config
	var labels, history []string
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		labels = append(labels, name+"="+c.Labels[name])
	}
	for _, h := range img.History {
		history = append(history, h.CreatedBy)
	}
	out := imageConfig{
		{"Env", c.Env, "env"},
		{"Labels", labels, "label"},
		{"Entrypoint", oneEntry(c.Entrypoint), "entrypoint"},
		{"Cmd", oneEntry(c.Cmd), "cmd"},
	}
	if c.Healthcheck != nil {
		out = append(out, configField{"Healthcheck", oneEntry(c.Healthcheck.Test), "healthcheck"})
	}
	return append(out,
		configField{"OnBuild", c.OnBuild, "onbuild"},
		configField{"History", history, ""},
	), nil
}

// decodeConfig reads a configuration; nil for none.
func decodeConfig(data []byte) (*dockerspec.DockerOCIImage, error) {
	if len(data) == 0 {
		return nil, nil
	}
	img := new(dockerspec.DockerOCIImage)
	if err := json.Unmarshal(data, img); err != nil {
		return nil, errors.Wrap(err, "failed to read the image's configuration")
	}
	return img, nil
}

// oneEntry joins a command's words: an option and its value are two.
func oneEntry(words []string) []string {
	if len(words) == 0 {
		return nil
	}
	return []string{strings.Join(words, " ")}
}

// has reports whether the configuration has this entry.
func (c imageConfig) has(field, entry string) bool {
	for _, f := range c {
		if f.name == field {
			return slices.Contains(f.entries, entry)
		}
	}
	return false
}

// configSecret is a secret of a configuration and the entry it is in.
type configSecret struct {
	scan.Secret
	field configField
	entry string
}

// find finds the configuration's secrets, one entry after the other.
func (c imageConfig) find(f *finder) ([]configSecret, error) {
	var out []configSecret
	for _, field := range c {
		for i, entry := range field.entries {
			found, err := f.find(field.name, entry)
			if err != nil {
				return nil, err
			}
			for _, s := range found {
				s.Source, s.Path, s.Layer = scan.SecretInConfig, field.name, -1
				s.Line, s.EndLine = i+1, i+1
				out = append(out, configSecret{s, field, entry})
			}
		}
	}
	return out, nil
}
