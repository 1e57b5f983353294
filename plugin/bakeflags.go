package plugin

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/docker/buildx/util/buildflags"
	"github.com/pkg/errors"
)

// overrides are the --set values that a bake run's other flags are short for.
// noPolicy is set where --policy turns policies off.
func (b *bakeCommand) overrides() (out []string, noPolicy bool, err error) {
	f := b.flags
	out = append(out, f.list("set")...)
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if f.set("push") {
		add("*.push=true")
	}
	if f.set("load") {
		add("*.load=true")
	}
	for _, name := range []string{"no-cache", "pull"} {
		if f.Changed(name) {
			add("*.%s=%t", name, f.set(name))
		}
	}
	for _, name := range []string{"sbom", "provenance"} {
		if v := f.text(name); v != "" {
			add("*.attest=%s", buildflags.CanonicalizeAttest(name, v))
		}
	}
	policies, noPolicy, err := policyOverrides(f.list("policy"))
	return append(out, policies...), noPolicy, err
}

func policyOverrides(in []string) (out []string, off bool, err error) {
	configs, err := buildflags.ParsePolicyConfigs(in)
	if err != nil {
		return nil, false, err
	}
	for i, c := range configs {
		switch {
		case len(c.Files) > 0:
			return nil, false, errors.New("--policy does not accept filename; define policy files in the bake definition")
		case c.Reset:
			return nil, false, errors.New("--policy does not accept reset; define policy composition in the bake definition")
		case c.Disabled && (c.Strict != nil || c.LogLevel != nil || len(configs) > 1):
			return nil, false, errors.New("disabled policy cannot be combined with other policy flags")
		case c.Disabled:
			return nil, true, nil
		}
		out = append(out, "*.policy+="+in[i])
	}
	return out, false, nil
}

// fileNames are the definition files of --file, or of buildx's environment
// variable where the flag is not given.
func (b *bakeCommand) fileNames() []string {
	if names := b.flags.list("file"); len(names) > 0 {
		return names
	}
	list := b.env.getenv("BUILDX_BAKE_FILE")
	sep := cmp.Or(b.env.getenv("BUILDX_BAKE_PATH_SEPARATOR"), string(filepath.ListSeparator))
	var out []string
	for _, n := range strings.Split(list, sep) {
		if n = strings.TrimSpace(n); n != "" {
			out = append(out, n)
		}
	}
	return out
}

func relativePaths(env environment) (bool, error) {
	v := strings.TrimSpace(env.getenv("BUILDX_BAKE_FILE_RELATIVE_PATHS"))
	if v == "" {
		return false, nil
	}
	on, err := strconv.ParseBool(v)
	return on, errors.Wrapf(err, "failed to parse BUILDX_BAKE_FILE_RELATIVE_PATHS value %q", v)
}
