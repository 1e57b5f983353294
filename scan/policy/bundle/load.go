package bundle

import (
	"context"
	"slices"

	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/config"
)

// maxPolicies bounds the policies that take part in one build.
const maxPolicies = 64

// The kinds of scan.PolicyRef that this package knows.
const (
	kindExtends = "extends"
	kindOptions = "options"
	kindRego    = "rego"
	kindVEX     = "vex"
)

// Load joins an options file with the policies that it extends and with values
// that came by later roads, and reads the files that all of them name. File has
// no data if there is no options file. The source is asked for nothing that no
// key of a file names.
//
// Whatever cannot be had or is not what it should be is an error, a
// *[config.Error] where a line of a file is at fault.
func Load(ctx context.Context, src Source, file config.File, later ...config.Values) (config.Options, error) {
	l := &loader{src: src, project: projectFolder{src}, policies: map[string]*policy{}}
	values, err := config.ParseYAML(file.Name, file.Data)
	if err != nil {
		return config.Options{}, err
	}
	parents, err := l.extend(ctx, values, l.project, nil)
	if err != nil {
		return config.Options{}, err
	}
	joined, err := join(parents, append([]config.Values{values}, later...)...)
	if err != nil {
		return config.Options{}, &config.Error{Road: config.RoadFile, File: file.Name, Name: "extends", Err: err}
	}
	opts, err := joined.Options()
	if err != nil {
		return config.Options{}, err
	}
	if err := l.named(ctx, &opts, file.Name); err != nil {
		return config.Options{}, err
	}
	opts.Policies = l.refs
	if len(file.Data) > 0 {
		opts.Policies = append(opts.Policies, scan.PolicyRef{Kind: kindOptions, Name: file.Name, Digest: digestOf(file.Data)})
	}
	opts.Policies = append(opts.Policies, refsOf(kindRego, opts.RegoFiles)...)
	opts.Policies = append(opts.Policies, refsOf(kindVEX, opts.VEXFiles)...)
	return opts, nil
}

func refsOf(kind string, files []config.File) []scan.PolicyRef {
	var out []scan.PolicyRef
	for _, f := range files {
		out = append(out, scan.PolicyRef{Kind: kind, Name: f.Name, Digest: digestOf(f.Data)})
	}
	return out
}

// WithVEX adds documents that came to light after the options were read.
func WithVEX(opts config.Options, documents []config.File) config.Options {
	opts.VEXFiles = slices.Concat(opts.VEXFiles, documents)
	opts.Policies = slices.Concat(opts.Policies, refsOf(kindVEX, documents))
	return opts
}

// loader reads the policies of one build.
type loader struct {
	src     Source
	project folder
	// policies that were read, by name.
	policies map[string]*policy
	// refs name them, those that are extended before those that extend.
	refs []scan.PolicyRef
}

// policy is one that is extended, joined with those that it extends.
type policy struct {
	values config.Values
	// folder is where the files are that it names.
	folder folder
}

// extend reads the policies that values extend. In says where paths lead, and
// above are the names of those that are being read.
func (l *loader) extend(ctx context.Context, values config.Values, in folder, above []string) ([]config.Values, error) {
	var out []config.Values
	for _, x := range values.Extends() {
		p, err := l.policy(ctx, x, in, above)
		if err != nil {
			return nil, atEntry(x, err)
		}
		out = append(out, p.values)
	}
	return out, nil
}

// atEntry puts an error down to an entry of extends, unless it has its place
// already: in a policy that could be read.
func atEntry(x config.Extend, err error) error {
	var placed *config.Error
	if errors.As(err, &placed) {
		return err
	}
	return &config.Error{Road: config.RoadFile, File: x.File, Line: x.Line, Name: "extends", Err: errors.Wrap(err, shortRef(x.Policy))}
}

func (l *loader) policy(ctx context.Context, x config.Extend, in folder, above []string) (*policy, error) {
	name := in.name(x)
	switch {
	case slices.Contains(above, name):
		return nil, errors.New("extends itself, by itself or through another policy")
	case len(above) >= config.MaxDepth:
		return nil, errors.Errorf("stands above %d policies that extend each other, at most %d may", len(above), config.MaxDepth)
	}
	b, pin, err := l.read(ctx, x, in)
	if err != nil {
		return nil, err
	}
	if err := verifyWith(ctx, b, x, in); err != nil {
		return nil, err
	}
	// What one entry has pinned or verified, another may not have: all is checked
	// for each, and read into options once.
	if p, ok := l.policies[name]; ok {
		return p, nil
	}
	if len(l.policies) == maxPolicies {
		return nil, errors.Errorf("is one of more than %d policies", maxPolicies)
	}
	p := &policy{folder: bundleFolder{policy: name, bundle: b}}
	if b.single() && kindOf(x.Policy) == refPath {
		p.folder = in // a file among others: what it names is beside it
	}
	own, err := config.ParseYAML(name, b.Options().Data)
	if err != nil {
		return nil, err
	}
	parents, err := l.extend(ctx, own, p.folder, append(above[:len(above):len(above)], name))
	if err != nil {
		return nil, err
	}
	if p.values, err = join(parents, own); err != nil {
		return nil, err
	}
	l.policies[name] = p
	l.refs = append(l.refs, scan.PolicyRef{Kind: kindExtends, Name: name, Digest: pin})
	return p, nil
}

// verifyWith checks a policy's signature if its entry names a key.
func verifyWith(ctx context.Context, b *Bundle, x config.Extend, in folder) error {
	if x.Key == "" {
		return nil
	}
	found, err := in.files(ctx, literal(x.Key))
	if err != nil {
		return err
	}
	if len(found) != 1 {
		return errors.Errorf("%s has no key file %s", in.what(), x.Key)
	}
	return errors.Wrapf(b.Verify(found[0].Data), "with key %s", x.Key)
}
