package scan_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scan-build/scan-build/scan"
)

func TestPackIsDeterministicAndReversible(t *testing.T) {
	in := []byte(strings.Repeat(`{"name":"lodash"}`, 10_000))
	a, err := scan.Pack(in)
	if err != nil {
		t.Fatal(err)
	}
	b, err := scan.Pack(in)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Error("packing twice gave different bytes")
	}
	if len(a)*10 > len(in) {
		t.Errorf("packed %d bytes into %d", len(in), len(a))
	}
	out, err := scan.Unpack(bytes.NewReader(a), int64(len(in)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(in), string(out)); diff != "" {
		t.Error(diff)
	}
}

func TestUnpackRefusesBombsAndGarbage(t *testing.T) {
	bomb, err := scan.Pack(make([]byte, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scan.Unpack(bytes.NewReader(bomb), 1<<10); err == nil {
		t.Error("a document above the limit was read")
	}
	if _, err := scan.Unpack(strings.NewReader("{}"), 1<<10); err == nil {
		t.Error("a document that is not packed was read")
	}
	if _, err := scan.Unpack(bytes.NewReader(bomb[:len(bomb)/2]), 1<<30); err == nil {
		t.Error("a truncated document was read")
	}
}
