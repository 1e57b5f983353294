package graph_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/frontend/graph"
)

// fileOf reads the Dockerfile of a build.
func fileOf(t *testing.T, dockerfile, target string, conceal func(string) string) *graph.File {
	t.Helper()
	b, err := graph.Read(t.Context(), convert(t, dockerfile, target), conceal)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Files()) != 1 || string(b.Files()[0].Data) != dockerfile {
		t.Fatalf("files: %v", b.Files())
	}
	return b.File(0)
}

func TestChainFollowsFromOnly(t *testing.T) {
	for _, test := range []struct {
		name, dockerfile, target string
		args                     map[string]string
		want                     []int
	}{
		{name: "one stage", dockerfile: "FROM debian\nRUN a\n", want: []int{0}},
		{name: "read by COPY", dockerfile: "FROM debian AS a\nRUN a\nFROM debian\nCOPY --from=a /a /a\n", want: []int{1}},
		{name: "stages without a layer", dockerfile: "FROM debian AS a\nENV A=a\nFROM a AS b\nENV B=b\nFROM b\nRUN c\n", want: []int{2, 1, 0}},
		{name: "target", dockerfile: "FROM debian AS a\nRUN a\nFROM a AS b\nRUN b\n", target: "A", want: []int{0}},
		{name: "a later stage of the image's name", dockerfile: "FROM debian\nRUN a\nFROM alpine AS debian\nRUN b\n", want: []int{1}},
		{name: "default of an argument", dockerfile: "ARG V=a\nARG BASE=$V\nFROM debian AS a\nRUN a\nFROM ${BASE}\nRUN b\n", want: []int{1, 0}},
		{name: "given argument", dockerfile: "ARG BASE=debian\nFROM debian AS a\nRUN a\nFROM $BASE\nRUN b\n", args: map[string]string{"BASE": "a"}, want: []int{1, 0}},
		{name: "platform", dockerfile: "FROM debian AS for-arm64\nRUN a\nFROM for-$TARGETARCH\nRUN b\n", args: map[string]string{"TARGETARCH": "arm64"}, want: []int{1, 0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := test.args
			if args == nil {
				args = map[string]string{}
			}
			// What is built does not matter, but has to be there.
			f := fileOf(t, test.dockerfile, "", nil)
			if diff := cmp.Diff(test.want, f.Chain(test.target, args)); diff != "" {
				t.Errorf("chain (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLinesAreFoundInTheirInstructions(t *testing.T) {
	f := fileOf(t, "# comment\nARG A=a\nFROM debian AS one\nENV X=1 \\\n  Y=2\n# between\nRUN <<EOF\ntext\nEOF\n\nFROM one\nRUN b\n", "", nil)
	for line, want := range map[int]struct {
		stage      int
		text       string
		start, end int
	}{
		1:  {-1, "# comment", 1, 1},
		2:  {-1, "ARG A=a", 2, 2},
		3:  {0, "FROM debian AS one", 3, 3},
		5:  {0, "ENV X=1 Y=2", 4, 5},
		6:  {0, "# between", 6, 6},
		8:  {0, "RUN <<EOF", 7, 9},
		12: {1, "RUN b", 12, 12},
		99: {1, "", 99, 99},
	} {
		in := f.At(line)
		if in.StageIndex() != want.stage || in.Text != want.text || in.StartLine != want.start || in.EndLine != want.end {
			t.Errorf("line %d: stage %d, %q, lines %d-%d, want %+v", line, in.StageIndex(), in.Text, in.StartLine, in.EndLine, want)
		}
	}
}

func TestSettingIsTheOneThatHolds(t *testing.T) {
	f := fileOf(t, "FROM debian AS one\nENV X=1 Y=1\nLABEL X=1\nENV Z 1\nFROM debian AS other\nENV Y=2\nFROM one\nENV X=2\nARG V\nRUN b\nCMD c\n", "", nil)
	chain := f.Chain("", nil)
	for what, line := range map[string]int{"env X": 8, "env Y": 2, "env Z": 4, "label X": 3, "arg V": 9, "cmd ": 11, "env W": 0, "entrypoint ": 0} {
		keyword, name, _ := strings.Cut(what, " ")
		in, ok := f.Setting(chain, keyword, name)
		if ok != (line > 0) || ok && in.StartLine != line {
			t.Errorf("%s: line %d, want %d", what, in.StartLine, line)
		}
	}
}

func TestSettingsOfAConfigurationAreFound(t *testing.T) {
	f := fileOf(t, "FROM debian AS one\nARG P=9000\nEXPOSE 22 127.0.0.1:2222:443/TCP\nEXPOSE 20-25/udp\nVOLUME /data /run/docker.sock\nUSER app\nEXPOSE $P\nHEALTHCHECK NONE\nRUN b\n", "", nil)
	chain := f.Chain("", nil)
	for what, line := range map[string]int{
		"expose 22/tcp": 3, "expose 443/tcp": 3, "expose 22/udp": 4, "expose 9000/tcp": 7, "volume /run/docker.sock": 5,
		"volume /other": 0, "user app": 6, "user ": 6, "healthcheck ": 8, "from ": 1,
	} {
		keyword, name, _ := strings.Cut(what, " ")
		in, ok := f.Setting(chain, keyword, name)
		if ok != (line > 0) || ok && in.StartLine != line {
			t.Errorf("%s: line %d, want %d", what, in.StartLine, line)
		}
	}
}

// A text is cut to length, and a part of what is to be concealed would not be
// known any more.
func TestTextsAreConcealedBeforeTheyAreCut(t *testing.T) {
	value := strings.Repeat("x", 300)
	dockerfile := "FROM debian\nRUN " + strings.Repeat("a", 200) + value + " && \\\n b\n"
	hide := func(text string) string { return strings.ReplaceAll(text, value, "*") }
	b, err := graph.Read(t.Context(), convert(t, dockerfile, ""), hide)
	if err != nil {
		t.Fatal(err)
	}
	stages, err := b.Stages()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range stages[0].Layers {
		if strings.Contains(l.Text, "xx") || strings.Contains(string(l.Source.Data), "xx") {
			t.Errorf("%s\n%s", l.Text, l.Source.Data)
		}
	}
	if got := b.File(0).At(2).Text; got != "RUN "+strings.Repeat("a", 200)+"* && b" {
		t.Errorf("text %q", got)
	}
}
