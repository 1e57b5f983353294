package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/scan-build/scan-build/frontend/graph"
)

// images resolves every image; "onbuild" has triggers.
type images struct{}

func (images) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	img := dockerspec.DockerOCIImage{}
	img.OS, img.Architecture = "linux", "amd64"
	img.RootFS = ocispecs.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromString(ref)}} // an image without layers is scratch
	if strings.Contains(ref, "onbuild") {
		img.Config.OnBuild = []string{"COPY . /src", "RUN make"}
	}
	dt, err := json.Marshal(img)
	return ref, digest.FromString(ref), dt, err
}

// convert makes the definition of a Dockerfile's target as moby's frontend does,
// sent over the wire once.
func convert(t *testing.T, dockerfile, target string) llb.State {
	t.Helper()
	caps := pb.Caps.CapSet(pb.Caps.All())
	res, err := dockerfile2llb.Dockerfile2LLB(t.Context(), []byte(dockerfile), dockerfile2llb.ConvertOpt{
		Config:         dockerui.Config{Target: target},
		MetaResolver:   images{},
		LLBCaps:        &caps,
		SourceMap:      llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", []byte(dockerfile)),
		TargetPlatform: &ocispecs.Platform{OS: "linux", Architecture: "amd64"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return remote(t, res.State)
}

func remote(t *testing.T, st llb.State) llb.State {
	t.Helper()
	def, err := st.Marshal(t.Context(), llb.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	return received(t, def.ToPB())
}

func received(t *testing.T, def *pb.Definition) llb.State {
	t.Helper()
	op, err := llb.NewDefinitionOp(def)
	if err != nil {
		t.Fatal(err)
	}
	return llb.NewState(op)
}

// describe lists stages and layers, one to a line:
//
//	final*
//	  3-4 final RUN make
//
// with * for the final stage, the stage of the Dockerfile that the instruction
// stands in, and @ for a base image.
func describe(stages []graph.Stage) string {
	var b strings.Builder
	for _, s := range stages {
		b.WriteString(s.Name)
		if s.Final {
			b.WriteString("*")
		}
		b.WriteString("\n")
		for _, l := range s.Layers {
			fmt.Fprintf(&b, "  %s %s %s", lines(l), l.Stage, l.Text)
			if l.Base != nil {
				ref, _, _ := strings.Cut(l.Base.Ref, "@")
				fmt.Fprintf(&b, " @%s", ref)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

func lines(l graph.Layer) string {
	switch {
	case !l.Known():
		return "?"
	case l.StartLine == l.EndLine:
		return fmt.Sprint(l.StartLine)
	default:
		return fmt.Sprintf("%d-%d", l.StartLine, l.EndLine)
	}
}

func TestStagesOfDockerfiles(t *testing.T) {
	for _, test := range []struct{ name, dockerfile, target, want string }{
		{
			name:       "one stage",
			dockerfile: "FROM debian:12\nRUN apt-get update && \\\n    apt-get install -y curl\nENV A=b\nCOPY a b /dir/\nWORKDIR /work\nADD https://example.com/x /x\n",
			want: `final*
  1 final FROM debian:12 @docker.io/library/debian:12
  2-3 final RUN apt-get update && apt-get install -y curl
  5 final COPY a b /dir/
  6 final WORKDIR /work
  7 final ADD https://example.com/x /x
`,
		},
		{
			name:       "a stage that another one copies from comes first",
			dockerfile: "FROM golang AS build\nRUN make\nFROM scratch AS unused\nCOPY a /a\nFROM debian AS app\nCOPY --from=build /out /out\n",
			want: `build
  1 build FROM golang AS build @docker.io/library/golang:latest
  2 build RUN make
app*
  5 app FROM debian AS app @docker.io/library/debian:latest
  6 app COPY --from=build /out /out
`,
		},
		{
			name:       "FROM a stage continues its chain",
			dockerfile: "FROM debian AS base\nRUN a\nFROM base AS next\nRUN b\nFROM next\nRUN c\n",
			want: `final*
  1 base FROM debian AS base @docker.io/library/debian:latest
  2 base RUN a
  4 next RUN b
  6 final RUN c
`,
		},
		{
			name:       "a target that nothing follows",
			dockerfile: "FROM debian AS base\nRUN a\nFROM base AS next\nRUN b\n",
			target:     "base",
			want: `base*
  1 base FROM debian AS base @docker.io/library/debian:latest
  2 base RUN a
`,
		},
		{
			name:       "unnamed stages have numbers",
			dockerfile: "FROM debian\nRUN a\nFROM alpine\nRUN b\nFROM scratch\nCOPY --from=0 /a /a\nCOPY --from=1 /b /b\n",
			want: `stage-0
  1 stage-0 FROM debian @docker.io/library/debian:latest
  2 stage-0 RUN a
stage-1
  3 stage-1 FROM alpine @docker.io/library/alpine:latest
  4 stage-1 RUN b
final*
  6 final COPY --from=0 /a /a
  7 final COPY --from=1 /b /b
`,
		},
		{
			name:       "two branches on one stage",
			dockerfile: "FROM debian AS base\nRUN a\nFROM base AS left\nRUN b\nFROM base AS right\nRUN c\nCOPY --from=left /b /b\n",
			want: `left
  1 base FROM debian AS base @docker.io/library/debian:latest
  2 base RUN a
  4 left RUN b
right*
  1 base FROM debian AS base @docker.io/library/debian:latest
  2 base RUN a
  6 right RUN c
  7 right COPY --from=left /b /b
`,
		},
		{
			name:       "the same instructions in two stages are one operation, each with its own line",
			dockerfile: "FROM debian AS one\nRUN same\nRUN one\nFROM debian AS two\nRUN same\nRUN two\nCOPY --from=one /a /a\n",
			want: `one
  1 one FROM debian AS one @docker.io/library/debian:latest
  2 one RUN same
  3 one RUN one
two*
  4 two FROM debian AS two @docker.io/library/debian:latest
  5 two RUN same
  6 two RUN two
  7 two COPY --from=one /a /a
`,
		},
		{
			name:       "an image that is only read",
			dockerfile: "FROM scratch\nCOPY --from=nginx:1 /etc/nginx /etc/nginx\n",
			want: `docker.io/library/nginx:1
  2 stage-0 COPY --from=nginx:1 /etc/nginx /etc/nginx @docker.io/library/nginx:1
final*
  2 final COPY --from=nginx:1 /etc/nginx /etc/nginx
`,
		},
		{
			name:       "mounts read, and are no layers",
			dockerfile: "FROM golang AS tools\nRUN a\nFROM debian\nRUN --mount=from=tools,target=/t --mount=type=cache,target=/c --mount=target=/ctx \\\n  --mount=type=tmpfs,target=/x --mount=type=secret,id=s cp /t/a /a\n",
			want: `tools
  1 tools FROM golang AS tools @docker.io/library/golang:latest
  2 tools RUN a
final*
  3 final FROM debian @docker.io/library/debian:latest
  4-5 final RUN --mount=from=tools,target=/t --mount=type=cache,target=/c --mount=target=/ctx --mount=type=tmpfs,target=/x --mount=type=secret,id=s cp /t/a /a
`,
		},
		{
			name:       "linked copies",
			dockerfile: "FROM debian AS build\nRUN a\nFROM debian\nCOPY --link --from=build /a /a\nRUN b\nADD --link c /c\n",
			want: `build
  1 build FROM debian AS build @docker.io/library/debian:latest
  2 build RUN a
final*
  3 final FROM debian @docker.io/library/debian:latest
  4 final COPY --link --from=build /a /a
  5 final RUN b
  6 final ADD --link c /c
`,
		},
		{
			name:       "heredocs are instructions, their documents no stages",
			dockerfile: "FROM debian\nRUN <<EOF\none\ntwo\nEOF\nCOPY <<a <<b /dir/\n1\na\n2\nb\n",
			want: `final*
  1 final FROM debian @docker.io/library/debian:latest
  2-5 final RUN <<EOF
  6-10 final COPY <<a <<b /dir/
`,
		},
		{
			name:       "ONBUILD triggers stand at the FROM that runs them",
			dockerfile: "FROM example.com/onbuild AS app\nRUN a\n",
			want: `app*
  1 app FROM example.com/onbuild AS app @example.com/onbuild:latest
  1 app FROM example.com/onbuild AS app
  1 app FROM example.com/onbuild AS app
  2 app RUN a
`,
		},
		{
			name:       "arguments are shown as written",
			dockerfile: "ARG TAG=12\nFROM debian:$TAG\nARG X=1\nRUN echo $X\n",
			want: `final*
  2 final FROM debian:$TAG @docker.io/library/debian:12
  4 final RUN echo $X
`,
		},
		{
			name:       "nothing but a base image",
			dockerfile: "FROM debian\nLABEL a=b\n",
			want:       "final*\n  1 final FROM debian @docker.io/library/debian:latest\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := stagesOf(t, convert(t, test.dockerfile, test.target))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, describe(got)); diff != "" {
				t.Errorf("stages (-want +got):\n%s", diff)
			}
		})
	}
}

// stagesOf reads a definition's stages with every text as it is.
func stagesOf(t *testing.T, st llb.State) ([]graph.Stage, error) {
	t.Helper()
	b, err := graph.Read(t.Context(), st, nil)
	if err != nil {
		return nil, err
	}
	return b.Stages()
}
