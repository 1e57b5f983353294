package frontend

import (
	"context"
	"encoding/json"

	"github.com/moby/buildkit/client/llb"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/pkg/errors"
)

// maxOutput bounds what is read from one operation's output.
const maxOutput = 256 << 20

// readChunk stays below the 16 MiB that BuildKit allows in one message.
const readChunk = 8 << 20

// solver solves states of the scan with the build's own cache imports, so that
// operations that another machine has done are found.
type solver struct {
	client  gwclient.Client
	imports []gwclient.CacheOptionsEntry
	// native is the platform of the machine that runs the operations.
	native ocispecs.Platform
}

func newSolver(c gwclient.Client, imports []gwclient.CacheOptionsEntry) *solver {
	s := &solver{client: c, imports: imports}
	if w := c.BuildOpts().Workers; len(w) > 0 && len(w[0].Platforms) > 0 {
		s.native = w[0].Platforms[0]
	}
	return s
}

func (s *solver) marshal(ctx context.Context, st llb.State) (*llb.Definition, digest.Digest, error) {
	def, err := st.Marshal(ctx, llb.WithCaps(s.client.BuildOpts().LLBCaps), llb.Platform(s.native))
	if err != nil {
		return nil, "", errors.Wrap(err, "failed to marshal scan operation")
	}
	head, err := def.Head()
	return def, head, err
}

// solve returns a reference to a state's result, which may not exist yet.
func (s *solver) solve(ctx context.Context, def *llb.Definition) (gwclient.Reference, error) {
	res, err := s.client.Solve(ctx, gwclient.SolveRequest{Definition: def.ToPB(), CacheImports: s.imports})
	if err != nil {
		return nil, err
	}
	return res.SingleRef()
}

func (s *solver) solveState(ctx context.Context, st llb.State) (gwclient.Reference, error) {
	def, _, err := s.marshal(ctx, st)
	if err != nil {
		return nil, err
	}
	return s.solve(ctx, def)
}

// readFile reads a file of a result, at most limit bytes of it.
func readFile(ctx context.Context, ref gwclient.Reference, name string, limit int) ([]byte, error) {
	var out []byte
	for {
		dt, err := ref.ReadFile(ctx, gwclient.ReadRequest{
			Filename: name,
			Range:    &gwclient.FileRange{Offset: len(out), Length: readChunk},
		})
		if err != nil {
			return nil, err
		}
		out = append(out, dt...)
		if len(out) > limit {
			return nil, errors.Errorf("%s is larger than %d bytes", name, limit)
		}
		if len(dt) < readChunk {
			return out, nil
		}
	}
}

func readJSON(ctx context.Context, ref gwclient.Reference, name string, v any) error {
	dt, err := readFile(ctx, ref, name, maxOutput)
	if err != nil {
		return err
	}
	return errors.Wrapf(json.Unmarshal(dt, v), "failed to read %s", name)
}
