package frontend

import (
	"context"

	"github.com/moby/buildkit/frontend/dockerfile/builder"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/scan-build/scan-build/scan/config"
)

// Builder returns the build function of a frontend image: Dockerfile builds as
// moby's frontend does them, scanned and gated.
//
// version is reported as the scanner's. The image itself holds the binaries
// that run inside the build.
func Builder(version string) gwclient.BuildFunc {
	return func(ctx context.Context, c gwclient.Client) (*gwclient.Result, error) {
		switch c.BuildOpts().Opts[keyRequestID] {
		case "":
			return build(ctx, c, version)
		case scanRequest:
			return call(ctx, withOpts(c, map[string]string{keyRequestID: ""}), version)
		case describeRequest:
			return describe(ctx, c)
		default:
			return builder.Build(ctx, c)
		}
	}
}

func build(ctx context.Context, c gwclient.Client, version string) (*gwclient.Result, error) {
	res, out, opt, err := buildAndScan(ctx, c, version)
	if err != nil {
		return nil, err
	}
	if err := Gate(ctx, c, out, opt); err != nil {
		return nil, err
	}
	if err := out.Attach(ctx, res, AttachOptions{}); err != nil {
		return nil, &ScanError{Err: err}
	}
	return res, nil
}

func buildAndScan(ctx context.Context, c gwclient.Client, version string) (*gwclient.Result, *Outcome, Options, error) {
	opt, err := frontendOptions(ctx, c, version)
	if err != nil {
		return nil, nil, opt, err
	}
	// The frontend image was found already: it must not be looked for again.
	res, err := builder.Build(ctx, withOpts(c, map[string]string{keyCmdline: cmdline(c)}))
	if err != nil {
		return nil, nil, opt, err
	}
	out, err := Scan(ctx, c, res, opt)
	return res, out, opt, err
}

func frontendOptions(ctx context.Context, c gwclient.Client, version string) (Options, error) {
	opt, err := ReadOptions(ctx, c, config.Values{})
	if err != nil {
		return Options{}, &ScanError{Err: err}
	}
	o := Options{Options: opt, Version: version, ScannerImage: c.BuildOpts().Opts[keySource]}
	if opt.Scanner.Kind == config.RefImage {
		o.ScannerImage = opt.Scanner.Value
	}
	return o, nil
}

func cmdline(c gwclient.Client) string {
	opts := c.BuildOpts().Opts
	if v := opts[keyCmdline]; v != "" {
		return v
	}
	return opts[keySource]
}
