package frontend

import (
	"maps"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/base"
)

// imageFacts are what a configuration says about how the image runs; nil for
// none. Secrets are concealed, so the finder has to know those of the
// configuration; of the environment only names are taken.
func (f *finder) imageFacts(data []byte) (*scan.ImageConfig, error) {
	img, err := decodeConfig(data)
	if img == nil {
		return nil, err
	}
	c := img.Config
	out := &scan.ImageConfig{
		User:         f.conceal(c.User),
		ExposedPorts: f.all(slices.Sorted(maps.Keys(c.ExposedPorts))),
		Volumes:      f.all(slices.Sorted(maps.Keys(c.Volumes))),
		Entrypoint:   f.command(c.Entrypoint),
		Cmd:          f.command(c.Cmd),
		WorkingDir:   f.conceal(c.WorkingDir),
		StopSignal:   f.conceal(c.StopSignal),
		Healthcheck:  c.Healthcheck != nil && len(c.Healthcheck.Test) > 0 && c.Healthcheck.Test[0] != "NONE",
		OnBuild:      len(c.OnBuild),
		Created:      base.Created(img.Created, nil),
	}
	for _, env := range c.Env {
		name, _, _ := strings.Cut(env, "=")
		out.EnvNames = append(out.EnvNames, f.conceal(name))
	}
	for name, value := range c.Labels {
		if out.Labels == nil {
			out.Labels = map[string]string{}
		}
		out.Labels[f.conceal(name)] = f.value(name, value)
	}
	return out, nil
}

func (f *finder) all(texts []string) []string {
	for i := range texts {
		texts[i] = f.conceal(texts[i])
	}
	return texts
}

// value conceals a value that may be known as a secret by its name alone.
func (f *finder) value(name, value string) string {
	if out, ok := strings.CutPrefix(f.conceal(name+"="+value), name+"="); ok {
		return f.conceal(out)
	}
	return blotted
}

// command conceals a command's words. An option and its value are two words, and
// the value may be known by the option alone: such a command becomes one text.
func (f *finder) command(words []string) []string {
	out := f.all(slices.Clone(words))
	line := strings.Join(out, " ")
	if concealed := f.conceal(line); concealed != line {
		return []string{concealed}
	}
	return out
}
