package bundle

import (
	"context"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/config"
)

// BaseDocuments is the entry of the key vex that stands for the documents that
// came with a base image.
const BaseDocuments = "base"

// WantsBaseDocuments says whether VEX documents that are attached to base images
// take part.
func WantsBaseDocuments(opts config.Options) bool {
	return slices.ContainsFunc(opts.VEX, func(entry string) bool {
		_, name := splitName(entry)
		return name == BaseDocuments
	})
}

// regoTest ends the names of Rego files that hold tests. They take no part in a
// verdict.
const regoTest = "_test.rego"

// named reads the files that the joined options name into them. fileName is that
// of the project's own options file.
func (l *loader) named(ctx context.Context, opts *config.Options, fileName string) error {
	rules := rulesOfPolicies(opts.Secrets)
	names, err := l.lookUp(ctx, fileName, slices.Concat(opts.Rego, opts.VEX, rules))
	if err != nil {
		return err
	}
	for _, entry := range opts.Rego {
		files, err := names.match(kindRego, entry, func(name string) bool { return !strings.HasSuffix(name, regoTest) })
		if err != nil {
			return err
		}
		for _, f := range files {
			f.MayIgnore = opts.MayIgnore(entry)
			opts.RegoFiles = add(opts.RegoFiles, f)
		}
	}
	for _, entry := range opts.VEX {
		if _, name := splitName(entry); name == BaseDocuments {
			continue
		}
		files, err := names.match(kindVEX, entry, func(string) bool { return true })
		if err != nil {
			return err
		}
		for _, f := range files {
			opts.VEXFiles = add(opts.VEXFiles, f)
		}
	}
	for _, entry := range rules {
		files, err := names.match(keySecretRules, entry, func(string) bool { return true })
		if err != nil {
			return err
		}
		opts.Secrets.RuleFiles = append(opts.Secrets.RuleFiles, files...)
	}
	return checkSize(opts.RegoFiles, opts.VEXFiles, opts.Secrets.RuleFiles)
}

// keySecretRules is the key under which files have rules for secrets.
const keySecretRules = "secrets.rules"

// rulesOfPolicies are the entries for the rules for secrets that a policy has in
// its files. Those of the project are read by whoever searches.
func rulesOfPolicies(s config.Secrets) []string {
	var out []string
	for _, rules := range s.Rules {
		if policy, name := splitName(rules); policy != "" && s.Mode != config.SecretsOff {
			out = append(out, policy+nameSeparator+literal(name))
		}
	}
	return out
}

// add adds a file, once. Two entries may lead to it, of which the one that
// forbids it to ignore counts.
func add(files []config.File, f config.File) []config.File {
	for i := range files {
		if files[i].Name == f.Name {
			files[i].MayIgnore = files[i].MayIgnore && f.MayIgnore
			return files
		}
	}
	return append(files, f)
}

func checkSize(lists ...[]config.File) error {
	n, size := 0, 0
	for _, list := range lists {
		n += len(list)
		for _, f := range list {
			size += len(f.Data)
		}
	}
	if n > MaxFiles || size > MaxSize {
		return errors.Errorf("rego, vex and secrets.rules name %d files of %d bytes, at most %d of %d bytes are taken", n, size, MaxFiles, MaxSize)
	}
	return nil
}

// lookup finds the files that entries of rego and vex name.
type lookup struct {
	loader  *loader
	file    string
	project []config.File
}

// lookUp reads those in the project, all in one request.
func (l *loader) lookUp(ctx context.Context, fileName string, entries []string) (*lookup, error) {
	var patterns []string
	for _, entry := range entries {
		policy, pattern := splitName(entry)
		_, inBundle := l.folderOf(policy).(bundleFolder)
		if !inBundle && pattern != BaseDocuments && !slices.Contains(patterns, pattern) {
			patterns = append(patterns, pattern)
		}
	}
	out := &lookup{loader: l, file: fileName}
	if len(patterns) == 0 {
		return out, nil
	}
	var err error
	out.project, err = l.src.Files(ctx, patterns...)
	return out, errors.Wrap(err, "failed to read the files that rego, vex and secrets.rules name")
}

// folderOf is where the names of a policy's options lead.
func (l *loader) folderOf(policy string) folder {
	if p, ok := l.policies[policy]; ok {
		return p.folder
	}
	return l.project
}

// match returns what an entry names; that it names nothing is an error.
func (n *lookup) match(key, entry string, want func(name string) bool) ([]config.File, error) {
	policy, pattern := splitName(entry)
	folder := n.loader.folderOf(policy)
	all := n.project
	if b, ok := folder.(bundleFolder); ok {
		all = b.bundle.Files
	}
	var out []config.File
	for _, f := range Matching(all, pattern) {
		if !want(f.Name) {
			continue
		}
		if policy != "" {
			f.Name = policy + nameSeparator + f.Name
		}
		out = append(out, f)
	}
	if len(out) > 0 {
		return out, nil
	}
	file := policy
	if file == "" {
		file = n.file
	}
	return nil, &config.Error{Road: config.RoadFile, File: file, Name: key, Err: errors.Errorf("%s has no file %q", folder.what(), pattern)}
}
