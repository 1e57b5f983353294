package config

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPublishedSchemaIsOfTheOptions holds schema.json to the declarations;
// UPDATE_GOLDEN=1 rewrites it.
func TestPublishedSchemaIsOfTheOptions(t *testing.T) {
	want, err := makeSchema()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile("schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(want, Schema()) {
		t.Error(cmp.Diff(string(want), string(Schema())))
	}
}
