package frontend

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/moby/buildkit/client/llb"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/secret"
)

// maxRules bounds a file of rules. gitleaks' own has 110 kB.
const maxRules = 1 << 20

// search is how a scan searches for secrets.
type search struct {
	// off searches nothing.
	off bool
	// sets are the rules that somebody chose, which the analyses are told; nil
	// for those that the analyzer has by itself.
	sets []secret.Set
	// rules are all of them, compiled.
	rules *secret.Rules
}

// readSearch reads the rules and makes sure that they can be used. An error
// names the file at fault.
func readSearch(ctx context.Context, c gwclient.Client, opt config.Secrets) (*search, error) {
	s := &search{off: opt.Mode == config.SecretsOff}
	if !s.off {
		var err error
		if s.sets, err = readRules(ctx, c, opt); err != nil {
			return nil, err
		}
	}
	all := s.sets
	if all == nil {
		all = []secret.Set{secret.Default()}
	}
	var err error
	s.rules, err = secret.Compile(append(all[:len(all):len(all)], secret.Files())...)
	return s, errors.Wrap(err, "failed to read the rules for secrets")
}

// readRules reads the sets that the options name; without any, the project's own.
func readRules(ctx context.Context, c gwclient.Client, opt config.Secrets) ([]secret.Set, error) {
	switch names := opt.Rules; {
	case len(names) == 1 && names[0] == config.DefaultRules:
		return nil, nil
	case len(names) > 0:
		return readNamedRules(ctx, c, opt)
	}
	data, name, err := readProjectFile(ctx, c, maxRules, rulesFileName)
	if err != nil || len(data) == 0 {
		return nil, err
	}
	own := secret.Set{Name: name, TOML: data}
	if opt.Closed { // what these let through the default ones find
		return []secret.Set{secret.Default(), own}, nil
	}
	return []secret.Set{own}, nil
}

// readNamedRules reads sets from the build context and, those of a policy, from
// what the policy brought.
func readNamedRules(ctx context.Context, c gwclient.Client, opt config.Secrets) ([]secret.Set, error) {
	known := map[string]secret.Set{config.DefaultRules: secret.Default()}
	for _, f := range opt.RuleFiles {
		known[f.Name] = secret.Set{Name: f.Name, TOML: f.Data}
	}
	var paths []string
	for _, name := range opt.Rules {
		if _, ok := known[name]; !ok {
			paths = append(paths, inContext(name))
		}
	}
	if len(paths) > 0 {
		files, err := readContext(ctx, c, maxRules, paths...)
		if err != nil {
			return nil, err
		}
		for name, data := range files {
			known[name] = secret.Set{Name: name, TOML: data}
		}
	}
	var sets []secret.Set
	for _, name := range opt.Rules {
		set, ok := known[name]
		if !ok {
			set, ok = known[inContext(name)]
		}
		if policy, _ := config.SplitName(name); !ok || policy != "" && set.Name != name {
			return nil, errors.Errorf("rules for secrets: the build context has no file %s", name)
		}
		sets = append(sets, set)
	}
	return sets, nil
}

// inContext keeps a path within the build context.
func inContext(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// option makes an analysis search as it should. Nothing was chosen, nothing is
// added, so that the operation is the same in every build.
func (s *search) option() (args []string, mounts []llb.RunOption) {
	switch {
	case s.off:
		return []string{"--secrets=false"}, nil
	case s.sets == nil:
		return nil, nil
	}
	var action *llb.FileAction
	for i, set := range s.sets {
		// The analyzer reads them in the order of their names.
		name := fmt.Sprintf("/%02d-%s.toml", i, strings.TrimSuffix(path.Base(set.Name), ".toml"))
		if action == nil {
			action = llb.Mkfile(name, 0o644, set.TOML)
		} else {
			action = action.Mkfile(name, 0o644, set.TOML)
		}
	}
	folder := llb.Scratch().File(action, llb.WithCustomName("[scan] load rules for secrets"))
	return []string{"--rules", inDir}, []llb.RunOption{llb.AddMount(inDir, folder, llb.Readonly)}
}
