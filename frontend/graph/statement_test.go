package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStatementsAreWhole(t *testing.T) {
	f := fileOf(t, "# comment\nARG A=a\nfrom --platform=linux/amd64 debian AS one\nRUN --network=none \\\n  # between\n  curl x\nCOPY <<EOF /a\nsecret\nEOF\n\nFROM scratch\nCOPY --from=one --chmod=644 /a /a\n", "", func(text string) string {
		return strings.ReplaceAll(text, "secret", "******")
	})
	var got []string
	for _, s := range f.Statements() {
		got = append(got, fmt.Sprintf("%s %q %v %s %d-%d", s.Keyword, s.Full, s.Flags, s.Stage, s.StartLine, s.EndLine))
	}
	want := []string{
		`ARG "ARG A=a" []  2-2`,
		`FROM "from --platform=linux/amd64 debian AS one" [--platform=linux/amd64] one 3-3`,
		`RUN "RUN --network=none \\\n  # between\n  curl x" [--network=none] one 4-6`,
		`COPY "COPY <<EOF /a\n******\nEOF" [] one 7-9`,
		`FROM "FROM scratch" [] stage-1 11-11`,
		`COPY "COPY --from=one --chmod=644 /a /a" [--from=one --chmod=644] stage-1 12-12`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBaseIsWhatFromNamesOutsideOfTheFile(t *testing.T) {
	f := fileOf(t, "ARG TAG=12\nARG BASE=debian:${TAG}\nFROM $BASE AS one\nRUN a\nFROM one\nRUN b\nFROM ${OTHER:-alpine}@sha256:"+strings.Repeat("0", 64)+"\nRUN c\n", "", nil)
	for _, test := range []struct {
		stage int
		args  map[string]string
		want  string
		ok    bool
	}{
		{0, nil, "debian:12", true},
		{0, map[string]string{"TAG": "13"}, "debian:13", true},
		{0, map[string]string{"BASE": "busybox"}, "busybox", true},
		{1, nil, "", false},
		{2, nil, "alpine@sha256:" + strings.Repeat("0", 64), true},
		{3, nil, "", false},
		{-1, nil, "", false},
	} {
		if got, ok := f.Base(test.stage, test.args); got != test.want || ok != test.ok {
			t.Errorf("stage %d with %v: got %q, %t, want %q, %t", test.stage, test.args, got, ok, test.want, test.ok)
		}
	}
}
