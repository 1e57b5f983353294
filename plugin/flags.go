package plugin

import (
	"os"
	"strings"

	"github.com/containerd/containerd/v2/pkg/epoch"
	"github.com/docker/buildx/build"
	"github.com/docker/buildx/commands"
	"github.com/docker/buildx/util/buildflags"
	"github.com/docker/buildx/util/confutil"
	dockeropts "github.com/docker/cli/opts"
	"github.com/moby/buildkit/client"
	"github.com/pkg/errors"
	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// buildxCommand returns buildx's own command of a name.
func buildxCommand(root *cobra.Command, name string) *cobra.Command {
	for _, c := range root.Commands() {
		if c.Name() == name {
			return c
		}
	}
	panic("buildx has no command " + name) // the pinned version has; a test runs this
}

// legacyResources are hidden flags of docker build whose values buildx keeps to
// itself; each is short for --resource KEY=VALUE.
var legacyResources = []string{"memory", "memory-swap", "cpu-shares", "cpu-period", "cpu-quota", "cpuset-cpus", "cpuset-mems"}

// resourceValue collects a legacy resource flag.
type resourceValue struct {
	key  string
	list *[]string
}

func (v *resourceValue) String() string { return "" }
func (v *resourceValue) Type() string   { return "string" }

func (v *resourceValue) Set(s string) error {
	*v.list = append(*v.list, v.key+"="+s)
	return nil
}

// buildFlags are the flags of buildx's build command, read back by name.
type buildFlags struct {
	*pflag.FlagSet
	resources []string
	err       error
}

// adoptBuildFlags adds the flags of buildx's build command to cmd.
func adoptBuildFlags(cmd, buildx *cobra.Command) *buildFlags {
	f := &buildFlags{FlagSet: cmd.Flags()}
	for _, key := range legacyResources {
		if l := buildx.Flags().Lookup(key); l != nil {
			l.Value = &resourceValue{key: key, list: &f.resources}
		}
	}
	f.AddFlagSet(buildx.Flags())
	return f
}

func (f *buildFlags) list(name string) []string {
	v, err := f.GetStringArray(name)
	f.note(err)
	return v
}

func (f *buildFlags) text(name string) string {
	v, err := f.GetString(name)
	f.note(err)
	return v
}

func (f *buildFlags) set(name string) bool {
	v, err := f.GetBool(name)
	f.note(err)
	return v
}

func (f *buildFlags) note(err error) {
	if f.err == nil {
		f.err = err
	}
}

// options reads the flags as buildx's build command does.
func (f *buildFlags) options(contextPath, builder string) (*commands.BuildOptions, error) {
	f.VisitAll(warnDeprecated)
	hosts, err := f.GetStringSlice("add-host")
	f.note(err)
	opts := &commands.BuildOptions{
		Allow:          f.list("allow"),
		Annotations:    f.list("annotation"),
		CgroupParent:   f.text("cgroup-parent"),
		ContextPath:    contextPath,
		DockerfileName: f.text("file"),
		ExtraHosts:     hosts,
		NetworkMode:    f.text("network"),
		NoCacheFilter:  f.list("no-cache-filter"),
		Platforms:      f.list("platform"),
		Tags:           f.list("tag"),
		Target:         f.text("target"),
		Resources:      append(f.resources, f.list("resource")...),
		Builder:        builder,
		NoCache:        f.set("no-cache"),
		Pull:           f.set("pull"),
		ExportPush:     f.set("push"),
		ExportLoad:     f.set("load"),
	}
	if v, ok := f.Lookup("shm-size").Value.(*dockeropts.MemBytes); ok {
		opts.ShmSize = v.Value()
	}
	if v, ok := f.Lookup("ulimit").Value.(*dockeropts.UlimitOpt); ok {
		opts.Ulimits = v
	}
	if f.text("metadata-file") == "" {
		opts.ProvenanceResponseMode = string(confutil.MetadataProvenanceModeDisabled)
	} else {
		opts.ProvenanceResponseMode = string(confutil.MetadataProvenance())
	}
	if err := f.parse(opts); err != nil {
		return nil, err
	}
	return opts, f.err
}

// parse reads the flags that have a grammar, with buildx's own parsers.
func (f *buildFlags) parse(opts *commands.BuildOptions) error {
	var err error
	must := func(e error) {
		if err == nil {
			err = e
		}
	}
	var e error
	opts.BuildArgs, e = keyValues(f.list("build-arg"), true)
	must(e)
	if _, ok := opts.BuildArgs[epoch.SourceDateEpochEnv]; !ok && e == nil {
		if v := os.Getenv(epoch.SourceDateEpochEnv); v != "" {
			opts.BuildArgs[epoch.SourceDateEpochEnv] = v
		}
	}
	opts.Labels, e = keyValues(f.list("label"), false)
	must(e)
	opts.SourcePolicy, e = build.ReadSourcePolicy()
	must(e)
	opts.Policy, e = buildflags.ParsePolicyConfigs(f.list("policy"))
	must(e)
	opts.Attests, e = buildflags.ParseAttests(f.attests())
	must(e)
	opts.NamedContexts, e = buildflags.ParseContextNames(f.list("build-context"))
	must(e)
	opts.Exports, e = buildflags.ParseExports(f.list("output"))
	must(e)
	must(f.checkImageID(opts.Exports))
	opts.CacheFrom, e = buildflags.ParseCacheEntry(f.list("cache-from"))
	must(e)
	opts.CacheTo, e = buildflags.ParseCacheEntry(f.list("cache-to"))
	must(e)
	opts.Secrets, e = buildflags.ParseSecretSpecs(f.list("secret"))
	must(e)
	opts.SSH, e = buildflags.ParseSSHSpecs(f.list("ssh"))
	must(e)
	return err
}

func (f *buildFlags) attests() []string {
	in := append([]string(nil), f.list("attest")...)
	for _, name := range []string{"provenance", "sbom"} {
		if v := f.text(name); v != "" {
			in = append(in, buildflags.CanonicalizeAttest(name, v))
		}
	}
	return in
}

func (f *buildFlags) checkImageID(exports []*buildflags.ExportEntry) error {
	if f.text("iidfile") == "" {
		return nil
	}
	for _, e := range exports {
		if e.Type == client.ExporterLocal || e.Type == client.ExporterTar {
			return errors.New("local and tar exporters are incompatible with image ID file")
		}
	}
	return nil
}

// call is the request that --call, --check or --print name, "" for a build.
func (f *buildFlags) call() (*buildflags.CallFunc, error) {
	return buildflags.ParseCallFunc(f.Lookup("call").Value.String())
}

func warnDeprecated(fl *pflag.Flag) {
	if msg := fl.Annotations["flag-warn"]; fl.Changed && len(msg) > 0 {
		logrus.Warn(msg[0])
	}
}

// keyValues reads KEY=VALUE pairs; fromEnv gives a key alone its value from the
// environment, or drops it.
func keyValues(values []string, fromEnv bool) (map[string]string, error) {
	out := make(map[string]string, len(values))
	for _, v := range values {
		k, val, ok := strings.Cut(v, "=")
		if k == "" {
			return nil, errors.Errorf("invalid key-value pair %q: empty key", v)
		}
		switch {
		case ok:
			out[k] = val
		case fromEnv:
			if env, ok := os.LookupEnv(k); ok {
				out[k] = env
			}
		default:
			out[k] = ""
		}
	}
	return out, nil
}
