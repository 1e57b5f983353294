package frontend

import (
	"context"
	"maps"
	"strings"

	gwclient "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/scan-build/scan-build/scan/config"
	"github.com/scan-build/scan-build/scan/policy/bundle"
)

const (
	keyFilename    = "filename"
	keyRequestID   = "requestid"
	keySource      = "source"
	keyCmdline     = "cmdline"
	keyTarget      = "target"
	buildArgPrefix = "build-arg:"
)

// ReadOptions merges the options of a build's scan: those in the file beside
// the Dockerfile and in the policies that it extends, those in build arguments,
// and those given here. With them come the files of Rego and VEX that they name,
// and the project's list of secrets that gitleaks is not to report, unless a
// policy lets none be accepted.
func ReadOptions(ctx context.Context, c gwclient.Client, flags config.Values) (config.Options, error) {
	data, name, err := readBeside(ctx, c, config.FileName)
	if err != nil {
		return config.Options{}, err
	}
	args := map[string]string{}
	for k, v := range c.BuildOpts().Opts {
		if name, ok := strings.CutPrefix(k, buildArgPrefix); ok {
			args[name] = v
		}
	}
	fromArgs, err := config.FromBuildArgs(args)
	if err != nil {
		return config.Options{}, err
	}
	src := &policySource{client: c, options: name}
	opt, err := bundle.Load(ctx, src, config.File{Name: name, Data: data}, fromArgs, flags)
	if err != nil || opt.Secrets.Mode == config.SecretsOff || opt.Secrets.Closed {
		return opt, err
	}
	data, name, err = readProjectFile(ctx, c, config.MaxFileSize, config.IgnoreFileName)
	if err != nil {
		return config.Options{}, err
	}
	opt.Secrets.Ignore, err = config.ParseGitleaksIgnore(name, data)
	return opt, err
}

// isNotFound tells a missing file from one that cannot be read. The error comes
// over gRPC as its text.
func isNotFound(err error) bool {
	return strings.Contains(err.Error(), "no such file or directory")
}

// optsClient is a gateway client with other build options.
type optsClient struct {
	gwclient.Client
	opts map[string]string
}

// withOpts changes some of a client's build options; an empty value removes one.
func withOpts(c gwclient.Client, change map[string]string) gwclient.Client {
	opts := maps.Clone(c.BuildOpts().Opts)
	if opts == nil {
		opts = map[string]string{}
	}
	for k, v := range change {
		if v == "" {
			delete(opts, k)
		} else {
			opts[k] = v
		}
	}
	return &optsClient{Client: c, opts: opts}
}

func (c *optsClient) BuildOpts() gwclient.BuildOpts {
	o := c.Client.BuildOpts()
	o.Opts = c.opts
	return o
}
