package frontend

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

// source returns the only source operation of a state.
func source(t *testing.T, st llb.State) *pb.SourceOp {
	t.Helper()
	def, err := st.Marshal(t.Context(), llb.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	for _, dt := range def.Def {
		var op pb.Op
		if err := op.Unmarshal(dt); err != nil {
			t.Fatal(err)
		}
		if s := op.GetSource(); s != nil {
			return s
		}
	}
	t.Fatal("there is no source")
	return nil
}

func TestPolicyBehindAURLIsCheckedByTheEngine(t *testing.T) {
	sum := "sha256:" + strings.Repeat("ab", 32)
	st, err := policyURL("https://policy.example/base.tar.gz", sum)
	if err != nil {
		t.Fatal(err)
	}
	got := source(t, st)
	if got.Identifier != "https://policy.example/base.tar.gz" {
		t.Errorf("source %s", got.Identifier)
	}
	want := map[string]string{pb.AttrHTTPChecksum: sum, pb.AttrHTTPFilename: policyName}
	if diff := cmp.Diff(want, got.Attrs); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if _, err := policyURL("https://policy.example/base.tar.gz", "sha256:1"); err == nil {
		t.Error("a digest that is none was taken")
	}
}

func TestPolicyImageMustBePinned(t *testing.T) {
	pinned := "registry.example/policy@sha256:" + strings.Repeat("ab", 32)
	st, err := policyImage(pinned)
	if err != nil {
		t.Fatal(err)
	}
	if got := source(t, st).Identifier; got != "docker-image://"+pinned {
		t.Errorf("source %s", got)
	}
	if _, err := policyImage("registry.example/policy:v1"); err == nil {
		t.Error("a tag was taken")
	}
}

func TestOnlyWhatCanMatchIsSent(t *testing.T) {
	for pattern, want := range map[string]string{
		"policy/base.yaml":  "follow policy/base.yaml",
		`a\[1\].rego`:       "follow a[1].rego",
		"policy/*.rego":     "include policy/*.rego",
		"**/*.rego":         "include **/*.rego",
		"policy/{a,b}.rego": "include policy",
		"vex/**":            "include vex/**",
	} {
		info := &llb.LocalInfo{}
		for _, o := range transfer("", []string{pattern}) {
			o.SetLocalOption(info)
		}
		got := "follow " + strings.Trim(info.FollowPaths, `[]"`)
		if info.IncludePatterns != "" {
			got = "include " + strings.Trim(info.IncludePatterns, `[]"`)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", pattern, got, want)
		}
	}
}
