package frontend

import (
	"context"
	"maps"
	"strings"

	"github.com/moby/buildkit/client/llb"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/pkg/errors"
)

// WithInputs makes a client know the results of other targets of its run, by
// their names, that build contexts of this one are (target:NAME). buildx gives
// them to the frontend that it calls, and not to whoever works with the result.
// Of a target that several nodes built there are several.
func WithInputs(c gwclient.Client, results map[string][]*gwclient.Result) gwclient.Client {
	return &inputsClient{Client: c, results: maps.Clone(results)}
}

type inputsClient struct {
	gwclient.Client
	results map[string][]*gwclient.Result
}

// Inputs implements gwclient.Client. buildx calls an input NODE-TARGET or
// NODE-TARGET::PLATFORM, and names it in the context's option.
func (c *inputsClient) Inputs(ctx context.Context) (map[string]llb.State, error) {
	inputs, err := c.Client.Inputs(ctx)
	if err != nil {
		return nil, err
	}
	if inputs == nil {
		inputs = map[string]llb.State{}
	}
	for k, v := range c.BuildOpts().Opts {
		key, ok := strings.CutPrefix(v, "input:")
		if _, known := inputs[key]; !ok || known || !strings.HasPrefix(k, "context:") {
			continue
		}
		_, target, _ := strings.Cut(key, "-")
		target, platform, _ := strings.Cut(target, "::")
		for _, res := range c.results[target] {
			ref := res.Ref
			if platform != "" {
				ref = res.Refs[platform]
			}
			if ref == nil {
				continue
			}
			if inputs[key], err = ref.ToState(); err != nil {
				return nil, errors.Wrapf(err, "failed to read target %s", target)
			}
		}
	}
	return inputs, nil
}
