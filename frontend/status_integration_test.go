package frontend_test

import (
	"bufio"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"

	"github.com/scan-build/scan-build/hack/testenv"
)

// build is one run of a program that builds, with what the engine said of every
// operation (--progress=rawjson).
type build struct {
	testenv.Result
	vertices map[digest.Digest]*vertex
	// text is what the program wrote to standard error besides.
	text string
}

// vertex is the end of an operation.
type vertex struct {
	name              string
	completed, cached bool
	failed            string
}

func newBuild(t *testing.T, r testenv.Result) *build {
	t.Helper()
	b := &build{Result: r, vertices: map[digest.Digest]*vertex{}}
	var text strings.Builder
	lines := bufio.NewScanner(strings.NewReader(r.Stderr))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var st client.SolveStatus
		if !strings.HasPrefix(lines.Text(), "{") || json.Unmarshal(lines.Bytes(), &st) != nil {
			text.WriteString(lines.Text() + "\n")
			continue
		}
		for _, v := range st.Vertexes {
			b.add(v)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatalf("failed to read the build's status: %v", err)
	}
	b.text = text.String()
	return b
}

func (b *build) add(v *client.Vertex) {
	have := b.vertices[v.Digest]
	if have == nil {
		have = &vertex{}
		b.vertices[v.Digest] = have
	}
	have.name = v.Name
	have.completed = have.completed || v.Completed != nil
	have.cached = have.cached || v.Cached
	if v.Error != "" {
		have.failed = v.Error
	}
}

// analyzeName is the name of an operation that analyses a layer, e.g.
// "[scan final 3/7] COPY . /app".
var analyzeName = regexp.MustCompile(`^\[(?:linux/\S+ )?scan \S+ \d+/\d+\] (.*)$`)

// analysed lists the instructions whose layers were analysed in this build.
func (b *build) analysed() []string {
	return b.instructions(func(v *vertex) bool { return v.completed && !v.cached })
}

// reused lists those whose analyses were taken from a cache.
func (b *build) reused() []string {
	return b.instructions(func(v *vertex) bool { return v.completed && v.cached })
}

func (b *build) instructions(want func(*vertex) bool) []string {
	var out []string
	for _, v := range b.vertices {
		if m := analyzeName.FindStringSubmatch(v.name); m != nil && want(v) {
			out = append(out, m[1])
		}
	}
	slices.Sort(out)
	return out
}

// ran reports whether an operation whose name begins like this was run, rather
// than taken from a cache.
func (b *build) ran(prefix string) bool {
	for _, v := range b.vertices {
		if strings.HasPrefix(v.name, prefix) && v.completed && !v.cached && v.failed == "" {
			return true
		}
	}
	return false
}

// names lists the operations' names that begin like this.
func (b *build) names(prefix string) []string {
	var out []string
	for _, v := range b.vertices {
		if strings.HasPrefix(v.name, prefix) {
			out = append(out, v.name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// exits fails the test unless the build ended with this code.
func (b *build) exits(t *testing.T, code int) *build {
	t.Helper()
	if b.Code != code {
		t.Fatalf("%s: exit code %d, want %d\n--- stdout\n%s\n--- stderr\n%s", strings.Join(b.Args, " "), b.Code, code, b.Stdout, b.text)
	}
	return b
}

// says fails the test unless the program's output holds each of these.
func (b *build) says(t *testing.T, want ...string) *build {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(b.text, w) {
			t.Errorf("%s: no %q in the output:\n%s", strings.Join(b.Args, " "), w, b.text)
		}
	}
	return b
}
