package plain

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLineIsOneSafeLine(t *testing.T) {
	for in, want := range map[string]string{
		"RUN npm ci":                       "RUN npm ci",
		"RUN <<EOF\n\tapt update\r\nEOF\n": "RUN <<EOF apt update EOF",
		"\x1b[31mred\x1b[0m":               `\x1b[31mred\x1b[0m`,
		"a\x00b\x7f\u009b":                 `a\x00b\x7f\u009b`,
		"evil\u202etxt.exe":                `evil\u202etxt.exe`,
		"bad\xff\xfeutf":                   `bad\xff\xfeutf`,
		"héllo 世界 \uFFFD":                  "héllo 世界 \uFFFD",
		"":                                 "",
	} {
		if diff := cmp.Diff(want, Line(in, 0)); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
}

func TestLongTextIsCut(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{Line("abcdef", 6), "abcdef"},
		{Line("abcdefg", 6), "abcde…"},
		{Line("abcd  efg", 6), "abcd…"},
		{Line("a"+strings.Repeat(" ", 1<<20)+"b", 6), "a…"},
		{Tail("a/b/package.json", 13), "…package.json"},
		{Tail("package.json", 12), "package.json"},
	} {
		if diff := cmp.Diff(tc.want, tc.got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAlign(t *testing.T) {
	got := Align([][]string{{"a", "long cell", "x"}, {"wide", "", "y"}, {"heading that is long"}, {"é", "b", ""}})
	want := []string{"a     long cell  x", "wide             y", "heading that is long", "é     b"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a\x1b[2J", 3)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = max(2, min(limit, 200))
		for _, got := range []string{Line(s, limit), Tail(s, limit)} {
			if len([]rune(got)) > limit {
				t.Fatalf("%q is longer than %d", got, limit)
			}
			for _, r := range got {
				if r < ' ' || r == 0x7f {
					t.Fatalf("%q holds a control character", got)
				}
			}
		}
	})
}
