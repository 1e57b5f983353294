package config

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestREADMEListsTheOptions holds the README to the declarations;
// UPDATE_GOLDEN=1 rewrites it.
func TestREADMEListsTheOptions(t *testing.T) {
	const begin, end = "<!-- options -->\n", "<!-- /options -->"
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(data), begin)
	table, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("README.md has no place for the options")
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile("README.md", []byte(head+begin+Markdown()+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(Markdown(), table); diff != "" {
		t.Error(diff)
	}
}
