package frontend

import (
	"context"
	"maps"
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerui"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan/config"
)

const (
	keyFilename    = "filename"
	keyRequestID   = "requestid"
	keySource      = "source"
	keyCmdline     = "cmdline"
	buildArgPrefix = "build-arg:"
)

// ReadOptions merges the options of a build's scan: those in the file beside
// the Dockerfile, those in build arguments, and those given here.
func ReadOptions(ctx context.Context, c gwclient.Client, flags config.Values) (config.Options, error) {
	file, err := readOptionsFile(ctx, c)
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
	return config.Merge(file, fromArgs, flags).Options()
}

// readOptionsFile reads the options file from where the Dockerfile comes from,
// be that this machine, a git repository or an archive.
func readOptionsFile(ctx context.Context, c gwclient.Client) (config.Values, error) {
	dockerfile := c.BuildOpts().Opts[keyFilename]
	name := path.Join(path.Dir(dockerfile), config.FileName)
	bc, err := dockerui.NewClient(withOpts(c, map[string]string{keyFilename: name}))
	if err != nil {
		return config.Values{}, err
	}
	src, err := bc.ReadEntrypoint(ctx, "YAML")
	if err != nil {
		if isNotFound(err) {
			return config.Values{}, nil
		}
		return config.Values{}, errors.Wrapf(err, "failed to read %s", name)
	}
	return config.ParseYAML(name, src.Data)
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
